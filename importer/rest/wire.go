package rest

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
)

// encode writes an item as the interface takes it: an empty field is left out,
// which the interface reads as empty; the secret stands as a text in its field.
func encode(w importer.Write) ([]byte, error) {
	members := map[string]any{}
	for _, f := range schema.FieldsOf(w.Item) {
		if f.Secret {
			if !w.Secret.IsZero() {
				members[f.Name] = w.Secret.Reveal()
			}
			continue
		}
		if v, ok := schema.Get(w.Item, f.Name); ok {
			members[f.Name] = v
		}
	}
	return schema.Marshal(members)
}

// object decodes a JSON object: no duplicates, valid UTF-8, bounded depth.
func object(raw []byte) (map[string]jsontext.Value, error) {
	var m map[string]jsontext.Value
	if err := schema.Strict(raw, &m); err != nil {
		return nil, err
	}
	if m == nil {
		return nil, errors.New("null cannot be taken here")
	}
	return m, nil
}

func decodePage(l schema.List, raw []byte) (page []importer.Remote, next string, err error) {
	m, err := object(raw)
	if err != nil {
		return nil, "", err
	}
	items, ok := m["items"]
	if !ok || items.Kind() != '[' {
		return nil, "", errors.New("items: not a list")
	}
	var list []jsontext.Value
	if err := schema.Strict(items, &list); err != nil {
		return nil, "", err
	}
	for i, raw := range list {
		r, err := decodeRemote(l, raw)
		if err != nil {
			return nil, "", fmt.Errorf("items[%d]: %w", i, err)
		}
		page = append(page, r)
	}
	if v, ok := m["next"]; ok && v.Kind() != 'n' {
		if err := schema.Strict(v, &next); err != nil || len(next) > 1000 {
			return nil, "", errors.New("next: not a short text")
		}
	}
	return page, next, nil
}

// decodeRemote reads an item. Members that the bundle does not know are
// ignored: a later Cloud may show more. So is a secret, should Cloud ever show
// one.
func decodeRemote(l schema.List, raw []byte) (importer.Remote, error) {
	m, err := object(raw)
	if err != nil {
		return importer.Remote{}, err
	}
	var id string
	if v := m["id"]; v.Kind() != '"' || schema.Strict(v, &id) != nil || !usableID(id) {
		return importer.Remote{}, errors.New("id: missing or not usable")
	}
	it := schema.NewItem(schema.CloudFormat, l)
	for _, f := range schema.FieldsOf(it) {
		v, ok := m[f.Name]
		if !ok || f.Secret || v.Kind() == 'n' {
			continue
		}
		if err := setField(it, f, v); err != nil {
			return importer.Remote{}, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	if it.ItemName() == "" {
		return importer.Remote{}, errors.New("name: missing")
	}
	return importer.Remote{ID: id, Item: it}, nil
}

func setField(it schema.Item, f schema.Field, raw jsontext.Value) error {
	switch f.Type {
	case schema.Integer:
		var n int
		if err := schema.Strict(raw, &n); err != nil {
			return err
		}
		if n < 0 || n > f.Max {
			return fmt.Errorf("not between %d and %d", f.Min, f.Max)
		}
		return schema.Set(it, f.Name, n)
	case schema.Boolean:
		var b bool
		if err := schema.Strict(raw, &b); err != nil {
			return err
		}
		return schema.Set(it, f.Name, b)
	default:
		var s string
		if err := schema.Strict(raw, &s); err != nil {
			return err
		}
		return schema.Set(it, f.Name, s)
	}
}

// usableID reports whether an id can stand in a path as one segment.
func usableID(id string) bool {
	if id == "" || id == "." || id == ".." || len(id) > 200 {
		return false
	}
	for _, b := range []byte(id) {
		if b <= ' ' || b > '~' {
			return false
		}
	}
	return true
}

const maxWords = 3000 // characters of Cloud's words that are put together

// words returns what an answer says of itself, in Cloud's words where it is a
// problem document, else in the status code's. A Cloud that repeats a secret
// which it was sent is not quoted at all.
func words(code int, raw []byte, echoes *schema.EchoGuard) string {
	status := strings.TrimSpace(fmt.Sprintf("HTTP %d %s", code, http.StatusText(code)))
	m, err := object(raw)
	if err != nil {
		return status
	}
	text := func(m map[string]jsontext.Value, name string) string {
		var s string
		if v := m[name]; v.Kind() != '"' || schema.Strict(v, &s) != nil {
			return ""
		}
		return s
	}
	said := text(m, "detail")
	if said == "" {
		said = text(m, "title")
	}
	var problems []jsontext.Value
	if v := m["errors"]; v.Kind() == '[' && schema.Strict(v, &problems) == nil {
		for _, p := range problems {
			o, err := object(p)
			if err != nil {
				continue
			}
			field, detail := text(o, "field"), text(o, "detail")
			if detail != "" && !strings.Contains(said, detail) {
				said += "; " + strings.TrimPrefix(field+": "+detail, ": ")
			}
			if len(said) > maxWords {
				break
			}
		}
	}
	if said = human.Clean(said); said == "" {
		return status
	}
	if echoes.Repeats(said, 1) {
		return status + " (" + repeating + ")"
	}
	return said + " (" + status + ")"
}
