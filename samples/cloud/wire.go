package cloud

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/mailferry/mailferry/schema"
)

// decodeItem reads a request's body: the cloud bundle's fields, an empty one
// left out, and the secret as a text in the secret field's place. A body that
// is no JSON object without duplicates is a *schema.Problem; one whose
// fields are not the list's is a *RefusedError.
func decodeItem(l schema.List, body []byte) (schema.Item, schema.Secret, error) {
	var members map[string]any
	if err := schema.Strict(body, &members); err != nil {
		return nil, schema.Secret{}, err
	}
	it := schema.NewItem(schema.CloudFormat, l)
	var secret schema.Secret
	var problems []Problem
	for _, f := range schema.FieldsOf(it) {
		value, ok := members[f.Name]
		delete(members, f.Name)
		if !ok {
			if f.Type == schema.Boolean && f.Required {
				problems = append(problems, Problem{f.Name, "is required"})
			}
			continue
		}
		if p := decodeField(it, f, value, &secret); p != "" {
			problems = append(problems, Problem{f.Name, p})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		problems = append(problems, Problem{strings.Trim(schema.Quote(name), `"`), "is not a field of a " + l.One()})
	}
	if len(problems) > 0 {
		return nil, schema.Secret{}, &RefusedError{http.StatusUnprocessableEntity, problems}
	}
	return it, secret, nil
}

// decodeField gives it the value of one field, or says what is wrong with it.
func decodeField(it schema.Item, f schema.Field, value any, secret *schema.Secret) string {
	switch f.Type {
	case schema.Boolean:
		if _, ok := value.(bool); !ok {
			return "must be true or false"
		}
	case schema.Integer:
		n, ok := value.(float64)
		if !ok || n != math.Trunc(n) {
			return "must be a whole number"
		}
		if n == 0 { // which an item has where it has none; see check for the others
			return fmt.Sprintf("is not between %d and %d", f.Min, f.Max)
		}
		value = int(n)
	default:
		s, ok := value.(string)
		switch {
		case !ok:
			return "must be a text"
		case s == "":
			return "must not be empty (leave it out instead)"
		case f.Secret && len(s) > schema.MaxSecret:
			return fmt.Sprintf("is longer than %d bytes", schema.MaxSecret)
		case f.Secret:
			*secret = schema.NewSecret(s)
			return ""
		}
	}
	if schema.Set(it, f.Name, value) != nil {
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
	write(w, status, "application/problem+json", raw)
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
	var invalid *schema.Problem
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
	write(w, status, "application/json", raw)
}

func write(w http.ResponseWriter, status int, kind string, raw []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(raw)))
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(raw)
}
