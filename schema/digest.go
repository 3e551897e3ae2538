package schema

import (
	"crypto/sha256"
	"encoding/hex"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// WriteContent writes the bytes that the content digest covers: the RFC 8785 form
// of {format, manifest:{id, source}, credentials, connections, origin}, an absent
// origin left out. Recipients, reviewers, history, created, tool, counts and
// sealed stand outside it.
func (b *Bundle) WriteContent(w io.Writer) error {
	c := content{b.Connections, b.Credentials, b.Format, OriginManifest{b.Manifest.ID, b.Manifest.Source}, nil}
	if o := b.Origin; o != nil {
		c.Origin = &originContent{o.content(), o.Rules, o.Statements}
	}
	return writeCanonical(w, c)
}

// content is what the digest covers, with its members in RFC 8785's order.
type content struct {
	Connections []Item         `json:"connections"`
	Credentials []Item         `json:"credentials"`
	Format      string         `json:"format"`
	Manifest    OriginManifest `json:"manifest"`
	Origin      *originContent `json:"origin,omitzero"`
}

type originContent struct {
	content    `json:",inline"`
	Rules      *Rules      `json:"rules"`
	Statements []Statement `json:"statements"`
}

func (o *Origin) content() content {
	return content{o.Items(Connections), o.Items(Credentials), o.Format, o.Manifest, nil}
}

// writeCanonical writes a content piece by piece: a document at its limit would
// otherwise stand in memory twice more.
func writeCanonical(w io.Writer, c content) error {
	pieces := json.JoinMarshalers(json.MarshalToFunc(writePiece[Item]), json.MarshalToFunc(writePiece[OriginManifest]),
		json.MarshalToFunc(writePiece[*Rules]), json.MarshalToFunc(writePiece[Statement]))
	// The names of a piece were looked at when it was made canonical.
	return json.MarshalWrite(w, c, json.WithMarshalers(pieces), jsontext.AllowDuplicateNames(true))
}

func writePiece[T any](to *jsontext.Encoder, piece T) error {
	out, err := canonical(piece)
	if err != nil {
		return err
	}
	return to.WriteValue(out)
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
	err := writeCanonical(h, o.content())
	return hex.EncodeToString(h.Sum(nil)), err
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
