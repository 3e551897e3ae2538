package main

import (
	"bytes"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

// signer opens the SSH key of --sign; without the flag it is nil, which signs
// nothing.
func (e *env) signer(c *cli.Context) (*optionalSigner, error) {
	if c.String("sign") == "" {
		return &optionalSigner{}, nil
	}
	file := c.String("sign")
	if raw, err := readFile(file); err == nil && bytes.Contains(raw, []byte("PRIVATE KEY-----")) {
		e.warnExposed(file, "a private key")
	}
	s, err := sealed.LoadSigner(c.Context, file, func(prompt string) ([]byte, error) {
		pass, err := e.readSecret(c.Context, prompt)
		return []byte(pass.Reveal()), err
	})
	return &optionalSigner{s}, err
}

type optionalSigner struct{ *sealed.Signer }

func (s *optionalSigner) Close() {
	if s.Signer != nil {
		s.Signer.Close()
	}
}

// signStep puts the exporter's or transformer's statement beside the bundle that
// was written.
func (e *env) signStep(c *cli.Context, s *optionalSigner, path string, b *schema.Bundle, role string) error {
	if s.Signer == nil {
		return nil
	}
	subject, err := sealed.SubjectOf(b)
	if err != nil {
		return err
	}
	st, err := sealed.SignStatement(subject.Body(role, schema.DecisionMade, schema.At(e.now())), s.Signer)
	if err != nil {
		return err
	}
	file, err := sealed.WriteStatement(path, st)
	if err != nil {
		return err
	}
	e.say("signed as %s: %s", role, file)
	line, err := s.PublicLine("")
	if err != nil {
		return err
	}
	e.say("whoever verifies lists you in allowed_signers: %s", line)
	return nil
}
