package cloud

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/mailferry/mailferry/schema"
)

// decodeItem reads a request's body: the cloud bundle's fields, an empty one
// left out, and the secret as a text in the secret field's place. A body that
// is no JSON object without duplicates is a *schema.InvalidError; one whose
// fields are not the list's is a *RefusedError.
func decodeItem(l schema.List, body []byte) (schema.Item, schema.Secret, error) {
	var members map[string]jsontext.Value
	if err := schema.Strict(body, &members); err != nil {
		return nil, schema.Secret{}, err
	}
	it := schema.NewItem(schema.CloudFormat, l)
	var secret schema.Secret
	var problems []Problem
	for _, f := range schema.FieldsOf(it) {
		raw, ok := members[f.Name]
		delete(members, f.Name)
		if !ok {
			if f.Type == schema.Boolean && f.Required {
				problems = append(problems, Problem{f.Name, "is required"})
			}
			continue
		}
		if p := decodeField(it, f, raw, &secret); p != "" {
			problems = append(problems, Problem{f.Name, p})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if len(problems) == 20 {
			break
		}
		problems = append(problems, Problem{strings.Trim(schema.Quote(name), `"`), "is not a field of a " + l.One()})
	}
	if len(problems) > 0 {
		return nil, schema.Secret{}, &RefusedError{http.StatusUnprocessableEntity, problems}
	}
	return it, secret, nil
}

// decodeField gives it the value of one field, or says what is wrong with it.
func decodeField(it schema.Item, f schema.Field, raw jsontext.Value, secret *schema.Secret) string {
	const empty = "must not be empty (leave it out instead)"
	var value any
	switch f.Type {
	case schema.Boolean:
		var b bool
		if schema.Strict(raw, &b) != nil || raw.Kind() == 'n' {
			return "must be true or false"
		}
		value = b
	case schema.Integer:
		var n int
		if raw.Kind() != '0' || schema.Strict(raw, &n) != nil {
			return "must be a whole number"
		}
		if n == 0 {
			return "is not between " + strconv.Itoa(f.Min) + " and " + strconv.Itoa(f.Max)
		}
		value = n
	default:
		var s string
		if raw.Kind() != '"' || schema.Strict(raw, &s) != nil {
			return "must be a text"
		}
		if s == "" {
			return empty
		}
		if f.Secret {
			if len(s) > schema.MaxSecret {
				return "is longer than " + strconv.Itoa(schema.MaxSecret) + " bytes"
			}
			*secret = schema.NewSecret(s)
			return ""
		}
		value = s
	}
	if err := schema.Set(it, f.Name, value); err != nil {
		return "cannot be taken"
	}
	return ""
}

// MarshalJSON writes an item as answers show it: its id and the cloud bundle's
// field names, never the secret nor whether there is one.
func (e Entry) MarshalJSON() ([]byte, error) {
	raw, err := schema.Marshal(e.Item)
	if err != nil {
		return nil, err
	}
	id, err := jsontext.AppendQuote([]byte(`{"id":`), strconv.FormatInt(e.ID, 10))
	if err != nil {
		return nil, err
	}
	return append(append(id, ','), raw[1:]...), nil // an item always has a name: raw is not {}
}

// problemDocument is an error answer, after RFC 9457.
type problemDocument struct {
	Title  string    `json:"title"`
	Status int       `json:"status"`
	Detail string    `json:"detail"`
	Errors []Problem `json:"errors,omitzero"`
}

func writeProblem(w http.ResponseWriter, status int, detail string, problems []Problem) {
	raw, err := schema.Marshal(problemDocument{http.StatusText(status), status, detail, problems})
	if err != nil {
		http.Error(w, http.StatusText(status), status)
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Content-Length", strconv.Itoa(len(raw)))
	w.WriteHeader(status)
	_, _ = w.Write(raw)
}

// answer writes v, or what err says of the request.
func (c *Cloud) answer(w http.ResponseWriter, status int, v any, err error) {
	var raw []byte
	if err == nil {
		raw, err = schema.Marshal(v)
	}
	if err != nil {
		c.writeError(w, err)
		return
	}
	writeJSON(w, status, raw)
}

// writeError answers with what err says of the request, or with 500 and no
// word of what went wrong inside.
func (c *Cloud) writeError(w http.ResponseWriter, err error) {
	var no *RefusedError
	var invalid *schema.InvalidError
	switch {
	case errors.As(err, &no):
		writeProblem(w, no.Status, no.Error(), no.Problems)
	case errors.As(err, &invalid):
		writeProblem(w, http.StatusBadRequest, invalid.Error(), nil)
	default:
		writeProblem(w, http.StatusInternalServerError, "the sample Cloud could not do it", nil)
	}
}

func writeJSON(w http.ResponseWriter, status int, raw []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(raw)))
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(raw)
}
