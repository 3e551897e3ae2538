// Package exporter turns what a Jira Server holds into a server bundle: [Export]
// reads sources, and sealed.Create writes the result. Where it is read from is
// behind the interface [Source]; the sources are the sub-packages sheet,
// jirabackup, database and adminpage.
package exporter

import (
	"context"
	"fmt"
	"time"

	"github.com/mailferry/mailferry/internal/selection"
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
	Ask     func(missing []schema.SecretKey) (schema.Secrets, error)
	// Warn receives what the person should know, one line each, never with a
	// secret's value; nil: they are dropped.
	Warn func(schema.Warning)
	Tool string           // as the bundle's history names it; "": schema.Tool
	Now  func() time.Time // nil: time.Now
}

// Export reads the sources, one after the other, and returns a server bundle and
// the secrets to seal into it. The bundle has its id and its history; nobody but
// the caller holds the secrets.
func Export(ctx context.Context, o Options) (*schema.Bundle, schema.Secrets, error) {
	sel, err := selection.New(o.Include, o.Exclude)
	if err != nil {
		return nil, nil, err
	}
	warn := o.Warn
	if warn == nil {
		warn = func(schema.Warning) {}
	}
	var contents []*Content
	for _, s := range o.Sources {
		c, err := s.Read(ctx, warn)
		if err != nil {
			return nil, nil, err
		}
		contents = append(contents, c)
	}
	if len(contents) == 0 {
		return nil, nil, fmt.Errorf("no source is given")
	}
	b, secrets, err := build(contents, sel, o.Secrets)
	if err != nil {
		return nil, nil, err
	}
	if missing := b.Missing(); o.Ask != nil && len(missing) > 0 {
		more, err := o.Ask(missing)
		if err != nil {
			return nil, nil, err
		}
		if b, secrets, err = build(contents, sel, more); err != nil {
			return nil, nil, err
		}
	}
	now := time.Now
	if o.Now != nil {
		now = o.Now
	}
	b.Manifest.ID = schema.NewID()
	b.Manifest.Record("export", "from "+b.Manifest.Source.Kind, o.Tool, now())
	return b, secrets, nil
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
}

// Record is one connection or credential as found.
type Record struct {
	Item   schema.Item   // *schema.ServerConnection or *schema.ServerCredential, secret field unset
	Secret schema.Secret // the zero Secret where the source gave none
	Reason string        // why a secret that belongs here is missing; "" where none applies
	Where  string        // where it stands in the source, such as "a.csv: row 7" or "AO_544E33_X row 3"
}
