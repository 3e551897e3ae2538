// Package adminpage reaches Cloud as an administrator does: by its admin pages,
// in a browser. It finds everything by the labels of a form profile, reads back
// what it saved, and presses nothing that deletes.
package adminpage

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/formprofile"
	"github.com/mailferry/mailferry/internal/page"
	"github.com/mailferry/mailferry/schema"
)

// Open checks the address of Cloud's admin pages, page+https://…, and the
// profile, which must be one of Cloud. The browser starts when it is first
// needed and ends with Close. What o.Notify is told is for the person who sits
// in front of the browser's window.
func Open(address string, o formprofile.Options) (importer.Cloud, error) {
	if o.Profile.Side != schema.CloudSide {
		return nil, fmt.Errorf("the form profile is of %s, not of Cloud", o.Profile.Side)
	}
	site, err := formprofile.New(address, o)
	if err != nil {
		return nil, err
	}
	return &cloud{site: site, rows: map[schema.List]map[string]formprofile.Row{},
		surveys: map[schema.List]*formprofile.Survey{}}, nil
}

// cloud is worked in one window, one thing at a time.
type cloud struct {
	mu      sync.Mutex
	echoes  schema.EchoGuard
	site    *formprofile.Site
	rows    map[schema.List]map[string]formprofile.Row // by id
	surveys map[schema.List]*formprofile.Survey        // once they were made
}

func (c *cloud) Site() importer.Site {
	return importer.Site{URL: c.site.URL(), Host: c.site.Host(), MaxJobs: 1}
}

func (c *cloud) Echoes() *schema.EchoGuard { return &c.echoes }

func (c *cloud) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.site.Close()
	return nil
}

// List reads the list and the form of every row. The pages show no ids, so an
// item's id is its name; items that share a name have none, and are a conflict
// in any case.
func (c *cloud) List(ctx context.Context, l schema.List) (out []importer.Remote, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer func() { err = c.discreet(importError(err)) }()
	rows, err := c.site.Rows(ctx, l)
	if err != nil {
		return nil, err
	}
	out = make([]importer.Remote, len(rows))
	count := map[string]int{}
	for i, row := range rows {
		it, err := c.readRow(ctx, l, row)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", l.One(), schema.Quote(row.Name), err)
		}
		out[i].Item = it
		count[it.ItemName()]++
	}
	byID := map[string]formprofile.Row{}
	for i := range out {
		if name := out[i].Item.ItemName(); count[name] == 1 {
			out[i].ID = name
			byID[name] = rows[i]
		}
	}
	c.rows[l] = byID
	return out, nil
}

// readRow reads the form of a row and leaves it.
func (c *cloud) readRow(ctx context.Context, l schema.List, row formprofile.Row) (it schema.Item, err error) {
	err = c.site.Do(ctx, func() error {
		f, err := c.site.Edit(ctx, l, row)
		if err != nil {
			return err
		}
		r, err := f.Read(ctx, false)
		if err != nil {
			return err
		}
		it = r.Item
		return c.site.Cancel(ctx, f)
	})
	return it, err
}

// Offered surveys the form of the item's list, once.
func (c *cloud) Offered(ctx context.Context, it schema.Item, field string) (importer.Offer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := it.List()
	if c.surveys[l] == nil {
		err := c.site.Do(ctx, func() (err error) {
			c.surveys[l], err = c.site.Choices(ctx, l)
			return err
		})
		if err != nil {
			return importer.Offer{}, c.discreet(importError(err))
		}
	}
	fl := c.site.Profile().List(l)
	choices, then := c.surveys[l].Of(field, schema.Text(it, fl.Decides))
	return importer.Offer{Values: choices, Default: then.Default, Needed: then.Refused,
		Absent: then.Absent && (field != schema.SecretField(l) || fl.Field(field).Press == "")}, nil
}

// importError gives an error of the pages the meaning that an import knows.
func importError(err error) error {
	switch {
	case errors.Is(err, formprofile.ErrSignedOut):
		return fmt.Errorf("%w: %w", importer.ErrUnauthorized, err)
	case errors.Is(err, page.ErrIncomplete):
		return &importer.UnfitError{Code: importer.ListIncomplete, Err: err}
	case elsewhere(err):
		return &importer.UnfitError{Code: importer.AnotherSite, Err: err}
	}
	return err
}

func elsewhere(err error) bool { return errors.As(err, new(*page.ElsewhereError)) }

// refusal is the answer to one item, where what went wrong is a matter of that
// item alone: a value that the form does not take, or that has no place on it.
func refusal(err error) error {
	var not *page.NotOfferedError
	switch {
	case err == nil, errors.Is(err, page.ErrGone):
		return err
	case errors.As(err, &not), errors.Is(err, page.ErrRefused), errors.Is(err, page.ErrDisabled),
		errors.Is(err, page.ErrAmbiguous):
		return &importer.RefusedError{Words: page.Clean(err.Error())}
	}
	return err
}

// leastRepeated is the length from which a secret is looked for in what a page
// says: much of that are its own words.
const leastRepeated = 4

const repeating = "what the page says repeats a secret and is not shown"

// unquotable is an error whose words repeat a secret.
type unquotable struct{ err error }

func (e *unquotable) Error() string { return repeating }
func (e *unquotable) Unwrap() error { return e.err }

// discreet takes a page's words out of an error and its hint where they repeat a secret, and leaves what the error means.
func (c *cloud) discreet(err error) error {
	if err == nil || !c.echoes.Repeats(err.Error()+"\n"+schema.HintOf(err), leastRepeated) {
		return err
	}
	var no *importer.RefusedError
	if !importer.Unsettled(err) && errors.As(err, &no) {
		return &importer.RefusedError{Code: no.Code, Words: repeating}
	}
	return schema.Hint(&unquotable{err}, "look at the page in a browser of your own")
}
