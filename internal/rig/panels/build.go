package panels

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/evanw/esbuild/pkg/api"
	"github.com/gofrs/flock"
)

//go:embed web/.npmrc web/*.json web/*.jsx web/app.css web/aui.html
var sources embed.FS

// fetched decide what npm installs; the other sources only what is made of it.
var fetched = []string{"web/.npmrc", "web/package.json", "web/package-lock.json"}

// Build installs the libraries and bundles the panels, and returns the folder of
// the built pages. Both are kept in the user's cache, by what they are made of:
// nothing is done where they are there.
var Build = sync.OnceValues(build)

func build() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	cache = filepath.Join(cache, "mailferry-panels")
	if err := os.MkdirAll(cache, 0o700); err != nil {
		return "", err
	}
	every, err := fs.Glob(sources, "web/*")
	if err != nil {
		return "", err
	}
	modules := filepath.Join(cache, "modules-"+digest(fetched))
	pages := filepath.Join(cache, "pages-"+digest(every))
	// Test programs of several packages start at once.
	lock := flock.New(filepath.Join(cache, "lock"))
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	if _, err := lock.TryLockContext(ctx, 100*time.Millisecond); err != nil {
		return "", err
	}
	defer func() { _ = lock.Unlock() }()
	if err := unlessThere(pages, func(into string) error {
		if err := unlessThere(modules, func(into string) error { return install(ctx, into) }); err != nil {
			return err
		}
		return bundle(modules, into)
	}); err != nil {
		return "", err
	}
	return pages, nil
}

func digest(names []string) string {
	h := sha256.New()
	for _, name := range names {
		content, err := sources.ReadFile(name)
		if err != nil {
			panic(err) // embedded: the binary itself is broken
		}
		_, _ = fmt.Fprintf(h, "%s %d\n%s", name, len(content), content)
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// unlessThere makes a folder under another name first: half a folder never counts.
func unlessThere(folder string, fill func(into string) error) error {
	if _, err := os.Stat(folder); err == nil {
		return nil
	}
	part := folder + ".part"
	if err := errors.Join(os.RemoveAll(part), os.MkdirAll(part, 0o700)); err != nil {
		return err
	}
	if err := fill(part); err != nil {
		return err
	}
	return os.Rename(part, folder)
}

func install(ctx context.Context, into string) error {
	for _, name := range fetched {
		content, err := sources.ReadFile(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(into, filepath.Base(name)), content, 0o600); err != nil {
			return err
		}
	}
	npm := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund",
		"--prefer-offline", "--loglevel=error")
	npm.Dir = into
	if out, err := npm.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	return nil
}

// bundle makes one script and one style sheet a library; AUI's are taken as they are.
func bundle(modules, into string) error {
	from, err := os.MkdirTemp("", "panels")
	if err != nil {
		return err
	}
	defer os.RemoveAll(from)
	if err := os.CopyFS(from, sources); err != nil {
		return err
	}
	var entries []string
	for _, l := range Libraries {
		if l == AUI {
			continue
		}
		entries = append(entries, filepath.Join(from, "web", string(l)+".jsx"))
	}
	modules = filepath.Join(modules, "node_modules")
	made := api.Build(api.BuildOptions{
		EntryPoints: entries, Outdir: into, Write: true, Bundle: true, MinifySyntax: true, MinifyWhitespace: true,
		NodePaths: []string{modules}, JSX: api.JSXAutomatic, MainFields: []string{"module", "main"},
		Define: map[string]string{"process.env.NODE_ENV": `"production"`, "process.env": "{}"},
		Loader: map[string]api.Loader{".woff": api.LoaderDataURL, ".woff2": api.LoaderDataURL,
			".svg": api.LoaderDataURL, ".png": api.LoaderDataURL},
		LogLevel: api.LogLevelSilent,
	})
	for _, e := range made.Errors {
		err = errors.Join(err, fmt.Errorf("%s (%+v)", e.Text, e.Location))
	}
	if err != nil {
		return err
	}
	aui := filepath.Join(modules, "@atlassian", "aui", "dist", "aui")
	for _, name := range []string{
		filepath.Join(modules, "jquery", "dist", "jquery.js"), filepath.Join(aui,
			"aui-prototyping.js"), filepath.Join(aui, "aui-prototyping.css"),
		filepath.Join(modules, "chosen-js", "chosen.jquery.js"), filepath.Join(modules, "chosen-js", "chosen.css"),
		filepath.Join(modules, "chosen-js", "chosen-sprite.png"),
	} {
		content, err := os.ReadFile(name)
		if err == nil {
			err = os.WriteFile(filepath.Join(into, filepath.Base(name)), content, 0o600)
		}
		if err != nil {
			return err
		}
	}
	for _, name := range []string{"fonts", "images"} {
		if err := os.CopyFS(filepath.Join(into, name), os.DirFS(filepath.Join(aui, name))); err != nil {
			return err
		}
	}
	return nil
}
