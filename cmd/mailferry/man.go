package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// manCommand is for packages, which install what it prints.
func (e *env) manCommand() *cli.Command {
	return &cli.Command{
		Name:        "man",
		Hidden:      true,
		Usage:       "print the manual page",
		UsageText:   "mailferry man > mailferry.1",
		Description: "It says what --help says of every command, in one page.",
		Action: func(c *cli.Context) error {
			e.print("%s", manPage(c.App))
			return nil
		},
	}
}

// manPage is the manual page of a program in the man macros.
func manPage(app *cli.App) string {
	var b strings.Builder
	line := func(macro string, text ...string) {
		fmt.Fprintln(&b, strings.TrimRight(macro+" "+roff(strings.Join(text, " ")), " "))
	}
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"%s\" \"\"\n", strings.ToUpper(app.Name), app.Name)
	line(".SH", "NAME")
	fmt.Fprintf(&b, "%s \\- %s\n", app.Name, roff(app.Usage))
	line(".SH", "SYNOPSIS")
	line(".B", app.Name)
	b.WriteString("COMMAND [FLAG...] [FILE...]\n")
	line(".SH", "DESCRIPTION")
	fmt.Fprintln(&b, roff(app.Description))
	line(".SH", "COMMANDS")
	manCommands(&b, app.VisibleCommands(), app.Name)
	return strings.TrimSuffix(b.String(), "\n")
}

func manCommands(b *strings.Builder, commands []*cli.Command, path string) {
	for _, c := range commands {
		name := path + " " + c.Name
		if len(c.Subcommands) > 0 {
			manCommands(b, c.Subcommands, name)
			continue
		}
		fmt.Fprintf(b, ".SS %s %s\n%s.\n%s\n", roff(name), roff(c.ArgsUsage), roff(c.Usage), roff(c.Description))
		fmt.Fprintf(b, ".PP\n.nf\n%s\n.fi\n", roff(c.UsageText))
		for _, f := range c.Flags {
			row := flagHelp(f.(cli.DocGenerationFlag))
			fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roff(strings.TrimSpace(row[0])), roff(row[1]))
		}
	}
}

// roff writes text so that no character of it is an instruction.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(strings.TrimSpace(text))
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if l = strings.TrimSpace(l); strings.HasPrefix(l, ".") || strings.HasPrefix(l, "'") {
			l = `\&` + l
		}
		lines[i] = l
	}
	return strings.Join(lines, "\n")
}
