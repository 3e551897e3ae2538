// Package exporter turns what a Jira Server holds into a server bundle: [Export]
// reads sources, and sealed.Create writes the result. Where it is read from is
// behind the interface [Source]; the sources are the sub-packages sheet,
// jirabackup, database and adminpage.
package exporter

import (
	"context"
	"fmt"
	"time"

	"github.com/mailferry/mailferry/schema"
)

// Options say what to export. Only Sources are needed.
type Options struct {
	Sources []Source
	// Include and Exclude are patterns on names of connections; credentials follow
	// the connections that need them. None: everything.
	Include, Exclude []string
	// Secrets are those that the sources cannot give; they count only where a
	// source gave none. Ask, if not nil, is asked for more once it is known which
	// are missing.
	Secrets schema.Secrets
	// Literal are names of items whose secrets are taken as they are, though they
	// look like masks.
	Literal []string
	Ask     func(missing []schema.SecretKey) (schema.Secrets, error)
	// Strict makes errors of what is likely wrong: in a setting or a secret, a
	// table without rows, a reference to a credential that is not there.
	Strict bool
	// Warn receives what the person should know, one line each, never with a
	// secret's value; nil: they are dropped.
	Warn func(schema.Warning)
	Now  func() time.Time // nil: time.Now
}

// Export reads the sources, one after the other, and returns a server bundle and
// the secrets to seal into it. The bundle has its id and its history; nobody but
// the caller holds the secrets.
func Export(ctx context.Context, o Options) (*schema.Bundle, schema.Secrets, error) {
	if o.Warn == nil {
		o.Warn = func(schema.Warning) {}
	}
	contents, err := o.read(ctx)
	if err != nil {
		return nil, nil, err
	}
	warn := o.Warn
	if o.Ask != nil { // what is built first only says what is missing
		o.Warn = func(schema.Warning) {}
	}
	b, secrets, err := o.build(contents)
	if err != nil {
		return nil, nil, err
	}
	if o.Ask != nil {
		if missing := b.Missing(); len(missing) > 0 {
			if o.Secrets, err = o.Ask(missing); err != nil {
				return nil, nil, err
			}
		}
		o.Warn = warn
		if b, secrets, err = o.build(contents); err != nil {
			return nil, nil, err
		}
	}
	now := time.Now
	if o.Now != nil {
		now = o.Now
	}
	b.Manifest.ID = schema.NewID()
	b.Manifest.Record("export", "from "+b.Manifest.Source.Kind, now())
	return b, secrets, nil
}

// read reads all sources, also behind one that turns out broken: a person can put
// right at once what is wrong with any of them.
func (o *Options) read(ctx context.Context) ([]*Content, error) {
	if len(o.Sources) == 0 {
		return nil, fmt.Errorf("no source is given")
	}
	var contents []*Content
	var errs schema.Errors
	for _, s := range o.Sources {
		var doubts []schema.Warning
		c, err := s.Read(ctx, func(w schema.Warning) {
			if o.Strict && w.Doubt {
				doubts = append(doubts, w)
				return
			}
			o.Warn(w)
		})
		if errs.Add(err); ctx.Err() != nil {
			break
		}
		if err != nil {
			for _, w := range doubts {
				errs.Add(w.Err())
			}
			continue
		}
		c.Doubts = append(c.Doubts, doubts...)
		contents = append(contents, c)
	}
	return contents, errs.Err()
}

// Source is one place to read connections and credentials from. Reading is the
// only thing that it does there.
type Source interface {
	// Read returns everything the source holds. It reads to the end: a source
	// that turns out broken gives an error and no content. warn receives what
	// the person should know, one line each, never with a secret's value.
	Read(ctx context.Context, warn func(schema.Warning)) (*Content, error)
}

// Content is what a source holds, in its own order.
type Content struct {
	Source  schema.Source
	Records []Record
	Doubts  []schema.Warning // what is likely wrong: an error with Options.Strict
}

// Record is one connection or credential as found.
type Record struct {
	Item   schema.Item   // *schema.ServerConnection or *schema.ServerCredential, secret field unset
	Secret schema.Secret // the zero Secret where the source gave none
	Reason string        // why a secret that belongs here is missing; "" where none applies
	Where  string        // where it stands in the source, such as "a.csv: row 7" or "AO_544E33_X row 3"
}
