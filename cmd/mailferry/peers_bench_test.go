package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/mailferry/mailferry/internal/rig"
)

// sopsModule is installed by the benchmark itself, where the module can be had.
const sopsModule = "github.com/getsops/sops/v3/cmd/sops@v3.13.3"

// BenchmarkPeers measures commands of the real program beside the tools that do the
// nearest thing, in turns on the same generated data, and prints one table of medians
// and ratios; then how time grows with the number of connections. A peer that cannot
// be had is left out, and that is said. Nothing is asserted.
func BenchmarkPeers(b *testing.B) {
	fmt.Printf("\n%s, %d cores, %s\n", processor(), runtime.NumCPU(), runtime.Version())
	p := newPeers(b)
	for b.Loop() {
		p.compare(b)
		p.grow(b)
	}
	b.ReportMetric(0, "ns/op")
}

type peers struct {
	dir, bin, sops string
	key, recipient string
}

func newPeers(b *testing.B) *peers {
	p := &peers{dir: b.TempDir()}
	p.bin, p.key = p.in("mailferry"), p.in("key")
	build := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-tags", "urfave_cli_no_docs", "-ldflags", "-s -w", "-o", p.bin, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("build: %v: %s", err, out)
	}
	install := exec.CommandContext(b.Context(), "go", "install", sopsModule)
	install.Env = append(os.Environ(), "GOBIN="+p.dir, "CGO_ENABLED=0")
	if out, err := install.CombinedOutput(); err != nil {
		p.say("sops is left out: it cannot be installed: %.200s", out)
	} else {
		p.sops = p.in("sops")
	}
	out := rig.Get(exec.CommandContext(b.Context(), p.bin, "keygen", "-o", p.key).Output()).Or(b)
	p.recipient = strings.TrimSpace(string(out))
	b.Setenv("SOPS_AGE_KEY_FILE", p.key)
	return p
}

func (p *peers) in(name string) string { return filepath.Join(p.dir, name) }

// say prints a line of the table at once: a run takes minutes.
func (p *peers) say(format string, args ...any) { fmt.Printf(format+"\n", args...) }

// sample makes a sheet of n connections, its bundles, and the documents for peers.
func (p *peers) sample(b *testing.B, n int) (sheet, server, cloud string) {
	sheet, server, cloud = p.in(fmt.Sprint(n, ".csv")), p.in(fmt.Sprint(n, ".server.age")), p.in(fmt.Sprint(n, ".cloud.age"))
	writeSheet(b, sheet, n)
	quiet(b, p.bin, "export", "-r", p.recipient, "--force", "-o", server, sheet)
	quiet(b, p.bin, "transform", "-i", p.key, "-r", p.recipient, "--force", "-o", cloud, server)
	return sheet, server, cloud
}

func (p *peers) compare(b *testing.B) {
	sheet, server, cloud := p.sample(b, benchConnections)
	doc, plain := p.in("document.json"), p.in("plain.json")
	quiet(b, "age", "-d", "-i", p.key, "-o", doc, server)
	writePlain(b, plain, benchConnections)
	out := p.in("out")
	export := p.ours("export", "-r", p.recipient, "--force", "-o", out+".age", sheet)
	open := p.ours("inspect", "-i", p.key, server)

	p.say("%-34s %10s   %-32s %10s %8s", fmt.Sprint(benchConnections, " connections"), "mailferry", "peer", "peer", "ratio")
	if p.sops != "" {
		sops := func(name string, more ...string) (seal, unseal []string) {
			file := p.in(name)
			seal = append(append([]string{p.sops, "encrypt", "--age", p.recipient, "--input-type", "json", "--output-type", "json", "--output", file}, more...), plain)
			return seal, []string{p.sops, "decrypt", "--input-type", "json", "--output-type", "json", "--output", out, file}
		}
		seal, unseal := sops("whole.json")
		p.row(b, "export (seal) a sheet", export, "sops encrypt, whole document", seal)
		p.row(b, "inspect (open, check)", open, "sops decrypt, whole document", unseal)
		seal, unseal = sops("passwords.json", "--encrypted-regex", "^password$")
		p.row(b, "export (seal) a sheet", export, "sops encrypt, passwords only", seal)
		p.row(b, "inspect (open, check)", open, "sops decrypt, passwords only", unseal)
	}
	p.row(b, "export (seal) a sheet", export, "age, the document alone", []string{"age", "-r", p.recipient, "-o", out, doc})
	p.row(b, "inspect (open, check)", open, "age -d, the document alone", []string{"age", "-d", "-i", p.key, "-o", out, server})
	jq := []string{"jq", "-c", ".", doc}
	p.row(b, "audit", p.ours("audit", "-i", p.key, server), "jq -c . of the document", jq)
	p.row(b, "transform", p.transform(server), "jq -c . of the document", jq)
	p.row(b, "diff, two bundles", p.ours("diff", "-i", p.key, server, cloud), "jq -c . of the document", jq)
	p.row(b, "plan, empty sample Cloud", p.plan(cloud), "jq -c . of the document", jq)
	p.row(b, "--version", p.ours("--version"), "age --version", []string{"age", "--version"})
}

func (p *peers) ours(args ...string) []string { return append([]string{p.bin}, args...) }

func (p *peers) transform(server string) []string {
	return p.ours("transform", "-i", p.key, "-r", p.recipient, "--force", "-o", p.in("transformed.age"), server)
}

func (p *peers) plan(cloud string) []string {
	return p.ours("plan", "-i", p.key, "--cloud", "sample:"+p.in("empty"), cloud)
}

// row measures ours and theirs in turns, five times or as often as ten seconds allow. A ratio above 1 says how many times faster
// ours is, one below how many times slower.
func (p *peers) row(b *testing.B, what string, ours []string, peer string, theirs []string) {
	const rounds, enough = 5, 10 * time.Second
	var a, z []time.Duration
	for begin := time.Now(); len(a) < rounds && time.Since(begin) < enough; {
		a, z = append(a, clock(b, ours...)), append(z, clock(b, theirs...))
	}
	mine, other := median(a), median(z)
	p.say("%-34s %9.3fs   %-32s %9.3fs %7.2f×", what, mine.Seconds(), peer, other.Seconds(), other.Seconds()/mine.Seconds())
}

// grow measures how time grows: the exponent is that of the last tenfold.
func (p *peers) grow(b *testing.B) {
	p.say("%-34s %10s %10s %10s %9s   %s", "growth", "1000", "10000", "100000", "exponent", "jq -c of 100000 ÷ it")
	times := map[string][]time.Duration{}
	var order []string
	for _, n := range []int{1_000, 10_000, 100_000} {
		sheet, server, cloud := p.sample(b, n)
		doc := p.in("grown.json")
		quiet(b, "age", "-d", "-i", p.key, "-o", doc, server)
		order = nil
		for _, c := range []struct {
			name string
			args []string
		}{
			{"export", p.ours("export", "-r", p.recipient, "--force", "-o", p.in("out.age"), sheet)},
			{"inspect", p.ours("inspect", "-i", p.key, server)},
			{"audit", p.ours("audit", "-i", p.key, server)},
			{"transform", p.transform(server)},
			{"diff", p.ours("diff", "-i", p.key, server, cloud)},
			{"plan", p.plan(cloud)},
			{"jq -c .", []string{"jq", "-c", ".", doc}},
		} {
			var runs []time.Duration
			for range 3 {
				runs = append(runs, clock(b, c.args...))
			}
			order = append(order, c.name)
			times[c.name] = append(times[c.name], median(runs))
		}
		rig.OK(b, os.Remove(doc))
	}
	jq := times["jq -c ."][2].Seconds()
	for _, name := range order {
		t := times[name]
		p.say("%-34s %9.3fs %9.3fs %9.3fs %9.2f   %.2f×", name, t[0].Seconds(), t[1].Seconds(), t[2].Seconds(),
			math.Log10(t[2].Seconds()/t[1].Seconds()), jq/t[2].Seconds())
	}
}

// writePlain writes the same connections as JSON with their passwords in the clear.
func writePlain(b *testing.B, path string, n int) {
	b.Helper()
	f := rig.Get(os.Create(path)).Or(b)
	defer f.Close()
	w := bufio.NewWriter(f)
	fmt.Fprint(w, `{"connections":[`)
	for i := range n {
		item, err := json.Marshal(map[string]any{"name": fmt.Sprintf("Service Desk %05d", i), "description": fmt.Sprintf("Answers to customers, all projects of category %d", i%40),
			"from_address": fmt.Sprintf("desk%d@example.com", i), "prefix": fmt.Sprintf("[SD-%d]", i), "connect_mode": "SMTP", "encryption": "STARTTLS",
			"username": fmt.Sprintf("desk%d@example.com", i), "password": fmt.Sprintf("made-up-Kestrel-%d", i%9000), "host": fmt.Sprintf("mail%d.example.com", i%12), "port": 587, "debug": false})
		if err != nil {
			b.Fatal(err)
		}
		if i > 0 {
			fmt.Fprint(w, ",")
		}
		_, _ = w.Write(item)
	}
	fmt.Fprint(w, "]}")
	rig.OK(b, w.Flush())
}

func processor() string {
	raw, _ := os.ReadFile("/proc/cpuinfo")
	_, rest, _ := strings.Cut(string(raw), "model name\t: ")
	name, _, _ := strings.Cut(rest, "\n")
	if name == "" {
		return runtime.GOARCH
	}
	return name
}
