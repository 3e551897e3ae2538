package importer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

// look is Cloud as it was at one moment: both lists, or one.
type look struct {
	lists map[schema.List][]Remote
	exact map[itemKey][]shown
	alike map[itemKey][]string // names that are not the bundle's, by the folded name
	ids   map[itemKey]*shown   // by id in the place of the name
}

// shown is an item on Cloud, with its view where the bundle has that name.
type shown struct {
	Remote
	view string
}

// lookAt reads Cloud; own are the bundle's items.
func lookAt(ctx context.Context, c Cloud, own map[itemKey]schema.Item, lists ...schema.List) (*look, error) {
	l := &look{map[schema.List][]Remote{}, map[itemKey][]shown{}, map[itemKey][]string{}, map[itemKey]*shown{}}
	for _, list := range lists {
		all, err := c.List(ctx, list)
		if err != nil {
			return nil, fmt.Errorf("reading %s from Cloud: %w", list, err)
		}
		l.lists[list] = all
		for _, r := range all {
			if r.Item == nil || r.Item.List() != list {
				return nil, fmt.Errorf("reading %s from Cloud: it showed something else", list)
			}
			k := itemKey{List: list, Name: r.Item.ItemName()}
			s := shown{Remote: r}
			if own[k] != nil {
				if s.view, err = view(r.Item); err != nil {
					return nil, err
				}
			} else if near := (itemKey{List: list, Name: human.FoldName(k.Name)}); len(l.alike[near]) < mostAlike {
				l.alike[near] = append(l.alike[near], k.Name)
			}
			l.ids[itemKey{List: list, Name: r.ID}] = &s
			l.exact[k] = append(l.exact[k], s)
		}
	}
	return l, nil
}

// near returns some of the names on Cloud that a person would take for the
// item's own. Names that the bundle has as well are its own items, not mistakes.
func (l *look) near(it schema.Item) []string {
	return l.alike[itemKey{List: it.List(), Name: human.FoldName(it.ItemName())}]
}

// Change is one field that is not on Cloud as the bundle has it. From is
// Cloud's value and To the bundle's, as people read them. For a secret both are
// words about it: neither is ever a value.
type Change struct {
	Field  string `json:"field"`
	Label  string `json:"label"`
	From   string `json:"from"`
	To     string `json:"to"`
	Secret bool   `json:"secret,omitzero"`
}

// changes is compare for what people are shown: of what Cloud repeats of a secret
// the field is named and the value is not.
func (o *Options) changes(cloud, bundle schema.Item) []Change {
	out := compare(cloud, bundle)
	for i := range out {
		out[i].From = o.guard.Quotable(out[i].From)
	}
	return out
}

// compare lists the visible fields in which Cloud's item is not the bundle's,
// with Cloud's values as they are.
func compare(cloud, bundle schema.Item) []Change {
	var out []Change
	for _, f := range schema.Differences(cloud, bundle) {
		if !f.Secret && asShown(cloud, f.Name) != asShown(bundle, f.Name) {
			out = append(out, Change{Field: f.Name, Label: f.Label,
				From: schema.Text(cloud, f.Name), To: schema.Text(bundle, f.Name)})
		}
	}
	return out
}

// identity are the fields by which a credential on Cloud counts as the
// bundle's: its name alone says nothing.
var identity = []string{"service_provider", "client_id", "authorization_endpoint", "token_endpoint"}

// otherCredential returns the labels of the fields in which Cloud's credential
// is another one than the bundle's; "" where it is the same.
func otherCredential(cloud, bundle schema.Item) string {
	return labels(slices.DeleteFunc(compare(cloud, bundle),
		func(c Change) bool { return !slices.Contains(identity, c.Field) }))
}

// view is the digest of what Cloud shows, or would show, of an item.
func view(it schema.Item) (string, error) {
	v := schema.NewItem(schema.CloudFormat, it.List())
	for _, f := range schema.FieldsOf(it) {
		if f.Secret {
			continue
		}
		if err := schema.Set(v, f.Name, asShown(it, f.Name)); err != nil {
			return "", err
		}
	}
	return schema.DigestOf(v)
}

// asShown is a field's value as a page shows it, nil where it is empty. Line ends
// are written one way: browsers make one of both, so that they cannot be told
// apart on a page.
func asShown(it schema.Item, field string) any {
	value, ok := schema.Get(it, field)
	if !ok {
		return nil
	}
	if text, isText := value.(string); isText {
		return strings.ReplaceAll(text, "\r\n", "\n")
	}
	return value
}

// sameSite writes a Cloud's address in the form that statements have, with the way in
// that it names; one that they cannot name stays as it is.
func sameSite(site string) string {
	normal, err := sealed.NormalSite(site)
	switch {
	case err != nil:
		return site
	case strings.HasPrefix(site, "page+"):
		return "page+" + normal
	}
	return normal
}
