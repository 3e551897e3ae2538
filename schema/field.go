package schema

import (
	"bytes"
	"embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

//go:embed *.schema.json
var files embed.FS

// SchemaFile returns an embedded JSON Schema by its short name, such as
// "server-bundle".
func SchemaFile(name string) ([]byte, error) { return files.ReadFile(name + ".schema.json") }

// SchemaNames lists the embedded schemas by their short names.
func SchemaNames() []string {
	entries, _ := files.ReadDir(".") // embedded
	var out []string
	for _, f := range entries {
		out = append(out, strings.TrimSuffix(f.Name(), ".schema.json"))
	}
	return out
}

//go:embed cloud-api.openapi.json
var cloudAPI []byte

// CloudAPI returns the OpenAPI description of the REST interface of a Cloud.
func CloudAPI() []byte { return bytes.Clone(cloudAPI) }

// Type is the type of a field's value.
type Type string

// The types of fields.
const (
	String     Type = "string"
	Integer    Type = "integer"
	Boolean    Type = "boolean"
	SecretType Type = "secret" // a *Marker stands in the settings
)

// TextKind says whom the text of a String field is for.
type TextKind string

// The kinds of texts; that of a field without one is a name or a choice.
const (
	Technical TextKind = "technical" // machines resolve it: an address, a URL, a user name
	Spoken    TextKind = "spoken"    // one line for people, in any mix of languages, matched with nothing
	Prose     TextKind = "prose"     // the same, and may have several lines
)

// Field describes one field of a connection or credential, read from the JSON
// Schema. Label is the admin panel's, as the vendor documents it.
type Field struct {
	Name      string   `json:"-"`
	Label     string   `json:"title"`
	Type      Type     `json:"type"`
	Text      TextKind `json:"text"` // of a String
	Secret    bool     `json:"secret"`
	Required  bool     `json:"-"`
	Min       int      `json:"minimum"` // of an Integer
	Max       int      `json:"maximum"`
	MaxLength int      `json:"maxLength"` // of a String, in characters
	Aliases   []string `json:"aliases"`   // what the vendor's newer or older pages call it
	Known     []string `json:"examples"`  // values that the vendor documents; there may be others
}

// Fields returns the fields of a bundle format's list in the panel's order.
// The map of extra values is not among them.
func Fields(format string, l List) []Field { return allFields()[format][l] }

// FieldByName finds a field of a format's list.
func FieldByName(format string, l List, name string) (Field, bool) {
	for _, f := range Fields(format, l) {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

var allFields = sync.OnceValue(func() map[string]map[List][]Field {
	all := map[string]map[List][]Field{}
	for format, name := range map[string]string{ServerFormat: "server-bundle", CloudFormat: "cloud-bundle"} {
		all[format] = map[List][]Field{}
		for _, l := range Lists() {
			fields, err := readFields(name, l.One())
			if err != nil {
				panic(fmt.Sprintf("embedded schema %s: %v", name, err)) // the binary itself is broken
			}
			all[format][l] = fields
		}
	}
	return all
})

// readFields reads the properties of a definition in the order in which the
// schema file has them, which a map would lose.
func readFields(file, definition string) ([]Field, error) {
	raw, err := SchemaFile(file)
	if err != nil {
		return nil, err
	}
	var doc struct {
		Definitions map[string]jsontext.Value `json:"definitions"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, err
	}
	var def struct {
		Properties jsontext.Value `json:"properties"`
		Required   []string       `json:"required"`
	}
	if err := json.Unmarshal(doc.Definitions[definition], &def); err != nil {
		return nil, err
	}
	var fields []Field
	for name, raw := range eachMember(def.Properties) {
		if name == "extra" {
			continue
		}
		f := Field{Name: name, Required: slices.Contains(def.Required, name)}
		if err := json.Unmarshal(raw, &f); err != nil {
			return nil, err
		}
		if f.Secret {
			f.Type = SecretType
		}
		fields = append(fields, f)
	}
	return fields, nil
}
