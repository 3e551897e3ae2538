package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/exporter"
	"github.com/mailferry/mailferry/exporter/database"
	"github.com/mailferry/mailferry/exporter/jirabackup"
	"github.com/mailferry/mailferry/exporter/sheet"
	"github.com/mailferry/mailferry/internal/address"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
)

func sourceFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.StringFlag{Name: "profile", Usage: "the profile in `FILE`: where a backup or database keeps connections"},
		&cli.Int64Flag{Name: "max-inflated", Usage: "refuse a backup that inflates past `BYTES` (default: 200 times its size, at most 64 GiB)"},
		&cli.DurationFlag{Name: "timeout", Usage: "give a database `TIME` for each statement (default: one minute)"},
	}, pageFlags()...)
}

// kind is what a source argument is, told by the URL's scheme or the file's
// content, never by a file's name.
type kind string

const (
	kindDatabase kind = "database"
	kindBackup   kind = "backup"
	kindSheet    kind = "sheet"
	kindBundle   kind = "bundle"
	kindPage     kind = "page"
)

func kindOf(arg string) (kind, error) {
	switch {
	case database.IsURL(arg):
		return kindDatabase, nil
	case isPage(arg):
		return kindPage, nil
	case address.MayBe(arg):
		return "", noAddress(arg)
	}
	f, err := os.OpenFile(arg, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe would wait for somebody to write into it
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s: there is no such file", arg)
	}
	if err != nil {
		return "", fmt.Errorf("%s: cannot be read", arg)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return "", schema.Hint(fmt.Errorf("%s: is a folder", arg), "name a file in it")
	} else if err == nil && !info.Mode().IsRegular() {
		return "", schema.Hint(fmt.Errorf("%s: is not a regular file", arg), "sources are read more than once: save it to a file first")
	}
	head := make([]byte, 512)
	n, _ := io.ReadFull(f, head)
	if err := noSource(arg, head[:n]); err != nil {
		return "", err
	}
	k := kindOfContent(head[:n])
	if k == kindSheet && endsZip(f) {
		return "", schema.Hint(fmt.Errorf("%s: is the last part of a split zip archive", arg), "join the parts first: zip -s 0 %s --out whole.zip", arg)
	}
	return k, nil
}

// noAddress tells how a source is named, to whom gives the address of another
// kind or, by mistake, a file that is called like one.
func noAddress(arg string) error {
	const sources = "sources are files, postgres://…, mysql://… and page+https://…"
	err := usage("%s: not an address that mailferry reads from", quoted(arg))
	scheme, _, _ := strings.Cut(strings.ToLower(address.Shown(arg)), ":")
	switch near := human.Nearest(scheme, []string{"postgres", "postgresql", "mysql", "mariadb", "page+https"}); {
	case scheme == "jdbc":
		return schema.Hint(err, "write postgres://USER@HOST/DATABASE or mysql://USER@HOST/DATABASE, with no password in it; %s", sources)
	case scheme == "file":
		return schema.Hint(err, "name a file by its path; %s", sources)
	case near != "":
		return schema.Hint(err, "did you mean %s://? %s", near, sources)
	}
	return schema.Hint(err, "%s; what may hold a password is not shown, and a file with such a name has to be renamed", sources)
}

// noSource tells what is taken for a source by mistake.
func noSource(arg string, head []byte) error {
	switch {
	case bytes.HasPrefix(bytes.TrimLeft(head, "\ufeff \t\r\n"), []byte("{")):
		return schema.Hint(fmt.Errorf("%s: JSON, which is no source and no bundle", arg),
			"the app's own backup file cannot be read, its form is not public; a Jira backup, a database, CSV sheets and the admin pages can")
	case bytes.Contains(head, []byte("AGE-SECRET-KEY-")):
		return schema.Hint(fmt.Errorf("%s: an identity, not a source and no bundle", arg), "-i %s opens bundles with it; mailferry keygen -y prints its recipient", arg)
	}
	return nil
}

// endsZip reports whether a file that does not begin as a zip archive ends as
// one without a comment does.
func endsZip(f *os.File) bool {
	const endRecord = 22
	if _, err := f.Seek(-endRecord, io.SeekEnd); err != nil {
		return false
	}
	var tail [4]byte
	_, err := io.ReadFull(f, tail[:])
	return err == nil && string(tail[:]) == "PK\x05\x06"
}

func kindOfContent(head []byte) kind {
	// UTF-16 has a zero byte beside each ASCII character.
	text := bytes.TrimLeft(bytes.ReplaceAll(head, []byte{0}, nil), "\ufeff\xff\xfe \t\r\n")
	switch {
	case bytes.HasPrefix(head, []byte("age-encryption.org/")), bytes.HasPrefix(text, []byte("-----BEGIN AGE")):
		return kindBundle
	case bytes.HasPrefix(head, []byte("PK")), bytes.HasPrefix(text, []byte("<")):
		return kindBackup
	default:
		return kindSheet
	}
}

// tables opens a backup or a database.
func (e *env) tables(c *cli.Context, arg string, k kind) (exporter.Tables, func(), error) {
	if k == kindDatabase {
		db, err := database.Open(arg, database.Options{Timeout: c.Duration("timeout"),
			Ask: e.readSecret})
		return db, func() {}, err
	}
	progress, done := e.progressBytes("reading " + arg)
	return jirabackup.NewTables(arg, jirabackup.Options{MaxInflated: c.Int64("max-inflated"), Progress: progress}), done, nil
}

// source makes a source of each argument; sheets belong together and are one.
func (e *env) sources(c *cli.Context) ([]exporter.Source, func(), error) {
	var out []exporter.Source
	var sheets []string
	var closers []func()
	closeAll := func() {
		for _, f := range closers {
			f()
		}
	}
	for _, arg := range c.Args().Slice() {
		k, err := kindOf(arg)
		if err != nil {
			return nil, closeAll, err
		}
		switch k {
		case kindSheet:
			sheets = append(sheets, arg)
		case kindPage:
			s, err := e.pageSource(c, arg)
			if err != nil {
				return nil, closeAll, err
			}
			out = append(out, s)
		case kindBundle:
			return nil, closeAll, schema.Hint(fmt.Errorf("%s: is a bundle already", arg), "look at it with mailferry inspect -i KEY")
		default:
			p, err := e.profile(c, arg)
			if err != nil {
				return nil, closeAll, err
			}
			t, done, err := e.tables(c, arg, k)
			if err != nil {
				return nil, closeAll, err
			}
			closers = append(closers, done)
			out = append(out, exporter.NewSource(t, p))
		}
	}
	if len(sheets) > 0 {
		out = append(out, sheet.New(sheets...))
	}
	return out, closeAll, nil
}

func (e *env) profile(c *cli.Context, source string) (*schema.Profile, error) {
	file := c.String("profile")
	if file == "" {
		return nil, schema.Hint(usage("--profile FILE is needed: the app's table names are not public"),
			"mailferry inspect --suggest-profile -o profile.json SOURCE writes one to edit")
	}
	raw, err := readFile(file)
	if err != nil {
		return nil, err
	}
	p := &schema.Profile{}
	if err := schema.DecodeFile("profile", raw, p); err != nil {
		return nil, advise(at(file, err), "mailferry inspect --suggest-profile %s writes a profile that is well-formed", address.Shown(source))
	}
	return p, nil
}
