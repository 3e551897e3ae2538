// Package exporter turns what a Jira Server holds into a server bundle. Where it
// is read from is behind the interface [Source]; the sources are the
// sub-packages sheet, jirabackup, database and adminpage.
package exporter

import (
	"context"

	"github.com/mailferry/mailferry/schema"
)

// Source is one place to read connections and credentials from. Reading is the
// only thing that it does there.
type Source interface {
	// Read returns everything the source holds. It reads to the end: a source
	// that turns out broken gives an error and no content. warn receives what
	// the person should know, one line each, never with a secret's value.
	Read(ctx context.Context, warn func(string)) (*Content, error)
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
