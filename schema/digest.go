package schema

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"

	"github.com/go-json-experiment/json/jsontext"
)

// Digest is the content digest: lower-case hex SHA-256 of the RFC 8785 form of
// {format, manifest:{id, source}, credentials, connections, origin}, an absent
// origin left out. Recipients, reviewers, history, created, tool, counts and
// sealed stand outside it.
func (b *Bundle) Digest() (string, error) {
	d := newDigester()
	d.list(`{"connections":`, b.Connections)
	d.list(`,"credentials":`, b.Credentials)
	d.value(`,"format":`, b.Format)
	d.value(`,"manifest":`, OriginManifest{b.Manifest.ID, b.Manifest.Source})
	if b.Origin != nil {
		d.origin(`,"origin":`, b.Origin)
	}
	return d.end()
}

// Digest is the content digest of the server bundle that the origin was.
func (o *Origin) Digest() (string, error) {
	d := newDigester()
	d.list(`{"connections":`, o.Items(Connections))
	d.list(`,"credentials":`, o.Items(Credentials))
	d.value(`,"format":`, o.Format)
	d.value(`,"manifest":`, o.Manifest)
	return d.end()
}

// digester hashes the RFC 8785 form of an object piece by piece: the members are
// given in that form's order, and a list item by item, so that a large bundle
// never stands in memory a second time.
type digester struct {
	h   hash.Hash
	err error
}

func newDigester() *digester { return &digester{h: sha256.New()} }

func (d *digester) value(before string, v any) {
	if d.err != nil {
		return
	}
	out, err := canonical(v)
	d.err = err
	d.h.Write([]byte(before))
	d.h.Write(out)
}

func (d *digester) list(before string, items []Item) {
	d.h.Write([]byte(before + "["))
	for i, it := range items {
		sep := ","
		if i == 0 {
			sep = ""
		}
		d.value(sep, it)
	}
	d.h.Write([]byte("]"))
}

func (d *digester) origin(before string, o *Origin) {
	d.h.Write([]byte(before))
	d.list(`{"connections":`, o.Items(Connections))
	d.list(`,"credentials":`, o.Items(Credentials))
	d.value(`,"format":`, o.Format)
	d.value(`,"manifest":`, o.Manifest)
	d.value(`,"rules":`, o.Rules)
	d.value(`,"statements":`, o.Statements)
	d.h.Write([]byte("}"))
}

func (d *digester) end() (string, error) {
	d.h.Write([]byte("}"))
	return hex.EncodeToString(d.h.Sum(nil)), d.err
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

// DigestOf is the SHA-256 of v's RFC 8785 form, in lower-case hex.
func DigestOf(v any) (string, error) {
	out, err := canonical(v)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(out)
	return hex.EncodeToString(sum[:]), nil
}
