package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/exporter/source"
	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/page"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

// Exit codes, as the README lists them.
const (
	exitDone     = 0
	exitFailed   = 1
	exitUsage    = 2
	exitFindings = 3
	exitGate     = 4
	exitPartly   = 5
	exitDiffers  = 6
)

// codeError gives an error an exit code of its own.
type codeError struct {
	code int
	err  error
}

func (e *codeError) Error() string { return e.err.Error() }
func (e *codeError) Unwrap() error { return e.err }

// usage is the error of a command line that cannot be understood.
func usage(format string, args ...any) error {
	return &codeError{exitUsage, fmt.Errorf(format, args...)}
}

// exitCode decides the exit code of a command by what its error is.
func exitCode(err error) int {
	var code *codeError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &code):
		return code.code
	case errors.As(err, new(*source.AddressError)):
		return exitUsage
	case errors.As(err, new(*importer.GateError)), errors.As(err, new(*sealed.ShutError)):
		return exitGate
	case errors.As(err, new(*importer.PartialError)):
		return exitPartly
	case errors.As(err, new(*page.ElsewhereError)):
		return exitGate
	default:
		return exitFailed
	}
}

// failure is what a command that fails prints under --json, where it has not
// printed a result that says why.
type failure struct {
	Error    string           `json:"error"`
	Hints    []string         `json:"hints"`
	Places   []schema.Problem `json:"places"`
	ExitCode int              `json:"exit_code"`
}

func (e *env) failureOf(err error) failure {
	f := failure{human.Visible(uninterrupted(err.Error())), []string{}, []schema.Problem{}, exitCode(err)}
	for _, hint := range e.hints(err) {
		f.Hints = append(f.Hints, human.Visible(hint))
	}
	for _, p := range schema.Problems(err) {
		f.Places = append(f.Places, schema.Problem{Place: human.Visible(p.Place), What: human.Visible(p.What)})
	}
	return f
}

// asksJSON reports whether a command line has --json, also one that cannot be
// understood.
func asksJSON(args []string) bool {
	if i := slices.Index(args, "--"); i >= 0 {
		args = args[:i]
	}
	return slices.ContainsFunc(args, func(a string) bool { return a == "--json" || a == "-json" || a == "--json=true" })
}

// flagInText is a long flag in a hint.
var flagInText = regexp.MustCompile(`(?:^|[^\w-])--([a-z][a-z-]*[a-z])`)

// hints are the hints of an error, without the parts that advise a flag that the
// command lacks: one piece of code serves several commands.
func (e *env) hints(err error) []string {
	all := schema.Hints(err)
	if len(all) == 0 {
		return nil
	}
	app := e.app()
	var lacks []string // flags that others have and the command has not
	if c := commandOf(app, e.args[min(1, len(e.args)):]); c != nil {
		own := flagNames(c.Flags)
		lacks = slices.DeleteFunc(allFlags(app.Commands), func(name string) bool { return slices.Contains(own, name) })
	}
	commands := append(commandNames(app.Commands), app.Name)
	var out []string
	for _, hint := range all {
		var keep []string
		for part := range strings.SplitSeq(hint, "; ") {
			if part = withoutFlags(part, lacks, commands); part != "" {
				keep = append(keep, part)
			}
		}
		if len(keep) > 0 {
			out = append(out, strings.Join(keep, "; "))
		}
	}
	return out
}

// allFlags are the flags of commands and of those below them.
func allFlags(commands []*cli.Command) (names []string) {
	for _, c := range commands {
		names = append(append(names, flagNames(c.Flags)...), allFlags(c.Subcommands)...)
	}
	return names
}

// withoutFlags cuts a part of a hint before the alternative that needs a flag which the
// command lacks, or drops it. One that names the command to give the flag to stays, as
// does another program's flag.
func withoutFlags(part string, lacks, commands []string) string {
	for _, m := range flagInText.FindAllStringSubmatchIndex(part, -1) {
		before := part[:m[2]]
		named := slices.ContainsFunc(strings.Fields(before),
			func(word string) bool { return slices.Contains(commands, word) })
		if slices.Contains(lacks, part[m[2]:m[3]]) && !named {
			return part[:max(strings.LastIndex(before, ", or "), 0)]
		}
	}
	return part
}
