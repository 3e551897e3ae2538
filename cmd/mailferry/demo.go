package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/safefile"
	"github.com/mailferry/mailferry/samples"
	"github.com/mailferry/mailferry/samples/cloud"
	"github.com/mailferry/mailferry/schema"
)

func (e *env) demoCommand() *cli.Command {
	return &cli.Command{
		Name:      "demo",
		Usage:     "walk the whole road on sample files in a new folder",
		UsageText: "mailferry demo",
		Description: "Prints each step as the command that a person could type, and runs it. The Cloud is\n" +
			"the sample Cloud on a loopback address; no other network is used.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "dir", Usage: "walk in `DIR`, which must be empty (default: a new temporary folder)"},
			&cli.StringFlag{Name: "samples", Usage: "only write the sample files into `DIR`"},
		},
		Action: e.demo,
	}
}

func (e *env) demo(c *cli.Context) error {
	if dir := c.String("samples"); dir != "" {
		return e.writeSamples(dir)
	}
	dir, err := demoDir(c.String("dir"))
	if err != nil {
		return err
	}
	addr, err := freePort()
	if err != nil {
		return err
	}
	e.print("The demo walks in %s", dir)
	if err := os.Chdir(dir); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(c.Context)
	d := &demo{e: e, ctx: ctx}
	defer d.wait.Wait()
	defer stop()
	for _, s := range demoSteps(addr) {
		if err := d.step(s); err != nil {
			return err
		}
	}
	if err := d.cloudTable(); err != nil {
		return err
	}
	e.print("\nEverything is still in %s: look at runsheet.html and report.html in a browser.", dir)
	return nil
}

func demoDir(dir string) (string, error) {
	if dir == "" {
		return os.MkdirTemp("", "mailferry-demo-")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		return "", schema.Hint(fmt.Errorf("%s: not an empty folder", dir),
			"choose another with --dir; without it the demo makes one")
	}
	return filepath.Abs(dir)
}

func (e *env) writeSamples(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for name, content := range samples.Files() {
		fill := func(w io.Writer) error { _, err := w.Write(content); return err }
		if err := safefile.Write(filepath.Join(dir, name), false, fill); err != nil {
			return err
		}
	}
	e.say("wrote %s to %s", human.Count(len(samples.Files()), "sample file"), dir)
	return nil
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// demoStep is one step of the demo: what it shows, and the command line, a
// trailing & to leave it running. "$(…)" stands for the output of keygen -y.
type demoStep struct {
	title string
	line  string
	exit  int
}

func demoSteps(addr string) []demoStep {
	const readers = "-r ops=$(mailferry keygen -y -i ops.key) --reviewer audit=$(mailferry keygen -y -i reviewer.key)"
	cloud := "--cloud http://" + addr + " --token-file cloud.token"
	return []demoStep{
		{"A sample site: sheets of Server's panel, a Jira backup, a profile for it", "mailferry demo --samples .", 0},
		{"A key for who may see everything, and one for who reviews", "mailferry keygen -o ops.key", 0},
		{"", "mailferry keygen -o reviewer.key", 0},
		{"Export from a Jira backup", "mailferry export " + readers + " --profile profile.json --secrets secrets.csv -o backup.age jira-backup.zip", 0},
		{"Export from the sheets", "mailferry export " + readers + " -o server.age connections.csv credentials.csv", 0},
		{"Add the password that the sheets do not have",
			"mailferry fill -i reviewer.key " + readers + " --secrets legal.csv server.age", 0},
		{"The reviewer's key opens the settings", "mailferry inspect -i reviewer.key server.age", 0},
		{"... and no secret", "mailferry reveal -i reviewer.key server.age \"Service Desk\"", exitFailed},
		{"Rewrite the bundle in Cloud's terms: offline, with the reviewer's key",
			"mailferry transform -i reviewer.key " + readers + " -o cloud.age server.age", 0},
		{"The report for a reviewer", "mailferry audit -i reviewer.key --format html -o report.html cloud.age", 0},
		{"A Cloud to import into", "mailferry sample-cloud --addr " + addr + " --data cloud --token-file cloud.token &", 0},
		{"The connections wait for their credentials: refused, nothing is written",
			"mailferry import connections -i ops.key " + cloud + " cloud.age", exitGate},
		{"So the credentials come first", "mailferry import credentials -i ops.key " + cloud + " cloud.age", 0},
		{"Then the connections", "mailferry import connections -i ops.key " + cloud + " cloud.age", 0},
		{"Is Cloud as the bundle says?", "mailferry diff -i ops.key " + cloud + " cloud.age", 0},
		{"The run sheet, for where a person has to type",
			"mailferry guide -i reviewer.key -o runsheet.html cloud.age", 0},
	}
}

// cloudTable shows what is on the sample Cloud.
func (d *demo) cloudTable() error {
	sample, err := cloud.Open("cloud", cloud.Options{})
	if err != nil {
		return err
	}
	defer sample.Close()
	d.e.print("\n# On Cloud now")
	p := human.NewPrinter(d.e.stdout, d.e.terminal())
	for _, l := range schema.Lists() {
		entries, err := sample.Items(d.ctx, l)
		if err != nil {
			return err
		}
		slices.SortFunc(entries, func(a, b cloud.Entry) int { return strings.Compare(a.Item.ItemName(), b.Item.ItemName()) })
		for _, it := range entries {
			var about []string
			for _, field := range []string{"service_provider", "host", "smtp_port", "oauth2_credentials"} {
				if text := schema.Text(it.Item, field); text != "" {
					about = append(about, text)
				}
			}
			p.Pair(0, 28, it.Item.ItemName(), human.Plain, strings.Join(about, ", "))
		}
	}
	return p.Flush()
}

// demo runs the steps in this process.
type demo struct {
	e    *env
	ctx  context.Context
	wait sync.WaitGroup // for what was left running
}

func (d *demo) step(s demoStep) error {
	if s.title != "" {
		d.e.print("\n# %s", s.title)
	}
	if _, err := fmt.Fprintf(d.e.stdout, "$ %s\n", s.line); err != nil {
		return err
	}
	line, background := strings.CutSuffix(s.line, " &")
	args, err := d.words(line)
	if err != nil {
		return err
	}
	if background {
		return d.background(args)
	}
	if code := d.e.run(d.ctx, args); code != s.exit {
		return fmt.Errorf("demo: this step ended with %d instead of %d", code, s.exit)
	} else if code != 0 {
		d.e.print("(exit %d, as it should)", code)
	}
	return nil
}

// background starts a command and waits for its first line: it answers then.
func (d *demo) background(args []string) error {
	r, w := io.Pipe()
	other := *d.e
	var errs bytes.Buffer // printed where the step fails, not in between the next ones
	other.stdout, other.stderr = w, &errs
	failed := make(chan int, 1)
	d.wait.Go(func() {
		code := other.run(d.ctx, args)
		failed <- code
		_ = w.Close()
	})
	first, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		code := <-failed
		_, _ = d.e.stderr.Write(errs.Bytes())
		return fmt.Errorf("demo: %s ended with %d", args[1], code)
	}
	d.wait.Go(func() { _, _ = io.Copy(io.Discard, r) })
	d.e.print("%s", strings.TrimSpace(first))
	return nil
}

// A word of the demo's lines is in double quotes or has no blank.
var (
	substitution = regexp.MustCompile(`\$\(([^)]*)\)`)
	word         = regexp.MustCompile(`"[^"]*"|[^ ]+`)
)

// words splits a line as a shell does, as far as the demo's lines go.
func (d *demo) words(line string) (words []string, err error) {
	line = substitution.ReplaceAllStringFunc(line, func(m string) string {
		text, outputErr := d.output(substitution.FindStringSubmatch(m)[1])
		err = cmp.Or(err, outputErr)
		return text
	})
	for _, w := range word.FindAllString(line, -1) {
		words = append(words, strings.Trim(w, `"`))
	}
	return words, err
}

func (d *demo) output(line string) (string, error) {
	args, err := d.words(line)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	other := *d.e
	other.stdout = &out
	if code := other.run(d.ctx, args); code != 0 {
		return "", fmt.Errorf("demo: %s ended with %d", line, code)
	}
	return strings.TrimSpace(out.String()), nil
}
