package schema

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Strict decodes a document that no JSON Schema file describes, such as a
// ledger's record. One value, no duplicate or unknown key, valid UTF-8, bounded
// size and depth.
func Strict(doc []byte, v any) error {
	if err := scan(doc); err != nil {
		return err
	}
	return unmarshal(doc, v)
}

// StrictFrom is Strict for a document that need not stand in memory, such as a
// sealed part, whose values no validator should hold. It is read twice, from its
// beginning each time, and to its end before v is touched. An error of the reader
// is returned as it is.
func StrictFrom(open func() (io.Reader, error), v any) error {
	for _, read := range []func(io.Reader) error{
		func(r io.Reader) error { _, err := scanFrom(r, readAhead); return err },
		func(r io.Reader) error { return unmarshalFrom(r, v) },
	} {
		r, err := open()
		if err != nil {
			return err
		}
		in := &errorKeeper{r: r}
		if err := read(in); in.err != nil {
			return in.err
		} else if err != nil {
			return err
		}
	}
	return nil
}

// errorKeeper keeps a reader's error, which a decoder would put words of its own around.
type errorKeeper struct {
	r   io.Reader
	err error
}

func (t *errorKeeper) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		t.err = err
	}
	return n, err
}

// DecodeFile decodes a document strictly and validates it against the embedded
// schema of that short name ("rules", "profile") before v is filled.
func DecodeFile(file string, doc []byte, v any) error {
	if len(doc) > maxPiece {
		return invalid("", "larger than %d bytes", maxPiece)
	}
	if err := scan(doc); err != nil {
		return err
	}
	if err := validate(file, "", doc, ""); err != nil {
		return err
	}
	return unmarshal(doc, v)
}

// validate holds a value that was scanned, and stands at that place, against a
// schema.
func validate(file, definition string, raw []byte, at string) error {
	if len(raw) >= maxValues && valuesOf(raw) > maxValues { // most are too short to have so many
		return invalid(at, "more than %d values", maxValues)
	}
	v, err := generic(raw)
	if err != nil {
		return invalid(at, "not valid JSON")
	}
	return validateValue(file, definition, v, at)
}

func validateValue(file, definition string, v any, at string) error {
	s, err := schemaFor(file, definition)
	if err != nil {
		return err
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

// generics decodes the members of an object, which stands at that place, as
// generic values.
func generics(members map[string]jsontext.Value, at string) (map[string]any, error) {
	out, n := map[string]any{}, 0
	for name, raw := range members {
		if n += valuesOf(raw); n > maxValues {
			return nil, invalid(at, "more than %d values", maxValues)
		}
		v, err := generic(raw)
		if err != nil {
			return nil, invalid(name, "not valid JSON")
		}
		out[name] = v
	}
	return out, nil
}

// Decode reads a bundle document of either format. It holds the shell to the
// schema, then each item by itself, so that a place is told exactly and a large
// bundle never stands in memory as generic values. It does not know whether the
// document's secrets, transform or signatures are good: see package sealed.
func Decode(doc []byte) (*Bundle, error) {
	b, parts, err := DecodeAt(bytes.NewReader(doc), int64(len(doc)))
	if err != nil {
		return nil, err
	}
	return b, b.Take(parts)
}

// bundleFile is the short name of a bundle format's schema.
func bundleFile(format string) string {
	if format == CloudFormat {
		return "cloud-bundle"
	}
	return "server-bundle"
}

// Take reads sealed parts into the bundle.
func (b *Bundle) Take(parts []*SealedPart) error {
	b.Sealed = make([]string, len(parts))
	for i, p := range parts {
		var text strings.Builder
		text.Grow(int(p.Len()))
		if _, err := io.Copy(&text, p.Reader()); err != nil {
			return err
		}
		b.Sealed[i] = text.String()
	}
	return nil
}

// DecodeAt is Decode for a document of that size in bytes which need not stand
// in memory: it is read twice, once from end to end and once in parts. The
// bundle's sealed parts are left where they are. src is not read concurrently.
func DecodeAt(src io.ReaderAt, size int64) (*Bundle, []*SealedPart, error) {
	doc, err := scanAt(src, size)
	if err != nil {
		return nil, nil, err
	}
	format, err := doc.format()
	if err != nil {
		return nil, nil, err
	}
	if err := CheckFormat(format, ServerFormat, CloudFormat); err != nil {
		return nil, nil, err
	}
	parts, sealed, err := doc.sealed()
	if err != nil {
		return nil, nil, err
	}
	b, err := doc.bundle(format, sealed)
	return b, parts, err
}

// bundle reads everything but the sealed parts; sealed is what is to be
// validated of them, or nil where there is no such list.
func (d *document) bundle(format string, sealed any) (*Bundle, error) {
	file := bundleFile(format)
	around, taken, err := d.shell(d.members, "")
	if err != nil {
		return nil, err
	}
	whole, err := generics(around, "")
	if err != nil {
		return nil, err
	}
	if sealed != nil {
		whole["sealed"] = sealed
	}
	var originAround map[string]jsontext.Value
	var originTaken map[List]member
	hasOrigin := slices.ContainsFunc(d.members, func(m member) bool { return m.name == "origin" && m.kind == '{' })
	if hasOrigin {
		if originAround, originTaken, err = d.shell(d.origin, "origin."); err != nil {
			return nil, err
		}
		if whole["origin"], err = generics(originAround, "origin"); err != nil {
			return nil, err
		}
	}
	if err := validateValue(file, "", whole, ""); err != nil {
		return nil, err
	}
	b := &Bundle{Format: format}
	if err := unmarshalAt("manifest", around["manifest"], &b.Manifest); err != nil {
		return nil, err
	}
	if b.Credentials, err = d.items(file, b.Format, Credentials, "credential", "", taken[Credentials]); err != nil {
		return nil, err
	}
	if b.Connections, err = d.items(file, b.Format, Connections, "connection", "", taken[Connections]); err != nil {
		return nil, err
	}
	if hasOrigin {
		if b.Origin, err = d.decodeOrigin(file, originAround, originTaken); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// format is the member of that name.
func (d *document) format() (string, error) {
	format := ""
	if !d.object {
		return "", invalid("format", "missing: this is not a mailferry bundle")
	}
	for _, m := range d.members {
		if m.name != "format" {
			continue
		}
		raw, err := d.raw(m)
		if err != nil {
			return "", err
		}
		if json.Unmarshal(raw, &format) != nil {
			return "", invalid("format", "missing: this is not a mailferry bundle")
		}
	}
	return format, nil
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
	if got == "mailferry/plan/v1" {
		return Hint(invalid("format", "a saved plan is not %s", strings.Join(want, " or ")), "mailferry import --plan takes it")
	}
	return invalid("format", "%s is not %s", Quote(got), strings.Join(want, " or "))
}

// items reads one list, each entry held to the schema by itself.
func (d *document) items(file, format string, l List, definition, at string, from member) ([]Item, error) {
	out := []Item{}
	list := newItemList(file, format, l, definition, at)
	err := d.each(from, func(raw jsontext.Value) error {
		it, err := list.item(raw)
		out = append(out, it)
		return err
	})
	return out, err
}

// itemList holds the entries of a list to the schema, each by itself.
type itemList struct {
	file, format, definition, at string
	list                         List
	seen                         map[string]int // index by name
}

func newItemList(file, format string, l List, definition, at string) *itemList {
	return &itemList{file, format, definition, at, l, map[string]int{}}
}

// item decodes the next entry.
func (l *itemList) item(raw jsontext.Value) (Item, error) {
	i := len(l.seen)
	if i == MaxItems {
		return nil, invalid(l.at+string(l.list), "more than %d entries", MaxItems)
	}
	here := fmt.Sprintf("%s%s[%d]", l.at, l.list, i)
	if err := validate(l.file, l.definition, raw, here); err != nil {
		return nil, err
	}
	it := NewItem(l.format, l.list)
	if err := unmarshalAt(here, raw, it); err != nil {
		return nil, err
	}
	if first, dup := l.seen[it.ItemName()]; dup {
		return nil, invalid(here+".name", "%s is already the name of %s%s[%d]", Quote(it.ItemName()), l.at, l.list, first)
	}
	l.seen[it.ItemName()] = i
	return it, nil
}

func (d *document) decodeOrigin(file string, around map[string]jsontext.Value, taken map[List]member) (*Origin, error) {
	o := &Origin{Format: ServerFormat, Credentials: []*ServerCredential{}, Connections: []*ServerConnection{}}
	creds, err := d.items(file, ServerFormat, Credentials, "server_credential", "origin.", taken[Credentials])
	if err != nil {
		return nil, err
	}
	for _, it := range creds {
		o.Credentials = append(o.Credentials, it.(*ServerCredential))
	}
	conns, err := d.items(file, ServerFormat, Connections, "server_connection", "origin.", taken[Connections])
	if err != nil {
		return nil, err
	}
	for _, it := range conns {
		o.Connections = append(o.Connections, it.(*ServerConnection))
	}
	if err := unmarshalAt("origin.manifest", around["manifest"], &o.Manifest); err != nil {
		return nil, err
	}
	if err := unmarshalAt("origin.rules", around["rules"], &o.Rules); err != nil {
		return nil, err
	}
	return o, unmarshalAt("origin.statements", around["statements"], &o.Statements)
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
