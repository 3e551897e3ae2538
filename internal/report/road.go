package report

import (
	"cmp"
	"slices"

	"github.com/mailferry/mailferry/schema"
)

// Link is one step of a bundle's road: what was done, when, with which version,
// and who stands behind that.
type Link struct {
	Step     string      `json:"step"` // export, fill, transform, rekey, review, …
	Time     schema.Time `json:"time,omitzero"`
	Signed   bool        `json:"signed"`            // a listed person's signature covers the step
	Signer   string      `json:"signer,omitzero"`   // who, where Signed
	Key      string      `json:"key,omitzero"`      // the key that signed, listed or not
	Decision string      `json:"decision,omitzero"` // approve or reject, of a review
	Comment  string      `json:"comment,omitzero"`  // of a statement
	Tool     string      `json:"tool,omitzero"`
	Note     string      `json:"note,omitzero"`
	Remark   string      `json:"remark,omitzero"` // why a statement does not count
	Unsigned []string    `json:"unsigned"`        // which of the above nobody has signed
}

// Road puts a bundle's history and the statements about it into one chain, in
// order of time. History is a claim of whoever wrote the file; a statement
// shows who stands behind a content, and when, but never which tool made it.
func Road(b *schema.Bundle, signatures []Signature) []Link {
	var chain []Link
	taken := make([]bool, len(signatures))
	for _, h := range b.Manifest.History {
		l := Link{Step: h.Step, Time: h.Time, Tool: h.Tool, Note: h.Note, Unsigned: []string{"step", "time", "tool"}}
		if i := signatureOf(h.Step, signatures, taken); i >= 0 {
			taken[i] = true
			l.sign(&signatures[i])
			l.Unsigned = []string{"tool"}
		}
		if l.Note != "" {
			l.Unsigned = append(l.Unsigned, "note")
		}
		chain = append(chain, l)
	}
	for i := range signatures {
		if s := &signatures[i]; !taken[i] {
			l := Link{Step: stepOf(s.Role), Unsigned: []string{}}
			l.sign(s)
			if !s.Counts() {
				l.Remark = cmp.Or(s.Why, s.State)
				l.Unsigned = []string{"step", "time"}
			}
			chain = append(chain, l)
		}
	}
	slices.SortStableFunc(chain, func(x, y Link) int {
		if x.Time.IsZero() != y.Time.IsZero() { // an invalid statement has no time
			if x.Time.IsZero() {
				return 1
			}
			return -1
		}
		return x.Time.Compare(y.Time.Time)
	})
	return chain
}

// Road is that of the bundle.
func (b *Bundle) Road() []Link { return Road(b.Bundle, b.Signatures) }

func (l *Link) sign(s *Signature) {
	l.Time, l.Key, l.Decision, l.Comment = s.Time, s.Key, s.Decision, s.Comment
	if s.Role != schema.RoleReviewer {
		l.Decision = ""
	}
	if s.Counts() {
		l.Signed, l.Signer = true, s.Signer
	}
}

// signatureOf finds the statement of whoever did a step. The first step of a
// kind is the one that the statement is about.
func signatureOf(step string, signatures []Signature, taken []bool) int {
	for i := range signatures {
		if s := &signatures[i]; !taken[i] && s.Counts() && s.Role != schema.RoleReviewer && stepOf(s.Role) == step {
			return i
		}
	}
	return -1
}

func stepOf(role string) string {
	switch role {
	case schema.RoleExporter:
		return "export"
	case schema.RoleTransformer:
		return "transform"
	case "":
		return "statement"
	default:
		return "review"
	}
}
