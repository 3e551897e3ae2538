package findings

import (
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
		names := transform.NamesOf(o.Bundle)
		in.Secret = func(k schema.SecretKey) schema.Secret { return o.Secret(k.List, names.Server(k.List, k.Name)) }
		in.Unreferenced = o.Unreferred
	}
	return Audit(in), nil
}
