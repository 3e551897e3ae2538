package rest

import (
	"cmp"
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
	var list []jsontext.Value
	if m["items"].Kind() != '[' || schema.Strict(m["items"], &list) != nil {
		return nil, "", errors.New("items: not a list")
	}
	for i, raw := range list {
		r, err := decodeRemote(l, raw)
		if err != nil {
			return nil, "", fmt.Errorf("items[%d]: %w", i, err)
		}
		page = append(page, r)
	}
	if v, ok := m["next"]; ok && (schema.Strict(v, &next) != nil || len(next) > maxCursor) {
		return nil, "", errors.New("next: not a short text")
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
	known := map[string]jsontext.Value{}
	for _, f := range schema.FieldsOf(it) {
		if v, ok := m[f.Name]; ok && !f.Secret && v.Kind() != 'n' {
			known[f.Name] = v
		}
	}
	if raw, err = schema.Marshal(known); err == nil {
		err = schema.Strict(raw, it)
	}
	if err != nil {
		return importer.Remote{}, err
	}
	for _, f := range schema.FieldsOf(it) {
		if v, _ := schema.Get(it, f.Name); v != nil && f.Type == schema.Integer && (v.(int) < 0 || v.(int) > f.Max) {
			return importer.Remote{}, fmt.Errorf("%s: not between %d and %d", f.Name, f.Min, f.Max)
		}
	}
	if it.ItemName() == "" {
		return importer.Remote{}, errors.New("name: missing")
	}
	return importer.Remote{ID: id, Item: it}, nil
}

// usableID reports whether an id can stand in a path as one segment.
func usableID(id string) bool {
	return id != "" && id != "." && id != ".." && len(id) <= maxID && !strings.ContainsFunc(id, notPrinted)
}

// notPrinted reports whether a character is a blank or none of ASCII's that are printed.
func notPrinted(r rune) bool { return r <= ' ' || r > '~' }

// words returns what an answer says of itself, in Cloud's words where it is a
// problem document, else in the status code's. A Cloud that repeats a secret
// which it was sent is not quoted at all.
func words(code int, raw []byte, echoes *schema.EchoGuard) string {
	status := strings.TrimSpace(fmt.Sprintf("HTTP %d %s", code, http.StatusText(code)))
	var problem map[string]any
	if schema.Strict(raw, &problem) != nil {
		return status
	}
	text := func(of any, name string) string {
		m, _ := of.(map[string]any)
		s, _ := m[name].(string)
		return s
	}
	said := cmp.Or(text(problem, "detail"), text(problem, "title"))
	more, _ := problem["errors"].([]any)
	for _, p := range more {
		if detail := text(p, "detail"); detail != "" && !strings.Contains(said, detail) && len(said) <= maxWords {
			said += "; " + strings.TrimPrefix(text(p, "field")+": "+detail, ": ")
		}
	}
	if said = human.Clean(said); said == "" {
		return status
	}
	if echoes.Repeats(said, 1) {
		return status + " " + schema.RepeatsSecret
	}
	return said + " (" + status + ")"
}
