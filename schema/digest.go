package schema

import (
	"crypto/sha256"
	"encoding/hex"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// WriteContent writes the bytes that the content digest covers: the RFC 8785 form
// of {format, manifest:{id, source}, credentials, connections, origin}, an absent
// origin left out. Recipients, reviewers, history, created, tool, counts and
// sealed stand outside it.
func (b *Bundle) WriteContent(w io.Writer) error {
	c := contentWriter{w: w}
	c.list(`{"connections":`, b.Connections)
	c.list(`,"credentials":`, b.Credentials)
	c.value(`,"format":`, b.Format)
	c.value(`,"manifest":`, OriginManifest{b.Manifest.ID, b.Manifest.Source})
	if o := b.Origin; o != nil {
		c.text(`,"origin":`)
		c.server(o)
		c.value(`,"rules":`, o.Rules)
		c.value(`,"statements":`, o.Statements)
		c.text("}")
	}
	c.text("}")
	return c.err
}

// ContentJQ is a program for stock jq (jq -rj) that writes the bytes of WriteContent
// from a bundle that stock age opened. jq -S alone would not: it escapes U+007F, and
// orders names beyond the Basic Multilingual Plane otherwise than RFC 8785.
const ContentJQ = `def units: explode | map(if . > 65535 then (. - 65536 | (. / 1024 | floor) + 55296, . % 1024 + 56320) else . end); ` +
	`def text: split("\u007f") | map(tojson | .[1:-1]) | join("\u007f") | "\"\(.)\""; ` +
	`def form: if type == "object" then "{" + ([to_entries | sort_by(.key | units)[] | (.key | text) + ":" + (.value | form)] ` +
	`| join(",")) + "}" ` +
	`elif type == "array" then "[" + (map(form) | join(",")) + "]" elif type == "string" then text else tojson end; ` +
	`{format, manifest: (.manifest | {id, source}), credentials, connections} ` +
	`+ if .origin then {origin} else {} end | form`

// Digest is the content digest: lower-case hex SHA-256 of what WriteContent
// writes.
func (b *Bundle) Digest() (string, error) {
	h := sha256.New()
	err := b.WriteContent(h)
	return hex.EncodeToString(h.Sum(nil)), err
}

// Digest is the content digest of the server bundle that the origin was.
func (o *Origin) Digest() (string, error) {
	h := sha256.New()
	c := contentWriter{w: h}
	c.server(o)
	c.text("}")
	return hex.EncodeToString(h.Sum(nil)), c.err
}

// contentWriter writes the RFC 8785 form of an object, whose members are given in
// that form's order. A list is written item by item: a document at its limit
// would otherwise stand in memory twice more.
type contentWriter struct {
	w   io.Writer
	err error
}

// server writes what the digest covers of a server bundle but for the closing
// brace.
func (c *contentWriter) server(o *Origin) {
	c.list(`{"connections":`, o.Items(Connections))
	c.list(`,"credentials":`, o.Items(Credentials))
	c.value(`,"format":`, o.Format)
	c.value(`,"manifest":`, o.Manifest)
}

func (c *contentWriter) list(before string, items []Item) {
	c.text(before + "[")
	for i, it := range items {
		sep := ","
		if i == 0 {
			sep = ""
		}
		c.value(sep, it)
	}
	c.text("]")
}

func (c *contentWriter) value(before string, v any) {
	c.text(before)
	out, err := canonical(v)
	if c.err == nil {
		c.err = err
	}
	c.text(string(out))
}

func (c *contentWriter) text(s string) {
	if c.err == nil {
		_, c.err = io.WriteString(c.w, s)
	}
}

// DigestOf is the SHA-256 of v's RFC 8785 form, in lower-case hex.
func DigestOf(v any) (string, error) {
	out, err := canonical(v)
	sum := sha256.Sum256(out)
	return hex.EncodeToString(sum[:]), err
}

func canonical(v any) ([]byte, error) {
	out, err := Marshal(v)
	if err != nil {
		return nil, err
	}
	c := jsontext.Value(out)
	err = c.Canonicalize()
	return c, err
}
