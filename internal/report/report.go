package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mailferry/mailferry/internal/findings"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
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
	File string // base name
	*sealed.Opened
	Findings   []findings.Finding // as findings.Audit returns them
	Signatures []Signature
}

// Sight is what the key that opened the bundle lets its holder see.
func (b *Bundle) Sight() string {
	if b.Reveals() {
		return sealed.SightRecipient
	}
	return sealed.SightReviewer
}

// OpenedWith is Sight in words.
func (b *Bundle) OpenedWith() string {
	if b.Reveals() {
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

// Signers names whose counting statements cover a part of the bundle.
func (b *Bundle) Signers(what string) []string {
	var names []string
	for _, s := range b.Signatures {
		if s.Counts() && slices.Contains(s.Covers, what) {
			names = append(names, s.Signer)
		}
	}
	return names
}

// readers are one of the lists of who can open a bundle, by its own claim.
type readers struct {
	Title, Sight string
	Signers      []string // who signed the list
	Readers      []schema.KeyHolder
}

// Readers are the two lists.
func (b *Bundle) Readers() []readers {
	m := b.Bundle.Manifest
	return []readers{
		{"Recipients", "see settings and secrets", b.Signers("recipients"), m.Recipients},
		{"Reviewers", "see settings, no secret", b.Signers("reviewers"), m.Reviewers},
	}
}

// Kind is "server bundle" or "cloud bundle".
func (b *Bundle) Kind() string {
	if b.Bundle.IsCloud() {
		return "cloud bundle"
	}
	return "server bundle"
}

// Tally counts the findings of all bundles.
func (r *Report) Tally() findings.Tally {
	var all []findings.Finding
	for _, b := range r.Bundles {
		all = append(all, b.Findings...)
	}
	return findings.Count(all)
}

// shared names who has each sealed secret, by fingerprint.
func (b *Bundle) shared() map[string][]string {
	all := map[string][]string{}
	for it := range b.Bundle.All() {
		if m := schema.SecretMarker(it); m != nil && m.State == schema.Sealed {
			all[m.Fingerprint] = append(all[m.Fingerprint], it.ItemName())
		}
	}
	return all
}

// alsoOf names a few of those who have the same secret.
func alsoOf(names []string, name string) string {
	if len(names) < 2 {
		return ""
	}
	few := slices.Clone(names[:min(len(names), 4)])
	return human.Few(slices.DeleteFunc(few, func(n string) bool { return n == name }), len(names)-1)
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
func (b *Bundle) label(f findings.Finding) string {
	switch {
	case f.List == "":
		return f.Field
	case f.Origin:
		return Label(schema.ServerFormat, f.List, f.Field) + " (on Server)"
	default:
		return Label(b.Bundle.Format, f.List, f.Field)
	}
}

// setting is one field of an item for people.
type setting struct {
	Label  string
	Value  string // "" where the field is empty; hostile text
	Code   bool   // better in a fixed-width face: hosts, addresses, numbers
	Marker *schema.Marker
	Shared string // of a sealed secret: who else has it
}

// settings lists every field of an item in the panel's order, then its extra values
// by key.
func settings(it schema.Item, shared map[string][]string) []setting {
	var out []setting
	for _, f := range schema.FieldsOf(it) {
		s := setting{Label: f.Label, Value: schema.Text(it, f.Name),
			Code: f.Text == schema.Technical || f.Type == schema.Integer}
		if f.Secret {
			s.Marker, s.Value = schema.SecretMarker(it), ""
		}
		if s.Marker != nil && s.Marker.State == schema.Sealed {
			s.Shared = alsoOf(shared[s.Marker.Fingerprint], it.ItemName())
		}
		out = append(out, s)
	}
	for _, key := range schema.Extra(it) {
		out = append(out, setting{Label: key, Value: schema.Text(it, "extra."+key), Code: true})
	}
	return out
}

// ruleGroup is all that one rule found.
type ruleGroup struct {
	findings.Finding // the first
	Total, Excepted  int
	Where            []findings.Finding // a few
}

// Count is how often, and how many of them are excepted where not all are.
func (g *ruleGroup) Count() string {
	text := strconv.Itoa(g.Total) + "×"
	if g.Excepted > 0 && g.Excepted < g.Total {
		text += fmt.Sprintf(", %d excepted", g.Excepted)
	}
	return text
}

// Rules groups findings by rule, worst first, then in the table's order.
func (b *Bundle) Rules() []*ruleGroup {
	groups := map[string]*ruleGroup{}
	for _, f := range b.Findings {
		g := groups[f.ID]
		if g == nil {
			g = &ruleGroup{Finding: f}
			groups[f.ID] = g
		}
		g.Total++
		if f.Excepted != nil {
			g.Excepted++
		}
		if len(g.Where) < 4 && f.List != "" {
			g.Where = append(g.Where, f)
		}
	}
	var out []*ruleGroup
	for _, r := range findings.Rules() {
		if g := groups[r.ID]; g != nil {
			out = append(out, g)
		}
	}
	rank := func(g *ruleGroup) int {
		if g.Excepted == g.Total {
			return len(findings.Severities())
		}
		return slices.Index(findings.Severities(), g.Severity)
	}
	slices.SortStableFunc(out, func(x, y *ruleGroup) int { return rank(x) - rank(y) })
	return out
}
