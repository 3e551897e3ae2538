package report_test

import (
	"fmt"
	"io"
	"testing"

	"github.com/mailferry/mailferry/internal/findings"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/report"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

// large repeats the sample's connections under names of their own.
func large(n int) *schema.Bundle {
	b := serverBundle()
	some := b.Connections
	b.Connections = nil
	for i := range n {
		c := *some[i%len(some)].(*schema.ServerConnection)
		c.Name = fmt.Sprintf("%s %05d", c.Name, i)
		b.Connections = append(b.Connections, &c)
	}
	return b
}

func BenchmarkReport(b *testing.B) {
	const n = 10_000
	content := large(n)
	digest := rig.Get(content.Digest()).Or(b)
	found := findings.Audit(findings.Input{Bundle: content, Now: now})
	r := &report.Report{Created: now, Tool: "mailferry", Bundles: []*report.Bundle{{File: "large.age", Opened: &sealed.Opened{Bundle: content, Digest: digest, Parts: 1}, Findings: found}}}
	b.Run("findings", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			findings.Audit(findings.Input{Bundle: content, Now: now})
		}
	})
	for _, f := range []struct {
		name  string
		write func(io.Writer, *report.Report) error
	}{
		{"text", func(w io.Writer, r *report.Report) error { return report.Text(w, r, human.Terminal{}) }},
		{"html", report.HTML}, {"json", report.JSON}, {"csv", report.CSV},
	} {
		b.Run(f.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				rig.OK(b, f.write(io.Discard, r))
			}
		})
	}
}
