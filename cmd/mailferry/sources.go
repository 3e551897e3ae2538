package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/exporter"
	"github.com/mailferry/mailferry/exporter/database"
	"github.com/mailferry/mailferry/exporter/jirabackup"
	"github.com/mailferry/mailferry/exporter/sheet"
	"github.com/mailferry/mailferry/exporter/source"
	"github.com/mailferry/mailferry/internal/address"
	"github.com/mailferry/mailferry/schema"
)

func sourceFlags() []cli.Flag {
	return append([]cli.Flag{
		encodingFlag(),
		&cli.StringFlag{Name: "profile", Usage: "the profile in `FILE`: where a backup or database keeps connections"},
		&cli.Int64Flag{Name: "max-inflated",
			Usage: "refuse a backup that inflates past `BYTES` (default: 200 times its size, at most 64 GiB)"},
		&cli.DurationFlag{Name: "timeout", Usage: "give a database `TIME` for each statement (default: one minute)"},
	}, pageFlags()...)
}

func encodingFlag() cli.Flag {
	return &cli.StringFlag{Name: "encoding",
		Usage: "read a CSV without a byte order mark in the code page `ENCODING`, such as windows-1251"}
}

// tables opens a backup or a database.
func (e *env) tables(c *cli.Context, arg string, k source.Kind) (exporter.Tables, func(), error) {
	if k == source.Database {
		db, err := database.Open(arg, database.Options{Timeout: c.Duration("timeout"),
			Ask: e.readSecret})
		return db, func() {}, err
	}
	show, end := e.progress("reading "+arg, inBytes())
	return jirabackup.NewTables(arg, jirabackup.Options{MaxInflated: c.Int64("max-inflated"),
		Progress: func(read, total int64) { show(read, total, "") }}), end, nil
}

// unreadable stands for inputs that cannot be read, so that the others still are.
type unreadable struct{ err error }

func (u unreadable) Read(context.Context, func(schema.Warning)) (*exporter.Content, error) {
	return nil, u.err
}

// sources makes a source of each argument; sheets belong together and are one. What
// cannot be one is added to errs. Where something is wrong, admin pages are left
// out: nobody should have to sign in for an export that fails.
func (e *env) sources(c *cli.Context, errs *schema.Errors) ([]exporter.Source, func()) {
	var out, pages []exporter.Source
	var sheets []string
	var closers []func()
	var profile *schema.Profile
	var profileErr error
	for _, arg := range c.Args().Slice() {
		k, err := source.KindOf(arg)
		switch {
		case err != nil:
			errs.Add(err)
		case k == source.Sheet:
			sheets = append(sheets, arg)
		case k == source.Bundle:
			errs.Add(schema.Hint(fmt.Errorf("%s: is a bundle already", arg),
				"look at it with mailferry inspect -i KEY"))
		case k == source.Page:
			s, err := e.pageSource(c, arg)
			errs.Add(err)
			out, pages = append(out, s), append(pages, s)
		default:
			if profile == nil && profileErr == nil {
				profile, profileErr = e.profile(c, arg, true)
				errs.Add(profileErr)
			}
			t, done, err := e.tables(c, arg, k)
			if errs.Add(err); err == nil {
				closers = append(closers, done)
			}
			if err == nil && profileErr == nil {
				out = append(out, exporter.NewSource(t, profile))
			}
		}
	}
	if errs.Count() > 0 {
		out = slices.DeleteFunc(out, func(s exporter.Source) bool { return slices.Contains(pages, s) })
	}
	if len(sheets) > 0 {
		s := sheet.New(sheets...)
		s.Encoding = c.String("encoding")
		out = append(out, s)
	}
	return out, func() {
		for _, f := range closers {
			f()
		}
	}
}

// profile reads --profile. whole says that it has to be fit for an export.
func (e *env) profile(c *cli.Context, source string, whole bool) (*schema.Profile, error) {
	file := c.String("profile")
	if file == "" {
		return nil, schema.Hint(usage("--profile FILE is needed: the app's table names are not public"),
			"mailferry inspect --suggest-profile -o profile.json SOURCE writes one to edit")
	}
	parse := func(raw []byte) (*schema.Profile, error) {
		p := &schema.Profile{}
		err := schema.DecodeFile("profile", raw, p)
		if err == nil && whole {
			err = schema.Locate(raw, exporter.CheckProfile(p))
		}
		return p, err
	}
	return readDocument(e, file, parse, "mailferry inspect --suggest-profile "+address.Shown(source)+" writes a profile that is well-formed")
}
