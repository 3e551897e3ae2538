package main

import (
	"cmp"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/internal/address"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
)

// app is the command tree.
func (e *env) app() *cli.App {
	app := &cli.App{
		Name:    "mailferry",
		Usage:   "carry outgoing mail connections from Jira Server to Jira Cloud",
		Version: versionLine(),
		Description: "export writes the Outgoing Mail Connections of Email This Issue on Server to a " +
			"sealed bundle, transform rewrites it in Cloud's terms, import loads it: first the OAuth2 " +
			"credentials, then, in a separate step, the connections. People can audit, review and " +
			"verify a bundle on its way. mailferry demo walks the whole road on sample files.",
		Commands: []*cli.Command{
			e.startCommand(),
			e.keygenCommand(),
			e.inspectCommand(),
			e.exportCommand(),
			e.fillCommand(),
			e.auditCommand(),
			e.probeCommand(),
			e.reviewCommand(),
			e.verifyCommand(),
			e.rekeyCommand(),
			e.transformCommand(),
			e.planCommand(),
			e.importCommand(),
			e.diffCommand(),
			e.guideCommand(),
			e.revealCommand(),
			e.sampleCloudCommand(),
			e.demoCommand(),
			e.completionCommand(),
			e.schemaCommand(),
			e.manCommand(),
		},
		Writer:                    e.stdout,
		ErrWriter:                 e.stderr,
		HideHelpCommand:           true,
		DisableSliceFlagSeparator: true,
		ExitErrHandler:            func(*cli.Context, error) {}, // run decides, after every defer
		OnUsageError:              onUsageError,
	}
	app.Action = func(c *cli.Context) error {
		if !c.Args().Present() {
			return cli.ShowAppHelp(c)
		}
		return unknownCommand(app.Commands, "mailferry", c.Args().First())
	}
	e.harden(app.Commands, "mailferry")
	return app
}

// harden gives every command what the library leaves to chance: usage errors go
// through one door, unknown subcommands are errors, help has no command of its
// own inside commands. Before a command runs, its arguments
// are checked for what none of them may be.
func (e *env) harden(commands []*cli.Command, path string) {
	for _, c := range commands {
		name := path + " " + c.Name
		c.OnUsageError = onUsageError
		c.HideHelpCommand = true
		if len(c.Subcommands) > 0 {
			sub := c.Subcommands
			c.Action = func(ctx *cli.Context) error {
				if !ctx.Args().Present() {
					return schema.Hint(usage("%s: which one?", name), "one of: %s",
						strings.Join(commandNames(sub), ", "))
				}
				return unknownCommand(sub, name, ctx.Args().First())
			}
			e.harden(sub, name)
			continue
		}
		action := c.Action
		c.Action = func(ctx *cli.Context) error {
			if e.verbose = ctx.Bool("verbose"); e.verbose {
				e.log = slog.New(slog.NewTextHandler(e.stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
			}
			err := cmp.Or(e.refuseAddresses(ctx), e.checkStdio(ctx), e.refuseOverInput(ctx, ""), checkArguments(ctx),
				refuseEmpty(ctx))
			if err != nil {
				return err
			}
			return action(ctx)
		}
	}
}

func unknownCommand(commands []*cli.Command, path, name string) error {
	err := usage("%s has no command %s", path, quoted(name))
	if name == "help" {
		return schema.Hint(err, "%s --%s", path, name)
	}
	if near := human.Nearest(name, commandNames(commands)); near != "" {
		return schema.Hint(err, "did you mean %s?", near)
	}
	return schema.Hint(err, "%s has: %s", path, strings.Join(commandNames(commands), ", "))
}

func commandNames(commands []*cli.Command) []string {
	var names []string
	for _, c := range commands {
		if !c.Hidden {
			names = append(names, c.Name)
		}
	}
	return names
}

func onUsageError(c *cli.Context, err error, _ bool) error {
	msg, path := err.Error(), c.Command.HelpName
	const undefined = "flag provided but not defined: -"
	if name, ok := strings.CutPrefix(msg, undefined); ok {
		return unknownFlag(c, strings.TrimLeft(name, "-"))
	}
	// The library says: invalid value "x" for flag -jobs: parse error
	// or: invalid boolean value "x" for -yes: parse error
	if value, flag, ok := strings.Cut(strings.Replace(msg, `" for flag -`, `" for -`, 1), `" for -`); ok {
		name, _, _ := strings.Cut(flag, ":")
		head, value, _ := strings.Cut(value, `"`)
		if plain, err := strconv.Unquote(`"` + value + `"`); err == nil {
			value = plain
		}
		return schema.Hint(usage(`%s: %s: %s%s`, path, dashed(name), head, quoted(value)), "%s",
			likeThis(c.Command.Flags, name))
	}
	return schema.Hint(usage("%s: %s", path, address.Shown(msg)), "%s --help lists the flags", path)
}

// likeThis shows a value that a flag takes, where not every text is one.
func likeThis(flags []cli.Flag, name string) string {
	switch flagOf(flags, name).(type) {
	case *cli.DurationFlag:
		return "a time has a unit: 20ms, 5s, 720h"
	case *cli.IntFlag, *cli.Int64Flag, *cli.Float64Flag:
		return "a number is wanted"
	}
	return "it takes no value"
}

func unknownFlag(c *cli.Context, name string) error {
	path := c.Command.HelpName
	err := usage("%s has no flag %s", path, quoted(dashed(name)))
	if near := human.Nearest(name, flagNames(c.Command.VisibleFlags())); near != "" {
		return schema.Hint(err, "did you mean %s?", dashed(near))
	}
	if len(c.Command.Subcommands) > 0 {
		return schema.Hint(err, "flags stand behind a command; %s --help lists the commands", path)
	}
	return schema.Hint(err, "%s --help lists them", path)
}

// dashed is a flag's name as one types it.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// checkArguments holds the number of arguments against ArgsUsage, in which [NAME] may
// be left out and FILE… stands for any number. A command that prints something to
// begin with needs none.
func checkArguments(c *cli.Context) error {
	words := strings.Fields(c.Command.ArgsUsage)
	least, many := 0, false
	for _, w := range words {
		many = many || strings.Contains(w, "…")
		if !strings.HasPrefix(w, "[") {
			least++
		}
	}
	prints := slices.ContainsFunc(c.LocalFlagNames(),
		func(name string) bool { return strings.HasPrefix(name, "print-") })
	if n := c.NArg(); prints || n >= least && (n <= len(words) || many) {
		return nil
	}
	err := usage("%s takes no argument", c.Command.HelpName)
	if len(words) > 0 {
		takes := []string{"one argument", "one or two arguments"}[len(words)-1]
		err = usage("%s takes %s, %s; %d were given", c.Command.HelpName, takes, c.Command.ArgsUsage, c.NArg())
	}
	if many {
		noun := strings.ToLower(strings.TrimSuffix(words[0], "…"))
		err = usage("%s takes at least one argument: no %s is given", c.Command.HelpName, noun)
	}
	return schema.Hint(err, "%s --help shows an example; a name with blanks stands in quotes", c.Command.HelpName)
}

// refuseEmpty refuses a flag that is set to nothing: a script that lost the value
// would go on without it, past a gate or for every Cloud.
func refuseEmpty(c *cli.Context) error {
	for _, f := range c.Command.Flags {
		if name := f.Names()[0]; c.IsSet(name) && c.Value(name) == "" {
			return schema.Hint(usage("%s is empty", dashed(name)), "give it its value, or leave it out")
		}
	}
	return nil
}

// advise adds a hint to an error that has none.
func advise(err error, format string, args ...any) error {
	if schema.HintOf(err) != "" {
		return err
	}
	return schema.Hint(err, format, args...)
}
