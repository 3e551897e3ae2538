package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/exporter/database"
	"github.com/mailferry/mailferry/internal/safefile"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

// refuseOverInput stops a command that would write its output over one of its
// inputs, by whatever name. ledger is that of an import, where it is known.
func (e *env) refuseOverInput(c *cli.Context, ledger string) error {
	for _, flag := range outputs() {
		out := c.String(flag)
		if out == "" || isStdout(out) {
			continue
		}
		ins := e.inputs(c, flag, ledger)
		if isThere(out) {
			ins = append(ins, statementsOf(c)...)
		}
		for _, in := range ins {
			if !sameFile(out, in.path) {
				continue
			}
			err := fmt.Errorf("%s: already exists, and this command reads it (%s)", out, in.what)
			if !isThere(out) {
				err = fmt.Errorf("%s: this command writes it twice (%s)", out, in.what)
			}
			return schema.Hint(err, "choose another name for %s: --force replaces no input", dashed(flag))
		}
	}
	return nil
}

// outputs are the flags that name what a command writes. A ledger is read too.
func outputs() []string { return []string{"output", "html", "extract", "ledger"} }

// input is a file that a command reads, and what names it.
type input struct{ what, path string }

// inputs are the files that a command reads, but for that of one flag.
func (e *env) inputs(c *cli.Context, but, ledger string) []input {
	var out []input
	for _, f := range c.Command.Flags {
		name := f.Names()[0]
		if !takesFile(f) || name == but || name != "ledger" && slices.Contains(outputs(), name) {
			continue
		}
		for _, path := range e.values(c, name) {
			out = append(out, input{dashed(name), path})
		}
	}
	if file := e.getenv(signersVariable); file != "" {
		out = append(out, input{signersVariable, file})
	}
	if ledger != "" && but != "ledger" {
		out = append(out, input{"its ledger", ledger})
	}
	for _, arg := range c.Args().Slice() {
		for _, path := range filesOf(arg) {
			out = append(out, input{"its argument", path})
		}
	}
	return out
}

// statementsOf are the statements beside the arguments.
func statementsOf(c *cli.Context) (out []input) {
	for _, arg := range c.Args().Slice() {
		statements, _ := sealed.StatementsBeside(arg) // what cannot be listed, the command itself says
		for _, path := range statements {
			out = append(out, input{"a statement beside " + filepath.Base(arg), path})
		}
	}
	return out
}

func isThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// filesOf are the files that an argument names: itself, or those in the address
// of a database, such as certificates, and those that its clients read unnamed.
func filesOf(arg string) []string {
	if !database.IsURL(arg) {
		return []string{arg}
	}
	out := database.Files()
	_, query, _ := strings.Cut(arg, "?")
	if values, err := url.ParseQuery(query); err == nil {
		for _, v := range values {
			out = append(out, v...)
		}
	}
	return out
}

// sameFile reports whether two names are one file: linked, in another case, or,
// where neither is there yet, in one folder.
func sameFile(a, b string) bool {
	if isThere(a) || isThere(b) {
		return safefile.Same(a, b)
	}
	return safefile.Same(filepath.Dir(a), filepath.Dir(b)) && strings.EqualFold(filepath.Base(a), filepath.Base(b))
}
