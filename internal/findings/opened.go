package findings

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"io"
	"time"

	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
	"github.com/mailferry/mailferry/transform"
)

// AuditOpened audits an opened bundle as far as the key reaches: with a
// recipient's, which secrets are equal too. No secret is in a finding.
func AuditOpened(o *sealed.Opened, policy *Policy, now time.Time) ([]Finding, error) {
	notes, err := transform.Notes(o.Bundle)
	if err != nil {
		return nil, err
	}
	in := Input{Bundle: o.Bundle, Policy: policy, Now: now, Notes: notes}
	if o.Reveals() && o.Parts > 0 {
		in.SecretClass, in.Unreferenced = secretClass(o), o.Unreferred
	}
	return Audit(in), nil
}

// secretClass lets the audit see which secrets are equal without seeing them:
// by a hash under a key that lives as long as this run.
func secretClass(o *sealed.Opened) func(schema.SecretKey) (string, bool) {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	m := hmac.New(sha256.New, key)
	names := transform.NamesOf(o.Bundle)
	return func(ref schema.SecretKey) (string, bool) {
		s := o.Secret(ref.List, names.Server(ref.List, ref.Name))
		if s.IsZero() {
			return "", false
		}
		m.Reset()
		_, _ = io.WriteString(m, s.Reveal())
		return string(m.Sum(nil)), true
	}
}
