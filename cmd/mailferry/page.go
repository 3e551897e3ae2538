package main

import (
	"cmp"
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
	"github.com/mailferry/mailferry/internal/page"
	"github.com/mailferry/mailferry/schema"
)

func pageFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "browser",
			Usage: "admin pages: drive the browser at `PATH` (default: an installed Chrome, Edge or Chromium)"},
		&cli.BoolFlag{Name: "headed", Usage: "admin pages: open a window and wait while you sign in"},
		&cli.StringFlag{Name: "attach", Usage: "admin pages: use the browser that you started with remote debugging at `ADDRESS` on this machine"},
		&cli.StringFlag{Name: "form-profile",
			Usage: "admin pages: menus, buttons and labels from `FILE`; cloud and server name the shipped ones"},
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
		return nil, &codeError{exitUsage, err}
	}
	e.warnUnverified(o.Profile, "hold Cloud's pages against the bundle after an import, or verify it with mailferry inspect")
	return way, nil
}

// warnUnverified warns of a form profile that nobody has held against the pages.
func (e *env) warnUnverified(p *schema.FormProfile, todo string) {
	if !p.Verified {
		e.warning(schema.Warning{What: "the form profile is unverified: " + todo})
	}
}

// pageSource is Server by its admin pages.
func (e *env) pageSource(c *cli.Context, url string) (exporter.Source, error) {
	o, err := e.pageOptions(c, url, schema.ServerSide)
	if err != nil {
		return nil, err
	}
	src, err := exportpage.New(url, o)
	if err != nil {
		return nil, &codeError{exitUsage, err}
	}
	return src, nil
}

// pageOptions of a site. side "" is for a look at a site of either.
func (e *env) pageOptions(c *cli.Context, url, side string) (formprofile.Options, error) {
	o := formprofile.Options{Log: e.log, Notify: func(s string) { e.say("%s", s) },
		Waiting: e.waiting(),
		Browser: page.Options{Browser: c.String("browser"), Headed: c.Bool("headed"), Attach: c.String("attach")}}
	if o.Browser.Attach != "" && (o.Browser.Headed || o.Browser.Browser != "") {
		return o, usage("--attach uses a browser that runs already: --headed and --browser start one")
	}
	site, err := formprofile.New(url, o)
	if err != nil {
		return o, &codeError{exitUsage, err}
	}
	if o.Browser.ProfileDir, err = browserFolder(site.Host(), o.Browser.Headed); err != nil {
		return o, err
	}
	if o.Browser.Headed {
		e.say("the browser keeps its session in %s; delete it to sign out", o.Browser.ProfileDir)
	}
	o.Profile, err = e.formProfile(c, side, site.Host())
	o.Guessed = side == "" && c.String("form-profile") == "" && formprofile.SideOf(site.Host()) == schema.ServerSide
	return o, err
}

// browserFolder is where a browser that a person signed in to a site with keeps
// that session, so that both imports need one sign-in only; "" where there is
// none and none is wanted.
func browserFolder(host string, make bool) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		if make {
			return "", schema.Hint(fmt.Errorf("no folder for the browser's session: %w", err),
				"set HOME, or use --attach")
		}
		return "", nil
	}
	dir := filepath.Join(cache, "mailferry", "browser",
		strings.NewReplacer(":", "_", "[", "", "]", "").Replace(strings.ToLower(host)))
	if _, err := os.Stat(dir); err != nil && !make {
		return "", nil
	}
	return dir, nil
}

// formProfile reads --form-profile, or takes the shipped one of the side.
func (e *env) formProfile(c *cli.Context, side, host string) (*schema.FormProfile, error) {
	file := c.String("form-profile")
	switch {
	case file == "":
		return formprofile.Shipped(cmp.Or(side, formprofile.SideOf(host)))
	case (file == schema.CloudSide || file == schema.ServerSide) && (side == "" || side == file):
		return formprofile.Shipped(file)
	}
	return readDocument(e, file, func(raw []byte) (*schema.FormProfile, error) { return formprofile.Parse(raw, side) },
		"mailferry inspect --print-form-profile cloud prints one that is well-formed; so does server")
}

func (e *env) printFormProfile(c *cli.Context) error {
	side := c.String("print-form-profile")
	if c.NArg() > 0 {
		return usage("inspect: --print-form-profile takes no site: it prints a shipped profile")
	}
	p, err := formprofile.Shipped(side)
	if err != nil {
		return &codeError{exitUsage, err}
	}
	return e.documentOf(c, p)
}

// siteToLookAt is the site at an address, and the side that its profile is for.
func (e *env) siteToLookAt(c *cli.Context, url string) (site *formprofile.Site, side string, err error) {
	o, err := e.pageOptions(c, url, "")
	if err != nil {
		return nil, "", err
	}
	if site, err = formprofile.New(url, o); err != nil {
		return nil, "", &codeError{exitUsage, err}
	}
	return site, o.Profile.Side, nil
}

// inspectPage prints what a site's pages show beside what the profile expects.
func (e *env) inspectPage(c *cli.Context, url string) error {
	site, side, err := e.siteToLookAt(c, url)
	if err != nil {
		return err
	}
	defer site.Close()
	found, err := site.Inspect(c.Context)
	if err != nil && c.String("form-profile") == "" && side == schema.ServerSide {
		return schema.Hint(err, "%s; these were taken for Server's pages: --form-profile cloud, if they are Cloud's", schema.HintOf(err))
	}
	if err != nil {
		return err
	}
	return e.result(c, "inspect-pages", found, found.Print)
}

// suggestFormProfile writes the form profile that fits a site's pages.
func (e *env) suggestFormProfile(c *cli.Context, url string) error {
	site, _, err := e.siteToLookAt(c, url)
	if err != nil {
		return err
	}
	defer site.Close()
	p, notes, err := site.Suggest(c.Context)
	if err != nil {
		return err
	}
	for _, n := range notes {
		e.say("%s", n)
	}
	return e.documentOf(c, p)
}
