package report

import (
	"strings"
	"time"

	"github.com/mailferry/mailferry/internal/findings"
	"github.com/mailferry/mailferry/schema"
)

// Report is an audit of one or several bundles.
type Report struct {
	Created time.Time
	Tool    string // program and version
	Policy  string // the policy file's base name, or ""
	Bundles []*Bundle
}

// Bundle is one audited bundle.
type Bundle struct {
	File       string // base name
	Content    *schema.Bundle
	Digest     string
	Sight      Sight
	Findings   findings.Findings
	Signatures []Signature
}

// Sight is what the key that opened a bundle lets its holder see.
type Sight string

// The two sights.
const (
	Recipient Sight = "recipient" // settings and secrets
	Reviewer  Sight = "reviewer"  // settings, no secret
)

func (s Sight) String() string {
	if s == Recipient {
		return "a recipient's key, which opens settings and secrets"
	}
	return "a reviewer's key, which opens settings and no secret"
}

// Signature is a statement about a bundle, as whoever checked it judged it.
type Signature struct {
	File     string      `json:"file,omitzero"` // "" where it is embedded in the bundle
	Signer   string      `json:"signer,omitzero"`
	Key      string      `json:"key,omitzero"` // SHA256:…
	Role     string      `json:"role,omitzero"`
	Decision string      `json:"decision,omitzero"`
	For      string      `json:"for,omitzero"`
	Comment  string      `json:"comment,omitzero"`
	Time     schema.Time `json:"time,omitzero"`
	Expires  schema.Time `json:"expires,omitzero"`
	// State is "counts", or why it does not: "unlisted", "expired", "invalid", …
	State string `json:"state"`
	Why   string `json:"why,omitzero"`
	// Covers is what of this bundle the signer saw as it is now: "content",
	// "recipients", "reviewers"; "origin" where the signer signed the server
	// bundle that this was transformed from.
	Covers []string `json:"covers"`
}

// Counts reports whether a listed person stands behind the statement.
func (s *Signature) Counts() bool { return s.State == "counts" }

// Good reports whether some key signed this, listed or not.
func (s *Signature) Good() bool {
	return s.State == "counts" || s.State == "unlisted" || s.State == "origin"
}

func (s *Signature) covers(what string) bool {
	for _, c := range s.Covers {
		if c == what {
			return s.Counts()
		}
	}
	return false
}

// signers names whose counting statements cover a part of the bundle.
func (b *Bundle) signers(what string) []string {
	var names []string
	for i := range b.Signatures {
		if s := &b.Signatures[i]; s.covers(what) {
			names = append(names, s.Signer)
		}
	}
	return names
}

// Kind is "server bundle" or "cloud bundle".
func (b *Bundle) Kind() string {
	if b.Content.IsCloud() {
		return "cloud bundle"
	}
	return "server bundle"
}

// Tally counts the findings of all bundles.
func (r *Report) Tally() findings.Tally {
	var t findings.Tally
	for _, b := range r.Bundles {
		for f := range b.Findings.All() {
			t.Add(f)
		}
	}
	return t
}

// secrets counts markers, whatever the manifest claims.
func (b *Bundle) secrets() (sealed, missing int) {
	for _, l := range []schema.List{schema.Credentials, schema.Connections} {
		for _, it := range b.Content.Items(l) {
			switch m := schema.SecretMarker(it); {
			case m == nil:
			case m.State == schema.Sealed:
				sealed++
			default:
				missing++
			}
		}
	}
	return sealed, missing
}

// sameSecret is who shares a fingerprint; a few are kept by name.
type sameSecret struct {
	total int
	names []string
}

// shared finds the secrets that several items have, by fingerprint.
func (b *Bundle) shared() map[string]*sameSecret {
	once, all := map[string]bool{}, map[string]*sameSecret{}
	sealed := func(yield func(fingerprint, name string)) {
		for _, l := range []schema.List{schema.Credentials, schema.Connections} {
			for _, it := range b.Content.Items(l) {
				if m := schema.SecretMarker(it); m != nil && m.State == schema.Sealed {
					yield(m.Fingerprint, it.ItemName())
				}
			}
		}
	}
	sealed(func(fingerprint, _ string) {
		if once[fingerprint] {
			all[fingerprint] = &sameSecret{}
		}
		once[fingerprint] = true
	})
	sealed(func(fingerprint, name string) {
		if s := all[fingerprint]; s != nil {
			s.total++
			if len(s.names) < 4 {
				s.names = append(s.names, name)
			}
		}
	})
	return all
}

// Label is the panel's label of an item's field, or what an extra value is
// called.
func Label(format string, l schema.List, field string) string {
	if f, ok := schema.FieldByName(format, l, field); ok {
		return f.Label
	}
	if key, ok := strings.CutPrefix(field, "extra."); ok {
		return key
	}
	return field
}

// label is the label of what a finding is about.
func (b *Bundle) label(f *findings.Finding) string {
	switch {
	case f.List == "":
		return f.Field
	case f.Origin:
		return Label(schema.ServerFormat, f.List, f.Field) + " (on Server)"
	default:
		return Label(b.Content.Format, f.List, f.Field)
	}
}

// Setting is one field of an item for people.
type Setting struct {
	Label  string
	Value  string // "" where the field is empty; hostile text
	Code   bool   // better in a fixed-width face: hosts, addresses, numbers
	Marker *schema.Marker
	Shared string // of a sealed secret: who else has it
	Extra  bool
}

// Settings lists every field of an item in the panel's order, then its extra
// values by key.
func Settings(it schema.Item) []Setting {
	fields, extra := schema.FieldsOf(it), schema.Extra(it)
	out := make([]Setting, 0, len(fields)+len(extra))
	for _, f := range fields {
		s := Setting{Label: f.Label, Value: schema.Text(it, f.Name), Code: f.Text == schema.Technical || f.Type == schema.Integer}
		if f.Secret {
			s.Marker, s.Value = schema.SecretMarker(it), ""
		}
		out = append(out, s)
	}
	for _, key := range extra {
		out = append(out, Setting{Label: key, Value: schema.Text(it, "extra."+key), Code: true, Extra: true})
	}
	return out
}

// met is one rule with where it was met.
type met struct {
	findings.Finding // the first
	Total, Excepted  int
	Where            []findings.Finding // a few
}

// byRule groups findings, worst first, then in the table's order.
func (b *Bundle) byRule() []*met {
	order := map[string]int{}
	for i, r := range findings.Rules() {
		order[r.ID] = i
	}
	groups := map[string]*met{}
	var out []*met
	for f := range b.Findings.All() {
		m := groups[f.ID]
		if m == nil {
			m = &met{Finding: f}
			groups[f.ID] = m
			out = append(out, m)
		}
		m.Total++
		if f.Excepted != nil {
			m.Excepted++
		}
		if len(m.Where) < 4 && f.List != "" {
			m.Where = append(m.Where, f)
		}
	}
	sortMet(out, order)
	return out
}
