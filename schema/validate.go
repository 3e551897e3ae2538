package schema

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"math/big"
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

const unknownField = " is not a known field"

// explanations are what is wrong in words of our own, by the library's type of
// error, with the detail of it that stands for %: the library's own words are templates
// over input.
var explanations = map[string]struct{ words, detail string }{
	"required":                        {"lacks %", "property"},
	"additional_property_not_allowed": {"%" + unknownField, "property"},
	"invalid_property_name":           {"has a field whose name is not of the form that names have: %", "property"},
	"invalid_type":                    {"must be of type %", "expected"},
	"number_gte":                      {"must be at least %", "min"},
	"number_lte":                      {"must be at most %", "max"},
	"string_gte":                      {"must not be empty (leave it out instead)", "min"},
	"string_lte":                      {"must have at most % characters", "max"},
	"array_min_items":                 {"must have at least % entries", "min"},
	"array_max_items":                 {"must have at most % entries", "max"},
	"array_max_properties":            {"must have at most % entries", "max"},
	"array_min_properties":            {"must not be empty (leave it out instead)", "min"},
	"enum":                            {"must be one of %", "allowed"},
	"const":                           {"must be %", "allowed"},
	"pattern":                         {"is not of the form %", "pattern"},
}

// explain says what is wrong, without the value.
func explain(e gojsonschema.ResultError) string {
	x, known := explanations[e.Type()]
	switch {
	case e.Type() == "number_not":
		return "has a field that does not go with the others"
	case !known:
		return "is not as the format wants it (" + plainKey(e.Type()) + ")"
	}
	value := e.Details()[x.detail]
	detail := strings.ReplaceAll(fmt.Sprint(value), "\n", `\n`) // one line
	if x.detail == "property" {
		detail = plainKey(fmt.Sprint(value))
	} else if n, isNumber := value.(*big.Rat); isNumber {
		detail = n.RatString()
	}
	return strings.Replace(x.words, "%", detail, 1)
}
