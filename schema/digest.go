package schema

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/go-json-experiment/json/jsontext"
)

// content is what the content digest covers of a bundle.
type content struct {
	Format      string         `json:"format"`
	Manifest    OriginManifest `json:"manifest"`
	Credentials []Item         `json:"credentials"`
	Connections []Item         `json:"connections"`
	Origin      *Origin        `json:"origin,omitzero"`
}

// Content returns the bytes that the content digest covers: the RFC 8785 form of
// {format, manifest:{id, source}, credentials, connections, origin}, an absent
// origin left out. Recipients, reviewers, history, created, tool, counts and
// sealed stand outside it.
func (b *Bundle) Content() ([]byte, error) {
	return canonical(content{b.Format, OriginManifest{b.Manifest.ID, b.Manifest.Source}, b.Credentials, b.Connections, b.Origin})
}

// Digest is the content digest: lower-case hex SHA-256 of Content.
func (b *Bundle) Digest() (string, error) { return hexSum(b.Content()) }

// Digest is the content digest of the server bundle that the origin was.
func (o *Origin) Digest() (string, error) {
	return DigestOf(content{Format: o.Format, Manifest: o.Manifest, Credentials: o.Items(Credentials), Connections: o.Items(Connections)})
}

// DigestOf is the SHA-256 of v's RFC 8785 form, in lower-case hex.
func DigestOf(v any) (string, error) { return hexSum(canonical(v)) }

func canonical(v any) ([]byte, error) {
	out, err := Marshal(v)
	if err != nil {
		return nil, err
	}
	c := jsontext.Value(out)
	err = c.Canonicalize()
	return c, err
}

func hexSum(b []byte, err error) (string, error) {
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}
