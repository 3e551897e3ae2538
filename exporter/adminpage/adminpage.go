// Package adminpage reads Server as an administrator does: by its admin pages,
// in a browser. It opens each item's ⋯ → Edit, reads every field by its label,
// and cancels. It presses neither Save nor anything that deletes.
package adminpage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/mailferry/mailferry/exporter"
	"github.com/mailferry/mailferry/internal/formprofile"
	"github.com/mailferry/mailferry/internal/page"
	"github.com/mailferry/mailferry/schema"
)

// Kind is the kind of source that a bundle names.
const Kind = "admin-pages"

// New makes a source of the admin pages at an address, page+https://…, and a
// form profile of Server. The browser starts with Read and ends with it. What
// o.Notify receives is for the person who sits in front of the browser's window.
func New(address string, o formprofile.Options) (exporter.Source, error) {
	if o.Profile.Side != schema.ServerSide {
		return nil, fmt.Errorf("the form profile is of %s, not of Server", o.Profile.Side)
	}
	site, err := formprofile.New(address, o)
	if err != nil {
		return nil, err
	}
	return &source{site: site}, nil
}

type source struct {
	site   *formprofile.Site
	waited int // items in a row that the pages kept waiting in vain
}

// inVain is after how many items in a row that the pages kept waiting in vain the rest
// of a list is given up: they take a minute, and the profile is likely wrong.
const inVain = 3

// Read reads both lists, also behind an item that cannot be read: what is wrong with
// any of them is said at once.
func (s *source) Read(ctx context.Context, warn func(schema.Warning)) (*exporter.Content, error) {
	defer s.site.Close()
	out := &exporter.Content{Source: schema.Source{Kind: Kind, Name: s.site.Host()}}
	var errs schema.Errors
	for _, l := range schema.Lists() {
		records, err := s.list(ctx, l, warn, &errs)
		if errs.Add(err); err != nil {
			return nil, errs.Err()
		}
		out.Records = append(out.Records, records...)
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	if !s.site.Profile().Verified {
		warn(schema.Warning{What: "the form profile is unverified: hold what was read against the panel, or verify it with mailferry inspect"})
	}
	return out, nil
}

// list reads one list. What is wrong with an item is added to errs; the error
// returned is one after which the pages cannot be read on.
func (s *source) list(ctx context.Context, l schema.List, warn func(schema.Warning),
	errs *schema.Errors) ([]exporter.Record, error) {
	rows, err := s.site.Rows(ctx, l)
	if err != nil {
		return nil, err
	}
	var out []exporter.Record
	for i, row := range rows {
		r, err := s.record(ctx, l, row, warn)
		if err == nil {
			r.Where = fmt.Sprintf("%s row %d", s.site.Profile().List(l).Heading, i+1)
			out, s.waited = append(out, r), 0
			continue
		}
		err = fmt.Errorf("%s %s: %w", l.One(), schema.Quote(row.Name), err)
		if ends(ctx, err) {
			return nil, err
		}
		errs.Add(err)
		if s.waited++; !errors.Is(err, page.ErrTimeout) && !errors.Is(err, page.ErrAbsent) {
			s.waited = 0
		}
		if left := len(rows) - i - 1; s.waited >= inVain && left > 0 {
			errs.Add(fmt.Errorf("%s: as %d in a row could not be read, the other %d were not tried", l, s.waited, left))
			break
		}
		s.site.Forget() // the next begins at the start page
	}
	return out, nil
}

// ends reports whether the pages cannot be read on after an error.
func ends(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, page.ErrGone) || errors.Is(err, formprofile.ErrSignedOut) ||
		errors.As(err, new(*page.ElsewhereError))
}

func (s *source) record(ctx context.Context, l schema.List, row formprofile.Row,
	warn func(schema.Warning)) (exporter.Record, error) {
	var got *formprofile.Reading
	err := s.site.Do(ctx, func() error {
		f, err := s.site.Edit(ctx, l, row)
		if err != nil {
			return err
		}
		if got, err = f.Read(ctx, true); err != nil {
			return err
		}
		return s.site.Cancel(ctx, f)
	})
	if err != nil {
		return exporter.Record{}, err
	}
	out := exporter.Record{Item: got.Item}
	switch needed := exporter.NeedsSecret(got.Item); {
	case got.Hidden == "" && !got.Secret.IsZero():
		out.Secret = got.Secret
	case needed: // a mask stays, for who says that it is none
		out.Secret, out.Reason = got.Secret, cmp.Or(got.Hidden, "the form has no field for it")
	}
	return out, extras(got, warn)
}

// extras keeps what fields hold that the profile does not name, so that nothing
// that the panel has is lost unsaid.
func extras(got *formprofile.Reading, warn func(schema.Warning)) error {
	name, taken := got.Item.ItemName(), map[string]int{}
	for _, o := range got.Others {
		place := fmt.Sprintf("%s %s: %s", got.Item.List().One(), schema.Quote(name), schema.Quote(o.Label))
		switch {
		case o.Kind == page.KindPassword:
			warn(schema.Warning{What: place + " is a password field that the form profile does not name; it is not read"})
			continue
		case o.Value == "", o.Value == "false":
			continue // nothing is entered there
		}
		key := o.Label
		if taken[o.Label]++; taken[o.Label] > 1 {
			key += " " + strconv.Itoa(taken[o.Label])
		}
		if utf8.RuneCountInString(key) > schema.MaxExtra || utf8.RuneCountInString(o.Value) > schema.MaxExtraValue ||
			len(taken) > schema.MaxExtra {
			return fmt.Errorf("%s: too much for an extra value", schema.Quote(o.Label))
		}
		if err := schema.Set(got.Item, "extra."+key, o.Value); err != nil {
			return err
		}
		warn(schema.Warning{What: place + " is a field that the form profile does not name; its value is kept as extra." + key})
	}
	return nil
}
