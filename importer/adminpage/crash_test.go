//go:build linux

package adminpage_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/importer/adminpage"
	"github.com/mailferry/mailferry/internal/formprofile"
	"github.com/mailferry/mailferry/internal/page"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/chromium"
	"github.com/mailferry/mailferry/internal/rig/crash"
	"github.com/mailferry/mailferry/samples/cloud"
	"github.com/mailferry/mailferry/schema"
)

// child is what an importing process is told.
type child struct {
	URL, Ledger, Identity string
	List                  schema.List
	Items                 int
	Profile               *schema.FormProfile
	Again                 []string
}

// TestMain lets the test binary be the importing process as well, which the
// tests kill.
func TestMain(m *testing.M) { crash.Main(m, importing) }

// importing says "sending" before each write, "pressing" before Save and
// "answered" after it, and at its end what a person is asked for.
func importing(c child, out io.Writer) error {
	id, err := age.ParseX25519Identity(c.Identity)
	if err != nil {
		return err
	}
	way, err := adminpage.Open(c.URL, formprofile.Options{Profile: c.Profile, Browser: page.Options{Timeout: 10 * time.Second}})
	if err != nil {
		return err
	}
	defer way.Close()
	b := bundleWith(c.Items)
	say := func(word string) func() { return func() { fmt.Fprintln(out, word) } }
	o := importer.Options{Cloud: &hooked{way, say("sending"), say("pressing"), say("answered")}, Bundle: b, List: c.List,
		Secrets:   importer.SecretSource{Sealed: secretOf},
		Ledger:    importer.LedgerOptions{Path: c.Ledger, Again: c.Again, Patience: patience},
		Conflicts: importer.Conflicts{Keepers: []age.Recipient{id.Recipient()}}}
	rep, err := importer.Run(context.Background(), o)
	asks := unfound(rep)
	for _, name := range asks {
		fmt.Fprintln(out, unfoundWord+name)
	}
	if partly := (*importer.PartialError)(nil); errors.As(err, &partly) && partly.Left == len(asks) {
		return nil
	}
	return err
}

const unfoundWord = "unfound "

func unfound(rep *importer.Report) (names []string) {
	if rep == nil {
		return nil
	}
	for _, it := range rep.Items {
		if it.Result == importer.Unfound {
			names = append(names, it.Name)
		}
	}
	return names
}

// answer is the person who is asked for what was not found, and looks whether
// the site has it. Being asked for what is there is an error.
func (s *site) answer(t *testing.T, l schema.List, names []string) (again []string) {
	t.Helper()
	there, err := s.Items(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if slices.ContainsFunc(there, func(e cloud.Entry) bool { return e.Item.ItemName() == name }) {
			t.Fatalf("asked for %q, which is there", name)
		}
	}
	return names
}

// process runs an importing process and kills it some time after it said a word
// for the nth time; n 0 lets it live.
func process(t *testing.T, c child, word string, n int, after time.Duration) (killed bool, asks []string) {
	t.Helper()
	p, err := crash.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	var browsers []int
	for lines := bufio.NewScanner(p.Out); lines.Scan(); {
		if name, ok := strings.CutPrefix(lines.Text(), unfoundWord); ok {
			asks = append(asks, name)
		}
		if lines.Text() != word {
			continue
		}
		if n--; n == 0 {
			browsers = browsersOf(t, p.PID)
			time.AfterFunc(after, p.Kill)
		}
	}
	if killed, err = p.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, pid := range browsers {
		chromium.Until(t, "the browser of a killed process is gone", func() bool { return !alive(pid) })
	}
	return killed, asks
}

// browsersOf lists the browsers that a process started.
func browsersOf(t *testing.T, parent int) []int {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(all) == 0 {
		t.Fatal("no list of processes: ", err)
	}
	var out []int
	for _, path := range all {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it ended meanwhile
		}
		name := string(stat[bytes.IndexByte(stat, '(')+1 : bytes.LastIndexByte(stat, ')')])
		rest := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil && strings.HasPrefix(name, "chrom") && rest[1] == strconv.Itoa(parent) {
			out = append(out, pid)
		}
	}
	return out
}

func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// A process that is killed in the middle of a form, at Save, and after it,
// leaves nothing that the next run does not put right.
func TestAKilledProcessChangesNothingInTheEnd(t *testing.T) {
	t.Parallel()
	const items = 4
	s := laggingSite(t, lag)
	id := rig.Get(age.GenerateX25519Identity()).Or(t)
	c := child{URL: "page+" + s.srv.URL + "/", Ledger: filepath.Join(t.TempDir(), "ledger.jsonl"), Identity: id.String(), Items: items, Profile: shipped(t)}
	kills := 0
	for _, death := range []struct {
		list  schema.List
		word  string
		n     int
		after time.Duration
	}{
		{schema.Credentials, "sending", 1, 250 * time.Millisecond},
		{schema.Credentials, "", 0, 0},
		{schema.Connections, "sending", 1, 100 * time.Millisecond},
		{schema.Connections, "pressing", 1, 0},
		{schema.Connections, "pressing", 1, 30 * time.Millisecond},
		{schema.Connections, "answered", 1, 0},
		{schema.Connections, "sending", 1, 300 * time.Millisecond},
		{schema.Connections, "", 0, 0},
	} {
		c.List = death.list
		killed, asks := process(t, c, death.word, death.n, death.after)
		if killed {
			kills++
		}
		for c.Again = s.answer(t, c.List, asks); c.Again != nil; c.Again = s.answer(t, c.List, asks) {
			_, asks = process(t, c, "", 0, 0)
		}
	}
	if kills < 4 {
		t.Errorf("only %d processes were killed", kills)
	}
	equal(t, s.content(t), byRESTOf(t, bundleWith(items)))
}

// hooked calls functions around a create: before it, once it is recorded that Save
// is about to be pressed, and after it.
type hooked struct {
	importer.Cloud
	before, pressing, after func()
}

func (h *hooked) Create(ctx context.Context, w importer.Write) (importer.Remote, error) {
	h.before()
	if record := w.Before; record != nil && h.pressing != nil {
		w.Before = func() error {
			err := record()
			h.pressing()
			return err
		}
	}
	if h.after != nil {
		defer h.after()
	}
	return h.Cloud.Create(ctx, w)
}

// The same for the browser: the run goes on with another one, or ends and the
// next one does.
func TestAKilledBrowserChangesNothingInTheEnd(t *testing.T) {
	b := bundleWith(4)
	s := laggingSite(t, lag)
	var kills atomic.Int32
	h := &hooked{Cloud: s.byPageWith(t, "", formprofile.Options{Profile: shipped(t), Browser: page.Options{Timeout: 10 * time.Second}})}
	writes := 0
	h.before = func() {
		writes++
		after := time.Duration(writes*130%700) * time.Millisecond // from the opening of the form to what follows Save
		time.AfterFunc(after, func() {
			for _, pid := range browsersOf(t, os.Getpid()) {
				if browser, err := os.FindProcess(pid); err == nil && kills.Load() < 5 && browser.Kill() == nil {
					kills.Add(1)
				}
			}
		})
	}
	o := options(t, h, b, "")
	o.Ledger.Patience = patience
	for _, o.List = range schema.Lists() {
		for n := 1; ; n++ {
			rep, err := importer.Run(t.Context(), o)
			o.Ledger.Again = s.answer(t, o.List, unfound(rep))
			if err == nil {
				break
			}
			t.Log(err)
			if n == 8 {
				t.Fatalf("not done after %d runs: %v, %+v", n, err, rep)
			}
		}
	}
	if kills.Load() < 3 {
		t.Errorf("only %d browsers were killed", kills.Load())
	}
	equal(t, s.content(t), byRESTOf(t, b))
}
