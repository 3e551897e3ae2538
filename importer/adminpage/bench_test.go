package adminpage_test

import (
	"testing"
	"time"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/importer/adminpage"
	"github.com/mailferry/mailferry/internal/formprofile"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/adminsite"
	"github.com/mailferry/mailferry/internal/rig/chromium"
	"github.com/mailferry/mailferry/internal/rig/panels"
	"github.com/mailferry/mailferry/schema"
)

// BenchmarkImportByPage imports 40 connections by page into a sample Cloud
// without latency, every look and reading back included, and by REST beside it.
func BenchmarkImportByPage(b *testing.B) {
	const items = 40
	b.Run("page", func(b *testing.B) {
		for b.Loop() {
			s := newSite(b, adminsite.Options{})
			measure(b, s.byPageWith(b, "", formprofile.Options{Profile: shipped(b)}), bundleWith(items))
		}
	})
	b.Run("rest", func(b *testing.B) {
		for b.Loop() {
			s := newSite(b, adminsite.Options{})
			measure(b, s.byREST(b), bundleWith(items))
		}
	})
}

// BenchmarkImportIntoAtlaskit imports nine connections into a panel of Atlaskit by the profile
// that a look at it suggests, and enters them beside it by a script with fixed selectors, which
// knows the page and reads nothing back.
func BenchmarkImportIntoAtlaskit(b *testing.B) {
	for b.Loop() {
		bundle, want := nine()
		p := panels.Start(b, panels.Atlaskit, panels.Options{})
		c := rig.Get(adminpage.Open("page+"+p.Address, formprofile.Options{Profile: suggested(b, p, schema.CloudSide)})).Or(b)
		took := measure(b, c, bundle)
		tab, _ := chromium.Tab(b)
		bare := panels.Start(b, panels.Atlaskit, panels.Options{Has: panels.Store{Credentials: want.Credentials}}).Bare(b, tab)
		began := time.Now()
		for _, item := range want.Connections {
			bare.Add(item)
		}
		b.ReportMetric(took.Seconds()/time.Since(began).Seconds(), "x/script")
	}
}

// measure imports a bundle, reports what start and survey take and what a connection takes
// from then on, and returns what all of them took.
func measure(b *testing.B, c importer.Cloud, bundle *schema.Bundle) time.Duration {
	b.Helper()
	o := options(b, c, bundle, schema.Credentials)
	began := time.Now()
	rig.Get(importer.MakePlan(b.Context(), o)).Or(b)
	b.ReportMetric(time.Since(began).Seconds(), "s/start")
	var took time.Duration
	for _, o.List = range schema.Lists() {
		began = time.Now()
		rig.Get(importer.Run(b.Context(), o)).Or(b)
		took = time.Since(began) // of the connections, which come last
	}
	b.ReportMetric(took.Seconds()/float64(len(bundle.Connections)), "s/connection")
	rig.OK(b, c.Close())
	return took
}
