package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/page"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/chromium"
	"github.com/mailferry/mailferry/internal/rig/faulty"
	"github.com/mailferry/mailferry/internal/rig/vault"
	"github.com/mailferry/mailferry/samples/cloud"
	"github.com/mailferry/mailferry/samples/server"
	"github.com/mailferry/mailferry/schema"
)

// pageRoad is a folder with keys, a sample Server and a sample Cloud, each by
// its pages.
type pageRoad struct {
	t             *testing.T
	dir, bin      string
	server, cloud string // page+http://…
	content       *cloud.Cloud
	pressed       *server.Server
	recipient     string
	browser       []string // flags that name it; none: the one that is found
}

func newPageRoad(t *testing.T) *pageRoad {
	t.Helper()
	t.Parallel() // much of it is waiting
	r := &pageRoad{t: t, dir: t.TempDir(), bin: mailferryOnPath(t), browser: []string{"--browser", chromium.Shell(t)}}
	sealed := func(list schema.List, name string) schema.SecretKey { return schema.SecretKey{List: list, Name: name} }
	site := server.Open(server.Options{
		Connections: []*schema.ServerConnection{
			{Name: "Support", Description: "two\nlines", FromAddress: "support@corp.example", Prefix: "[S]", ConnectMode: "SMTP", Encryption: "TLS 1.3",
				Username: `CORP\mailer`, Host: "smtp.corp.example", Port: 587},
			{Name: "Portal", FromAddress: "portal@corp.example", ConnectMode: "Google OAuth2", Username: "portal@corp.example", OAuth2Credentials: "Workspace"},
		},
		Credentials: []*schema.ServerCredential{{Name: "Workspace", ServiceProvider: "Google OAuth2 Provider", ClientID: "id-1",
			AuthorizationEndpoint: "https://accounts.google.com/o/oauth2/auth", TokenEndpoint: "https://oauth2.googleapis.com/token",
			CallbackURL: "https://jira.corp.example/callback"}},
		Secrets: schema.Secrets{
			sealed(schema.Connections, "Support"):   schema.NewSecret("made-up password"),
			sealed(schema.Credentials, "Workspace"): schema.NewSecret("made-up client secret"),
		},
	})
	r.pressed = site
	var err error
	if r.content, err = cloud.Open(r.path("sample"), cloud.Options{}); err != nil {
		t.Fatal(err)
	}
	from, to := httptest.NewServer(site), httptest.NewServer(r.content.Handler())
	t.Cleanup(func() {
		from.Close()
		to.Close()
		if err := r.content.Close(); err != nil {
			t.Error(err)
		}
	})
	r.server, r.cloud = "page+"+from.URL, "page+"+to.URL
	r.run(0, "keygen", "-o", r.path("me.key"))
	out, _ := r.run(0, "keygen", "-y", "-i", r.path("me.key"))
	r.recipient = strings.TrimSpace(out)
	return r
}

func (r *pageRoad) path(name string) string { return filepath.Join(r.dir, name) }

func (r *pageRoad) run(exit int, args ...string) (stdout, stderr string) {
	r.t.Helper()
	if slices.ContainsFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "page+") }) {
		args = append(args, r.browser...)
	}
	// Side by side in one process the library's flag for help is one of all.
	cmd := exec.CommandContext(r.t.Context(), filepath.Join(r.bin, "mailferry"), args...)
	var out, errs bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = cleanEnv(r.bin), &out, &errs
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		r.t.Fatal(err)
	}
	code, stdout, stderr := cmd.ProcessState.ExitCode(), out.String(), errs.String()
	if code != exit {
		r.t.Fatalf("mailferry %s: exit %d, want %d\n%s%s", strings.Join(args, " "), code, exit, stdout, stderr)
	}
	return stdout, stderr
}

func (r *pageRoad) says(text string, wanted ...string) {
	r.t.Helper()
	text = strings.Join(strings.Fields(text), " ") // as though no line were wrapped
	for _, want := range wanted {
		if !strings.Contains(text, want) {
			r.t.Errorf("lacks %q:\n%s", want, text)
		}
	}
}

func (r *pageRoad) write(name, text string) string {
	r.t.Helper()
	rig.OK(r.t, os.WriteFile(r.path(name), []byte(text), 0o600))
	return r.path(name)
}

// The real sites' only documented ways: out of Server's pages, into Cloud's.
func TestTheRoadByPageFromServerToCloud(t *testing.T) {
	r := newPageRoad(t)
	r.browser = nil
	key, me := r.path("me.key"), r.recipient

	out, said := r.run(0, "export", "-r", me, "-o", r.path("server.age"), r.server)
	r.says(out, "2 connections, 1 credential; secrets: 0 sealed, 2 missing")
	r.says(said, "form profile is unverified", `connection "Support": no secret`, "shows a mask in place of the secret")
	secrets := r.write("secrets.csv", "kind,name,secret\nconnection,Support,made-up password\ncredential,Workspace,made-up client secret\n")
	r.run(0, "fill", "-i", key, "-r", me, "--secrets", secrets, "--yes", r.path("server.age"))
	r.run(0, "transform", "-i", key, "-r", me, "-o", r.path("guess.age"), r.path("server.age"))

	_, said = r.run(4, "import", "connections", "-i", key, "--cloud", r.cloud, r.path("guess.age"))
	r.says(said, "nothing was written", `does not offer "TLS 1.3" as its Encryption, but "None", "STARTTLS"`, `add a line to values.encryption from "TLS 1.3"`)

	rules, _ := r.run(0, "transform", "--print-rules")
	edited := strings.Replace(rules, `"encryption": []`, `"encryption": [{"from": "TLS 1.3", "to": "STARTTLS", "verified": true}]`, 1)
	if edited == rules {
		t.Fatal("the shipped rules map encryption already")
	}
	r.run(0, "transform", "-i", key, "-r", me, "--rules", r.write("rules.json", edited), "-o", r.path("cloud.age"), r.path("server.age"))
	out, said = r.run(0, "import", "credentials", "-i", key, "--cloud", r.cloud, r.path("cloud.age"))
	r.says(out, "1 written")
	r.says(said, unverified)
	out, _ = r.run(0, "import", "connections", "-i", key, "--cloud", r.cloud, r.path("cloud.age"))
	r.says(out, "2 written")
	out, said = r.run(0, "diff", "-i", key, "--cloud", r.cloud, r.path("cloud.age"))
	r.says(out, "no difference")
	r.says(said, unverified)

	got, err := vault.Secrets(r.path("sample"), schema.Connections)
	if err != nil || got["Support"].Reveal() != "made-up password" || !got["Portal"].IsZero() {
		t.Errorf("secrets on Cloud: %v, %d", err, len(got))
	}
	if c := r.pressed.Counts(); c.Saves+c.Deletes != 0 {
		t.Errorf("an export pressed %+v", c)
	}
}

// A page whose list never shows what was saved is asked about by name, and the
// name is ready to paste.
func TestImportByPageAsksByNameForWhatTheListDoesNotShow(t *testing.T) {
	r := newPageRoad(t)
	site := rig.Get(cloud.Open(t.TempDir(), cloud.Options{})).Or(t)
	srv := httptest.NewServer(faulty.New(site.Handler(), faulty.Faults{Lag: time.Hour}))
	t.Cleanup(func() {
		srv.Close()
		if err := site.Close(); err != nil {
			t.Error(err)
		}
	})
	sheet := r.write("plain.csv", "Name,From Address,Connect Mode,Encryption,Username,Password,Host,Port\n"+
		"Anna's Desk,a@corp.example,SMTP,STARTTLS,a@corp.example,made-up-Kestrel-41,mail.corp.example,587\n")
	r.run(0, "export", "-r", r.recipient, "-o", r.path("server.age"), sheet)
	r.run(0, "transform", "-i", r.path("me.key"), "-o", r.path("cloud.age"), r.path("server.age"))
	out, said := r.run(5, "import", "connections", "-i", r.path("me.key"), "--cloud", "page+"+srv.URL, r.path("cloud.age"))
	r.says(out, "not found Anna's Desk: written, not found in the list (sent on ")
	r.says(said, "partly done: 1 left", `run the same command again with --again 'Anna'\''s Desk'`)
	if there, err := site.Items(t.Context(), schema.Connections); err != nil || len(there) != 1 {
		t.Errorf("%v, Cloud has %d", err, len(there))
	}
}

const unverified = "warning: the form profile is unverified"

// Where labels come from the vendor's documents alone, whoever relies on them is
// warned once; where somebody has verified them, nobody is.
func TestAnUnverifiedFormProfileIsSaidOnce(t *testing.T) {
	r := newPageRoad(t)
	sheet := r.write("plain.csv", "Name,From Address,Connect Mode,Username,Host,Port\nDesk,a@corp.example,SMTP,a@corp.example,mail.corp.example,587\n")
	r.run(0, "export", "-r", r.recipient, "-o", r.path("server.age"), sheet)
	r.run(0, "transform", "-i", r.path("me.key"), "-o", r.path("cloud.age"), r.path("server.age"))
	printed, _ := r.run(0, "inspect", "--print-form-profile", "cloud")
	verified := r.write("verified.json", strings.Replace(printed, `"verified": false`, `"verified": true`, 1))
	plan := []string{"plan", "-i", r.path("me.key"), "--cloud", r.cloud}
	for _, test := range []struct {
		times int
		args  []string
	}{
		{1, append(plan, r.path("cloud.age"))},
		{0, append(plan, "--form-profile", verified, r.path("cloud.age"))},
		{1, []string{"guide", "-i", r.path("me.key"), "-o", r.path("sheet.html"), r.path("cloud.age")}},
	} {
		_, said := r.run(0, test.args...)
		if n := strings.Count(said, unverified); n != test.times {
			t.Errorf("%s: said %d times, want %d:\n%s", test.args[0], n, test.times, said)
		}
	}
}

func TestInspectHoldsAFormProfileAgainstASite(t *testing.T) {
	r := newPageRoad(t)
	out, _ := r.run(0, "inspect", "--form-profile", "cloud", r.cloud)
	r.says(out, "Outgoing Mail Connections 0 rows", "SMTP Port is smtp_port: text, with General SMTP service", "Encryption is encryption: select; offers None, STARTTLS",
		"Client Secret is client_secret: password", "everything that the profile expects is there")
	out, steps := r.run(0, "inspect", "--verbose", r.server)
	r.says(steps, `the list \"Outgoing Mail Connections\"`, `the form of a row of \"OAuth2 Client Credentials\"`)
	r.says(out, "admin pages, by a form profile of server (unverified)", "OAuth2 Client Credentials 1 row", "Connect Mode is connect_mode: select; offers SMTP, Google OAuth2")

	printed, _ := r.run(0, "inspect", "--print-form-profile", "cloud")
	edited := strings.Replace(printed, `"label": "SMTP Port"`, `"label": "Mail Port"`, 1)
	if edited == printed {
		t.Fatal(printed)
	}
	file := r.write("pages.json", edited)
	out, _ = r.run(0, "inspect", "--form-profile", file, r.cloud)
	r.says(out, "missing Mail Port for smtp_port, with General SMTP service", "not in profile SMTP Port: text", "the pages are not as the profile says")
	out, _ = r.run(0, "inspect", "--form-profile", file, "--json", r.cloud)
	asPublished(t, "inspect", out)
	r.says(out, `"kind": "admin-pages"`, `"label": "Mail Port"`, `"with": [`)
	entries, err := r.content.Items(t.Context(), schema.Connections)
	if err != nil || len(entries) != 0 || r.pressed.Counts().Saves != 0 {
		t.Errorf("an inspection changed something: %v, %d", err, len(entries))
	}
}

// What a list holds beyond a button of another name is neither left out of an
// export nor taken as missing by an import.
func TestAListThatGoesOnBehindAnotherNameStopsEveryCommand(t *testing.T) {
	r := newPageRoad(t)
	site := server.Open(server.Options{Variant: server.Variant{PageSize: 1, Relabel: map[string]string{"Next": "Next page"}},
		Connections: []*schema.ServerConnection{{Name: "Support", ConnectMode: "SMTP", Host: "a.example"}, {Name: "Sales", ConnectMode: "SMTP", Host: "b.example"}}})
	from := httptest.NewServer(site)
	t.Cleanup(from.Close)
	const goesOn = `"Outgoing Mail Connections": the list seems to go on after`
	edited := func(side string) string { // with one name alone for what leads on
		out, _ := r.run(0, "inspect", "--print-form-profile", side)
		usual := regexp.MustCompile(`"next": \[[^\]]*\]`)
		return r.write(side+".json", usual.ReplaceAllString(out, `"next": "Next"`))
	}
	_, said := r.run(1, "export", "-r", r.recipient, "-o", r.path("cut.age"), "--form-profile", edited("server"), "page+"+from.URL)
	r.says(said, goesOn+` 1 row: Next page; there is no "Next" to press`, "as next of connections in a form profile", "--print-form-profile server")
	if _, err := os.Stat(r.path("cut.age")); err == nil {
		t.Error("a cut list was exported")
	}
	out, _ := r.run(0, "inspect", "--form-profile", r.path("server.json"), "page+"+from.URL)
	r.says(out, "Outgoing Mail Connections 1 row", "not read "+goesOn, "Connect Mode is connect_mode", "the pages are not as the profile says")

	for i := range 21 {
		relay := &schema.CloudConnection{Name: fmt.Sprintf("Relay %02d", i), ServiceProvider: "General SMTP service", Host: "relay.example"}
		rig.OK(t, r.content.Load(t.Context(), []schema.Item{relay}))
	}
	r.run(0, "export", "-r", r.recipient, "-o", r.path("server.age"), r.server)
	r.run(0, "transform", "-i", r.path("me.key"), "-r", r.recipient, "-o", r.path("cloud.age"), r.path("server.age"))
	to := []string{"-i", r.path("me.key"), "--form-profile", edited("cloud"), "--cloud", r.cloud + "/?list=paged&relabel=Next=Next+page", r.path("cloud.age")}
	for _, command := range []struct {
		exit int
		args []string
	}{{4, []string{"import", "connections"}}, {1, []string{"plan"}}, {1, []string{"diff"}}} {
		_, said := r.run(command.exit, append(command.args, to...)...)
		r.says(said, goesOn+" 20 rows: Next page", "as next of connections in a form profile", "--print-form-profile cloud")
	}
}

// A site whose address leads to another is told as such, with the address to
// give instead, and nothing is done there.
func TestAnotherSiteThanTheOneGivenIsExit4(t *testing.T) {
	r := newPageRoad(t)
	key, me := r.path("me.key"), r.recipient
	moved := func(to string) string {
		site := httptest.NewServer(http.RedirectHandler(strings.TrimPrefix(to, "page+")+"/", http.StatusFound))
		t.Cleanup(site.Close)
		return "page+" + site.URL
	}
	server, cloud := moved(r.server), moved(r.cloud)
	_, said := r.run(4, "export", "-r", me, "-o", r.path("server.age"), server)
	r.says(said, strings.TrimPrefix(server, "page+"), strings.TrimPrefix(r.server, "page+"), "if the site was renamed, give "+r.server+"/ instead")
	r.run(0, "export", "-r", me, "-o", r.path("server.age"), r.server)
	r.run(0, "transform", "-i", key, "-r", me, "-o", r.path("cloud.age"), r.path("server.age"))
	secrets := r.write("secrets.csv", "kind,name,secret\nconnection,Support,made-up password\ncredential,Workspace,made-up client secret\n")
	_, said = r.run(4, "import", "credentials", "-i", key, "--secrets", secrets, "--cloud", cloud, r.path("cloud.age"))
	r.says(said, strings.TrimPrefix(cloud, "page+"), strings.TrimPrefix(r.cloud, "page+"), "if the site was renamed, give "+r.cloud+"/ instead")
	entries, err := r.content.Items(t.Context(), schema.Credentials)
	if err != nil || len(entries) != 0 || r.pressed.Counts().Saves != 0 {
		t.Errorf("another site was changed: %v, %d", err, len(entries))
	}
	if code := exitCode(&importer.PartialError{Cause: &page.ElsewhereError{}}); code != 5 {
		t.Errorf("after a write: exit %d", code)
	}
}

func TestPageAddressesAndFlagsThatMakeNoSense(t *testing.T) {
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken.json")
	rig.OK(t, os.WriteFile(broken, []byte(`{"format": "mailferry/form-profile/v1"}`), 0o600))
	for name, test := range map[string]struct {
		exit int
		args []string
		says string
	}{
		"http elsewhere":        {2, []string{"inspect", "page+http://jira.corp.example/"}, "in the clear"},
		"another scheme":        {2, []string{"inspect", "page+ftp://jira.corp.example/"}, "page+https://"},
		"a user":                {2, []string{"inspect", "page+https://anna@jira.corp.example/"}, "--headed"},
		"attach and headed":     {2, []string{"inspect", "--attach", "9222", "--headed", "page+https://jira.corp.example/"}, "--attach"},
		"attach elsewhere":      {1, []string{"inspect", "--attach", "192.0.2.1:9222", "page+https://jira.corp.example/"}, "refusing to attach"},
		"no such browser":       {1, []string{"inspect", "--browser", "/nonexistent/browser", "page+https://jira.corp.example/"}, "/nonexistent/browser"},
		"no such side":          {2, []string{"inspect", "--print-form-profile", "moon"}, "neither cloud nor server"},
		"a profile and a site":  {2, []string{"inspect", "--print-form-profile", "cloud", "page+https://jira.corp.example/"}, "takes no site"},
		"a broken profile":      {1, []string{"inspect", "--form-profile", broken, "page+https://jira.corp.example/"}, "broken.json"},
		"the other side's":      {1, []string{"export", "-r", "age1lvyvwawkr0mcnnnncaghunadrqkmuf9e6507x9y920xxpp866cnql7dp2z", "-o", filepath.Join(dir, "x.age"), "--form-profile", "cloud", "page+https://jira.corp.example/"}, "cloud"},
		"a profile for tables":  {2, []string{"inspect", "--suggest-profile", "page+https://jira.corp.example/"}, "backups and databases"},
		"a site that is not up": {1, []string{"inspect", "page+http://127.0.0.1:1/"}, "127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, stderr := run(t, test.args...)
			if code != test.exit || !strings.Contains(stderr, test.says) {
				t.Errorf("exit %d: %s", code, stderr)
			}
		})
	}
}
