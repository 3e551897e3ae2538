package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mailferry/mailferry/internal/page"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/chromium"
	"github.com/mailferry/mailferry/samples/signin"
	"github.com/mailferry/mailferry/schema"
)

func content() Options {
	return Options{
		Connections: []*schema.ServerConnection{
			{Name: "Support", Description: "\ntwo\nlines", FromAddress: "a@corp.example", Prefix: "[S]", ConnectMode: "SMTP", Encryption: "TLS 1.3",
				Username: `CORP\mailer`, Host: "smtp.corp.example", Port: 587, Debug: true},
			{Name: "Care", FromAddress: "care@corp.example", ConnectMode: "Microsoft 365 SMTP (w/ OAuth2)", Username: "care@corp.example",
				OAuth2Credentials: "Tenant", Extra: map[string]string{"shared_mailbox": "shared@corp.example"}},
			{Name: "Relay", ConnectMode: "SMTP", Host: "relay.corp.example"},
		},
		Credentials: []*schema.ServerCredential{
			{Name: "Tenant", ServiceProvider: "Microsoft OAuth2 Provider", ClientID: "id-1", AuthorizationEndpoint: "https://login.example/authorize",
				TokenEndpoint: "https://login.example/token", CallbackURL: "https://jira.corp.example/callback", Grant: "Authorization Code"}},
		Secrets: schema.Secrets{
			{List: schema.Connections, Name: "Support"}: schema.NewSecret("made-up-password"),
			{List: schema.Credentials, Name: "Tenant"}:  schema.NewSecret("made-up-client-secret"),
		},
	}
}

type admin struct {
	t    *testing.T
	site *Server
	page *page.Page
}

func at(t *testing.T, b *page.Browser, options Options) *admin {
	t.Helper()
	a := &admin{t: t, site: Open(options)}
	srv := httptest.NewServer(a.site)
	t.Cleanup(srv.Close)
	a.page = rig.Get(b.Goto(t.Context(), srv.URL)).Or(t)
	return a
}

func (a *admin) list(name string) {
	a.t.Helper()
	rig.OK(a.t, a.page.Press(a.t.Context(), name))
	rig.OK(a.t, a.page.WaitFor(a.t.Context(), page.Heading(name), page.HasTable("Name")))
}

// edit opens the form of a row of the list that is shown.
func (a *admin) edit(name string) {
	a.t.Helper()
	row := a.row(name)
	rig.OK(a.t, row.Menu(a.t.Context(), "More actions", "Edit"))
	rig.OK(a.t, a.page.WaitFor(a.t.Context(), page.HasField("Name"), page.HasButton("Save")))
}

// fieldOf finds one field.
func fieldOf(ctx context.Context, s *page.Scope, label string) (*page.Control, error) {
	form, err := s.Look(ctx)
	if err != nil {
		return nil, err
	}
	return form.Field(ctx, label)
}

// row finds a row by its name.
func (a *admin) row(name string) (row *page.Row) {
	a.t.Helper()
	rig.OK(a.t, a.page.EachRow(a.t.Context(), []string{"Next"}, []string{"Name"}, func(r *page.Row) (bool, error) {
		if text, _ := r.Cell("Name"); text == name {
			row = r
		}
		return row == nil, nil
	}))
	if row == nil {
		a.t.Fatalf("no row %q", name)
	}
	return row
}

func (a *admin) cancel() {
	a.t.Helper()
	rig.OK(a.t, a.page.Press(a.t.Context(), "Cancel"))
	rig.OK(a.t, a.page.WaitFor(a.t.Context(), page.HasTable("Name"), page.Not(page.HasButton("Cancel"))))
}

// holds compares the whole form, in its order: passwords as "secret VALUE" or
// "masked".
func (a *admin) holds(want ...string) {
	a.t.Helper()
	ctx := a.t.Context()
	form := rig.Get(a.page.Look(ctx)).Or(a.t)
	var have []string
	for _, c := range rig.Get(form.Fields(ctx)).Or(a.t) {
		var value string
		if c.Label == "Search" {
			continue // the site's own
		} else if c.Kind == page.KindPassword {
			s, err := c.Secret(ctx)
			if value = "secret " + s.Reveal(); errors.Is(err, page.ErrMasked) {
				value = "masked"
			} else {
				rig.OK(a.t, err)
			}
		} else {
			value = rig.Get(c.Get(ctx)).Or(a.t)
		}
		have = append(have, c.Label+"="+value)
	}
	if fmt.Sprintf("%q", have) != fmt.Sprintf("%q", want) {
		a.t.Fatalf("the form has\n%q, want\n%q", have, want)
	}
}

func (a *admin) counts(want Counts) {
	a.t.Helper()
	if have := a.site.Counts(); have != want {
		a.t.Fatalf("%+v, want %+v", have, want)
	}
}

func TestServerPagesInABrowser(t *testing.T) {
	b := rig.Get(page.Open(context.WithoutCancel(t.Context()), page.Options{Browser: chromium.Shell(t), Timeout: 20 * time.Second})).Or(t)
	t.Cleanup(b.Close)
	for _, test := range []struct {
		promise string
		run     func(*testing.T, *page.Browser)
	}{
		{"every field is read by its label, however tied", testEveryField},
		{"forms open as dialogs", testDialog},
		{"a list in parts is read to its end", testParts},
		{"other words and another order", testRelabelled},
		{"a person signs in, and again when the session ended", testSignIn},
		{"a press of Save or Delete is counted and changes nothing", testCounted},
	} {
		t.Run(test.promise, func(t *testing.T) { test.run(t, b) })
	}
}

func support(password string) []string {
	return []string{"Name=Support", "Description=\ntwo\nlines", "From Address=a@corp.example", "Prefix=[S]", "Connect Mode=SMTP", "Encryption=TLS 1.3",
		`Username=CORP\mailer`, "Password=" + password, "Host=smtp.corp.example", "Port=587", "Debug=true"}
}

func testEveryField(t *testing.T, b *page.Browser) {
	for _, test := range []struct {
		labels, password, support, tenant string
	}{
		{"for", "masked", "masked", "masked"},
		{"wrap", "empty", "masked", "masked"},
		{"labelledby", "filled", "secret made-up-password", "secret made-up-client-secret"},
		{"aria", "", "masked", "masked"},
	} {
		options := content()
		options.Variant = Variant{Labels: test.labels, Password: test.password}
		a := at(t, b, options)
		a.list("Outgoing Mail Connections")
		a.edit("Support")
		a.holds(support(test.support)...)
		a.cancel()
		a.edit("Care")
		a.holds("Name=Care", "Description=", "From Address=care@corp.example", "Prefix=", "Connect Mode=Microsoft 365 SMTP (w/ OAuth2)", "Encryption=",
			"Username=care@corp.example", "Debug=false", "OAuth2 Credentials=Tenant", "shared mailbox=shared@corp.example")
		a.cancel()
		a.edit("Relay")
		a.holds("Name=Relay", "Description=", "From Address=", "Prefix=", "Connect Mode=SMTP", "Encryption=", "Username=", "Password=masked",
			"Host=relay.corp.example", "Port=", "Debug=false")
		a.cancel()
		a.list("OAuth2 Client Credentials")
		a.edit("Tenant")
		a.holds("Name=Tenant", "Service Provider=Microsoft OAuth2 Provider", "Client ID=id-1", "Client Secret="+test.tenant, "Authorization Endpoint=https://login.example/authorize",
			"Token Endpoint=https://login.example/token", "Callback URL=https://jira.corp.example/callback", "Grant=Authorization Code")
		a.cancel()
		a.counts(Counts{Opened: 4})
	}
}

func testDialog(t *testing.T, b *page.Browser) {
	options := content()
	options.Variant = Variant{Form: "dialog", Password: "filled"}
	a := at(t, b, options)
	a.list("Outgoing Mail Connections")
	for range 2 {
		a.edit("Support")
		rig.OK(a.t, a.page.WaitFor(t.Context(), page.Heading("Edit Outgoing Mail Connection"), page.Heading("Outgoing Mail Connections")))
		a.holds(support("secret made-up-password")...)
		a.cancel()
	}
	a.counts(Counts{Opened: 2})
}

func testParts(t *testing.T, b *page.Browser) {
	options := content()
	options.Variant.PageSize = 2
	a := at(t, b, options)
	a.list("Outgoing Mail Connections")
	var names []string
	rig.OK(a.t, a.page.EachRow(t.Context(), []string{"Next"}, []string{"Name"}, func(r *page.Row) (bool, error) {
		name, _ := r.Cell("Name")
		names = append(names, name)
		return true, nil
	}))
	if strings.Join(names, " ") != "Support Care Relay" {
		t.Fatalf("rows %q", names)
	}
	a.list("Outgoing Mail Connections")
	a.edit("Relay")
	a.cancel()
}

func testRelabelled(t *testing.T, b *page.Browser) {
	options := content()
	options.Variant = Variant{Relabel: map[string]string{"Host": "SMTP server", "Outgoing Mail Connections": "Mail accounts"}, Reorder: true}
	a := at(t, b, options)
	a.list("Mail accounts")
	a.edit("Relay")
	a.holds("Debug=false", "Port=", "SMTP server=relay.corp.example", "Password=masked", "Username=", "Encryption=", "Connect Mode=SMTP", "Prefix=",
		"From Address=", "Description=", "Name=Relay")
}

func testSignIn(t *testing.T, b *page.Browser) {
	options := content()
	options.SignIn = &signin.Account{User: "anna", Password: schema.NewSecret("made-up-sign-in")}
	a := at(t, b, options)
	ctx := t.Context()
	signIn := func(password string) {
		t.Helper()
		rig.OK(a.t, a.page.WaitFor(ctx, page.Heading("Log in to continue")))
		rig.OK(a.t, rig.Get(fieldOf(ctx, a.page.Scope, "Username")).Or(t).Set(ctx, "anna"))
		rig.OK(a.t, rig.Get(fieldOf(ctx, a.page.Scope, "Password")).Or(t).SetSecret(ctx, schema.NewSecret(password)))
		rig.OK(a.t, a.page.Press(ctx, "Log in"))
	}
	signIn("wrong")
	rig.OK(a.t, a.page.WaitFor(ctx, page.Text("password is wrong")))
	signIn("made-up-sign-in")
	rig.OK(a.t, a.page.WaitFor(ctx, page.Heading("Email This Issue")))
	a.list("Outgoing Mail Connections")
	a.site.EndSessions()
	row := a.row("Relay")
	rig.OK(a.t, row.Menu(ctx, "More actions", "Edit"))
	signIn("made-up-sign-in")
	rig.OK(a.t, a.page.WaitFor(ctx, page.HasField("Host"))) // where the person wanted to go
	a.counts(Counts{Opened: 1, SignIns: 2})
}

func testCounted(t *testing.T, b *page.Browser) {
	a := at(t, b, content())
	a.list("Outgoing Mail Connections")
	a.edit("Relay")
	rig.OK(a.t, rig.Get(fieldOf(t.Context(), a.page.Scope, "Host")).Or(t).Set(t.Context(), "changed.example"))
	rig.OK(a.t, a.page.Press(t.Context(), "Save"))
	rig.OK(a.t, a.page.WaitFor(t.Context(), page.HasTable("Name")))
	a.counts(Counts{Opened: 1, Saves: 1})
	row := a.row("Relay")
	if host, _ := row.Cell("Host"); host != "relay.corp.example" {
		t.Fatalf("the host became %q", host)
	}
	rig.OK(a.t, row.Menu(t.Context(), "More actions", "Delete"))
	rig.OK(a.t, a.page.WaitFor(t.Context(), page.Not(page.HasButton("Delete"))))
	a.list("Outgoing Mail Connections")
	a.counts(Counts{Opened: 1, Saves: 1, Deletes: 1})
}

func TestRequestsUnderAForeignNameAreRefused(t *testing.T) {
	r := httptest.NewRequestWithContext(t.Context(), "GET", "http://rebound.example/admin/connections", nil)
	w := httptest.NewRecorder()
	Open(content()).ServeHTTP(w, r)
	if w.Code != http.StatusMisdirectedRequest || strings.Contains(w.Body.String(), "Support") {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
}

func TestASessionEndsAfterItsRequests(t *testing.T) {
	options := content()
	options.SignIn = &signin.Account{User: "anna", Password: schema.NewSecret("made-up-sign-in"), Requests: 2}
	srv := httptest.NewServer(Open(options))
	defer srv.Close()
	jar := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	send := func(method, path, form string, cookies []*http.Cookie) *http.Response {
		r := rig.Get(http.NewRequestWithContext(t.Context(), method, srv.URL+path, strings.NewReader(form))).Or(t)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for _, c := range cookies {
			r.AddCookie(c)
		}
		res := rig.Get(jar.Do(r)).Or(t)
		_ = res.Body.Close()
		return res
	}
	in := send("POST", "/login", "username=anna&password=made-up-sign-in&next=//elsewhere.example", nil)
	if in.StatusCode != http.StatusSeeOther || in.Header.Get("Location") != "/" {
		t.Fatalf("signed in: %d to %s", in.StatusCode, in.Header.Get("Location"))
	}
	for i, want := range []int{200, 200, 303, 303} {
		if res := send("GET", "/admin/connections", "", in.Cookies()); res.StatusCode != want {
			t.Fatalf("request %d: %d, want %d", i+1, res.StatusCode, want)
		}
	}
}
