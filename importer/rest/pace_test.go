package rest

import (
	"io"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// limiter is a Cloud that only counts: it refuses what is above its limit and
// answers the rest after its latency.
type limiter struct {
	latency time.Duration
	late    bool // refusals take the latency too
	allow   func(now time.Time) (ok bool, retryAfter string)

	mu            sync.Mutex
	done, refused int
}

func (l *limiter) RoundTrip(r *http.Request) (*http.Response, error) {
	l.mu.Lock()
	ok, after := true, ""
	if l.allow != nil {
		ok, after = l.allow(time.Now())
	}
	if ok {
		l.done++
	} else {
		l.refused++
	}
	l.mu.Unlock()
	res := &http.Response{StatusCode: 201, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: r}
	if !ok {
		res.StatusCode = 429
		if after != "" {
			res.Header.Set("Retry-After", after)
		}
		if !l.late {
			return res, nil
		}
	}
	return res, sleep(r.Context(), l.latency)
}

// bucket grants rate a second, of which burst may come at once.
func bucket(rate, burst float64, retryAfter string) func(time.Time) (bool, string) {
	tokens, last := burst, time.Time{}
	return func(now time.Time) (bool, string) {
		if !last.IsZero() {
			tokens = min(burst, tokens+rate*now.Sub(last).Seconds())
		}
		last = now
		if tokens < 1-1e-9 {
			return false, retryAfter
		}
		tokens--
		return true, ""
	}
}

// window grants n in each period that begins with the clock's.
func window(n int, period time.Duration) func(time.Time) (bool, string) {
	var current time.Time
	var used int
	return func(now time.Time) (bool, string) {
		if w := now.Truncate(period); !w.Equal(current) {
			current, used = w, 0
		}
		if used++; used > n {
			left := current.Add(period).Sub(now)
			return false, strconv.Itoa(int(math.Ceil(left.Seconds())))
		}
		return true, ""
	}
}

// TestTheLimitIsUsedAndSeldomHit runs in virtual time: the ratios are of the
// pacer alone, whatever the machine does. Where Cloud keeps no credit for the
// pause that it asks for, half the limit and a slow rise use less of it.
func TestTheLimitIsUsedAndSeldomHit(t *testing.T) {
	const late = "refusals as slow as the rest"
	tests := []struct {
		name    string
		allow   func(time.Time) (bool, string)
		latency time.Duration
		jobs    int
		writes  int
		limit   float64 // writes a second that Cloud grants
		ratio   float64 // of it that must be reached
		refused float64 // of all writes that may be refused at most
	}{
		{"50 a second in a bucket", bucket(50, 50, "1"), 20 * time.Millisecond, 8, 1000, 50, 0.9, 0.02},
		{"without latency", bucket(50, 50, "1"), time.Millisecond, 8, 1000, 50, 0.9, 0.02},
		{"a short run", bucket(50, 50, "1"), 20 * time.Millisecond, 8, 250, 50, 0.9, 0.02},
		{"a long run", bucket(50, 50, "1"), 20 * time.Millisecond, 8, 20000, 50, 0.9, 0.01},
		{"many jobs", bucket(50, 50, "1"), 20 * time.Millisecond, 64, 1000, 50, 0.9, 0.02},
		{"one job", bucket(20, 20, "1"), 20 * time.Millisecond, 1, 1000, 20, 0.9, 0.02},
		{late, bucket(50, 50, "1"), 20 * time.Millisecond, 8, 1000, 50, 0.9, 0.02},
		{"no Retry-After", bucket(50, 50, ""), 20 * time.Millisecond, 8, 1000, 50, 0.9, 0.02},
		{"50 in each second", window(50, time.Second), 20 * time.Millisecond, 8, 1000, 50, 0.65, 0.02},
		{"no burst at all", bucket(50, 1, "1"), 20 * time.Millisecond, 8, 10000, 50, 0.55, 0.02},
		{"no burst, short pauses", bucket(50, 1, "0"), 20 * time.Millisecond, 8, 10000, 50, 0.7, 0.02},
		{"five a second", bucket(5, 5, "1"), 20 * time.Millisecond, 8, 1000, 5, 0.9, 0.05},
		{"a thousand a minute", window(1000, time.Minute), 20 * time.Millisecond, 8, 10000, 1000.0 / 60, 0.8, 0.02},
		{"a limit above what the jobs can do", bucket(500, 500, "1"), 20 * time.Millisecond, 8, 5000, 400, 0.99, 0},
		{"no limit", nil, 20 * time.Millisecond, 8, 5000, 400, 0.99, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cloud := &limiter{latency: tt.latency, late: tt.name == late, allow: tt.allow}
				layer := &retry{next: cloud, pace: newPacer(), timeout: time.Minute, log: slog.New(slog.DiscardHandler)}
				queue := make(chan int, tt.writes)
				for i := range tt.writes {
					queue <- i
				}
				close(queue)
				start := time.Now()
				var wg sync.WaitGroup
				for range tt.jobs {
					wg.Go(func() {
						for range queue {
							req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://cloud.example/", strings.NewReader("{}"))
							if err != nil {
								t.Error(err)
								return
							}
							res, err := layer.RoundTrip(req)
							if err != nil || res.StatusCode != 201 {
								t.Errorf("got %v, %v", res, err)
								return
							}
						}
					})
				}
				wg.Wait()
				ratio := float64(tt.writes) / time.Since(start).Seconds() / tt.limit
				refused := float64(cloud.refused) / float64(tt.writes)
				t.Logf("%.3f of the limit, %d refused (%.2f %%)", ratio, cloud.refused, 100*refused)
				if cloud.done != tt.writes || ratio < tt.ratio || refused > tt.refused {
					t.Errorf("%d done, %.3f of the limit (want %.2f), %.3f refused (want at most %.2f)", cloud.done, ratio, tt.ratio, refused, tt.refused)
				}
			})
		})
	}
}
