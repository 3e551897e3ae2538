package adminpage_test

import (
	"testing"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/rig/adminsite"
	"github.com/mailferry/mailferry/schema"
)

// BenchmarkImportByPage imports 40 connections by page into a sample Cloud
// without latency, the browser's start, every look and reading back included,
// and by REST beside it.
func BenchmarkImportByPage(b *testing.B) {
	const items = 40
	bundle := bundleWith(items)
	run := func(b *testing.B, way func(*site) importer.Cloud) {
		for b.Loop() {
			s := newSite(b, adminsite.Options{})
			c := way(s)
			o := options(b, c, bundle, schema.Credentials)
			for _, o.List = range schema.Lists() {
				if _, err := importer.Run(b.Context(), o); err != nil {
					b.Fatal(err)
				}
			}
			if err := c.Close(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(b.Elapsed().Seconds()/float64(b.N*items), "s/connection")
	}
	b.Run("page", func(b *testing.B) { run(b, func(s *site) importer.Cloud { return s.byPage(b, "") }) })
	b.Run("rest", func(b *testing.B) { run(b, func(s *site) importer.Cloud { return s.byREST(b) }) })
}
