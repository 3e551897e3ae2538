package rest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/rig/faulty"
	"github.com/mailferry/mailferry/samples/cloud"
	"github.com/mailferry/mailferry/schema"
)

const benchJobs = 8

// writes makes n connections with all jobs and returns how many it made a
// second.
func writes(b *testing.B, faults cloud.Faults, n int) (perSecond float64, limited int64) {
	b.Helper()
	c := sampleCloud(b, cloud.Options{Faults: faults}, faulty.Faults{})
	way := reach(b, serve(b, c).URL, Options{Token: c.Token()})
	queue := make(chan int, n)
	for i := range n {
		queue <- i
	}
	close(queue)
	start := time.Now()
	var wg sync.WaitGroup
	for range benchJobs {
		wg.Go(func() {
			for i := range queue {
				w := importer.Write{Item: &schema.CloudConnection{Name: fmt.Sprint("c", i), ServiceProvider: "General SMTP service", Host: "smtp.corp.example"},
					Secret: schema.NewSecret("s"), Key: fmt.Sprint("key-", i)}
				if _, err := way.Create(b.Context(), w); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return float64(n) / time.Since(start).Seconds(), c.Limited()
}

// BenchmarkLimited tells how much of a limit of 50 writes a second is used.
func BenchmarkLimited(b *testing.B) {
	const rate, n = 50, 1000
	for range b.N {
		got, limited := writes(b, cloud.Faults{Rate: rate}, n)
		b.ReportMetric(got/rate, "of-limit")
		b.ReportMetric(100*float64(limited)/n, "%refused")
	}
}

// BenchmarkLatency tells how near to jobs/latency the writes come.
func BenchmarkLatency(b *testing.B) {
	const latency, n = 20 * time.Millisecond, 2000
	for range b.N {
		got, _ := writes(b, cloud.Faults{Latency: latency}, n)
		b.ReportMetric(got/(benchJobs/latency.Seconds()), "of-ideal")
	}
}
