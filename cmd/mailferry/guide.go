package main

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/importer/runsheet"
	"github.com/mailferry/mailferry/internal/safefile"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/transform"
)

func (e *env) guideCommand() *cli.Command {
	return &cli.Command{
		Name:      "guide",
		Usage:     "write the run sheet for a person who types all into Cloud",
		UsageText: "mailferry guide -i reviewer.key -o runsheet.html cloud.age",
		ArgsUsage: "BUNDLE",
		Description: "One HTML file without secrets: credentials first, then each connection with Cloud's\n" +
			"labels in Cloud's order and a copy button a field. It works offline, from a USB stick\n" +
			"and on paper. mailferry reveal shows a secret where one has to be typed.",
		Flags: flags(identityFlags(), outputFlags("the run sheet"), []cli.Flag{
			&cli.BoolFlag{Name: "text", Usage: "write plain text instead of HTML"},
		}),
		Action: e.guide,
	}
}

func (e *env) guide(c *cli.Context) error {
	path, out, err := inAndOut(c, "the cloud bundle")
	if err != nil {
		return err
	}
	o, err := e.open(c, path)
	if err != nil {
		return err
	}
	if !o.Bundle.IsCloud() {
		return schema.Hint(at(path, fmt.Errorf("is a server bundle; the run sheet is for Cloud's forms")), "mailferry transform -i KEY -r RECIPIENT -o cloud.age %s", path)
	}
	notes, err := sheetNotes(o.Bundle)
	if err != nil {
		return err
	}
	sheet := runsheet.Sheet{Bundle: o.Bundle, Digest: o.Digest, File: filepath.Base(path), Notes: notes}
	render := runsheet.HTML
	if c.Bool("text") {
		render = runsheet.Text
	}
	if err := safefile.Write(out, c.Bool("force"), func(w io.Writer) error { return render(w, sheet) }); err != nil {
		return err
	}
	e.print("%s: the run sheet of %s and %s, without secrets", out, count(len(o.Bundle.Connections), "connection"), count(len(o.Bundle.Credentials), "credential"))
	return nil
}

// sheetNotes tells what a transform was not sure of, in Cloud's terms.
func sheetNotes(b *schema.Bundle) ([]runsheet.Note, error) {
	var out []runsheet.Note
	names := transform.NamesOf(b)
	err := transform.Notes(b, func(n transform.Note) {
		if n.Kind == transform.Mapped || n.Kind == transform.Renamed {
			return
		}
		note := runsheet.Note{List: n.List, Name: n.Name, Field: cloudField(b.Origin.Rules, n.List, n.Field)}
		if n.List == schema.Credentials {
			note.Name = names.Cloud(n.Name)
		}
		switch n.Kind {
		case transform.Dropped:
			note.Text = fmt.Sprintf("left behind: %s (%s)", n.Field, n.Text)
		case transform.Unverified:
			note.Text = "nobody has verified that Cloud calls it so"
			if n.Text != "" {
				note.Text += ": " + n.Text
			}
		default:
			note.Text = n.Text
		}
		out = append(out, note)
	})
	return out, err
}

// cloudField is where rules carry a server field to, or "".
func cloudField(r *schema.Rules, l schema.List, server string) string {
	rules := r.Connections
	if l == schema.Credentials {
		rules = r.Credentials
	}
	for _, f := range rules.Fields {
		if f.From == server {
			return f.To
		}
	}
	return ""
}
