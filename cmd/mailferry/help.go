package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
)

const (
	helpWidth  = 80
	helpIndent = 3
	// flagWidth is how wide the column of flags may be; a longer flag has a line
	// of its own.
	flagWidth = 26
)

// helpOf is a command's help in the library's sections, laid out for a terminal
// of 80 columns: the library's own list repeats each repeatable flag and runs on
// at any width. Only examples may be wider, so that they can be copied.
func helpOf(c *cli.Command, path string) string {
	var b strings.Builder
	section := func(title string) { fmt.Fprintf(&b, "\n%s:\n", title) }
	fmt.Fprintf(&b, "NAME:\n")
	hang(&b, helpIndent, helpIndent, path+" - "+c.Usage)
	section("USAGE")
	lines := strings.Split(c.UsageText, "\n")
	if c.UsageText == "" {
		lines = []string{path + " COMMAND"}
	}
	for _, line := range lines {
		fmt.Fprintf(&b, "%*s%s\n", helpIndent, "", strings.TrimSpace(line))
	}
	if c.Description != "" {
		section("DESCRIPTION")
		hang(&b, helpIndent, helpIndent, c.Description)
	}
	if len(c.Subcommands) > 0 {
		section("COMMANDS")
		var rows [][2]string
		for _, sub := range c.Subcommands {
			rows = append(rows, [2]string{sub.Name, sub.Usage})
		}
		table(&b, rows)
	}
	section("OPTIONS")
	var rows [][2]string
	for _, f := range c.Flags {
		rows = append(rows, flagHelp(f.(cli.DocGenerationFlag)))
	}
	table(&b, append(rows, [2]string{"-h, --help", "show help"}))
	return b.String()
}

// flagHelp is a flag as one types it, and what it does.
func flagHelp(f cli.DocGenerationFlag) [2]string {
	var short, long []string
	for _, n := range f.Names() {
		if len(n) == 1 {
			short = append(short, dashed(n))
		} else {
			long = append(long, dashed(n))
		}
	}
	label := strings.Join(append(short, long...), ", ")
	if len(short) == 0 {
		label = "    " + label
	}
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
func table(b *strings.Builder, rows [][2]string) {
	column := 0
	for _, r := range rows {
		if n := utf8.RuneCountInString(r[0]); n <= flagWidth {
			column = max(column, n)
		}
	}
	column += helpIndent + 2
	for _, r := range rows {
		head := fmt.Sprintf("%*s%s", helpIndent, "", r[0])
		if n := utf8.RuneCountInString(head); n+2 > column {
			fmt.Fprintf(b, "%s\n%*s", head, column, "")
		} else {
			fmt.Fprintf(b, "%s%*s", head, column-n, "")
		}
		hang(b, 0, column, r[1])
	}
}

// hang writes a text as lines that end before helpWidth: the first stands first
// columns in, the others rest columns.
func hang(b *strings.Builder, first, rest int, text string) {
	fmt.Fprintf(b, "%*s", first, "")
	at := rest
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case at+1+n > helpWidth:
			fmt.Fprintf(b, "\n%*s", rest, "")
			at = rest
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += n
	}
	b.WriteByte('\n')
}
