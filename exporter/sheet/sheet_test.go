package sheet

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/exporter"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

const (
	connections = "Name,Connect Mode,Username,Password,Host,Port,OAuth2 Credentials,Description,From Address,Prefix,Encryption,Debug\n"
	credentials = "Name,Service Provider,Client ID,Client Secret,Authorization Endpoint,Token Endpoint,Callback URL,Grant\n"
)

func write(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	rig.OK(t, os.WriteFile(path, []byte(text), 0o600))
	rig.OK(t, os.Chmod(path, mode))
	return path
}

func read(t *testing.T, paths ...string) (*exporter.Content, []string, error) {
	t.Helper()
	var warnings []string
	c, err := New(paths...).Read(t.Context(), func(w schema.Warning) { warnings = append(warnings, w.String()) })
	return c, warnings, err
}

func TestBothSheetsBecomeRecordsWithTheirRows(t *testing.T) {
	conns := connections + "Desk,SMTP,desk,made-up,mail.example.com,587,,,,,,\n\nM365,Microsoft 365 SMTP (w/ OAuth2),m@example.com,,,,Azure,,,,,\n"
	creds := credentials + "Azure,Microsoft,client,made-up-too,,,,\n"
	a, b := write(t, "conns.csv", conns, 0o600), write(t, "creds.csv", creds, 0o600)
	c, warnings, err := read(t, a, b)
	if err != nil {
		t.Fatal(err)
	}
	if len(warnings) != 0 {
		t.Errorf("warnings %q", warnings)
	}
	sum := sha256.Sum256([]byte(conns + creds))
	if want := (schema.Source{Kind: "csv", Name: "conns.csv + creds.csv", SHA256: hex.EncodeToString(sum[:])}); c.Source != want {
		t.Errorf("source %+v, want %+v", c.Source, want)
	}
	var got []string
	for _, r := range c.Records {
		got = append(got, string(r.Item.List())+" "+r.Item.ItemName()+" "+r.Where+" "+r.Secret.Reveal())
		if schema.SecretMarker(r.Item) != nil {
			t.Errorf("%s has a marker", r.Item.ItemName())
		}
	}
	want := "connections Desk conns.csv: row 2 made-up|connections M365 conns.csv: row 4 |credentials Azure creds.csv: row 2 made-up-too"
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

func TestASecretIsMissingOnlyWhereOneBelongs(t *testing.T) {
	const empty = "the source holds none" // whatever kind of source: equal sites give equal bundles
	tests := []struct{ name, sheet, want string }{
		{"SMTP with a user", connections + "A,SMTP,u,,h,25,,,,,,\n", empty},
		{"SMTP with both", connections + "A,SMTP,u,made-up,h,25,,,,,,\n", ""},
		{"anonymous relay", connections + "A,SMTP,,,h,25,,,,,,\n", ""},
		{"Google", connections + "A,Google OAuth2,u,,,,G,,,,,\n", ""},
		{"Microsoft SMTP", connections + "A,Microsoft 365 SMTP (w/ OAuth2),u,,,,M,,,,,\n", ""},
		{"Microsoft Graph", connections + "A,Microsoft 365 Graph API (w/ OAuth2),u,,,,M,,,,,\n", ""},
		{"a mode nobody knows", connections + "A,Carrier pigeon,u,,h,25,,,,,,\n", empty},
		{"no column", "Name,Connect Mode,Username\nA,SMTP,u\n", empty},
		{"credential", credentials + "A,Google,id,,,,,\n", empty},
		{"credential with its secret", credentials + "A,Google,id,made-up,,,,\n", ""},
		{"credential without column", "Name,Client ID,Token Endpoint\nA,x,y\n", empty},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			source := New(write(t, "a.csv", tt.sheet, 0o600))
			b, _, err := exporter.Export(t.Context(), exporter.Options{Sources: []exporter.Source{source}})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, it := range append(b.Connections, b.Credentials...) {
				if m := schema.SecretMarker(it); m != nil {
					got = m.Reason
				}
			}
			if got != tt.want {
				t.Errorf("reason %q, want %q", got, tt.want)
			}
		})
	}
}

func TestErrorsNameTheFileAndGiveAHint(t *testing.T) {
	conns := connections + "A,SMTP,u,made-up,h,25,,,,,,\n"
	tests := []struct {
		name  string
		paths []string
		want  string
	}{
		{"none", nil, "no sheet given"},
		{"bad port", []string{write(t, "port.csv", connections+"A,SMTP,u,hunter2,h,58x,,,,,,\n", 0o600)}, "port.csv: row 2, Port: not a whole number"},
		{"two of a kind", []string{write(t, "a.csv", conns, 0o600), write(t, "b.csv", conns, 0o600)}, "b.csv: a second sheet of connections; "},
		{"a folder", []string{t.TempDir()}, ": is a folder"},
		{"an absent file", []string{filepath.Join(t.TempDir(), "absent.csv")}, "absent.csv: there is no such file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, _, err := read(t, tt.paths...)
			if err == nil || c != nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v", err)
			}
			if tt.name == "bad port" && (schema.HintOf(err) == "" || strings.Contains(err.Error(), "hunter2")) {
				t.Errorf("hint %q, error %v", schema.HintOf(err), err)
			}
		})
	}
}

func TestASheetWithSecretsThatOthersCanReadIsWarnedOf(t *testing.T) {
	with, without := connections+"A,SMTP,u,made-up,h,25,,,,,,\n", connections+"A,SMTP,,,h,25,,,,,,\n"
	tests := []struct {
		name, sheet string
		mode        os.FileMode
		want        bool
	}{
		{"group", with, 0o640, true}, {"others", with, 0o604, true}, {"owner", with, 0o600, false}, {"no secret", without, 0o644, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, warnings, err := read(t, write(t, "a.csv", tt.sheet, tt.mode))
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(strings.Join(warnings, "\n"), "a.csv: holds secrets"); got != tt.want {
				t.Errorf("warned %v, want %v: %q", got, tt.want, warnings)
			}
		})
	}
}

func TestReadStopsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := New(write(t, "a.csv", connections, 0o600)).Read(ctx, func(schema.Warning) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestTemplatesHoldEveryLabel(t *testing.T) {
	for _, l := range schema.Lists() {
		for _, f := range schema.Fields(schema.ServerFormat, l) {
			if !strings.Contains(string(Template(l)), f.Label) {
				t.Errorf("%s: no %s", l, f.Label)
			}
		}
	}
}
