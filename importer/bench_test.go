package importer_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/samples/cloud"
	"github.com/mailferry/mailferry/schema"
)

// passwordConnections are n that need no credential.
func passwordConnections(n int) []schema.Item {
	var out []schema.Item
	for _, it := range bundleWith(n + n).Connections {
		if it.(*schema.CloudConnection).OAuth2Credentials == "" && len(out) < n {
			out = append(out, it)
		}
	}
	return out
}

// imported imports n connections once and returns how many a second it wrote.
func imported(b *testing.B, s *site, n, jobs int) float64 {
	b.Helper()
	bundle := bundleWith(4)
	bundle.Connections = passwordConnections(n)
	o := importInto(b, s.url, true, 30*time.Second, bundle, schema.Connections)
	o.Jobs = jobs
	start := time.Now()
	rep, err := importer.Run(b.Context(), o)
	if err != nil || rep.Counts[importer.Written] != n {
		b.Fatalf("%v, %v", err, rep)
	}
	return float64(n) / time.Since(start).Seconds()
}

// sentOnly sends the same without plan, ledger or looks: what this machine and
// the sample Cloud can do at this moment.
func sentOnly(b *testing.B, s *site, n, jobs int) float64 {
	b.Helper()
	c := rig.Get(reach(b.Context(), s.url, true, 30*time.Second)).Or(b)
	defer c.Close()
	items := passwordConnections(n)
	var next atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for range jobs {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				bare := *items[i].(*schema.CloudConnection)
				bare.Password = nil
				if _, err := c.Create(b.Context(), importer.Write{Item: &bare, Secret: secretOf(schema.Connections, bare.Name)}); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	return float64(n) / time.Since(start).Seconds()
}

// A Cloud that takes 50 writes a second: wanted is 0.9 of that, and at most 2 %
// of the requests to write refused.
func BenchmarkImportAtALimitOf50(b *testing.B) {
	const limit, n = 50, 1500
	for b.Loop() {
		s := newSite(b, cloud.Faults{Rate: limit})
		rate := imported(b, s, n, 8)
		refused := 100 * float64(s.Limited()) / float64(s.Limited()+n)
		b.ReportMetric(rate/limit, "of-limit")
		b.ReportMetric(refused, "%refused")
	}
}

// A Cloud that takes 20 ms for each answer and no limit: wanted is 0.8 of
// what eight jobs can do.
func BenchmarkImportAt20msWith8Jobs(b *testing.B) {
	const jobs, latency, n = 8, 20 * time.Millisecond, 2000
	for b.Loop() {
		s := newSite(b, cloud.Faults{Latency: latency})
		rate := imported(b, s, n, jobs)
		ideal := jobs / latency.Seconds()
		b.ReportMetric(rate/ideal, "of-ideal")
		b.ReportMetric(rate/sentOnly(b, newSite(b, cloud.Faults{Latency: latency}), n, jobs), "of-sending-only")
	}
}
