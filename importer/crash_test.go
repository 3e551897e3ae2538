package importer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/crash"
	"github.com/mailferry/mailferry/internal/rig/faulty"
	"github.com/mailferry/mailferry/samples/cloud"
	"github.com/mailferry/mailferry/schema"
)

// child is the task of the importing process.
type child struct {
	URL, Ledger, Identity string
	List                  schema.List
	Items                 int
	Keys                  bool
	Twins                 bool     // of the site: a name may be taken twice, and lists lag behind
	Blind                 bool     // the mutation: no look before a retry
	Newer                 bool     // every secret is to be another than an earlier import sent: overwrite
	Again                 []string // the person's word
	Point                 string   // kill itself there
	Hit                   int      // at that hit of the point
}

const (
	lag      = 200 * time.Millisecond
	patience = 6 * lag
)

// site is the one that the process imports into.
func (c child) site(t testing.TB) *site {
	t.Helper()
	f := faulty.Faults{Twins: c.Twins}
	if c.Twins {
		f.Lag = lag
	}
	return oddSite(t, cloud.Options{Faults: cloud.Faults{Latency: 3 * time.Millisecond}}, f)
}

func (c child) options(way importer.Cloud, id *age.X25519Identity) (importer.Options, error) {
	o, err := importOptions(way, bundleWith(c.Items), c.List, c.Ledger, id)
	o.Ledger.Again = c.Again
	if c.Newer {
		o.Conflicts.Policy, o.Conflicts.RewriteSecrets = importer.Overwrite, true
		o.Secrets.Sealed = func(list schema.List, name string) schema.Secret { return schema.NewSecret("newer secret of " + name) }
	}
	return o, err
}

// TestMain lets the test binary be the importing process as well, which the
// harness kills.
func TestMain(m *testing.M) { crash.Main(m, importing) }

// importing is a process that imports: it says when it begins, and at its end
// how it ended and what it reports.
func importing(c child, out io.Writer) error {
	id, err := age.ParseX25519Identity(c.Identity)
	if err != nil {
		return err
	}
	ctx := context.Background()
	way, err := reach(ctx, c.URL, c.Keys, 5*time.Second)
	if err != nil {
		return err
	}
	defer way.Close()
	o, err := c.options(way, id)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	hits := 0
	o = importer.AtPoints(o, func(name string) {
		if name != c.Point {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if hits++; hits == c.Hit {
			crash.Die()
		}
	})
	if c.Blind {
		if o, err = importer.WithoutLook(o); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintln(out, "begins"); err != nil {
		return err
	}
	rep, err := importer.Run(ctx, o)
	if rep == nil {
		return err
	}
	return json.NewEncoder(out).Encode(ended{ending(err), rep})
}

type ended struct {
	How    string
	Report *importer.Report
}

// process runs an importing process. after ≥ 0 kills it that long after it
// began. killed tells whether it died of a kill.
func process(ctx context.Context, c child, after time.Duration) (end *ended, killed bool, err error) {
	p, err := crash.Start(ctx, c)
	if err != nil {
		return nil, false, err
	}
	_, _ = p.Out.ReadString('\n') // "begins", or its end
	if after >= 0 {
		time.AfterFunc(after, p.Kill)
	}
	rest, _ := io.ReadAll(p.Out)
	if killed, err = p.Wait(); killed || err != nil {
		return nil, killed, err
	}
	end = &ended{}
	return end, false, json.Unmarshal(rest, end)
}

// plan is how the next process is to die: at a hit of a point, or some time
// after it began.
type death struct {
	point string
	hit   int
	after time.Duration
}

// crossing imports both lists into a fresh sample Cloud while the importing
// process dies again and again, and then holds Cloud, ledger and report against
// the bundle. deaths says how the next one dies, or false: it may live. hits
// counts the deaths.
func crossing(t *testing.T, c child, deaths func() (death, bool), hits map[string]int) error {
	t.Helper()
	s := c.site(t)
	id := rig.Get(age.GenerateX25519Identity()).Or(t)
	c.URL, c.Identity, c.Ledger = s.url, id.String(), filepath.Join(t.TempDir(), "ledger.jsonl")
	if c.Newer {
		earlier(t, s, c)
	}
	for _, c.List = range schema.Lists() {
		for {
			d, dies := deaths()
			c.Point, c.Hit = d.point, d.hit
			after := time.Duration(-1)
			if dies && d.point == "" {
				after = d.after
			}
			end, killed, err := process(t.Context(), c, after)
			c.Again = nil
			if err != nil {
				return err
			}
			if killed {
				s.idle()
				if d.point == "" {
					d.point = "at random"
				}
				hits[d.point]++
				continue
			}
			if end.How == "partial" {
				if c.Again, err = asked(s, c, end.Report); err != nil {
					return err
				}
				continue
			}
			if end.How != "done" {
				return fmt.Errorf("a run that nobody killed ended %s: %v", end.How, end.Report.Counts)
			}
			if dies {
				continue // it was quicker than its death
			}
			way, err := reach(t.Context(), s.url, c.Keys, 5*time.Second)
			if err != nil {
				return err
			}
			o, err := c.options(way, id)
			if err != nil {
				return err
			}
			if err := errors.Join(agrees(t.Context(), s, o, end.Report), way.Close()); err != nil {
				return fmt.Errorf("%s: %w", c.List, err)
			}
			break
		}
	}
	return nil
}

// asked is the person who is asked for what was not found. It is an error to be
// asked for what the site's list shows, or has come to store, and not to be
// asked for anything.
func asked(s *site, c child, rep *importer.Report) (again []string, err error) {
	there, err := s.Items(context.Background(), c.List)
	if err != nil {
		return nil, err
	}
	for _, it := range rep.Items {
		if it.Result != importer.Unfound {
			continue
		}
		if slices.ContainsFunc(there, func(e cloud.Entry) bool { return e.Item.ItemName() == it.Name }) {
			return nil, fmt.Errorf("asked for %q, which is there", it.Name)
		}
		again = append(again, it.Name)
	}
	if len(again) == 0 || c.Keys {
		return nil, fmt.Errorf("a run that nobody killed was left undone: %v", rep.Counts)
	}
	return again, nil
}

// earlier imports everything once with other secrets, and has somebody edit a
// part of it on Cloud since.
func earlier(t *testing.T, s *site, c child) {
	t.Helper()
	c.Newer = false
	for _, c.List = range schema.Lists() {
		if end, _, err := process(t.Context(), c, -1); err != nil || end.How != "done" {
			t.Fatal(err, end)
		}
	}
	there := rig.Get(s.Items(t.Context(), schema.Connections)).Or(t)
	way := rig.Get(reach(t.Context(), s.url, true, time.Minute)).Or(t)
	defer way.Close()
	for i, e := range there {
		if i%2 == 0 {
			continue
		}
		e.Item.(*schema.CloudConnection).Description = "edited by somebody"
		rig.Get(way.Update(t.Context(), fmt.Sprint(e.ID), importer.Write{Item: e.Item})).Or(t)
	}
}

const atRandom = "at random"

// TestCrashesMakeNoDifference kills the real process at every named point
// and at random moments; MAILFERRY_SOAK says how often, 60 times where it does
// not.
func TestCrashesMakeNoDifference(t *testing.T) {
	want := 60
	if s := os.Getenv("MAILFERRY_SOAK"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			t.Fatalf("MAILFERRY_SOAK=%q is not a number of kills", s)
		}
		want = n
	}
	hits := map[string]int{}
	kills := func() (n int) {
		for _, k := range hits {
			n += k
		}
		return n
	}
	random := rand.New(rand.NewPCG(1, uint64(want)))
	points := append(importer.Points(), atRandom)
	next := 0
	for round := 0; kills() < want; round++ {
		inARow := 0
		deaths := func() (death, bool) {
			if inARow++; inARow > 12 || kills() >= want {
				inARow = 0
				return death{}, false
			}
			p := points[next%len(points)]
			next++
			if p == atRandom {
				return death{after: time.Duration(random.IntN(40_000)) * time.Microsecond}, true
			}
			return death{point: p, hit: 1 + random.IntN(3)}, true
		}
		c := child{Items: 12, Keys: round%3 == 1, Twins: round%3 == 2, Newer: round%4 == 1}
		if err := crossing(t, c, deaths, hits); err != nil {
			t.Fatalf("crossing %d, after %d kills (keys honoured %v, names taken twice %v, newer secrets %v): %v", round, kills(), c.Keys, c.Twins, c.Newer, err)
		}
	}
	var table strings.Builder
	for _, p := range points {
		fmt.Fprintf(&table, "\n  %-20s %d", p, hits[p])
		if hits[p] == 0 {
			t.Errorf("no process died %s", p)
		}
	}
	t.Logf("%d kills:%s", kills(), table.String())
}

// Taking out the look before a retry has to turn the harness red, whether
// Cloud honours keys or not, and minds two of a name or not; with the look, the
// same deaths change nothing.
func TestCrashHarnessTurnsRedWithoutTheLookBeforeARetry(t *testing.T) {
	for _, site := range []child{{Items: 4, Keys: true}, {Items: 4}, {Items: 4, Twins: true}} {
		for _, blind := range []bool{false, true} {
			once := false
			deaths := func() (death, bool) {
				if once {
					return death{}, false
				}
				once = true
				return death{point: "after-answer", hit: 1}, true
			}
			hits := map[string]int{}
			c := site
			c.Blind = blind
			err := crossing(t, c, deaths, hits)
			if hits["after-answer"] != 1 {
				t.Fatalf("the process died %v", hits)
			}
			if (err != nil) != blind {
				t.Errorf("keys honoured %v, names taken twice %v, look taken out %v: %v", c.Keys, c.Twins, blind, err)
			}
		}
	}
}
