package sealed

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
)

// StatementState is what became of one statement.
type StatementState string

// States of statements.
const (
	StateCounts       StatementState = "counts"        // a listed person's, about this content, in force
	StateUnlisted     StatementState = "unlisted"      // the signature is good, but nobody's here: ignored
	StateExpired      StatementState = "expired"       // the statement's end or the key's has passed
	StateEarly        StatementState = "early"         // the key is not valid yet, or the statement is dated ahead
	StateOtherContent StatementState = "other-content" // about another bundle, or an older content of this one
	StateOrigin       StatementState = "origin"        // a review of the server bundle that this was transformed from
	StateOtherRole    StatementState = "other-role"    // a role that this kind of bundle does not have
	StateOtherSite    StatementState = "other-site"    // made for another Cloud
	StateSelfReview   StatementState = "self-review"   // approved by whoever exported or transformed it
	StateSuperseded   StatementState = "superseded"    // the same person took it back, or said something else later
	StateAside        StatementState = "set-aside"     // about another content, under a name that alarms nobody
	StateInvalid      StatementState = "invalid"       // the signature is not good
)

// StatementVerdict is what one statement amounts to. Texts that came with it are neutralised
// for display: invisible and control characters stand as escapes. Of an invalid
// statement only File, State and Why are set, since nobody stands behind the
// rest.
type StatementVerdict struct {
	File         string         `json:"file,omitzero"` // empty for one embedded in a cloud bundle
	State        StatementState `json:"state"`
	Why          string         `json:"why,omitzero"`
	Signer       []string       `json:"signer"` // principals as whom the key may sign
	Key          string         `json:"key,omitzero"`
	Role         string         `json:"role,omitzero"`
	Decision     string         `json:"decision,omitzero"`
	Time         schema.Time    `json:"time,omitzero"`
	Expires      schema.Time    `json:"expires,omitzero"`
	For          string         `json:"for,omitzero"`
	Comment      string         `json:"comment,omitzero"`
	ReadersAdded []ReaderAdded  `json:"readers_added"`

	statement schema.Statement
	signed    *SignedStatement // nil where invalid
	by        *spelling        // nil for nobody
	about     about
	inForce   bool // counts, or would if its key were listed
}

// ReaderAdded is somebody in the bundle's list whom the signer did not see
// there: a recipient who sees secrets, or a reviewer who sees settings. A
// reviewer who became a recipient is one.
type ReaderAdded struct {
	Sight string `json:"sight"` // recipient or reviewer
	Label string `json:"label,omitzero"`
	Key   string `json:"key"`
}

// RejectionVerdict is a rejection of the content at hand that stands. Person is
// empty where the key is not listed.
type RejectionVerdict struct {
	Person  string      `json:"person,omitzero"`
	Key     string      `json:"key"`
	File    string      `json:"file,omitzero"`
	Time    schema.Time `json:"time"`
	For     string      `json:"for,omitzero"`
	Comment string      `json:"comment,omitzero"`
}

// String says who rejects, when, for which Cloud and why, on one line.
func (r RejectionVerdict) String() string {
	who := schema.Quote(r.Person)
	if r.Person == "" {
		who = "the key " + r.Key + ", which no allowed_signers file lists,"
	}
	s := fmt.Sprintf("rejected by %s at %s", who, r.Time.Format("2006-01-02 15:04"))
	if r.For != "" {
		s += " for " + r.For
	}
	if r.Comment != "" {
		s += ": " + schema.Quote(r.Comment)
	}
	return s
}

// Verdict is what the statements about a bundle amount to.
type Verdict struct {
	Bundle       string               `json:"bundle"`
	Digest       string               `json:"digest"`
	Site         string               `json:"site,omitzero"`
	Statements   []*StatementVerdict  `json:"statements"`
	Persons      []*Person            `json:"persons"` // whose statements count
	Requirements []RequirementVerdict `json:"requirements"`
	Rejections   []RejectionVerdict   `json:"rejections"`          // of listed people: they shut the gate
	Unheeded     []RejectionVerdict   `json:"unheeded,omitzero"`   // by keys that nobody listed
	Unreadable   []Unreadable         `json:"unreadable,omitzero"` // shut the gate where a list is given
	Warnings     []string             `json:"warnings"`

	allowed *AllowedSigners
}

// HasList reports whether allowed signers were given, though nobody need be among
// them.
func (v *Verdict) HasList() bool { return v.allowed != nil }

// ListsNobody reports whether nobody's statements can count here, so that every
// rejection is unheeded.
func (v *Verdict) ListsNobody() bool {
	if v.HasList() {
		for l := range v.allowed.named() {
			if l.allows() {
				return false
			}
		}
	}
	return true
}

// Invalid reports whether a statement is not what it seems: a signature that is
// not good, or a listed person's words about another content laid beside this
// one. The content may have been altered after it was signed.
func (v *Verdict) Invalid() bool {
	for _, s := range v.Statements {
		if s.State == StateInvalid || s.State == StateOtherContent {
			return true
		}
	}
	return false
}

// MadeBy returns the role in which the person who holds a key made this content, or
// "": a review by that person counts for nothing. Without allowed signers a person
// is one key.
func (v *Verdict) MadeBy(key string) string {
	own := []string{key}
	for _, p := range v.Persons {
		if slices.Contains(p.Keys, key) {
			own = p.Keys
		}
	}
	for _, s := range v.Statements {
		made := s.Role == schema.RoleExporter || s.Role == schema.RoleTransformer
		if made && s.State != StateInvalid && s.State != StateOtherContent && slices.Contains(own, s.Key) {
			return s.Role
		}
	}
	return ""
}

// Missing lists what the requirements lack, each as "requirement: why".
func (v *Verdict) Missing() []string {
	var out []string
	for _, r := range v.Requirements {
		if !r.Met {
			out = append(out, human.Visible(r.Require+": "+r.Why))
		}
	}
	return out
}

// Shut reports whether the gate is shut: a requirement is not fulfilled, a listed
// person rejects, or what may be such a rejection cannot be read.
func (v *Verdict) Shut() bool {
	return len(v.Rejections) > 0 || len(v.Missing()) > 0 || len(v.Unreadable) > 0 && v.HasList()
}

// ShutError says that the gate is shut, and by what.
type ShutError struct{ Why []string }

func (e *ShutError) Error() string { return strings.Join(e.Why, "; ") }

// Err is nil where a bundle may pass. A statement that is not what it seems is an
// error before all others; a gate that is shut is a *ShutError.
func (v *Verdict) Err() error {
	for _, s := range v.Statements {
		if s.State == StateInvalid {
			return schema.Hint(fmt.Errorf("statement %s is invalid: %s", schema.Quote(s.File), s.Why),
				"mailferry verify tells about each statement")
		}
	}
	if v.Invalid() {
		return schema.Hint(errors.New("a listed person's statement beside it is about another content"),
			"mailferry verify tells about each statement; the bundle may have been altered after it was signed")
	}
	if !v.Shut() {
		return nil
	}
	shut := &ShutError{v.Missing()}
	for _, r := range v.Rejections {
		shut.Why = append(shut.Why, r.String())
	}
	for _, u := range v.Unreadable {
		shut.Why = append(shut.Why, "whether it is rejected is not known: "+u.File+" cannot be read as the statement that it looks like")
	}
	switch {
	case len(v.Rejections) > 0:
		return schema.Hint(shut, "whoever rejected it takes that back with mailferry review --approve, with the rejection beside the bundle; "+
			"mailferry verify tells who has signed what")
	case len(v.Unreadable) > 0:
		return schema.Hint(shut, "get the file again from whoever sent it; one that is no statement about this bundle lies better elsewhere")
	}
	return schema.Hint(shut, "mailferry verify tells who has signed what; mailferry review signs")
}
