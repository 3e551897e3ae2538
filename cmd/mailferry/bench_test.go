package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mailferry/mailferry/internal/rig"
)

// benchConnections is how many connections the measured bundle has.
const benchConnections = 10_000

// BenchmarkAudit measures `audit` of a bundle of 10,000 connections beside
// `jq -c .` over the same document, decrypted: the real binary and the real jq,
// in turns. It reports the ratio of the medians, and the peak of memory as a
// ratio to the document's size: what the process has for itself (memory/document,
// the anonymous pages), and all that is resident (resident/document), of which
// the pages of the program's own file are some 15 MB in any run.
func BenchmarkAudit(b *testing.B) {
	dir := b.TempDir()
	bin := filepath.Join(dir, "mailferry")
	build := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", bin, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("build: %v: %s", err, out)
	}
	key := func(name string) (file, recipient string) {
		file = filepath.Join(dir, name+".key")
		out := rig.Get(exec.CommandContext(b.Context(), bin, "keygen", "-o", file).Output()).Or(b)
		return file, strings.TrimSpace(string(out))
	}
	opsKey, ops := key("ops")
	revKey, rev := key("rev")
	sheet := filepath.Join(dir, "connections.csv")
	writeSheet(b, sheet, benchConnections)
	server, cloud := filepath.Join(dir, "server.age"), filepath.Join(dir, "cloud.age")
	quiet(b, bin, "export", "-r", ops, "--reviewer", rev, "-o", server, sheet)
	quiet(b, bin, "transform", "-i", revKey, "-r", ops, "--reviewer", rev, "-o", cloud, server)
	_, idle := peak(b, bin, "--version")

	for _, m := range []struct{ name, bundle, key, format string }{
		{"server bundle, reviewer", server, revKey, "text"},
		{"server bundle, recipient", server, opsKey, "text"},
		{"server bundle, html", server, revKey, "html"},
		{"cloud bundle, reviewer", cloud, revKey, "text"},
	} {
		b.Run(m.name, func(b *testing.B) {
			doc := m.bundle + ".json"
			rig.OK(b, os.RemoveAll(doc))
			quiet(b, "age", "-d", "-i", m.key, "-o", doc, m.bundle)
			info := rig.Get(os.Stat(doc)).Or(b)
			audit := []string{bin, "audit", "-i", m.key, "--format", m.format, m.bundle}
			var ours, theirs []time.Duration
			for b.Loop() {
				for range 5 {
					theirs = append(theirs, clock(b, "jq", "-c", ".", doc))
					ours = append(ours, clock(b, audit...))
				}
			}
			var own, all []int64
			for range 9 {
				o, a := peak(b, audit...)
				own, all = append(own, o), append(all, a)
			}
			size := float64(info.Size())
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(median(ours))/float64(median(theirs)), "×jq")
			b.ReportMetric(float64(median(own))/size, "memory/document")
			b.ReportMetric(float64(median(all))/size, "resident/document")
			b.ReportMetric(size/1e6, "document-MB")
			b.ReportMetric(float64(idle)/1e6, "idle-resident-MB")
		})
	}
}

// writeSheet writes connections such as a site has, row by row, so that this
// process stays small: a child's peak begins with what its parent had.
func writeSheet(b *testing.B, path string, n int) {
	b.Helper()
	f := rig.Get(os.Create(path)).Or(b)
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "Name,Description,From Address,Prefix,Connect Mode,Encryption,Username,Password,Host,Port,Debug,OAuth2 Credentials")
	for i := range n {
		fmt.Fprintf(w, "Service Desk %05d,\"Answers to customers, all projects of category %d\",desk%d@example.com,[SD-%d],SMTP,STARTTLS,desk%d@example.com,made-up-Kestrel-%d,mail%d.example.com,587,false,\n",
			i, i%40, i, i, i, i%9000, i%12)
	}
	rig.OK(b, w.Flush())
	rig.OK(b, f.Close())
}

func quiet(b *testing.B, args ...string) {
	b.Helper()
	if out, err := exec.CommandContext(b.Context(), args[0], args[1:]...).CombinedOutput(); err != nil {
		b.Fatalf("%q: %v: %.2000s", args, err, out)
	}
}

func clock(b *testing.B, args ...string) time.Duration {
	b.Helper()
	null := rig.Get(os.OpenFile(os.DevNull, os.O_WRONLY, 0)).Or(b)
	defer null.Close()
	cmd := exec.CommandContext(b.Context(), args[0], args[1:]...)
	cmd.Stdout = null
	begin := time.Now()
	if err := cmd.Run(); err != nil {
		b.Fatalf("%q: %v", args, err)
	}
	return time.Since(begin)
}

var (
	highWater = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)
	anonymous = regexp.MustCompile(`RssAnon:\s+(\d+) kB`)
)

// peak runs a command and returns the most memory in bytes that it had for
// itself, and the high-water mark of all that was resident. Both are read while
// the command runs, because the figure that a parent is given at the end begins
// with the parent's own, and tells one from the other for neither.
func peak(b *testing.B, args ...string) (own, all int64) {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), args[0], args[1:]...)
	rig.OK(b, cmd.Start())
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	status := fmt.Sprintf("/proc/%d/status", cmd.Process.Pid)
	for {
		select {
		case err := <-done:
			if err != nil {
				b.Fatalf("%q: %v", args, err)
			}
			return own, all
		default:
		}
		// Gone already: the last figures read stand.
		if raw, err := os.ReadFile(status); err == nil && strings.Contains(string(raw), "Name:\tmailferry") {
			own, all = max(own, kilobytes(anonymous, raw)), max(all, kilobytes(highWater, raw))
		}
		time.Sleep(time.Millisecond)
	}
}

func kilobytes(line *regexp.Regexp, status []byte) int64 {
	m := line.FindSubmatch(status)
	if m == nil {
		return 0
	}
	n, _ := strconv.ParseInt(string(m[1]), 10, 64)
	return n * 1024
}

func median[T time.Duration | int64](of []T) T {
	slices.Sort(of)
	return of[len(of)/2]
}
