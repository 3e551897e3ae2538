package schema

import (
	"fmt"
	"slices"
)

// Roles of a statement's signer.
const (
	RoleExporter    = "exporter"    // made the server bundle; signs its digest
	RoleTransformer = "transformer" // made the cloud bundle; signs its digest
	RoleReviewer    = "reviewer"    // read the bundle and decided
)

// Decisions of a statement. A reviewer approves or rejects; an exporter and a
// transformer say that they made the content.
const (
	DecisionApprove = "approve"
	DecisionReject  = "reject"
	DecisionMade    = "made"
)

// StatementBody is what a statement says. Recipients and Reviewers are the
// bundle's lists as the signer saw them, so that readers added later can be
// recognised. Time is the signer's own claim: nothing but the signer's clock stands
// behind it. Supersedes stands in an approval that takes rejections back, and in
// nothing else: an earlier version of the program refuses it.
type StatementBody struct {
	Bundle     string        `json:"bundle"`
	Digest     string        `json:"digest"`
	Role       string        `json:"role"`
	Decision   string        `json:"decision"`
	Recipients []KeyHolder   `json:"recipients"`
	Reviewers  []KeyHolder   `json:"reviewers"`
	For        string        `json:"for,omitzero"` // one Cloud's URL; any where empty
	Comment    string        `json:"comment,omitzero"`
	Time       Time          `json:"time"`
	Expires    Time          `json:"expires,omitzero"` // the statement's last second; never where zero
	Supersedes []StatementID `json:"supersedes,omitzero"`
}

// StatementID names one statement: the exact bytes that were signed, and the key,
// because two people may sign the same words.
type StatementID struct {
	SHA256 string `json:"sha256"` // lower-case hex, of the signed bytes
	Key    string `json:"key"`    // the signing key's SHA256:… fingerprint
}

// DecodeStatement decodes a statement file strictly. It does not look at the
// signature: see package sealed.
func DecodeStatement(doc []byte) (Statement, error) {
	var s Statement
	if len(doc) > MaxStatementFile {
		return s, Invalid("", "larger than %d bytes", MaxStatementFile)
	}
	return s, decode("statement", "", doc, &s)
}

// Body decodes the signed bytes strictly. What it says is only as good as the
// signature, which it does not look at.
func (s Statement) Body() (*StatementBody, error) {
	doc := []byte(s.Statement)
	if len(doc) > MaxStatement {
		return nil, Invalid("statement", "larger than %d bytes", MaxStatement)
	}
	b := new(StatementBody)
	err := decode("statement", "body", doc, b)
	if err == nil {
		err = b.check()
	}
	if err != nil {
		return nil, within("statement", err)
	}
	return b, nil
}

// check is what the JSON Schema cannot say plainly.
func (b *StatementBody) check() error {
	if made := b.Decision == DecisionMade; made == (b.Role == RoleReviewer) {
		return Invalid("decision", "a signer in the role %[2]s cannot say %[1]s", b.Decision, b.Role)
	}
	if !b.Expires.IsZero() && !b.Expires.After(b.Time.Time) {
		return Invalid("expires", "not after time")
	}
	if len(b.Supersedes) > 0 && b.Decision != DecisionApprove {
		return Invalid("supersedes", "only an approval takes another statement back")
	}
	for i, id := range b.Supersedes {
		if slices.Contains(b.Supersedes[:i], id) {
			return Invalid(fmt.Sprintf("supersedes[%d]", i), "stands twice")
		}
	}
	return nil
}
