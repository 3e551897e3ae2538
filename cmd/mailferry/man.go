package main

import (
	"fmt"
	"regexp"
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

// manPage is the manual page of a program in the man macros: what its help says, as it
// is laid out there.
func manPage(app *cli.App) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"%s\" \"\"\n.SH NAME\n%[2]s \\- %s\n", strings.ToUpper(app.Name), app.Name,
		roff(app.Usage))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\nCOMMAND [FLAG...] [FILE...]\n.SH DESCRIPTION\n%s\n.SH COMMANDS\n",
		app.Name, roff(app.Description))
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
		fmt.Fprintf(b, ".SS %s\n.nf\n%s.fi\n", roff(strings.TrimSpace(name+" "+c.ArgsUsage)), roff(helpOf(c, name)))
	}
}

// roff writes text so that no character of it is an instruction.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	return instruction.ReplaceAllString(text, `\&$0`)
}

// instruction is what begins one at the beginning of a line.
var instruction = regexp.MustCompile(`(?m)^[.']`)
