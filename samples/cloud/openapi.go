package cloud

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/mailferry/mailferry/schema"
)

// The description without the fields of items, which the cloud bundle's JSON
// Schema says.
//
//go:embed openapi.base.json
var openapiBase string

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

// OpenAPI returns the description of the REST interface, which
// schema/cloud-api.openapi.json holds and /api/v1/openapi.json serves.
func OpenAPI() ([]byte, error) {
	doc := openapiBase
	for _, l := range []schema.List{schema.Credentials, schema.Connections} {
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
		return nil, fmt.Errorf("embedded openapi.base.json: %w", err)
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
