package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/safefile"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

// result prints what a command found or did: as JSON with --json, under that
// format, else as the lines of text.
func (e *env) result(c *cli.Context, format string, v any, text func(p *human.Printer)) error {
	e.showWarnings()
	if c.Bool("json") {
		return writeJSON(e.stdout, format, v)
	}
	p := human.NewPrinter(e.stdout, e.terminal())
	text(p)
	return p.Flush()
}

// writeJSON writes an object with its format, mailferry/NAME/v1, as first member.
func writeJSON(w io.Writer, name string, v any) error {
	members, err := schema.Marshal(v)
	if err != nil {
		return err
	}
	first := `{"format":"mailferry/` + name + `/v1"`
	if len(members) > len("{}") {
		first += ","
	}
	out := jsontext.Value(first + string(members[1:]))
	if err := out.Indent(jsontext.WithIndent("  ")); err != nil {
		return err
	}
	_, err = w.Write(append(out, '\n'))
	return err
}

// print writes one line of a result.
func (e *env) print(format string, args ...any) {
	fmt.Fprintf(e.stdout, format+"\n", args...)
}

// format is what --format or --json asks for.
func format(c *cli.Context, known ...string) (string, error) {
	f := c.String("format")
	if c.Bool("json") {
		f = "json"
	}
	if !slices.Contains(known, f) {
		last := len(known) - 1
		return "", usage("%s: --format is %s or %s", c.Command.Name, strings.Join(known[:last], ", "), known[last])
	}
	return f, nil
}

// write renders a result to the file out, or to stdout where it is "".
func (e *env) write(c *cli.Context, out string, render func(io.Writer) error) error {
	if out == "" || isStdout(out) {
		return render(cmp.Or[io.Writer](e.data, e.stdout))
	}
	return safefile.Write(out, c.Bool("force"), render)
}

// writeBundle writes a bundle, and secrets that it does not have yet, to its readers.
func (e *env) writeBundle(c *cli.Context, out string, b *schema.Bundle, secrets schema.Secrets,
	to sealed.Holders) error {
	if isStdout(out) && isTerminal(e.data) {
		return schema.Hint(usage("a bundle is binary: it is not for the screen"), "-o FILE, or a pipe")
	}
	return e.write(c, out, func(w io.Writer) error { return sealed.Create(w, b, secrets, to) })
}

// documentOf is document for a value that is written as JSON.
func (e *env) documentOf(c *cli.Context, v any) error {
	doc, err := schema.MarshalIndent(v)
	if err != nil {
		return err
	}
	return e.document(c, doc)
}

// document writes a document to start from to where -o points, or to stdout.
func (e *env) document(c *cli.Context, doc []byte) error {
	return e.write(c, c.String("output"), func(w io.Writer) error { _, err := w.Write(doc); return err })
}

// terminalFor says what text in the file out may use, or on stdout where it is "".
func (e *env) terminalFor(out string) human.Terminal {
	t := e.terminal()
	t.Colour = t.Colour && out == ""
	return t
}
