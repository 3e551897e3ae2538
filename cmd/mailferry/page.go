package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/exporter"
	exportpage "github.com/mailferry/mailferry/exporter/adminpage"
	"github.com/mailferry/mailferry/importer"
	importpage "github.com/mailferry/mailferry/importer/adminpage"
	"github.com/mailferry/mailferry/internal/formprofile"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/page"
	"github.com/mailferry/mailferry/schema"
)

func pageFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "browser", Usage: "admin pages: drive the browser at `PATH` (default: an installed Chrome, Edge or Chromium)"},
		&cli.BoolFlag{Name: "headed", Usage: "admin pages: open a window and wait while you sign in"},
		&cli.StringFlag{Name: "attach", Usage: "admin pages: use the browser that you started with remote debugging at `ADDRESS` on this machine"},
		&cli.StringFlag{Name: "form-profile", Usage: "admin pages: menus, buttons and labels from `FILE`; cloud and server name the shipped ones"},
	}
}

func isPage(arg string) bool { return strings.HasPrefix(arg, formprofile.Scheme) }

// pageCloud is Cloud by its admin pages.
func (e *env) pageCloud(c *cli.Context, url string) (importer.Cloud, error) {
	o, err := e.pageOptions(c, url, schema.CloudSide)
	if err != nil {
		return nil, err
	}
	way, err := importpage.Open(url, o)
	if err != nil {
		return nil, &usageError{err}
	}
	return way, nil
}

// pageSource is Server by its admin pages.
func (e *env) pageSource(c *cli.Context, url string) (exporter.Source, error) {
	o, err := e.pageOptions(c, url, schema.ServerSide)
	if err != nil {
		return nil, err
	}
	src, err := exportpage.New(url, o)
	if err != nil {
		return nil, &usageError{err}
	}
	return src, nil
}

// pageOptions of a site. side "" is for a look at a site of either.
func (e *env) pageOptions(c *cli.Context, url, side string) (formprofile.Options, error) {
	o := formprofile.Options{Log: e.diagnostics(c), Notify: func(s string) { e.say("%s", s) },
		Browser: page.Options{Browser: c.String("browser"), Headed: c.Bool("headed"), Attach: c.String("attach")}}
	if o.Browser.Attach != "" && (o.Browser.Headed || o.Browser.Browser != "") {
		return o, usage("--attach uses a browser that runs already: --headed and --browser start one")
	}
	site, err := formprofile.New(url, o)
	if err != nil {
		return o, &usageError{err}
	}
	if o.Browser.ProfileDir, err = browserFolder(site.Host(), o.Browser.Headed); err != nil {
		return o, err
	}
	if o.Browser.Headed {
		e.say("the browser keeps its session in %s; delete it to sign out", o.Browser.ProfileDir)
	}
	o.Profile, err = e.formProfile(c, side, site.Host())
	return o, err
}

// browserFolder is where a browser that a person signed in to a site with keeps
// that session, so that both imports need one sign-in only; "" where there is
// none and none is wanted.
func browserFolder(host string, make bool) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		if make {
			return "", schema.Hint(fmt.Errorf("no folder for the browser's session: %w", err), "set HOME, or use --attach")
		}
		return "", nil
	}
	dir := filepath.Join(cache, "mailferry", "browser", strings.NewReplacer(":", "_", "[", "", "]", "").Replace(strings.ToLower(host)))
	if _, err := os.Stat(dir); err != nil && !make {
		return "", nil
	}
	return dir, nil
}

// formProfile reads --form-profile, or takes the shipped one of the side.
func (e *env) formProfile(c *cli.Context, side, host string) (*schema.FormProfile, error) {
	file := c.String("form-profile")
	switch {
	case file == "" && side == "" && isCloudHost(host):
		return formprofile.Shipped(schema.CloudSide)
	case file == "" && side == "":
		return formprofile.Shipped(schema.ServerSide)
	case file == "":
		return formprofile.Shipped(side)
	case (file == schema.CloudSide || file == schema.ServerSide) && (side == "" || side == file):
		return formprofile.Shipped(file)
	}
	raw, err := readFile(file)
	if err != nil {
		return nil, err
	}
	p, err := formprofile.Parse(raw, side)
	if err != nil {
		return nil, advise(at(file, err), "mailferry inspect --print-form-profile cloud prints one that is well-formed; so does server")
	}
	return p, nil
}

func isCloudHost(host string) bool {
	return strings.HasSuffix(strings.ToLower(host), ".atlassian.net")
}

func (e *env) printFormProfile(c *cli.Context) error {
	side := c.String("print-form-profile")
	if c.NArg() > 0 {
		return usage("inspect: --print-form-profile takes no site: it prints a shipped profile")
	}
	p, err := formprofile.Shipped(side)
	if err != nil {
		return &usageError{err}
	}
	doc, err := schema.MarshalIndent(p)
	if err != nil {
		return err
	}
	return e.document(c, doc)
}

// inspectPage tells what a site's pages show beside what the profile expects.
func (e *env) inspectPage(c *cli.Context, url string) error {
	o, err := e.pageOptions(c, url, "")
	if err != nil {
		return err
	}
	site, err := formprofile.New(url, o)
	if err != nil {
		return &usageError{err}
	}
	defer site.Close()
	found, err := site.Inspect(c.Context)
	if err != nil && c.String("form-profile") == "" && o.Profile.Side == schema.ServerSide {
		return schema.Hint(err, "%s; these were taken for Server's pages: --form-profile cloud, if they are Cloud's", schema.HintOf(err))
	}
	if err != nil {
		return err
	}
	return e.result(c, found, func(p *human.Printer) { printPages(p, found) })
}

func printPages(p *human.Printer, found *formprofile.Inspection) {
	printPair(p, "source", found.Address)
	printPair(p, "kind", "admin pages, by a form profile of "+found.Side+map[bool]string{true: " (verified)", false: " (unverified)"}[found.Verified])
	for _, l := range found.Lists {
		inspectedList(p, l)
	}
	p.Blank()
	if !found.Fits() {
		p.Line(human.Strong, "the pages are not as the profile says")
		p.Wrapped(0, human.Faint, "save it with --print-form-profile "+found.Side+", edit the lines that differ, and look again with --form-profile")
		return
	}
	p.Line(human.Strong, "everything that the profile expects is there")
	if !found.Verified {
		p.Wrapped(0, human.Faint, "save the profile with --print-form-profile "+found.Side+", set verified to true in it, and use it with --form-profile")
	}
}

func inspectedList(p *human.Printer, l formprofile.Inspected) {
	const column = 16
	p.Blank()
	p.Line(human.Strong, human.Visible(l.Heading)+"  "+human.Count(l.Rows, "row"))
	if l.Problem != "" {
		p.Pair(2, column, "not read", human.Strong, l.Problem)
	}
	if l.Survey == nil {
		return
	}
	if len(l.Columns) > 0 {
		p.Pair(2, column, "columns", human.Plain, strings.Join(l.Columns, ", "))
	}
	with := func(choices []string) string {
		if len(choices) == 0 {
			return ""
		}
		return ", with " + strings.Join(choices, " or ")
	}
	for _, f := range l.Fields {
		is, state := "", "found"
		if f.Field == "" {
			state = "not in profile"
		} else {
			is = " is " + f.Field
		}
		text := f.Label + is + ": " + string(f.Kind) + with(f.With)
		if len(f.Choices) > 0 {
			text += "; offers " + strings.Join(f.Choices, ", ")
		}
		p.Pair(2, column, state, human.Plain, text)
	}
	for _, m := range l.Missing {
		p.Pair(2, column, "missing", human.Strong, m.Label+" for "+m.Field+with(m.With))
	}
	for _, v := range l.Unoffered {
		p.Pair(2, column, "not offered", human.Strong, v+", which the profile names")
	}
}
