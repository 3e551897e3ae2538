package main

import (
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/schema"
)

// stdio names standard input where a file is read, and standard output where one
// is written. It is never a file of that name.
const stdio = "-"

// isStdout reports whether the name of an output is standard output's. A file
// cannot be put in the place of a device.
func isStdout(name string) bool {
	return name == stdio || name == "/dev/stdout" || name == "/dev/fd/1" || name == "/proc/self/fd/1"
}

// shown is a path as messages name it.
func shown(path string) string {
	if path == stdio {
		return "standard input"
	}
	return path
}

func shownOutput(path string) string {
	if isStdout(path) {
		return "standard output"
	}
	return path
}

// baseName is the last part of a path, as results name a file.
func baseName(path string) string { return filepath.Base(shown(path)) }

// giveStdout keeps standard output for the file that a command writes: what it
// tells goes to stderr.
func (e *env) giveStdout(c *cli.Context) error {
	if c.Bool("json") {
		return schema.Hint(usage("%s: both the file and the result of --json would go to standard output",
			c.Command.HelpName), "-o FILE")
	}
	if c.String("sign") != "" {
		return schema.Hint(usage("%s: a statement is a file beside the bundle, and standard output has nothing beside it", c.Command.HelpName), "-o FILE")
	}
	if e.data == nil {
		e.data, e.stdout = e.stdout, e.stderr
	}
	return nil
}

// noNeighbours says, once, what is missing where statements matter.
func (e *env) noNeighbours() {
	if e.exposed[stdio] {
		return
	}
	e.exposed[stdio] = true
	e.say("a bundle from standard input has nothing beside it: only statements that it holds, or that --statement names, are looked at")
}

// beside are the commands that read or write files beside their bundle, or read
// their sources more than once.
var beside = []string{"export", "fill", "review", "credentials", "connections", "start"}

// checkStdio stops a command line that gives standard input twice, or where it
// cannot stand.
func (e *env) checkStdio(c *cli.Context) error {
	takes := []string{"identity", "recipients-file", "reviewers-file", "allowed-signers", "profile",
		"form-profile", "policy", "rules", "plan", "token-file"}
	var uses []string
	for _, f := range c.Command.Flags {
		name := f.Names()[0]
		if !takesFile(f) || !slices.Contains(e.values(c, name), stdio) || name == "output" ||
			name == "secrets" { // --secrets - asks
			continue
		}
		if !slices.Contains(takes, name) {
			return schema.Hint(usage("%s: %s takes no -", c.Command.HelpName, dashed(name)),
				"give it the name of a file; one that is called - as ./-")
		}
		uses = append(uses, dashed(name))
	}
	for _, arg := range c.Args().Slice() {
		if arg != stdio {
			continue
		}
		if slices.Contains(beside, c.Command.Name) && c.String("ledger") == "" {
			return schema.Hint(usage("%s takes no bundle or source from standard input: it looks at what lies beside it, or reads it more than once", c.Command.HelpName),
				"save it to a file first")
		}
		uses = append(uses, "its argument")
	}
	if len(uses) > 1 {
		return usage("%s: standard input is given for %s and for %s", c.Command.HelpName, uses[0], uses[1])
	}
	return nil
}
