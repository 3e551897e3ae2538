package main

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/importer/runsheet"
	"github.com/mailferry/mailferry/internal/formprofile"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
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
	path := c.Args().First()
	out, err := e.output(c)
	if err != nil {
		return err
	}
	o, err := e.open(c, path)
	if err != nil {
		return err
	}
	if !o.Bundle.IsCloud() {
		return schema.Hint(at(path, fmt.Errorf("is a server bundle; the run sheet is for Cloud's forms")),
			"mailferry transform -i KEY -r RECIPIENT -o cloud.age %s", path)
	}
	if err := e.tellRejections(c, path, o, ""); err != nil {
		return err
	}
	labels, err := formprofile.Shipped(schema.CloudSide)
	if err != nil {
		return err
	}
	e.warnUnverified(labels, "the run sheet's labels are those of the vendor's documents, and Cloud's forms may use others")
	notes, err := runsheet.NotesOf(o.Bundle)
	if err != nil {
		return err
	}
	sheet := runsheet.Sheet{Bundle: o.Bundle, Digest: o.Digest, Notes: notes}
	if path != stdio {
		sheet.File = filepath.Base(path)
	}
	render := runsheet.HTML
	if c.Bool("text") {
		render = runsheet.Text
	}
	if err := e.write(c, out, func(w io.Writer) error { return render(w, sheet) }); err != nil {
		return err
	}
	e.print("%s: the run sheet of %s and %s, without secrets", shownOutput(out),
		human.Count(len(o.Bundle.Connections), "connection"), human.Count(len(o.Bundle.Credentials), "credential"))
	return nil
}
