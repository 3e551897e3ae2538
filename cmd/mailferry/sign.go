package main

import (
	"bytes"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

// signer opens the SSH key of --sign; without the flag it is nil, which signs
// nothing.
func (e *env) signer(c *cli.Context) (*sealed.Signer, error) {
	file := c.String("sign")
	if file == "" {
		return nil, nil
	}
	if raw, err := e.readFile(file); err == nil && bytes.Contains(raw, []byte("PRIVATE KEY-----")) {
		e.warnExposed(file, "a private key")
	}
	return sealed.LoadSigner(c.Context, file, func() (schema.Secret, error) { return e.passphraseOf(c.Context, file) })
}

// collectToSign is collect for a command that may sign: a clock that is off is said
// before anything is signed by it.
func (e *env) collectToSign(path string, o *sealed.Opened, s *sealed.Signer,
	known []sealed.Evidence) (sealed.Collected, error) {
	found, err := e.collect(path, o, nil)
	if err != nil {
		return found, err
	}
	return found, sealed.CheckClock(found.Evidence, known, s, e.now())
}

// signContent signs a bundle's content as its exporter or transformer; without a
// signer there is nothing.
func (e *env) signContent(s *sealed.Signer, b *schema.Bundle, role string) (*schema.Statement, error) {
	if s == nil {
		return nil, nil
	}
	subject, err := sealed.SubjectOf(b)
	if err != nil {
		return nil, err
	}
	st, err := sealed.SignStatement(subject.Body(role, schema.DecisionMade, schema.At(e.now())), s)
	return &st, err
}

// keepStatement puts a statement of signContent beside the bundle that was
// written.
func (e *env) keepStatement(s *sealed.Signer, path string, st *schema.Statement, role string) error {
	if st == nil {
		return nil
	}
	file, err := sealed.WriteStatement(path, *st)
	if err != nil {
		return err
	}
	e.say("signed as %s: %s", role, file)
	e.say("whoever verifies lists you in allowed_signers: %s", s.PublicLine())
	return nil
}

// writeSigned writes a bundle, and secrets that it does not have yet, to its readers,
// and what its maker signs beside it.
func (e *env) writeSigned(c *cli.Context, out string, b *schema.Bundle, secrets schema.Secrets,
	to sealed.Holders, s *sealed.Signer, role string) (written, error) {
	if err := e.writeBundle(c, out, b, secrets, to); err != nil {
		return written{}, err
	}
	st, err := e.signContent(s, b, role)
	if err != nil {
		return written{}, err
	}
	if err := e.keepStatement(s, out, st, role); err != nil {
		return written{}, err
	}
	return writtenTo(out, b)
}
