package main

import (
	"io"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/internal/human"
)

const (
	helpWidth  = 80
	helpIndent = 3
	// flagWidth is how wide the column of flags may be; a longer flag has a line
	// of its own.
	flagWidth = 26
)

// The library's template repeats each repeatable flag and runs on at any width.
// Help is written when it is asked for: each start would pay for that of all
// commands otherwise.
func init() {
	cli.HelpPrinter = printHelp
	cli.VersionFlag = &cli.BoolFlag{Name: "version", Aliases: []string{"v"}, Usage: "print version, commit and Go"}
}

func printHelp(w io.Writer, _ string, of any) {
	c, _ := of.(*cli.Command)
	if app, ok := of.(*cli.App); ok {
		c = &cli.Command{HelpName: app.Name, Usage: app.Usage, Description: app.Description,
			Subcommands: app.Commands, Flags: app.Flags,
			UsageText: "mailferry demo\nmailferry COMMAND [FLAG…] [FILE…]\nmailferry COMMAND --help"}
	}
	_, _ = io.WriteString(w, helpOf(c, c.HelpName))
}

// helpOf is a command's help in the library's sections, laid out for a terminal
// of 80 columns. Only examples may be wider, so that they can be copied.
func helpOf(c *cli.Command, path string) string {
	var b strings.Builder
	p := human.NewPrinter(&b, human.Terminal{Width: helpWidth})
	section := func(title string) {
		p.Blank()
		p.Line(human.Plain, title+":")
	}
	p.Line(human.Plain, "NAME:")
	p.Wrapped(helpIndent, human.Plain, path+" - "+c.Usage)
	section("USAGE")
	examples := c.UsageText
	if examples == "" {
		examples = path + " COMMAND"
	}
	for line := range strings.SplitSeq(examples, "\n") {
		p.Line(human.Plain, strings.Repeat(" ", helpIndent)+strings.TrimSpace(line))
	}
	if c.Description != "" {
		section("DESCRIPTION")
		p.Wrapped(helpIndent, human.Plain, strings.ReplaceAll(c.Description, "\n", " "))
	}
	if len(c.Subcommands) > 0 {
		section("COMMANDS")
		var rows [][2]string
		for _, sub := range c.VisibleCommands() {
			rows = append(rows, [2]string{sub.Name, sub.Usage})
		}
		table(p, rows)
	}
	section("OPTIONS")
	var rows [][2]string
	for _, f := range c.Flags {
		if f == cli.HelpFlag {
			continue // the last one, whatever the library does with it
		}
		rows = append(rows, flagHelp(f.(cli.DocGenerationFlag)))
	}
	table(p, append(rows, [2]string{"--help, -h", "show help"}))
	_ = p.Flush()
	return b.String()
}

// flagHelp is a flag as one types it, and what it does.
func flagHelp(f cli.DocGenerationFlag) [2]string {
	var names []string
	for _, n := range f.Names() {
		names = append(names, dashed(n))
	}
	label := strings.Join(names, ", ")
	// The placeholder stands in backquotes in the text, as the library has it.
	use := f.GetUsage()
	if value := placeholder(use); value != "" {
		label += " " + value
		use = strings.ReplaceAll(use, "`", "")
	} else if f.TakesValue() {
		label += " VALUE"
	}
	if s, ok := f.(*cli.StringFlag); ok && s.Value != "" {
		use += " (default: " + s.Value + ")"
	}
	return [2]string{label, use}
}

// placeholder is what stands in backquotes in a flag's usage: what its value is.
func placeholder(use string) string {
	_, rest, _ := strings.Cut(use, "`")
	value, _, _ := strings.Cut(rest, "`")
	return value
}

// table writes rows of two columns, the second wrapped beside the first.
func table(p *human.Printer, rows [][2]string) {
	column := 0
	for _, r := range rows {
		if n := utf8.RuneCountInString(r[0]); n <= flagWidth {
			column = max(column, n)
		}
	}
	for _, r := range rows {
		label := r[0]
		if utf8.RuneCountInString(label) > column {
			p.Line(human.Plain, strings.Repeat(" ", helpIndent)+label)
			label = ""
		}
		p.Pair(helpIndent, column, label, human.Plain, r[1])
	}
}
