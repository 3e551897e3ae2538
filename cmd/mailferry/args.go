package main

import (
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
)

// urlPassword matches a URL that carries a password.
var urlPassword = regexp.MustCompile(`(?i)[a-z0-9+.-]+://[^/@:]*:.+@`)

// refuseSecretsInArgs stops a command line that holds a secret before anything
// else looks at it: other users of the machine can read it.
func refuseSecretsInArgs(args []string) error {
	for _, a := range args {
		switch {
		case urlPassword.MatchString(a):
			return schema.Hint(usage("a URL with a password in it: command lines are no place for secrets"),
				"leave the password out; databases take it from PGPASSWORD, ~/.pgpass, MYSQL_PWD or a prompt; a Cloud's token comes from --token-file")
		case strings.Contains(strings.ToUpper(a), "AGE-SECRET-KEY-"):
			return schema.Hint(usage("a secret key in the command line"), "-i takes the name of a file that holds it")
		}
	}
	return nil
}

// asFlags writes the words help and version as the flags that they stand for.
func asFlags(args []string) []string {
	switch {
	case len(args) > 1 && args[1] == "help":
		return append(append(args[:1:1], args[2:]...), "--help")
	case len(args) == 2 && args[1] == "version":
		return []string{args[0], "--version"}
	}
	return args
}

// flagsFirst moves every flag in front of the arguments: the library takes
// flags behind the first argument for arguments, so that `import x --dry-run`
// would run for real. A double dash ends the flags, as everywhere.
func flagsFirst(app *cli.App, args []string) ([]string, error) {
	out := []string{args[0]}
	rest := args[1:]
	commands, flags, path := app.Commands, app.Flags, app.Name
	var positional []string
	for i := 0; i < len(rest); i++ {
		a := rest[i]
		if a == "--" {
			positional = append(positional, rest[i+1:]...)
			break
		}
		if len(a) > 1 && a[0] == '-' {
			if err := refuseGlued(flags, path, a); err != nil {
				return nil, err
			}
			out = append(out, a)
			if takesValue(flags, a) {
				if i++; i == len(rest) {
					return nil, schema.Hint(usage("%s: %s needs a value", path, a), "%s --help lists the flags", path)
				}
				out = append(out, rest[i])
			}
			continue
		}
		if sub := find(commands, a); sub != nil && len(positional) == 0 {
			out = append(out, a)
			commands, flags, path = sub.Subcommands, sub.Flags, path+" "+sub.Name
			continue
		}
		isFlag := func(s string) bool { return strings.HasPrefix(s, "-") }
		if len(commands) > 0 && !slices.ContainsFunc(out, isFlag) { // such a flag is what the library refuses
			return nil, unknownCommand(commands, path, a)
		}
		positional = append(positional, a)
	}
	if len(positional) > 0 {
		out = append(append(out, "--"), positional...)
	}
	return out, nil
}

// refuseGlued explains to whoever writes -oFILE that its value stands apart here, and
// whoever writes -pPASSWORD that it takes none. What looks like a long flag's
// name with letters astray is none of those.
func refuseGlued(flags []cli.Flag, path, arg string) error {
	if len(arg) < 3 || arg[1] == '-' || strings.Contains(arg, "=") {
		return nil
	}
	short, value := arg[:2], arg[2:]
	names := flagNames(flags)
	if !slices.Contains(names, short[1:]) || slices.Contains(names, arg[1:]) || human.Nearest(arg[1:], names) != "" {
		return nil
	}
	if !takesValue(flags, short) {
		return schema.Hint(usage("%s: %s takes no value", path, short), "%s --help lists the flags", path)
	}
	return schema.Hint(usage("%s: no blank between %s and its value", path, short), "%s %s", short, quoted(value))
}

func flagNames(flags []cli.Flag) []string {
	var names []string
	for _, f := range flags {
		names = append(names, f.Names()...)
	}
	return names
}

func find(commands []*cli.Command, name string) *cli.Command {
	for _, c := range commands {
		if c.HasName(name) {
			return c
		}
	}
	return nil
}

// commandOf is the command that a command line names, or nil.
func commandOf(app *cli.App, args []string) (c *cli.Command) {
	level := app.Commands
	for _, a := range args {
		if sub := find(level, a); sub != nil {
			c, level = sub, sub.Subcommands
		} else if !strings.HasPrefix(a, "-") {
			break
		}
	}
	return c
}

// takesValue reports whether the flag written as arg has its value in the next
// argument.
func takesValue(flags []cli.Flag, arg string) bool {
	f := flagOf(flags, arg)
	_, isBool := f.(*cli.BoolFlag)
	return f != nil && !isBool
}

// flagOf is the flag that is written as arg, or nil.
func flagOf(flags []cli.Flag, arg string) cli.Flag {
	for _, f := range flags {
		if slices.Contains(f.Names(), strings.TrimLeft(arg, "-")) {
			return f
		}
	}
	return nil
}
