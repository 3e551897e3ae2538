package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/importer/rest"
	"github.com/mailferry/mailferry/internal/address"
	"github.com/mailferry/mailferry/internal/safefile"
	"github.com/mailferry/mailferry/samples/cloud"
	"github.com/mailferry/mailferry/schema"
)

func cloudFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.StringFlag{Name: "cloud", Usage: "the Cloud at `URL`: page+https://… (its admin pages), https://… (REST), or sample:DIR (MAILFERRY_CLOUD)"},
		&cli.StringFlag{Name: "token-file",
			Usage: "the REST token in `FILE` (MAILFERRY_CLOUD_TOKEN holds the token itself)"},
		&cli.StringFlag{Name: "ca-file", Usage: "trust the certificate authorities in `FILE` for REST"},
		&cli.StringFlag{Name: "client-cert", Usage: "show the client certificate in `FILE` (PEM) for REST"},
		&cli.StringFlag{Name: "client-key", Usage: "the client certificate's key in `FILE` (PEM)"},
	}, pageFlags()...)
}

// cloud opens the Cloud of --cloud. The ways into Cloud are listed here and
// nowhere else.
func (e *env) cloud(c *cli.Context) (importer.Cloud, error) {
	switch url := e.value(c, "cloud"); {
	case url == "":
		return nil, schema.Hint(usage("%s: --cloud URL is needed", c.Command.HelpName),
			"sample:DIR rehearses in a folder; or set MAILFERRY_CLOUD")
	case strings.HasPrefix(url, "sample:"):
		return e.sampleCloud(c, strings.TrimPrefix(url, "sample:"))
	case isPage(url):
		return e.pageCloud(c, url)
	case address.IsCloudSite(url):
		return nil, schema.Hint(usage("%s: a Jira site, whose REST interface has no outgoing mail connections",
			quoted(address.Shown(url))), "%s", address.PageOf(url))
	case strings.HasPrefix(url, "https://"), strings.HasPrefix(url, "http://"):
		token, err := e.token(c)
		if err != nil {
			return nil, err
		}
		if f := c.String("ca-file"); f != "" {
			if _, err := e.readFile(f); err != nil { // in the words that all files are refused in
				return nil, err
			}
		}
		e.warnExposed(c.String("client-key"), "a private key")
		return rest.Open(c.Context, url, rest.Options{Token: token, CAFile: c.String("ca-file"),
			CertFile: c.String("client-cert"), KeyFile: c.String("client-key"), Log: e.log})
	default:
		return nil, schema.Hint(usage("%s: not a Cloud that mailferry knows", quoted(url)),
			"page+https://…, https://… or sample:DIR")
	}
}

func (e *env) token(c *cli.Context) (schema.Secret, error) {
	if f := c.String("token-file"); f != "" {
		raw, err := e.readPrivate(f, "a token")
		if err != nil {
			return schema.Secret{}, err
		}
		text, _, err := safefile.Text(raw)
		if err != nil {
			return schema.Secret{}, at(f, err)
		}
		if t := strings.TrimSpace(text); t != "" {
			return schema.NewSecret(t), nil
		}
		return schema.Secret{}, fmt.Errorf("%s: holds no token", f)
	}
	if t := e.getenv("MAILFERRY_CLOUD_TOKEN"); t != "" {
		return schema.NewSecret(t), nil
	}
	return schema.Secret{}, schema.Hint(usage("%s: --token-file FILE is needed for REST", c.Command.HelpName),
		"or set MAILFERRY_CLOUD_TOKEN")
}

// sampleCloud is the rehearsal: a sample Cloud in this process, reached through
// the same REST code as a real one.
func (e *env) sampleCloud(c *cli.Context, dir string) (importer.Cloud, error) {
	if dir == "" {
		return nil, schema.Hint(usage("sample: which folder?"),
			"--cloud sample:rehearsal keeps the sample Cloud's data in rehearsal")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	site := importer.Site{URL: "sample:" + abs, Host: "sample-" + filepath.Base(abs), Rehearsal: true, Keys: true}
	token, r := schema.NewSecret(rand.Text()), &rehearsal{}
	r.open = sync.OnceValue(func() (err error) {
		if r.sample, err = cloud.Open(dir, cloud.Options{Token: token}); err == nil {
			r.Handler = r.sample.Handler()
		}
		return err
	})
	if r.Cloud, err = rest.OpenHandler(r, site, rest.Options{Token: token, Log: e.log}); err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(dir, cloud.DatabaseFile)); !errors.Is(err, fs.ErrNotExist) {
		if err := r.open(); err != nil { // what is wrong with one that is there is said first
			return nil, errors.Join(err, r.Close())
		}
	}
	return r, nil
}

// rehearsal is a sample Cloud. One that is not there yet is made when it is first looked
// at, which everything begins with: what is refused before leaves none behind.
type rehearsal struct {
	importer.Cloud
	http.Handler // of sample, once it is open
	open         func() error
	sample       *cloud.Cloud
}

func (r *rehearsal) List(ctx context.Context, l schema.List) ([]importer.Remote, error) {
	if err := r.open(); err != nil {
		return nil, err
	}
	return r.Cloud.List(ctx, l)
}

func (r *rehearsal) Close() error {
	err := r.Cloud.Close()
	if r.sample != nil {
		err = errors.Join(err, r.sample.Close())
	}
	return err
}
