package main

import (
	"bytes"
	"time"

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
	if raw, err := e.readFile(file); err == nil && bytes.Contains(raw, []byte("PRIVATE KEY-----")) {
		e.warnExposed(file, "a private key")
	}
	s, err := sealed.LoadSigner(c.Context, file, func(string) ([]byte, error) {
		pass, err := e.passphraseOf(c.Context, file)
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

// checkClock is sealed.CheckClock for whoever signs.
func (s *optionalSigner) checkClock(found sealed.Collected, known []sealed.Evidence, now time.Time) error {
	if s.Signer == nil {
		return nil
	}
	return sealed.CheckClock(found.Evidence, known, s.Signer, now)
}

// signContent signs a bundle's content as its exporter or transformer; without a
// signer there is nothing.
func (e *env) signContent(s *optionalSigner, b *schema.Bundle, role string) (*schema.Statement, error) {
	if s.Signer == nil {
		return nil, nil
	}
	subject, err := sealed.SubjectOf(b)
	if err != nil {
		return nil, err
	}
	st, err := sealed.SignStatement(subject.Body(role, schema.DecisionMade, schema.At(e.now())), s.Signer)
	return &st, err
}

// keepStatement puts a statement of signContent beside the bundle that was
// written.
func (e *env) keepStatement(s *optionalSigner, path string, st *schema.Statement, role string) error {
	if st == nil {
		return nil
	}
	file, err := sealed.WriteStatement(path, *st)
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

// signStep signs a bundle that was written and puts the statement beside it.
func (e *env) signStep(s *optionalSigner, path string, b *schema.Bundle, role string) error {
	st, err := e.signContent(s, b, role)
	if err != nil {
		return err
	}
	return e.keepStatement(s, path, st, role)
}
