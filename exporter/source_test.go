package exporter_test

import (
	"context"

	"github.com/mailferry/mailferry/exporter"
	"github.com/mailferry/mailferry/schema"
)

// given is a source that holds what it was given.
type given struct{ *exporter.Content }

func (g given) Read(context.Context, func(schema.Warning)) (*exporter.Content, error) {
	return g.Content, nil
}

func export(contents []*exporter.Content, o exporter.Options) (*schema.Bundle, schema.Secrets, error) {
	for _, c := range contents {
		o.Sources = append(o.Sources, given{c})
	}
	return exporter.Export(context.Background(), o)
}
