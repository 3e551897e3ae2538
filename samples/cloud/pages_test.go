package cloud

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mailferry/mailferry/internal/page"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/adminsite"
	"github.com/mailferry/mailferry/internal/rig/chromium"
	"github.com/mailferry/mailferry/schema"
)

// admin is a sample Cloud with its pages in a browser.
type admin struct {
	t     *testing.T
	b     *page.Browser
	cloud *Cloud
	pages *adminsite.Site
	url   string
	page  *page.Page
	app   *page.Scope
}

func browse(t *testing.T, b *page.Browser, o adminsite.Options) *admin {
	t.Helper()
	c := open(t, t.TempDir(), Options{})
	a := &admin{t: t, b: b, cloud: c, pages: adminsite.New(c.Pages(), o)}
	srv := httptest.NewServer(a.pages)
	t.Cleanup(srv.Close)
	a.url = srv.URL
	return a
}

func browser(t *testing.T) *page.Browser {
	t.Helper()
	b := rig.Get(page.Open(context.WithoutCancel(t.Context()), page.Options{Browser: chromium.Shell(t), Timeout: 20 * time.Second})).Or(t)
	t.Cleanup(b.Close)
	return b
}

// open goes to the host page and into the app.
func (a *admin) open(query string) {
	a.t.Helper()
	a.page = rig.Get(a.b.Goto(a.t.Context(), a.url+"/?"+query)).Or(a.t)
	a.enter()
}

func (a *admin) enter() {
	a.t.Helper()
	a.app = rig.Get(a.page.Within(a.t.Context(), page.HasButton("Administration"), page.HasButton("Overview"))).Or(a.t)
	a.press("Administration")
}

func (a *admin) press(name string) {
	a.t.Helper()
	rig.OK(a.t, a.app.Press(a.t.Context(), name))
}

func (a *admin) see(conds ...page.Cond) {
	a.t.Helper()
	rig.OK(a.t, a.app.WaitFor(a.t.Context(), conds...))
}

// list opens one of the two lists by the menu.
func (a *admin) list(group, name string) {
	a.t.Helper()
	if shown := rig.Get(a.app.Look(a.t.Context())).Or(a.t).Shows(page.HasButton(name)); !shown {
		a.press(group)
	}
	a.press(name)
	a.see(page.Heading(name), page.HasTable("Name"))
}

func (a *admin) connections() { a.list("OUTGOING MAILS", "Outgoing Mail Connections") }
func (a *admin) credentials() { a.list("OAUTH2", "OAuth2 Credentials") }

func (a *admin) set(label, value string) {
	a.t.Helper()
	ctx := a.t.Context()
	c := rig.Get(fieldOf(ctx, a.app, label)).Or(a.t)
	switch c.Kind {
	case page.KindSwitch:
		rig.OK(a.t, c.SetOn(ctx, value == "true"))
	case page.KindPassword:
		rig.OK(a.t, c.SetSecret(ctx, schema.NewSecret(value)))
	default:
		rig.OK(a.t, c.Set(ctx, value))
	}
}

func (a *admin) holds(label, want string) {
	a.t.Helper()
	c := rig.Get(fieldOf(a.t.Context(), a.app, label)).Or(a.t)
	if have := rig.Get(c.Get(a.t.Context())).Or(a.t); have != want {
		a.t.Fatalf("%s holds %q, want %q", label, have, want)
	}
}

func (a *admin) fill(pairs ...string) {
	a.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		a.set(pairs[i], pairs[i+1])
	}
}

func (a *admin) edit(name string) {
	a.t.Helper()
	row := a.row(name)
	rig.OK(a.t, row.Menu(a.t.Context(), "More actions", "Edit"))
	a.see(page.HasButton("Save"), page.HasField("Name"))
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
	rig.OK(a.t, a.app.EachRow(a.t.Context(), []string{"Next"}, []string{"Name"}, func(r *page.Row) (bool, error) {
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

func (a *admin) load(items ...schema.Item) {
	a.t.Helper()
	rig.OK(a.t, a.cloud.Load(a.t.Context(), items))
}

func (a *admin) stored(l schema.List, name string) schema.Item {
	a.t.Helper()
	for _, e := range rig.Get(a.cloud.Items(a.t.Context(), l)).Or(a.t) {
		if e.Item.ItemName() == name {
			return e.Item
		}
	}
	a.t.Fatalf("no %s %s is stored", l.One(), name)
	return nil
}

func many(n int) []schema.Item {
	var out []schema.Item
	for i := range n {
		out = append(out, &schema.CloudConnection{Name: fmt.Sprintf("Connection %03d", i+1), FromEmailAddress: fmt.Sprintf("c%03d@corp.example", i+1),
			ServiceProvider: smtp, Host: "smtp.corp.example", SMTPPort: 587})
	}
	return out
}

func TestPagesInABrowser(t *testing.T) {
	b := browser(t)
	for _, test := range []struct {
		promise string
		run     func(*testing.T, *page.Browser)
	}{
		{"a credential and connections are added and read back", testPagesAdd},
		{"labels are tied in every way", testPagesLabels},
		{"other words and another order", testPagesRelabelled},
		{"lists come whole, in parts, on demand and late", testPagesLists},
		{"forms open as dialogs, and a masked secret is kept", testPagesDialog},
		{"toasts call themselves alerts, and lie over Save", testPagesToasts},
		{"what is wrong stands at the field", testPagesValidation},
		{"a refusal beside the fields is an alert", testPagesRefusal},
		{"faults are the same as of REST", testPagesFaults},
		{"a list offers what is there, and withholds", testPagesOffers},
		{"a session that ends half-way leads to the login page", testPagesSession},
		{"decoys and Delete are counted", testPagesMistakes},
	} {
		t.Run(test.promise, func(t *testing.T) { test.run(t, b) })
	}
}

func testPagesAdd(t *testing.T, b *page.Browser) {
	a := browse(t, b, adminsite.Options{})
	a.open("")
	a.credentials()
	a.press("Add")
	a.see(page.HasField("Client Secret"))
	a.fill("Name", "Google Workspace", "Service Provider", "Google OAuth2 Provider", "Client ID", "id-1", "Client Secret", "canary-client",
		"Authorization Endpoint", "https://accounts.google.com/o/oauth2/auth", "Token Endpoint", "https://oauth2.googleapis.com/token", "Grant", "Authorization Code")
	a.press("Save")
	a.see(page.HasTable("Name", "Client ID"), page.Text("OAuth2 credential saved"))
	a.connections()
	a.press("Add")
	a.see(page.Heading("Edit Outgoing Mail Connection"), page.HasField("SMTP Port"), page.Not(page.HasField("OAuth2 Credentials")))
	a.fill("Name", "Support", "Description", "two\nlines", "From Email Address", "a@corp.example", "Email Prefix", "[S]", "Service provider", smtp,
		"Encryption", "STARTTLS", "Username", `CORP\mailer`, "Password", "canary-password", "Host", "smtp.corp.example", "SMTP Port", "587", "Debug", "true")
	a.press("Save")
	a.see(page.HasTable("Name", "Host"), page.Text("Connection saved"))
	a.press("Add")
	a.see(page.HasField("SMTP Port"))
	a.set("Service provider", google)
	a.see(page.HasField("OAuth2 Credentials"), page.Not(page.HasField("Host")), page.Not(page.HasField("Password")))
	a.fill("Name", "Portal", "Username", "p@portal.example", "OAuth2 Credentials", "Google Workspace")
	a.press("Save")
	a.see(page.HasTable("Name", "Host"), page.Text("Portal"))

	want := &schema.CloudConnection{Name: "Support", Description: "two\nlines", FromEmailAddress: "a@corp.example", EmailPrefix: "[S]", ServiceProvider: smtp,
		Encryption: "STARTTLS", Username: `CORP\mailer`, Host: "smtp.corp.example", SMTPPort: 587, Debug: true}
	if have := a.stored(schema.Connections, "Support").(*schema.CloudConnection); *have != *want {
		t.Errorf("stored %+v", have)
	}
	if have := a.stored(schema.Connections, "Portal").(*schema.CloudConnection); have.OAuth2Credentials != "Google Workspace" || have.ServiceProvider != google {
		t.Errorf("stored %+v", have)
	}
	a.edit("Support")
	for label, want := range map[string]string{"Name": "Support", "Description": "two\nlines", "Service provider": smtp, "Encryption": "STARTTLS", "SMTP Port": "587", "Debug": "true"} {
		a.holds(label, want)
	}
	a.set("SMTP Port", "465")
	a.press("Save")
	a.see(page.HasTable("Name"))
	secrets := rig.Get(a.cloud.secrets(schema.Connections)).Or(t)
	if secrets["Support"].Reveal() != "canary-password" {
		t.Error("an edit that left the password empty did not keep it")
	}
	if have := strings.Trim(fmt.Sprint(a.pages.Writes()), "[]"); have != `create credential "Google Workspace": 201 create connection "Support": 201 create connection "Portal": 201 update connection "Support": 200` {
		t.Errorf("writes: %s", have)
	}
	if c := a.pages.Counts(); c != (adminsite.Counts{Saves: 4}) {
		t.Errorf("counts: %+v", c)
	}
}
