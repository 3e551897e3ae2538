package cloud

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

// fieldSchema is a field as OpenAPI describes it.
type fieldSchema struct {
	Title       string `json:"title,omitzero"`
	Description string `json:"description,omitzero"`
	Type        string `json:"type"`
	MinLength   int    `json:"minLength,omitzero"`
	MaxLength   int    `json:"maxLength,omitzero"`
	Minimum     int    `json:"minimum,omitzero"`
	Maximum     int    `json:"maximum,omitzero"`
	WriteOnly   bool   `json:"writeOnly,omitzero"`
	ReadOnly    bool   `json:"readOnly,omitzero"`
}

// describe returns the description of the REST interface: testdata has it
// without the fields of items, which the cloud bundle's JSON Schema says.
func describe() ([]byte, error) {
	base, err := os.ReadFile("testdata/openapi.base.json")
	if err != nil {
		return nil, err
	}
	doc := string(base)
	for _, l := range schema.Lists() {
		for _, written := range []bool{false, true} {
			mark := "SHOWN"
			if written {
				mark = "WRITTEN"
			}
			s, err := itemSchema(l, written)
			if err != nil {
				return nil, err
			}
			doc = strings.Replace(doc, fmt.Sprintf(`"%s %s"`, mark, l), string(s), 1)
		}
	}
	out := jsontext.Value(doc)
	if err := out.Indent(jsontext.WithIndent(" ")); err != nil {
		return nil, fmt.Errorf("openapi.base.json: %w", err)
	}
	return append(out, '\n'), nil
}

// itemSchema describes an item as answers show it, or as requests write it.
func itemSchema(l schema.List, written bool) (jsontext.Value, error) {
	var props, required []string
	add := func(name string, f fieldSchema, must bool) error {
		raw, err := schema.Marshal(f)
		if err != nil {
			return err
		}
		props = append(props, fmt.Sprintf("%q:%s", name, raw))
		if must {
			required = append(required, fmt.Sprintf("%q", name))
		}
		return nil
	}
	if !written {
		if err := add("id", fieldSchema{Type: "string", MinLength: 1, MaxLength: 200, ReadOnly: true}, true); err != nil {
			return nil, err
		}
	}
	for _, f := range schema.Fields(schema.CloudFormat, l) {
		out := fieldSchema{Title: f.Label, Type: string(f.Type), Minimum: f.Min, Maximum: f.Max}
		switch {
		case f.Secret && !written:
			continue
		case f.Secret:
			out.Type, out.MinLength, out.MaxLength, out.WriteOnly = string(schema.String), 1, schema.MaxSecret, true
			out.Description = "Left out by PUT: the stored one stays."
		case f.Type == schema.String:
			out.MinLength, out.MaxLength = 1, f.MaxLength
		}
		if err := add(f.Name, out, f.Required); err != nil {
			return nil, err
		}
	}
	return jsontext.Value(fmt.Sprintf(`{"type":"object","properties":{%s},"required":[%s],"additionalProperties":false}`,
		strings.Join(props, ","), strings.Join(required, ","))), nil
}

const published = "../../schema/cloud-api.openapi.json"

func TestThePublishedDescriptionIsTheOneServed(t *testing.T) {
	made := rig.Get(describe()).Or(t)
	if os.Getenv("UPDATE_OPENAPI") != "" {
		rig.OK(t, os.WriteFile(published, made, 0o644))
	}
	file := rig.Get(os.ReadFile(published)).Or(t)
	if !bytes.Equal(file, made) {
		t.Errorf("%s is not up to date: run UPDATE_OPENAPI=1 go test ./samples/cloud", published)
	}
	if served := serve(t, Options{}).do("GET", apiPrefix+"openapi.json", ""); served.Body != string(file) {
		t.Errorf("%s is not what is served", published)
	}
}

func TestTheDescriptionHasExactlyTheFieldsOfTheBundle(t *testing.T) {
	var doc struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct {
					Title     string `json:"title"`
					WriteOnly bool   `json:"writeOnly"`
				} `json:"properties"`
				Required []string `json:"required"`
			} `json:"schemas"`
		} `json:"components"`
	}
	rig.OK(t, json.Unmarshal(schema.CloudAPI(), &doc))
	for l, name := range map[schema.List]string{schema.Credentials: "Credential", schema.Connections: "Connection"} {
		shown, written := doc.Components.Schemas[name], doc.Components.Schemas[name+"Write"]
		if _, ok := shown.Properties["id"]; !ok {
			t.Errorf("%s: no id", name)
		}
		delete(shown.Properties, "id")
		for _, f := range schema.Fields(schema.CloudFormat, l) {
			p, ok := written.Properties[f.Name]
			if !ok || p.WriteOnly != f.Secret || p.Title != f.Label {
				t.Errorf("%sWrite.%s: %+v, %v", name, f.Name, p, ok)
			}
			if _, ok := shown.Properties[f.Name]; ok == f.Secret {
				t.Errorf("%s.%s: shown: %v", name, f.Name, ok)
			}
			if slices.Contains(written.Required, f.Name) != f.Required {
				t.Errorf("%sWrite.%s: required is not %v", name, f.Name, f.Required)
			}
			delete(written.Properties, f.Name)
			delete(shown.Properties, f.Name)
		}
		if len(written.Properties)+len(shown.Properties) != 0 {
			t.Errorf("%s: more than the bundle has: %v %v", name, written.Properties, shown.Properties)
		}
	}
}

func TestEachDescribedOperationIsServed(t *testing.T) {
	s := serve(t, Options{})
	s.made(schema.Credentials, credential)
	s.made(schema.Connections, connection)
	body := map[string]string{"post": `{"x":1}`, "put": `{"x":1}`}
	for path, operations := range s.api.Paths {
		for method := range operations {
			if method == "parameters" {
				continue
			}
			id := "1"
			if strings.Contains(path, "connections") {
				id = "2"
			}
			at := strings.Replace(path, "{id}", id, 1)
			r := rig.Get(s.raw(strings.ToUpper(method), at, body[method])).Or(t)
			if r.Status == 404 || r.Status == 405 {
				t.Errorf("%s %s: got %d", method, path, r.Status)
			}
		}
	}
}
