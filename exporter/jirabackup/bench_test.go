package jirabackup

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/klauspost/compress/flate"

	"github.com/mailferry/mailferry/internal/rig"
)

const (
	childEnv   = "MAILFERRY_BENCH_READ"
	wantedRows = 40
)

// TestMain lets the benchmark run the reading alone, as a process whose memory
// can be told.
func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		if err := readAlone(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func readAlone(path string) error {
	if err := readWanted(context.Background(), path); err != nil {
		return err
	}
	// Not the parent's view of it, which on Linux counts what the parent had
	// mapped when it forked.
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(status)
	return err
}

func readWanted(ctx context.Context, path string) (err error) {
	b, err := open(path, Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	rows := 0
	_, err = b.read(ctx, []string{wantedTable}, func(_ string, _ []string, values []value) error {
		if values[2].Text != "p&ss<word>" {
			return errors.New("a value came out wrong")
		}
		rows++
		return nil
	})
	if err == nil && rows != wantedRows {
		err = fmt.Errorf("read %d rows, want %d", rows, wantedRows)
	}
	return err
}

// inflateOnly inflates the entry to nowhere, from the same buffered file.
func inflateOnly(path string) (err error) {
	b, err := open(path, Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	raw, err := b.entry.OpenRaw()
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, flate.NewReader(bufio.NewReaderSize(raw, 64<<10)))
	return err
}

// BenchmarkRead500MB reads a wanted table from the middle of a 500 MB document
// and reports, beside what it took, how often plain inflating would have fitted
// in, the peak memory of a process that does only that, and what the usual tools
// take. The aims are 1.15 times inflating and 64 MB; a machine that does other
// work meanwhile says little about the first.
func BenchmarkRead500MB(b *testing.B) {
	path := filepath.Join(b.TempDir(), "backup.zip")
	size := bigBackup{seed: 20240607, size: 500_000_000, wantedRows: wantedRows}.write(b, path)
	info := rig.Get(os.Stat(path)).Or(b)
	b.SetBytes(size)

	const rounds = 7
	var inflating, reading, ratios []float64
	for b.Loop() {
		for range rounds {
			inflate := seconds(b, func() error { return inflateOnly(path) })
			read := seconds(b, func() error { return readWanted(b.Context(), path) })
			inflating, reading = append(inflating, inflate), append(reading, read)
			ratios = append(ratios, read/inflate)
		}
	}
	b.ReportMetric(float64(size)/float64(info.Size()), "×compressed")
	b.ReportMetric(median(inflating), "inflate-s")
	b.ReportMetric(median(reading), "read-s")
	b.ReportMetric(median(ratios), "×inflate")
	// What other work on the machine adds, the fastest rounds have least of.
	b.ReportMetric(slices.Min(reading)/slices.Min(inflating), "×inflate-fastest")
	b.Logf("reading over inflating, round by round: %.3f", ratios)

	peak := peakMB(b, path)
	b.ReportMetric(peak, "peak-MB")
	b.ReportMetric(seconds(b, func() error { return xmllint(b.Context(), path) }), "xmllint-s")
	b.ReportMetric(seconds(b, func() error { return iterparse(b.Context(), path) }), "iterparse-s")
	// One operation above is all rounds, which says nothing.
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(size)/1e6/median(reading), "MB/s")

}

func seconds(b *testing.B, do func() error) float64 {
	b.Helper()
	start := time.Now()
	rig.OK(b, do())
	return time.Since(start).Seconds()
}

func median(s []float64) float64 {
	s = slices.Sorted(slices.Values(s))
	return s[len(s)/2]
}

// peakMB reads the backup in a process of its own and gives its peak resident
// set. Linux tells it.
func peakMB(b *testing.B, path string) float64 {
	b.Helper()
	self := rig.Get(os.Executable()).Or(b)
	cmd := exec.CommandContext(b.Context(), self)
	cmd.Env = append(os.Environ(), childEnv+"="+path)
	cmd.Stderr = os.Stderr
	out := rig.Get(cmd.Output()).Or(b)
	m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(out)
	if m == nil {
		b.Fatalf("no peak memory in %q", out)
	}
	kB := rig.Get(strconv.Atoi(string(m[1]))).Or(b)
	return float64(kB) / 1000
}

// xmllint pipes the entry through a parser that only checks it.
func xmllint(ctx context.Context, path string) error {
	unzip := exec.CommandContext(ctx, "unzip", "-p", path, entryName)
	lint := exec.CommandContext(ctx, "xmllint", "--stream", "--noout", "-")
	var stderr bytes.Buffer
	unzip.Stderr, lint.Stderr = &stderr, &stderr
	pipe, err := unzip.StdoutPipe()
	if err != nil {
		return err
	}
	lint.Stdin = pipe
	if err := lint.Start(); err != nil {
		return err
	}
	if err := errors.Join(unzip.Run(), lint.Wait()); err != nil {
		return fmt.Errorf("unzip | xmllint: %w: %s", err, stderr.Bytes())
	}
	return nil
}

const iterparseScript = `
import sys, zipfile
from xml.etree.ElementTree import iterparse
rows = 0
with zipfile.ZipFile(sys.argv[1]) as z, z.open("activeobjects.xml") as f:
    for _, e in iterparse(f):
        if e.tag.endswith("}row"):
            rows += 1
            e.clear()
        elif e.tag.endswith("}data"):
            e.clear()
assert rows > 1000, rows
`

// iterparse reads the entry as a short Python script would.
func iterparse(ctx context.Context, path string) error {
	out, err := exec.CommandContext(ctx, "python3", "-c", iterparseScript, path).CombinedOutput()
	if err != nil {
		return fmt.Errorf("python3: %w: %s", err, out)
	}
	return nil
}
