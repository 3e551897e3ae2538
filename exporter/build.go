package exporter

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mailferry/mailferry/internal/look"
	"github.com/mailferry/mailferry/internal/selection"
	"github.com/mailferry/mailferry/schema"
)

// build merges what sources hold into the lists of a server bundle, sorted by
// name so that equal sites give equal bundles whatever they were read from. The
// markers of sealed secrets have no fingerprint yet: package sealed gives it.
//
// Two records of one name, a record that the format has no room for, a supplied
// secret for a name that is not there, and a pattern that matches nothing are
// errors, all of them together.
func (o *Options) build(contents []*Content) (*schema.Bundle, schema.Secrets, error) {
	b := &schema.Bundle{Format: schema.ServerFormat}
	b.Manifest.Source = mergeSources(contents)
	var errs schema.Errors
	records := gather(contents, &errs)
	if len(records) == 0 && errs.Err() == nil {
		errs.Add(schema.Hint(fmt.Errorf("%s holds no connection and no credential",
			schema.Quote(b.Manifest.Source.Name)),
			"look at what it holds with mailferry inspect"))
	}
	var have []schema.SecretKey
	for _, r := range records {
		have = append(have, schema.KeyOf(r.Item))
	}
	errs.Add(look.Unknown(o.Secrets, have, "the source"))
	errs.Add(look.CheckLiteral(o.Literal, namesOf(records, schema.Lists()...)))
	kept, err := o.narrow(records)
	errs.Add(err)
	doubt := o.Warn
	if o.Strict {
		doubt = func(w schema.Warning) { errs.Add(w.Err()) }
	}
	for _, c := range contents {
		for _, w := range c.Doubts {
			doubt(w)
		}
	}
	doubtful(kept, doubt)
	secrets := schema.Secrets{}
	for _, r := range kept {
		key := schema.KeyOf(r.Item)
		secret := o.secret(&r, doubt)
		if m := marker(r, secret); m != nil {
			errs.Add(schema.Set(r.Item, schema.SecretField(key.List), m))
		}
		if !secret.IsZero() {
			secrets[key] = secret
		}
		if key.List == schema.Credentials {
			b.Credentials = append(b.Credentials, r.Item)
		} else {
			b.Connections = append(b.Connections, r.Item)
		}
	}
	if err := errs.Err(); err != nil {
		return nil, nil, err
	}
	byName := func(x, y schema.Item) int { return cmp.Compare(x.ItemName(), y.ItemName()) }
	slices.SortFunc(b.Credentials, byName)
	slices.SortFunc(b.Connections, byName)
	return b, secrets, nil
}

// gather joins the records of all sources and checks each.
func gather(contents []*Content, errs *schema.Errors) []Record {
	var out []Record
	where := map[schema.SecretKey]string{}
	for _, c := range contents {
		for _, r := range c.Records {
			key := schema.KeyOf(r.Item)
			if first, dup := where[key]; dup {
				errs.Add(schema.Hint(
					fmt.Errorf("%s: %s %s is already in %s", r.Where, key.List.One(), schema.Quote(key.Name), first),
					"names tell connections apart: rename one of them on Server, or take one out of the sheet"))
				continue
			}
			where[key] = r.Where
			errs.Add(check(r))
			out = append(out, r)
		}
	}
	return out
}

// namesOf are the names of the records of some lists.
func namesOf(records []Record, lists ...schema.List) []string {
	var out []string
	for _, r := range records {
		if slices.Contains(lists, r.Item.List()) {
			out = append(out, r.Item.ItemName())
		}
	}
	return out
}

// secret is a record's own secret, or the one that is supplied for it. In place
// of a mask there is none, and r says so.
func (o *Options) secret(r *Record, doubt func(schema.Warning)) schema.Secret {
	given := o.Secrets[schema.KeyOf(r.Item)]
	for _, s := range []schema.Secret{r.Secret, given} {
		switch {
		case s.IsZero():
		case look.At(r.Item, s, o.Literal, doubt):
			r.Reason = cmp.Or(r.Reason, look.MaskReason)
		default:
			if !given.IsZero() && !given.Equal(s) {
				doubt(schema.ItemWarning(r.Item, "the source has another secret than the one supplied for it, which is not taken"))
			}
			return s
		}
	}
	return schema.Secret{}
}

// marker decides what stands in the secret's place, nil where none applies.
func marker(r Record, secret schema.Secret) *schema.Marker {
	switch {
	case !secret.IsZero():
		return &schema.Marker{State: schema.Sealed}
	case r.Reason != "":
		return &schema.Marker{State: schema.Missing, Reason: r.Reason}
	case NeedsSecret(r.Item):
		return &schema.Marker{State: schema.Missing, Reason: "the source holds none"}
	default:
		return nil
	}
}

// NeedsSecret reports whether Server's panel asks for a secret here: a
// credential always, a connection where it signs in with a username and not by
// OAuth2.
func NeedsSecret(it schema.Item) bool {
	c, ok := it.(*schema.ServerConnection)
	if !ok {
		return true
	}
	return c.Username != "" && !schema.UsesOAuth2(c)
}

// narrow keeps the connections that are selected and the credentials that those
// need, and lists the connections that it leaves out.
func (o *Options) narrow(records []Record) ([]Record, error) {
	sel, err := selection.New(o.Include, o.Exclude, namesOf(records, schema.Connections))
	if err != nil || sel.All() {
		return records, err
	}
	needed, selected := map[string]bool{}, 0
	for _, r := range records {
		if c, ok := r.Item.(*schema.ServerConnection); ok && sel.Has(c.Name) {
			needed[c.OAuth2Credentials], selected = true, selected+1
		} else if ok {
			o.Warn(schema.ItemWarning(c, "left out"))
		}
	}
	if selected == 0 {
		return nil, schema.Hint(errors.New("no connection is selected"),
			"what --exclude matches is left out, also where --include matches it")
	}
	var kept []Record
	for _, r := range records {
		name := r.Item.ItemName()
		if r.Item.List() == schema.Connections && sel.Has(name) || r.Item.List() == schema.Credentials && needed[name] {
			kept = append(kept, r)
		}
	}
	return kept, nil
}

// mergeSources names several sources as one; their hashes are hashed together
// in order.
func mergeSources(contents []*Content) schema.Source {
	if len(contents) == 1 {
		return contents[0].Source
	}
	var kinds, names []string
	var out schema.Source
	h := sha256.New()
	for _, c := range contents {
		if !slices.Contains(kinds, c.Source.Kind) {
			kinds = append(kinds, c.Source.Kind)
		}
		names = append(names, c.Source.Name)
		fmt.Fprintln(h, c.Source.SHA256)
		out.AppVersion = cmp.Or(out.AppVersion, c.Source.AppVersion)
	}
	out.Kind, out.Name = strings.Join(kinds, "+"), strings.Join(names, " + ")
	out.SHA256 = hex.EncodeToString(h.Sum(nil))
	return out
}
