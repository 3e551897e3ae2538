// Package formprofile works the admin pages of a site as a form profile says:
// it finds the lists of connections and credentials, opens the form of an item,
// reads what the form holds, and leaves it by Cancel. It never presses Save, and
// it never presses anything that deletes: an importer that writes presses Save
// itself, in its own package.
package formprofile

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
)

//go:embed cloud.json server.json
var shipped embed.FS

// SideOf says whose pages a host likely has, where nobody says it: Cloud's under the
// vendor's own domain, else Server's.
func SideOf(host string) string {
	if strings.HasSuffix(strings.ToLower(host), ".atlassian.net") {
		return schema.CloudSide
	}
	return schema.ServerSide
}

// Shipped returns the profile that comes with the program for a side, with
// every label written out: what an administrator edits.
func Shipped(side string) (*schema.FormProfile, error) {
	if side != schema.ServerSide && side != schema.CloudSide {
		return nil, fmt.Errorf("%s: neither cloud nor server", schema.Quote(side))
	}
	raw, err := shipped.ReadFile(side + ".json")
	if err != nil {
		return nil, err
	}
	return Parse(raw, side)
}

// Parse reads a profile for a side, or for "" one of either, and writes every label out that it
// leaves to the documented ones.
func Parse(doc []byte, side string) (*schema.FormProfile, error) {
	p := &schema.FormProfile{}
	if err := schema.DecodeFile("form-profile", doc, p); err != nil {
		return nil, err
	}
	if side != "" && p.Side != side {
		return nil, fmt.Errorf("is a form profile of %s; one of %s is needed", schema.Quote(p.Side), side)
	}
	var errs schema.Errors
	for _, l := range []schema.List{schema.Connections, schema.Credentials} {
		complete(string(l), p.List(l), schema.Fields(p.Bundle(), l), errs.Add)
	}
	if err := errs.Err(); err != nil {
		return nil, schema.Locate(doc, err)
	}
	return p, nil
}

// complete puts the fields of a list, whose place is at, in the panel's order. What
// is wrong with them is passed to refuse.
func complete(at string, l *schema.FormList, known []schema.Field, refuse func(error)) {
	if l.Path == "" && len(l.Menu) == 0 {
		refuse(schema.Invalid(at, "neither menu nor path says where the list is"))
	}
	byName := map[string]schema.FormField{}
	for i, f := range l.Fields {
		if !slices.ContainsFunc(known, func(k schema.Field) bool { return k.Name == f.Field }) {
			refuse(schema.Invalid(fmt.Sprintf("%s.fields[%d]", at, i), "there is no field %s", schema.Quote(f.Field)))
			continue
		}
		if _, twice := byName[f.Field]; twice {
			refuse(schema.Invalid(fmt.Sprintf("%s.fields[%d]", at, i), "%s is there twice", f.Field))
		}
		byName[f.Field] = f
	}
	labels := map[string]string{}
	l.Fields = l.Fields[:0:0]
	for _, k := range known {
		f, listed := byName[k.Name]
		if !listed {
			f = schema.FormField{Field: k.Name}
		}
		if f.Label == "" {
			f.Label = k.Label
		}
		if f.Field == "name" && (f.Optional || len(f.With) > 0) {
			refuse(schema.Invalid(at, "name is on every form"))
		}
		for _, label := range f.Labels() {
			if other, twice := labels[human.FoldLabel(label)]; twice {
				refuse(schema.Invalid(at, "%s and %s have the same label", other, f.Field))
			}
			labels[human.FoldLabel(label)] = f.Field
		}
		l.Fields = append(l.Fields, f)
	}
	if l.Decides != "" && l.Label(l.Decides) == "" {
		refuse(schema.Invalid(at+".decides", "there is no field %s", schema.Quote(l.Decides)))
	}
}

// expected reports whether a field has to be on the form with a value of the
// deciding field.
func expected(f schema.FormField, decider string) bool {
	return !f.Optional && (len(f.With) == 0 || slices.Contains(f.With, decider))
}
