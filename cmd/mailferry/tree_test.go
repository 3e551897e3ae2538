package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

// A leaf is a command that does something, with the words that call it.
type leaf struct {
	*cli.Command
	path []string
}

func (l leaf) String() string { return strings.Join(l.path, " ") }

// takes reports whether the command has a flag, written as one types it.
func (l leaf) takes(flag string) bool {
	for _, f := range l.Flags {
		for _, n := range f.Names() {
			if dashed(n) == flag {
				return true
			}
		}
	}
	return false
}

// leaves walks the command tree.
func leaves(commands []*cli.Command, path ...string) []leaf {
	var out []leaf
	for _, c := range commands {
		here := append(slices.Clone(path), c.Name)
		if len(c.Subcommands) > 0 {
			out = append(out, leaves(c.Subcommands, here...)...)
			continue
		}
		out = append(out, leaf{c, here})
	}
	return out
}

func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	e := processEnv()
	var out, errs bytes.Buffer
	e.stdout, e.stderr = &out, &errs
	e.lookupenv = func(string) (string, bool) { return "", false }
	code = e.run(t.Context(), append([]string{"mailferry"}, args...))
	return code, out.String(), errs.String()
}

func TestEveryCommandIsDocumented(t *testing.T) {
	for _, l := range leaves(processEnv().app().Commands) {
		t.Run(l.String(), func(t *testing.T) {
			if l.Usage == "" || strings.HasSuffix(l.Usage, ".") {
				t.Errorf("its one line is %q", l.Usage)
			}
			for _, line := range strings.Split(l.UsageText, "\n") {
				if !strings.HasPrefix(strings.TrimSpace(line), "mailferry "+l.String()) {
					t.Errorf("an example does not begin with the command: %q", line)
				}
			}
			if l.Description == "" {
				t.Error("it is not described")
			}
			for _, f := range l.Flags {
				use := f.(cli.DocGenerationFlag).GetUsage()
				if len(use) < 10 || strings.HasSuffix(use, ".") {
					t.Errorf("flag %s is described as %q", f.Names()[0], use)
				}
				takes := f.(cli.DocGenerationFlag).TakesValue()
				if named := strings.Count(use, "`") == 2; takes != named {
					t.Errorf("flag %s takes a value: %v; names it in backquotes: %v", f.Names()[0], takes, named)
				}
				_, isSlice := f.(*cli.StringSliceFlag)
				if isSlice != strings.Contains(use, "repeatable") {
					t.Errorf("flag %s: repeatable is %v, its text says %q", f.Names()[0], isSlice, use)
				}
			}
		})
	}
}

// Examples may be longer than a terminal is wide: they are there to be copied.
func TestHelpGoesToStdoutAndFitsATerminal(t *testing.T) {
	lines := [][]string{{}, {"import"}}
	for _, l := range leaves(processEnv().app().Commands) {
		lines = append(lines, l.path)
	}
	for _, path := range lines {
		for _, flag := range []string{"--help", "-h"} {
			args := append(slices.Clone(path), flag)
			t.Run(strings.Join(args, " "), func(t *testing.T) {
				code, stdout, stderr := run(t, args...)
				if code != 0 || stderr != "" || !strings.HasPrefix(stdout, "NAME:\n   mailferry") {
					t.Fatalf("exit %d\nstdout: %s\nstderr: %s", code, stdout, stderr)
				}
				before, usage, _ := strings.Cut(stdout, "USAGE:\n")
				_, after, _ := strings.Cut(usage, "\n\n")
				for _, line := range strings.Split(before+after, "\n") {
					if n := utf8.RuneCountInString(line); n > 80 {
						t.Errorf("%d columns: %s", n, line)
					}
				}
			})
		}
	}
}

func TestHelpListsEveryFlagAndItsDefault(t *testing.T) {
	for _, l := range leaves(processEnv().app().Commands) {
		_, help, _ := run(t, append(slices.Clone(l.path), "--help")...)
		for _, f := range l.Flags {
			for _, n := range f.Names() {
				if !strings.Contains(help, dashed(n)) {
					t.Errorf("%s --help does not list %s", l, dashed(n))
				}
			}
			if s, ok := f.(*cli.StringFlag); ok && !strings.Contains(help, s.Value) {
				t.Errorf("%s --help does not tell the default %q", l, s.Value)
			}
		}
	}
}

// resultless are the commands that neither print a result for machines nor
// write one: a secret on the terminal, a server, a show, a script for a shell.
var resultless = []string{"reveal", "sample-cloud", "demo", "completion", "man"}

func TestEveryResultCanBeWrittenOrReadByMachines(t *testing.T) {
	for _, l := range leaves(processEnv().app().Commands) {
		has := func(name string) bool {
			return slices.ContainsFunc(l.Flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), name) })
		}
		if want := !slices.Contains(resultless, l.String()); want != (has("json") || has("output")) {
			t.Errorf("%s: has --json or -o: %v", l, !want)
		}
		if has("output") && !has("force") {
			t.Errorf("%s has -o and no --force", l)
		}
		if has("output") && !has("o") {
			t.Errorf("%s has --output and no -o", l)
		}
	}
}

// parsed runs a command line up to the command's action, and returns what the
// action would see.
func parsed(t *testing.T, l leaf, args ...string) *cli.Context {
	t.Helper()
	e := processEnv()
	var errs bytes.Buffer
	e.stdout, e.stderr = &errs, &errs
	app := e.app()
	var seen *cli.Context
	for _, other := range leaves(app.Commands) {
		other.Action = func(c *cli.Context) error {
			seen = c
			return nil
		}
	}
	line := append(append([]string{"mailferry"}, l.path...), args...)
	ordered := rig.Get(flagsFirst(app, line)).Or(t)
	if err := app.RunContext(context.Background(), ordered); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	if seen == nil || seen.Command.Name != l.Name {
		t.Fatalf("%q runs another command", line)
	}
	return seen
}

// The library by itself takes a flag behind the first argument for an argument:
// import x --dry-run would run for real.
func TestEveryFlagMayStandBehindTheArguments(t *testing.T) {
	const value = "7" // good for text, numbers and, with a unit, durations
	for _, l := range leaves(processEnv().app().Commands) {
		for _, f := range l.Flags {
			for _, name := range f.Names() {
				flag, of := dashed(name), value
				if _, ok := f.(*cli.DurationFlag); ok {
					of = "7s"
				}
				lines := [][]string{{"x", flag}, {flag, "x"}}
				if f.(cli.DocGenerationFlag).TakesValue() {
					lines = [][]string{{"x", flag, of}, {"x", flag + "=" + of}, {flag, of, "x"}}
				}
				for _, line := range lines {
					c := parsed(t, l, line...)
					if !c.IsSet(f.Names()[0]) || c.NArg() != 1 || c.Args().First() != "x" {
						t.Errorf("mailferry %s %s: set %v, arguments %q", l, strings.Join(line, " "), c.IsSet(f.Names()[0]), c.Args().Slice())
					}
				}
			}
		}
	}
}

func TestADoubleDashEndsTheFlags(t *testing.T) {
	for _, l := range leaves(processEnv().app().Commands) {
		for _, f := range l.Flags {
			if _, ok := f.(*cli.BoolFlag); !ok {
				continue
			}
			flag := dashed(f.Names()[0])
			c := parsed(t, l, "--", "x", flag)
			if c.Bool(f.Names()[0]) || c.NArg() != 2 || c.Args().Get(1) != flag {
				t.Errorf("mailferry %s -- x %s: set %v, arguments %q", l, flag, c.Bool(f.Names()[0]), c.Args().Slice())
			}
		}
	}
}

func TestFlagsStandBetweenAndBehindSeveralArguments(t *testing.T) {
	for _, l := range leaves(processEnv().app().Commands) {
		if l.String() != "import connections" {
			continue
		}
		c := parsed(t, l, "a", "--dry-run", "b", "-i", "key", "c", "--jobs=3")
		if !c.Bool("dry-run") || c.Int("jobs") != 3 || !slices.Equal(c.StringSlice("identity"), []string{"key"}) || !slices.Equal(c.Args().Slice(), []string{"a", "b", "c"}) {
			t.Errorf("dry-run %v, jobs %d, identity %q, arguments %q", c.Bool("dry-run"), c.Int("jobs"), c.StringSlice("identity"), c.Args().Slice())
		}
	}
}

func TestUsageErrorsExitWithTwoAndSaySoOnStderr(t *testing.T) {
	type try struct {
		args []string
		want string
		hint string
	}
	tries := []try{
		{[]string{"exprot"}, `mailferry has no command "exprot"`, "did you mean export?"},
		{[]string{"zzzzzz"}, `mailferry has no command "zzzzzz"`, "mailferry has: start, keygen, "},
		{[]string{"--nosuch"}, `mailferry has no flag "--nosuch"`, "mailferry --help"},
		{[]string{"import"}, "mailferry import: which one?", "one of: credentials, connections"},
		{[]string{"import", "conections"}, `mailferry import has no command "conections"`, "did you mean connections?"},
		{[]string{"import", "cloud.age"}, `mailferry import has no command "cloud.age"`, "mailferry import has: "},
		{[]string{"import", "connections", "x", "--dryrun"}, `mailferry import connections has no flag "--dryrun"`, "did you mean --dry-run?"},
		{[]string{"import", "--cloud", "sample:x", "cloud.age"}, `mailferry import has no flag "--cloud"`, "flags stand behind a command; mailferry import --help"},
		{[]string{"-i", "ops.key", "audit", "cloud.age"}, `mailferry has no flag "-i"`, "flags stand behind a command"},
		{[]string{"audti", "cloud.age"}, `mailferry has no command "audti"`, "did you mean audit?"},
		{[]string{"import", "connections", "x", "--jobs", "many"}, `import connections: --jobs: invalid value "many"`, "a number is wanted"},
		{[]string{"review", "x", "--expires", "30"}, `review: --expires: invalid value "30"`, "a time has a unit: 20ms, 5s, 720h"},
		{[]string{"import", "connections", "x", "--yes=perhaps"}, `import connections: --yes: invalid boolean value "perhaps"`, "it takes no value"},
		{[]string{"export", "x", "--recipent", "y"}, `mailferry export has no flag "--recipent"`, "did you mean --recipient?"},
		{[]string{"audit", "-i"}, "mailferry audit: -i needs a value", "mailferry audit --help"},
		{[]string{"export", "-r", "age1x", "x.csv", "-o"}, "mailferry export: -o needs a value", "mailferry export --help"},
		{[]string{"import", "connections", "x", "--on-conflict"}, "mailferry import connections: --on-conflict needs a value", "--help"},
		{[]string{"audit", "-iops.key", "x"}, "mailferry audit: no blank between -i and its value", `-i "ops.key"`},
		{[]string{"export", "-oout.age", "x"}, "mailferry export: no blank between -o and its value", `-o "out.age"`},
		{[]string{"export", "x", "-recipent", "y"}, `mailferry export has no flag "--recipent"`, "did you mean --recipient?"},
		{[]string{"plan", "--cloud", "https://me:secret@example.com", "x"}, "a URL with a password in it", "--token-file"},
		{[]string{"completion", "tcsh"}, `no script for "tcsh"`, "bash, zsh, fish and powershell"},
	}
	takesNone := []string{"keygen", "sample-cloud", "demo", "man"}
	for _, l := range leaves(processEnv().app().Commands) {
		tries = append(tries, try{append(slices.Clone(l.path), "--nosuchflag"), `has no flag "--nosuchflag"`, ""})
		if slices.Contains(takesNone, l.String()) {
			tries = append(tries, try{append(slices.Clone(l.path), "x"), "takes no argument", ""})
			continue
		}
		if slices.Contains([]string{"start", "schema"}, l.String()) { // take none, too
			continue
		}
		tries = append(tries, try{l.path, "", ""})
		if !slices.Contains([]string{"export", "audit"}, l.String()) { // take any number
			tries = append(tries, try{append(slices.Clone(l.path), "a", "b", "c"), "3 were given", ""})
		}
	}
	for _, c := range tries {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			code, stdout, stderr := run(t, c.args...)
			if code != exitUsage || stdout != "" {
				t.Errorf("exit %d, stdout %q", code, stdout)
			}
			first, rest, _ := strings.Cut(stderr, "\n")
			if !strings.HasPrefix(first, "mailferry: error: ") || !strings.Contains(first, c.want) || !strings.Contains(rest, c.hint) {
				t.Errorf("stderr: %s", stderr)
			}
			if strings.Contains(rest, "error:") {
				t.Errorf("more than one error: %s", stderr)
			}
		})
	}
}

func TestNoArgumentsShowHelp(t *testing.T) {
	code, stdout, stderr := run(t)
	if code != 0 || stderr != "" || !strings.Contains(stdout, "COMMANDS:") {
		t.Errorf("exit %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

func TestACtrlCIsToldInPeoplesWords(t *testing.T) {
	for _, err := range []error{
		context.Canceled,
		fmt.Errorf("reading credentials from Cloud: %w", context.Canceled),
		schema.Hint(fmt.Errorf("partly done: 3 left: %w", context.Canceled), "go on"),
	} {
		e := processEnv()
		var errs bytes.Buffer
		e.stderr = &errs
		e.tell(err)
		if said := errs.String(); strings.Count(said, "interrupted") != 1 || strings.Contains(said, "context") {
			t.Errorf("%v is told as %q", err, said)
		}
	}
}
