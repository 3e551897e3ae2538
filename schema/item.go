package schema

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Item is a connection or a credential of either side: a pointer to
// ServerConnection, CloudConnection, ServerCredential or CloudCredential.
type Item interface {
	// ItemName is the name by which connections refer to credentials and
	// Cloud is matched; names match by exact code points.
	ItemName() string
	// List says in which list of a bundle the item stands.
	List() List
	format() string
}

func (c *ServerCredential) ItemName() string { return c.Name }
func (c *CloudCredential) ItemName() string  { return c.Name }
func (c *ServerConnection) ItemName() string { return c.Name }
func (c *CloudConnection) ItemName() string  { return c.Name }

func (c *ServerCredential) List() List { return Credentials }
func (c *CloudCredential) List() List  { return Credentials }
func (c *ServerConnection) List() List { return Connections }
func (c *CloudConnection) List() List  { return Connections }

func (c *ServerCredential) format() string { return ServerFormat }
func (c *CloudCredential) format() string  { return CloudFormat }
func (c *ServerConnection) format() string { return ServerFormat }
func (c *CloudConnection) format() string  { return CloudFormat }

// NewItem returns an empty item of a bundle format's list.
func NewItem(format string, l List) Item {
	switch {
	case format == ServerFormat && l == Credentials:
		return &ServerCredential{}
	case format == ServerFormat:
		return &ServerConnection{}
	case l == Credentials:
		return &CloudCredential{}
	default:
		return &CloudConnection{}
	}
}

// FieldsOf returns the fields of an item in the panel's order.
func FieldsOf(it Item) []Field { return Fields(it.format(), it.List()) }

// Get returns a field's value: a string, an int, a bool or a *Marker. ok is
// false where the field is empty or the item has no such field; a bool is
// always there. A single extra value is had as "extra.KEY".
func Get(it Item, field string) (value any, ok bool) {
	v := reflect.ValueOf(it).Elem()
	if key, isExtra := strings.CutPrefix(field, "extra."); isExtra {
		if i, has := index(v.Type())["extra"]; has {
			s, ok := v.Field(i).Interface().(map[string]string)[key]
			return s, ok
		}
		return nil, false
	}
	i, has := index(v.Type())[field]
	if !has {
		return nil, false
	}
	f := v.Field(i)
	if f.Kind() == reflect.Bool {
		return f.Bool(), true
	}
	if f.IsZero() {
		return nil, false
	}
	return f.Interface(), true
}

// Text returns a field's value for people: "" where there is none, and never
// a secret, only its marker's state.
func Text(it Item, field string) string {
	v, ok := Get(it, field)
	if !ok {
		return ""
	}
	switch v := v.(type) {
	case string:
		return v
	case int:
		return strconv.Itoa(v)
	case bool:
		return strconv.FormatBool(v)
	case *Marker:
		return v.State
	default:
		return fmt.Sprint(v)
	}
}

// Set gives a field a value of its type; nil empties it. "extra.KEY" sets one
// extra value. An unknown field or a value of another type is an error that
// does not contain the value.
func Set(it Item, field string, value any) error {
	v := reflect.ValueOf(it).Elem()
	if key, isExtra := strings.CutPrefix(field, "extra."); isExtra {
		i, has := index(v.Type())["extra"]
		s, isText := value.(string)
		if !has || !isText {
			return fmt.Errorf("%s: cannot be set", field)
		}
		if v.Field(i).IsNil() {
			v.Field(i).Set(reflect.ValueOf(map[string]string{}))
		}
		v.Field(i).SetMapIndex(reflect.ValueOf(key), reflect.ValueOf(s))
		return nil
	}
	i, has := index(v.Type())[field]
	if !has {
		return fmt.Errorf("%s: no such field", Quote(field))
	}
	f := v.Field(i)
	if value == nil {
		f.SetZero()
		return nil
	}
	n := reflect.ValueOf(value)
	if n.Type() != f.Type() {
		return fmt.Errorf("%s: a %s is wanted, not a %s", field, f.Type(), n.Type())
	}
	f.Set(n)
	return nil
}

// Parse reads a text as a field's value: a port as digits from 1 to 65535, a
// switch as true or false in the words that panels, sheets (also German and
// French ones) and databases use.
// The empty text is nil. The error does not contain the text.
func (f Field) Parse(text string) (any, error) {
	switch f.Type {
	case Integer:
		if text == "" {
			return nil, nil
		}
		n, err := strconv.Atoi(text)
		if err != nil || strings.ContainsAny(text, "+-") {
			return nil, fmt.Errorf("not a whole number")
		}
		if n < f.Min || n > f.Max {
			return nil, fmt.Errorf("not between %d and %d", f.Min, f.Max)
		}
		return n, nil
	case Boolean:
		switch strings.ToLower(text) {
		case "true", "yes", "on", "1", "enabled", "x", "wahr", "vrai":
			return true, nil
		case "", "false", "no", "off", "0", "disabled", "falsch", "faux":
			return false, nil
		}
		return nil, fmt.Errorf("neither true nor false (yes/no, on/off, 1/0)")
	default:
		if text == "" {
			return nil, nil
		}
		return text, nil
	}
}

// Extra returns the item's extra values' keys, sorted.
func Extra(it Item) []string {
	v := reflect.ValueOf(it).Elem()
	i, has := index(v.Type())["extra"]
	if !has {
		return nil
	}
	return slices.Sorted(maps.Keys(v.Field(i).Interface().(map[string]string)))
}

// Differences returns the fields in which two items of one kind differ: in the
// panel's order, then the extra values by their keys. A field that is empty in
// both is none of them, and of secrets the markers are compared. One of the two
// may be nil, which has no values.
func Differences(a, b Item) []Field {
	if reflect.DeepEqual(a, b) {
		return nil
	}
	var fields []Field
	var extra []string
	for _, it := range []Item{a, b} {
		if it != nil {
			fields, extra = FieldsOf(it), append(extra, Extra(it)...)
		}
	}
	slices.Sort(extra)
	fields = slices.Clip(fields) // they are everybody's
	for _, key := range slices.Compact(extra) {
		fields = append(fields, Field{Name: "extra." + key, Label: key, Type: String})
	}
	var out []Field
	for _, f := range fields {
		if valueOf(a, f) != valueOf(b, f) {
			out = append(out, f)
		}
	}
	return out
}

// valueOf is a field's value, fit to be compared; nil where there is none.
func valueOf(it Item, f Field) any {
	if it == nil {
		return nil
	}
	v, ok := Get(it, f.Name)
	if m, isMarker := v.(*Marker); isMarker && ok {
		return *m
	}
	if !ok {
		return nil
	}
	return v
}

// UsesOAuth2 reports whether a connection signs in by OAuth2, which a person has
// to authorise: it names a credential, or its mode or provider says so in the
// vendor's words. It is false of credentials.
func UsesOAuth2(it Item) bool {
	mode, credential := "", ""
	switch c := it.(type) {
	case *ServerConnection:
		mode, credential = c.ConnectMode, c.OAuth2Credentials
	case *CloudConnection:
		mode, credential = c.ServiceProvider, c.OAuth2Credentials
	}
	return credential != "" || strings.Contains(strings.ToLower(mode), "oauth2")
}

// SecretField returns the one secret field of a list: password or
// client_secret.
func SecretField(l List) string {
	for _, f := range Fields(ServerFormat, l) {
		if f.Secret {
			return f.Name
		}
	}
	return ""
}

// SecretMarker returns an item's marker, or nil where no secret applies.
func SecretMarker(it Item) *Marker {
	v, _ := Get(it, SecretField(it.List()))
	m, _ := v.(*Marker)
	return m
}

// indexes maps, per struct type, JSON member name → field number.
var indexes = sync.OnceValue(func() map[reflect.Type]map[string]int {
	all := map[reflect.Type]map[string]int{}
	for _, it := range []any{ServerCredential{}, CloudCredential{}, ServerConnection{}, CloudConnection{}} {
		t := reflect.TypeOf(it)
		m := make(map[string]int, t.NumField())
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			m[name] = i
		}
		all[t] = m
	}
	return all
})

func index(t reflect.Type) map[string]int { return indexes()[t] }
