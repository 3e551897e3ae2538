package main

import (
	"net/url"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/internal/address"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

// quoted is an argument as an error may show it.
func quoted(arg string) string { return schema.Quote(address.Shown(arg)) }

// values are what a flag of texts is set to, by the command line or else by the
// environment.
func (e *env) values(c *cli.Context, name string) []string {
	switch v := c.Value(name).(type) {
	case string:
		if v != "" {
			return []string{v}
		}
	case cli.StringSlice:
		if len(v.Value()) > 0 {
			return v.Value()
		}
	default:
		return nil
	}
	if v := e.getenv(variableOf(name)); v != "" {
		return []string{v}
	}
	return nil
}

// value is values for a flag of one text.
func (e *env) value(c *cli.Context, name string) string {
	for _, v := range e.values(c, name) {
		return v
	}
	return ""
}

// variableOf is the name of the variable that stands for a flag, where one does.
func variableOf(flag string) string {
	return "MAILFERRY_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// takesFile reports whether a flag's value is the name of a file or folder.
func takesFile(f cli.Flag) bool {
	return slices.Contains([]string{"FILE", "DIR", "PATH"}, placeholderOf(f))
}

func placeholderOf(f cli.Flag) string { return placeholder(f.(cli.DocGenerationFlag).GetUsage()) }

// refuseAddresses stops an address where a file or a word belongs: taken for
// one it would be repeated in errors and results, and it may hold a password.
func (e *env) refuseAddresses(c *cli.Context) error {
	refuse := func(where, arg, why string) error {
		return schema.Hint(usage("%s: %s %s", where, quoted(arg), why),
			"a file with such a name has to be renamed: names are shown, and an address may hold a password")
	}
	for _, f := range c.Command.Flags {
		where := c.Command.HelpName + ": " + dashed(f.Names()[0])
		for _, v := range e.values(c, f.Names()[0]) {
			switch {
			case !address.MayBe(v):
			case !mayBeAnything(f, v):
				return refuse(where, v, "reads as an address, and none belongs here")
			case placeholderOf(f) == "URL" && !plainPath(v):
				return refuse(where, v, "has an address of its own in its path")
			}
		}
	}
	words := strings.Fields(c.Command.ArgsUsage)
	for i, arg := range c.Args().Slice() {
		word := "" // what stands in the argument's place in the command's help
		if len(words) > 0 {
			word = words[min(i, len(words)-1)]
		}
		switch {
		case !address.MayBe(arg), strings.Contains(word, "NAME"):
		case !strings.HasPrefix(word, "SOURCE"):
			return refuse(c.Command.HelpName, arg, "reads as an address, and none belongs here")
		case !plainPath(arg):
			return refuse(c.Command.HelpName, arg, "has an address of its own in its path")
		}
	}
	return nil
}

// mayBeAnything reports whether a flag's value may look like an address: what
// reads it shows no more of it than may be shown.
func mayBeAnything(f cli.Flag, value string) bool {
	switch placeholderOf(f) {
	case "URL", "ADDRESS", "TEXT", "GLOB", "NAME":
		return true
	case "KEY":
		_, labelled, _ := strings.Cut(value, "=")
		return slices.ContainsFunc([]string{value, labelled}, func(key string) bool {
			return strings.HasPrefix(key, "age1") || strings.HasPrefix(key, "ssh-") // its comment is user@host
		})
	case "ROLE=N": // with commas in the environment
		return !slices.ContainsFunc(strings.Split(value, ","), func(s string) bool {
			_, err := sealed.ParseRequirement(strings.TrimSpace(s))
			return err != nil
		})
	}
	return false
}

// plainPath reports whether the path of a site's address, which results name,
// or the folder of sample:, is no address in turn.
func plainPath(arg string) bool {
	if dir, ok := strings.CutPrefix(arg, "sample:"); ok {
		return !address.MayBe(dir)
	}
	u, err := url.Parse(arg)
	return err != nil || u.Host == "" || !address.MayBe(u.Path)
}
