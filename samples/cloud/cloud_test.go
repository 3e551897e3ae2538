package cloud

import (
	"bytes"
	"context"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

func TestSecretsAreSealedAtRestAndNothingIsReadableByOthers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a folder ?#%", "data")
	c := open(t, dir, Options{})
	s := serveCloud(t, c)
	s.made(schema.Credentials, credential, "Idempotency-Key", "k1")
	s.made(schema.Connections, connection, "Idempotency-Key", "k2")
	s.do("POST", apiPrefix+"connections", connection)
	found := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = fs.ModeDir | 0o700
		}
		if runtime.GOOS != "windows" && info.Mode() != want {
			t.Errorf("%s has mode %v, want %v", path, info.Mode(), want)
		}
		if d.IsDir() {
			return nil
		}
		found[d.Name()] = true
		raw, err := os.ReadFile(path)
		for _, canary := range []string{"canary-client", "canary-password"} {
			if bytes.Contains(raw, []byte(canary)) {
				t.Errorf("%s holds %s", path, canary)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{DatabaseFile, DatabaseFile + "-wal", keyFile} {
		if !found[name] {
			t.Errorf("%s was not looked at (found %v)", name, found)
		}
	}
	s.wantSecret(schema.Credentials, "Google", "canary-client")
	s.wantSecret(schema.Connections, "Support", "canary-password")
}

func TestARestartFindsItemsAndSecrets(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir, Options{})
	serveCloud(t, c).made(schema.Connections, connection)
	rig.OK(t, c.Close())
	s := serveCloud(t, open(t, dir, Options{}))
	s.wantSecret(schema.Connections, "Support", "canary-password")
}

func TestNoTokenIsWrittenDown(t *testing.T) {
	for _, token := range []schema.Secret{schema.NewSecret("canary-given"), {}} {
		dir := t.TempDir()
		c := open(t, dir, Options{Token: token})
		if r := serveCloud(t, c).do("GET", apiPrefix+"connections", ""); r.Status != 200 {
			t.Errorf("got %d", r.Status)
		}
		for _, f := range rig.Get(os.ReadDir(dir)).Or(t) {
			raw := rig.Get(os.ReadFile(filepath.Join(dir, f.Name()))).Or(t)
			if bytes.Contains(raw, []byte(c.Token().Reveal())) {
				t.Errorf("%s holds the token", f.Name())
			}
		}
	}
}

func TestAFolderThatIsNotASampleCloudIsRefused(t *testing.T) {
	tests := []struct {
		name, file, text, says string
	}{
		{"no database", DatabaseFile, strings.Repeat("not SQLite ", 100), "not a database"},
		{"no identity", keyFile, "AGE-SECRET-KEY-1CANARY", "not an age identity"},
		{"an empty key", keyFile, "\n", "not an age identity"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			rig.OK(t, os.WriteFile(filepath.Join(dir, tt.file), []byte(tt.text), 0o600))
			_, err := Open(dir, Options{})
			if err == nil || !strings.Contains(err.Error(), tt.says) || strings.Contains(strings.ToLower(err.Error()), "canary") {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("another version", func(t *testing.T) {
		dir := t.TempDir()
		c := open(t, dir, Options{})
		rig.Get(c.db.Exec("PRAGMA user_version = 9")).Or(t)
		rig.OK(t, c.Close())
		if _, err := Open(dir, Options{}); err == nil || schema.HintOf(err) == "" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a file", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "file")
		rig.OK(t, os.WriteFile(path, nil, 0o600))
		if _, err := Open(path, Options{}); err == nil || !strings.Contains(err.Error(), "not a folder") || schema.HintOf(err) == "" {
			t.Errorf("got %v (%s)", err, schema.HintOf(err))
		}
	})
}

func TestLoadPutsAllOrNothing(t *testing.T) {
	c := open(t, t.TempDir(), Options{})
	con := &schema.CloudConnection{Name: "Sales", ServiceProvider: google, Username: "u", OAuth2Credentials: "G"}
	cred := &schema.CloudCredential{Name: "G", ServiceProvider: "Google", ClientID: "i"}
	err := c.Load(t.Context(), []schema.Item{con, cred, &schema.CloudConnection{Name: "x", ServiceProvider: "?"}})
	if err == nil || !strings.Contains(err.Error(), `connection "x": service_provider`) {
		t.Errorf("got %v", err)
	}
	if all, err := c.Items(t.Context(), schema.Credentials); err != nil || len(all) != 0 {
		t.Errorf("left behind: %v, %v", all, err)
	}
	rig.OK(t, c.Load(t.Context(), []schema.Item{con, cred}))
	all, err := c.Items(t.Context(), schema.Connections)
	if err != nil || len(all) != 1 || *all[0].Item.(*schema.CloudConnection) != *con {
		t.Errorf("got %v, %v", all, err)
	}
}

func TestServeAnswersOnLoopbackUntilTold(t *testing.T) {
	c := open(t, t.TempDir(), Options{})
	ctx, stop := context.WithCancel(t.Context())
	err := c.Serve(ctx, "127.0.0.1:0", func(url string) {
		go func() {
			defer stop()
			res, err := http.Get(url + apiPrefix + "openapi.json")
			if err != nil {
				t.Error(err)
				return
			}
			_ = res.Body.Close()
			if res.StatusCode != 200 {
				t.Errorf("got %d", res.StatusCode)
			}
		}()
	})
	if err != nil {
		t.Error(err)
	}
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:80", "cloud.example:80", "8080"} {
		if err := c.Serve(t.Context(), addr, nil); err == nil || schema.HintOf(err) == "" {
			t.Errorf("%s: got %v", addr, err)
		}
	}
}
