package schema

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Strict decodes a document that no JSON Schema file describes, such as a
// sealed part, whose values no validator should hold. One value, no duplicate
// or unknown key, valid UTF-8, bounded size and depth.
func Strict(doc []byte, v any) error {
	if err := scan(doc); err != nil {
		return err
	}
	return unmarshal(doc, v)
}

// DecodeFile decodes a document strictly and validates it against the embedded
// schema of that short name ("rules", "profile") before v is filled.
func DecodeFile(file string, doc []byte, v any) error {
	if err := scan(doc); err != nil {
		return err
	}
	if err := validate(file, "", doc, ""); err != nil {
		return err
	}
	return unmarshal(doc, v)
}

func validate(file, definition string, raw []byte, at string) error {
	s, err := schemaFor(file, definition)
	if err != nil {
		return err
	}
	v, err := generic(raw)
	if err != nil {
		return invalid(at, "not valid JSON")
	}
	problems, err := check(s, v, at)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return &InvalidError{Problems: problems}
	}
	return nil
}

// shell is a bundle whose lists are not looked into yet.
type shell struct {
	Format      string           `json:"format"`
	Manifest    jsontext.Value   `json:"manifest"`
	Credentials []jsontext.Value `json:"credentials"`
	Connections []jsontext.Value `json:"connections"`
	Origin      jsontext.Value   `json:"origin,omitzero"`
	Sealed      jsontext.Value   `json:"sealed"`
}

type originShell struct {
	Format      string           `json:"format"`
	Manifest    jsontext.Value   `json:"manifest"`
	Credentials []jsontext.Value `json:"credentials"`
	Connections []jsontext.Value `json:"connections"`
	Rules       jsontext.Value   `json:"rules"`
	Statements  jsontext.Value   `json:"statements"`
}

var emptyList = []jsontext.Value{}

// Decode reads a bundle document of either format. It holds the shell to the
// schema, then each item by itself, so that a place is told exactly and a large
// bundle never stands in memory as generic values. It does not know whether the
// document's secrets, transform or signatures are good: see package sealed.
func Decode(doc []byte) (*Bundle, error) {
	if err := scan(doc); err != nil {
		return nil, err
	}
	var head struct {
		Format string `json:"format"`
	}
	if err := json.Unmarshal(doc, &head); err != nil {
		return nil, invalid("format", "missing: this is not a mailferry bundle")
	}
	if err := CheckFormat(head.Format, ServerFormat, CloudFormat); err != nil {
		return nil, err
	}
	file := "server-bundle"
	if head.Format == CloudFormat {
		file = "cloud-bundle"
	}
	var sh shell
	if err := unmarshal(doc, &sh); err != nil {
		return nil, err
	}
	if err := checkShell(file, sh); err != nil {
		return nil, err
	}
	b := &Bundle{Format: head.Format}
	var err error
	if b.Credentials, err = decodeItems(file, b.Format, Credentials, "credential", "", sh.Credentials); err != nil {
		return nil, err
	}
	if b.Connections, err = decodeItems(file, b.Format, Connections, "connection", "", sh.Connections); err != nil {
		return nil, err
	}
	if err := unmarshalAt("manifest", sh.Manifest, &b.Manifest); err != nil {
		return nil, err
	}
	if err := unmarshalAt("sealed", sh.Sealed, &b.Sealed); err != nil {
		return nil, err
	}
	if sh.Origin != nil {
		if b.Origin, err = decodeOrigin(file, sh.Origin); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// CheckFormat says in words what a document of another format is.
func CheckFormat(got string, want ...string) error {
	for _, w := range want {
		if got == w {
			return nil
		}
	}
	for _, w := range want {
		family := w[:strings.LastIndex(w, "/")+1]
		if strings.HasPrefix(got, family) {
			return Hint(invalid("format", "%s is a version that this mailferry does not know", Quote(got)),
				"use the mailferry that wrote it, or a later one")
		}
	}
	if got == "" {
		return invalid("format", "missing: this is not a mailferry document")
	}
	return invalid("format", "%s is not %s", Quote(got), strings.Join(want, " or "))
}

func checkShell(file string, sh shell) error {
	sh.Credentials, sh.Connections = emptyList, emptyList
	if sh.Origin != nil {
		var o originShell
		if err := unmarshalAt("origin", sh.Origin, &o); err != nil {
			return err
		}
		o.Credentials, o.Connections = emptyList, emptyList
		raw, err := json.Marshal(o)
		if err != nil {
			return invalid("origin", "incomplete")
		}
		sh.Origin = raw
	}
	if sh.Manifest == nil || sh.Sealed == nil {
		return invalid("", "lacks manifest or sealed")
	}
	raw, err := json.Marshal(sh)
	if err != nil {
		return invalid("", "incomplete")
	}
	return validate(file, "", raw, "")
}

func decodeItems(file, format string, l List, definition, at string, raw []jsontext.Value) ([]Item, error) {
	if raw == nil {
		return nil, invalid(at+string(l), "missing")
	}
	if len(raw) > MaxItems {
		return nil, invalid(at+string(l), "more than %d entries", MaxItems)
	}
	out := make([]Item, len(raw))
	seen := make(map[string]int, len(raw))
	for i, r := range raw {
		here := fmt.Sprintf("%s%s[%d]", at, l, i)
		if err := validate(file, definition, r, here); err != nil {
			return nil, err
		}
		it := NewItem(format, l)
		if err := unmarshalAt(here, r, it); err != nil {
			return nil, err
		}
		if first, dup := seen[it.ItemName()]; dup {
			return nil, invalid(here+".name", "%s is already the name of %s%s[%d]", Quote(it.ItemName()), at, l, first)
		}
		seen[it.ItemName()] = i
		out[i] = it
	}
	return out, nil
}

func decodeOrigin(file string, raw jsontext.Value) (*Origin, error) {
	var sh originShell
	if err := unmarshalAt("origin", raw, &sh); err != nil {
		return nil, err
	}
	o := &Origin{Format: sh.Format, Credentials: []*ServerCredential{}, Connections: []*ServerConnection{}}
	creds, err := decodeItems(file, ServerFormat, Credentials, "server_credential", "origin.", sh.Credentials)
	if err != nil {
		return nil, err
	}
	for _, it := range creds {
		o.Credentials = append(o.Credentials, it.(*ServerCredential))
	}
	conns, err := decodeItems(file, ServerFormat, Connections, "server_connection", "origin.", sh.Connections)
	if err != nil {
		return nil, err
	}
	for _, it := range conns {
		o.Connections = append(o.Connections, it.(*ServerConnection))
	}
	if err := unmarshalAt("origin.manifest", sh.Manifest, &o.Manifest); err != nil {
		return nil, err
	}
	if err := unmarshalAt("origin.rules", sh.Rules, &o.Rules); err != nil {
		return nil, err
	}
	return o, unmarshalAt("origin.statements", sh.Statements, &o.Statements)
}

// unmarshalAt decodes a part of a document and tells places from its root.
func unmarshalAt(at string, raw jsontext.Value, v any) error {
	if raw == nil {
		return invalid(at, "missing")
	}
	err := unmarshal(raw, v)
	if inv, ok := err.(*InvalidError); ok {
		for i := range inv.Problems {
			inv.Problems[i].Place = joinPlace(at, inv.Problems[i].Place)
		}
	}
	return err
}

// wire is a bundle as it is written.
type wire struct {
	Format      string   `json:"format"`
	Manifest    any      `json:"manifest"`
	Credentials []Item   `json:"credentials"`
	Connections []Item   `json:"connections"`
	Origin      *Origin  `json:"origin,omitzero"`
	Sealed      []string `json:"sealed,omitzero"`
}

// Encode writes the bundle as one line of JSON with members in the schema's
// order.
func (b *Bundle) Encode() ([]byte, error) {
	w := wire{b.Format, b.Manifest, b.Credentials, b.Connections, b.Origin, b.Sealed}
	if w.Sealed == nil {
		w.Sealed = []string{}
	}
	out, err := Marshal(w)
	if err != nil {
		return nil, err
	}
	return append(out, '\n'), nil
}

// Marshal writes v as JSON with map keys in a fixed order and nil lists as [].
func Marshal(v any) ([]byte, error) { return json.Marshal(v, json.Deterministic(true)) }

// MarshalIndent is Marshal for people: one member a line.
func MarshalIndent(v any) ([]byte, error) {
	out, err := json.Marshal(v, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		return nil, err
	}
	return append(out, '\n'), nil
}

// Digest is the content digest: lower-case hex SHA-256 of the RFC 8785 form of
// {format, manifest:{id, source}, credentials, connections, origin}, an absent
// origin left out. Recipients, reviewers, history, created, tool, counts and
// sealed stand outside it.
func (b *Bundle) Digest() (string, error) {
	return DigestOf(wire{Format: b.Format, Manifest: OriginManifest{b.Manifest.ID, b.Manifest.Source},
		Credentials: b.Credentials, Connections: b.Connections, Origin: b.Origin})
}

// Digest is the content digest of the server bundle that the origin was.
func (o *Origin) Digest() (string, error) {
	return DigestOf(wire{Format: o.Format, Manifest: o.Manifest,
		Credentials: o.Items(Credentials), Connections: o.Items(Connections)})
}

// DigestOf is the SHA-256 of v's RFC 8785 form, in lower-case hex.
func DigestOf(v any) (string, error) {
	out, err := Marshal(v)
	if err != nil {
		return "", err
	}
	canonical := jsontext.Value(out)
	if err := canonical.Canonicalize(); err != nil {
		return "", err
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:]), nil
}
