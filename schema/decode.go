package schema

import (
	"bytes"
	"fmt"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

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

// DecodeFile decodes a document that people write, such as rules or a profile:
// strictly, and held against the embedded schema of that short name before v is
// filled. A member "$schema" of the document, by which editors find the schema, is
// for no Go type. Errors say the line and column, in characters.
func DecodeFile(file string, doc []byte, v any) error {
	return located(doc, decode(file, "", doc, v))
}

// decode decodes a document that an embedded schema, or one of its definitions,
// describes.
func decode(file, definition string, doc []byte, v any) error {
	if err := scan(doc); err != nil {
		return err
	}
	if err := validate(file, definition, doc, ""); err != nil {
		return err
	}
	if top := members(doc); top["$schema"] != nil {
		delete(top, "$schema")
		doc, _ = Marshal(top) // it was scanned
	}
	return unmarshal(doc, v)
}

// validate holds a value that was scanned, and stands at that place, against a
// schema.
func validate(file, definition string, raw []byte, at string) error {
	v, err := piece(raw, at)
	if err != nil {
		return err
	}
	return validateValue(file, definition, v, at)
}

// piece decodes what is validated as a whole, within the bounds of such a piece.
func piece(raw []byte, at string) (any, error) {
	if len(raw) > maxPiece {
		return nil, Invalid(at, "larger than %d bytes", maxPiece)
	}
	if len(raw) >= maxValues && valuesOf(raw) > maxValues { // most are too short to have so many
		return nil, Invalid(at, "more than %d values", maxValues)
	}
	v, err := generic(raw)
	if err != nil {
		return nil, Invalid(at, "not valid JSON")
	}
	return v, nil
}

// Decode reads a bundle document of either format. What stands around the lists
// is held to the schema first, then each item by itself, so that a place is
// named exactly and a large bundle is never a tree of generic values. It does
// not know whether the document's secrets, transform or signatures are good: see
// package sealed.
func Decode(doc []byte) (*Bundle, error) {
	if err := scan(doc); err != nil {
		return nil, err
	}
	top := members(doc)
	b := &Bundle{}
	if json.Unmarshal(top["format"], &b.Format) != nil {
		return nil, Invalid("format", "missing: this is not a mailferry bundle")
	}
	if err := CheckFormat(b.Format, ServerFormat, CloudFormat); err != nil {
		return nil, err
	}
	origin := members(top["origin"])
	if err := b.around(top, origin); err != nil {
		return nil, err
	}
	if err := unmarshalAt("manifest", top["manifest"], &b.Manifest); err != nil {
		return nil, err
	}
	var err error
	if b.Credentials, b.Connections, err = decodeLists(b.Format, "", top); err != nil {
		return nil, err
	}
	if origin != nil {
		b.Origin, err = decodeOrigin(origin)
	}
	return b, err
}

// members returns the values of a scanned object by name, or nil where it is
// none. They share its memory.
func members(doc []byte) map[string]jsontext.Value {
	if jsontext.Value(doc).Kind() != '{' {
		return nil
	}
	return maps.Collect(eachMember(doc))
}

// eachMember yields the members of a scanned object in their order.
func eachMember(doc []byte) iter.Seq2[string, jsontext.Value] {
	return func(yield func(string, jsontext.Value) bool) {
		dec := jsontext.NewDecoder(bytes.NewBuffer(doc))
		_, _ = dec.ReadToken() // it was scanned
		for dec.PeekKind() == '"' {
			name, _ := dec.ReadToken()
			key := name.String()
			v, _ := dec.ReadValue()
			end := dec.InputOffset()
			if !yield(key, doc[end-int64(len(v)):end]) {
				return
			}
		}
	}
}

// around holds all but the lists' items to the schema, and fills b.Sealed.
func (b *Bundle) around(top, origin map[string]jsontext.Value) error {
	// The sealed parts may be most of the document: they are decoded once, and
	// validated as they are.
	raw := top["sealed"]
	if valuesOf(raw) > maxParts+1 {
		return Invalid("sealed", "more than %d entries", maxParts)
	}
	shell := maps.Clone(top)
	areTexts := raw.Kind() == '[' && json.Unmarshal(raw, &b.Sealed) == nil
	if areTexts {
		delete(shell, "sealed")
	}
	var err error
	if origin != nil {
		if shell["origin"], err = emptied(origin, "origin."); err != nil {
			return err
		}
	}
	doc, err := emptied(shell, "")
	if err != nil {
		return err
	}
	v, err := piece(doc, "beside the lists")
	if err != nil {
		return err
	}
	if areTexts {
		parts := make([]any, len(b.Sealed))
		for i, s := range b.Sealed {
			parts[i] = s
		}
		v.(map[string]any)["sealed"] = parts
	}
	return validateValue(bundleFile(b.Format), "", v, "")
}

// emptied is an object with its two lists empty.
func emptied(object map[string]jsontext.Value, at string) (jsontext.Value, error) {
	out := maps.Clone(object)
	for _, l := range Lists() {
		if raw, given := out[string(l)]; given && raw.Kind() != '[' {
			return nil, Invalid(at+string(l), "must be a list")
		} else if given {
			out[string(l)] = jsontext.Value("[]")
		}
	}
	return Marshal(out)
}

// bundleFile is the short name of a bundle format's schema.
func bundleFile(format string) string {
	if format == CloudFormat {
		return "cloud-bundle"
	}
	return "server-bundle"
}

func decodeLists(format, at string, from map[string]jsontext.Value) (credentials, connections []Item, err error) {
	if credentials, err = decodeItems(format, Credentials, at, from[string(Credentials)]); err == nil {
		connections, err = decodeItems(format, Connections, at, from[string(Connections)])
	}
	return credentials, connections, err
}

// decodeItems reads a scanned list, each entry held to the schema by itself.
func decodeItems(format string, l List, at string, list jsontext.Value) ([]Item, error) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(list))
	_, _ = dec.ReadToken() // it was scanned, and is a list
	out, first := []Item{}, map[string]int{}
	for dec.PeekKind() != ']' {
		here := fmt.Sprintf("%s%s[%d]", at, l, len(out))
		if len(out) == MaxItems {
			return nil, Invalid(at+string(l), "more than %d entries", MaxItems)
		}
		raw, err := dec.ReadValue()
		if err != nil {
			return nil, syntaxError(err)
		}
		it, err := decodeItem(format, l, here, raw)
		if err != nil {
			return nil, err
		}
		if i, twice := first[it.ItemName()]; twice {
			return nil, Invalid(here+".name", "%s is already the name of %s%s[%d]", Quote(it.ItemName()), at, l, i)
		}
		first[it.ItemName()] = len(out)
		out = append(out, it)
	}
	return out, nil
}

func decodeItem(format string, l List, at string, raw jsontext.Value) (Item, error) {
	it := NewItem(format, l)
	if unmarshal(raw, it) == nil && asWritten(it, raw) {
		return it, nil
	}
	if err := validate(bundleFile(format), l.One(), raw, at); err != nil {
		return nil, err
	}
	it = NewItem(format, l)
	return it, unmarshalAt(at, raw, it)
}

// asWritten reports whether an item stands in the document byte for byte as this
// program writes it, with every value within its field's bounds: the schema then has
// nothing to refuse, and validating would take most of the time of reading. Of
// anything else it says nothing.
func asWritten(it Item, raw []byte) bool {
	if again, err := Marshal(it); err != nil || !bytes.Equal(again, raw) || len(Extra(it)) > 0 {
		return false
	}
	for _, f := range FieldsOf(it) {
		v, given := Get(it, f.Name)
		if !given && f.Required {
			return false
		}
		switch v := v.(type) {
		case string:
			if utf8.RuneCountInString(v) > f.MaxLength {
				return false
			}
		case int:
			if v < f.Min || v > f.Max {
				return false
			}
		case *Marker:
			if v.State != Sealed || v.Reason != "" || !fingerprintForm.MatchString(v.Fingerprint) {
				return false
			}
		}
	}
	return true
}

var fingerprintForm = regexp.MustCompile("^[0-9a-f]{8}:[0-9a-f]{64}$")

// decodeOrigin reads the members of an origin. Its lists are a server bundle's
// and are held to that schema.
func decodeOrigin(from map[string]jsontext.Value) (*Origin, error) {
	o := &Origin{Format: ServerFormat}
	var err error
	if o.Credentials, o.Connections, err = decodeLists(ServerFormat, "origin.", from); err != nil {
		return nil, err
	}
	if err := unmarshalAt("origin.manifest", from["manifest"], &o.Manifest); err != nil {
		return nil, err
	}
	if err := unmarshalAt("origin.rules", from["rules"], &o.Rules); err != nil {
		return nil, err
	}
	return o, unmarshalAt("origin.statements", from["statements"], &o.Statements)
}

// CheckFormat says in words what a document of another format is.
func CheckFormat(got string, want ...string) error {
	if slices.Contains(want, got) {
		return nil
	}
	for _, w := range want {
		family := w[:strings.LastIndex(w, "/")+1]
		if strings.HasPrefix(got, family) {
			return Hint(Invalid("format", "%s is a version that this mailferry does not know", Quote(got)),
				"use the mailferry that wrote it, or a later one")
		}
	}
	if got == "" {
		return Invalid("format", "missing: this is not a mailferry document")
	}
	if got == "mailferry/plan/v1" {
		return Hint(Invalid("format", "a saved plan is not %s", strings.Join(want, " or ")),
			"mailferry import --plan takes it")
	}
	return Invalid("format", "%s is not %s", Quote(got), strings.Join(want, " or "))
}

// unmarshalAt decodes a part of a document; places are those of the whole.
func unmarshalAt(at string, raw jsontext.Value, v any) error {
	if raw == nil {
		return Invalid(at, "missing")
	}
	return within(at, unmarshal(raw, v))
}

// within puts a place in front of those of an error.
func within(at string, err error) error {
	walk(err, func(err error) bool {
		if p, ok := any(err).(*Problem); ok {
			p.Place = joinPlace(at, p.Place)
		}
		return true
	})
	return err
}
