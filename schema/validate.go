package schema

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/xeipuuv/gojsonreference"
	"github.com/xeipuuv/gojsonschema"
)

// errReference is the answer to every reference that leads out of the embedded
// schemas.
var errReference = errors.New("references to other documents are refused")

// schemaBase begins the $id of every embedded schema. It is a name: nothing is
// ever fetched from there.
const schemaBase = "https://github.com/mailferry/mailferry/schema/"

// closedLoader hands gojsonschema one decoded document and a factory that
// follows a reference to an embedded schema, and to no other file or host.
type closedLoader struct{ source any }

func (l closedLoader) JsonSource() any                               { return l.source }
func (l closedLoader) LoadJSON() (any, error)                        { return l.source, nil }
func (l closedLoader) LoaderFactory() gojsonschema.JSONLoaderFactory { return closedFactory{} }
func (l closedLoader) JsonReference() (r gojsonreference.JsonReference, err error) {
	return gojsonreference.NewJsonReference("#")
}

type closedFactory struct{}

func (closedFactory) New(ref string) gojsonschema.JSONLoader {
	file, _, _ := strings.Cut(ref, "#")
	file, isOurs := strings.CutPrefix(file, schemaBase)
	raw, err := files.ReadFile(file)
	if !isOurs || err != nil {
		return refusingLoader{}
	}
	doc, err := generic(raw)
	if err != nil {
		return refusingLoader{}
	}
	return closedLoader{doc}
}

type refusingLoader struct{ closedLoader }

func (refusingLoader) LoadJSON() (any, error) { return nil, errReference }

// compile compiles a decoded schema.
func compile(doc any) (*gojsonschema.Schema, error) {
	l := gojsonschema.NewSchemaLoader()
	l.Draft = gojsonschema.Draft7
	l.AutoDetect = false
	l.Validate = false // it would look for the meta schema of $schema by URL; a test holds the files against it
	return l.Compile(closedLoader{doc})
}

// valuesOf counts the values of JSON text that was scanned; a list or object
// that is not empty counts twice.
func valuesOf(raw []byte) int {
	n, inText := 1, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '"':
			inText = !inText
		case c == '\\':
			i++
		case !inText && (c == ',' || c == '[' || c == '{'):
			n++
		}
	}
	return n
}

// generic decodes JSON as gojsonschema wants it: numbers as json.Number.
func generic(raw []byte) (any, error) {
	dec := stdjson.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	err := dec.Decode(&v)
	return v, err
}

// schemas keeps each definition of an embedded schema once it was asked for, by
// its reference.
var schemas sync.Map // string → *gojsonschema.Schema

// schemaFor returns the schema of that short name, or one of its definitions.
func schemaFor(file, definition string) (*gojsonschema.Schema, error) {
	ref := schemaBase + file + ".schema.json"
	if definition != "" {
		ref += "#/definitions/" + definition
	}
	if s, ok := schemas.Load(ref); ok {
		return s.(*gojsonschema.Schema), nil
	}
	s, err := compile(map[string]any{"$ref": ref})
	if err != nil {
		return nil, fmt.Errorf("schema %s: %w", ref, err)
	}
	schemas.Store(ref, s)
	return s, nil
}

// validateValue holds a decoded value, whose own place is at, against a schema.
func validateValue(file, definition string, v any, at string) error {
	s, err := schemaFor(file, definition)
	if err != nil {
		return err
	}
	res, err := s.Validate(closedLoader{v})
	if err != nil {
		return fmt.Errorf("%s: cannot be validated: %w", at, err)
	}
	// A misspelled field is both unknown and missing: the unknown ones, which a
	// person can find in the document, come first.
	var known []Problem
	var errs Errors
	for _, e := range res.Errors() {
		// An allOf or if/then repeats what its branch already said.
		switch e.Type() {
		case "number_all_of", "condition_then", "condition_else":
			if len(res.Errors()) > 1 {
				continue
			}
		}
		p := Problem{Place: joinPlace(at, contextPlace(e)), What: explain(e)}
		if e.Type() == "additional_property_not_allowed" {
			errs.Add(&p)
		} else {
			known = append(known, p)
		}
	}
	for i := range known {
		errs.Add(&known[i])
	}
	return errs.Err()
}

func joinPlace(at, rest string) string {
	switch {
	case at == "":
		return rest
	case rest == "" || rest[0] == '[':
		return at + rest
	default:
		return at + "." + rest
	}
}

func contextPlace(e gojsonschema.ResultError) string {
	// A delimiter that no member name can smuggle: names with it are quoted.
	parts := strings.Split(e.Context().String("\x00"), "\x00")[1:]
	return placeOf(slices.Values(parts))
}

// explain says what is wrong in words of our own: the library's descriptions
// are templates over input, and a ResultError holds the value.
func explain(e gojsonschema.ResultError) string {
	d := e.Details()
	prop := func() string { return plainKey(fmt.Sprint(d["property"])) }
	switch e.Type() {
	case "required":
		return "lacks " + prop()
	case "additional_property_not_allowed":
		return prop() + unknownField
	case "invalid_type":
		return fmt.Sprintf("must be of type %v", d["expected"])
	case "number_gte", "number_gt":
		return fmt.Sprintf("must be at least %v", number(d["min"]))
	case "number_lte", "number_lt":
		return fmt.Sprintf("must be at most %v", number(d["max"]))
	case "string_gte":
		if fmt.Sprint(d["min"]) == "1" {
			return "must not be empty (leave the field out instead)"
		}
		return fmt.Sprintf("must have at least %v characters", d["min"])
	case "string_lte":
		return fmt.Sprintf("must have at most %v characters", d["max"])
	case "array_min_items":
		return fmt.Sprintf("must have at least %v entries", d["min"])
	case "array_max_items", "array_max_properties":
		return fmt.Sprintf("must have at most %v entries", d["max"])
	case "array_min_properties":
		return "must not be empty (leave it out instead)"
	case "enum":
		return fmt.Sprintf("must be one of %v", d["allowed"])
	case "const":
		return fmt.Sprintf("must be %v", d["allowed"])
	case "pattern":
		return "is not of the form " + strings.ReplaceAll(fmt.Sprint(d["pattern"]), "\n", `\n`) // one line
	case "invalid_property_name":
		return "has a field whose name is not of the form that names have: " + prop()
	case "number_not":
		return "has a field that does not go with the others"
	default:
		return "is not as the format wants it (" + plainKey(e.Type()) + ")"
	}
}

const unknownField = " is not a known field"

func number(v any) string {
	if r, ok := v.(interface{ RatString() string }); ok {
		return r.RatString()
	}
	return fmt.Sprint(v)
}
