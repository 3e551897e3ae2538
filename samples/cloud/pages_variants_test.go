package cloud

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mailferry/mailferry/internal/page"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/adminsite"
	"github.com/mailferry/mailferry/internal/rig/faulty"
	"github.com/mailferry/mailferry/samples/signin"
	"github.com/mailferry/mailferry/schema"
)

func tenant() *schema.CloudCredential {
	return &schema.CloudCredential{Name: "Tenant", ServiceProvider: "Microsoft OAuth2 Provider", ClientID: "id-1"}
}

// add opens the form of a new connection.
func (a *admin) add() {
	a.t.Helper()
	a.press("Add")
	a.see(page.HasButton("Save"), page.HasField("Name"), page.HasField("Service provider"))
}

func (a *admin) messages() string {
	a.t.Helper()
	var out []string
	for _, m := range rig.Get(a.app.Look(a.t.Context())).Or(a.t).Messages() {
		out = append(out, fmt.Sprintf("%s %s", m.Kind, m))
	}
	return strings.Join(out, "; ")
}

func testPagesLabels(t *testing.T, b *page.Browser) {
	a := browse(t, b, adminsite.Options{})
	a.load(tenant())
	for i, labels := range []string{"for", "wrap", "labelledby", "aria"} {
		a.open("labels=" + labels)
		a.connections()
		a.add()
		a.fill("Name", labels, "Description", "d", "From Email Address", "a@corp.example", "Email Prefix", "[S]", "Service provider", google,
			"Encryption", "TLS", "Username", "u", "Debug", "true", "OAuth2 Credentials", "Tenant")
		a.press("Save")
		a.see(page.HasTable("Name", "Host"), page.Text(labels))
		want := schema.CloudConnection{Name: labels, Description: "d", FromEmailAddress: "a@corp.example", EmailPrefix: "[S]", ServiceProvider: google,
			Encryption: "TLS", Username: "u", Debug: true, OAuth2Credentials: "Tenant"}
		if have := a.stored(schema.Connections, labels).(*schema.CloudConnection); *have != want {
			t.Errorf("%s: stored %+v", labels, have)
		}
		if writes := a.pages.Writes(); len(writes) != i+1 {
			t.Errorf("%s: %v", labels, writes)
		}
	}
}

func testPagesRelabelled(t *testing.T, b *page.Browser) {
	a := browse(t, b, adminsite.Options{})
	a.open("reorder=true&relabel=Save=Store&relabel=Host=SMTP+server&relabel=Outgoing+Mail+Connections=Mail+accounts")
	a.list("OUTGOING MAILS", "Mail accounts")
	a.press("Add")
	a.see(page.HasField("SMTP server"), page.HasButton("Store"), page.Not(page.HasButton("Save")))
	form := rig.Get(a.app.Look(t.Context())).Or(t)
	if have := strings.Join(form.Labels(), ", "); have != "Debug, SMTP Port, SMTP server, Password, Username, Encryption, Service provider, Email Prefix, From Email Address, Description, Name" {
		t.Errorf("fields: %s", have)
	}
	a.fill("Service provider", smtp, "Name", "n", "SMTP server", "h.example")
	a.press("Store")
	a.see(page.HasTable("SMTP server", "Name"), page.Text("h.example"))
}

func testPagesLists(t *testing.T, b *page.Browser) {
	a := browse(t, b, adminsite.Options{})
	a.load(many(200)...)
	for _, query := range []string{"", "list=paged", "list=lazy", "slow=700ms"} {
		a.open(query)
		a.connections()
		var names []string
		rig.OK(a.t, a.app.EachRow(t.Context(), []string{"Next"}, []string{"Name"}, func(r *page.Row) (bool, error) {
			name, _ := r.Cell("Name")
			names = append(names, name)
			return true, nil
		}))
		if len(names) != 200 || names[0] != "Connection 001" || names[199] != "Connection 200" {
			t.Errorf("%q: %d rows: %q", query, len(names), names)
		}
	}
	a.open("list=lazy")
	a.connections()
	a.edit("Connection 150")
	a.holds("From Email Address", "c150@corp.example")
	a.press("Cancel")
	a.see(page.HasTable("Name"))
	if c := a.pages.Counts(); c != (adminsite.Counts{}) {
		t.Errorf("%+v", c)
	}
}

func testPagesDialog(t *testing.T, b *page.Browser) {
	a := browse(t, b, adminsite.Options{})
	ctx := t.Context()
	rig.Get(a.cloud.add(ctx, &schema.CloudConnection{Name: "Support", ServiceProvider: smtp, Host: "old.example"}, schema.NewSecret("canary-old"))).Or(t)
	a.open("form=dialog&password=bullets")
	a.connections()
	stored := func() string {
		return rig.Get(a.cloud.secrets(schema.Connections)).Or(t)["Support"].Reveal()
	}
	a.edit("Support")
	a.see(page.Heading("Edit Outgoing Mail Connection"), page.Heading("Outgoing Mail Connections"))
	if _, err := rig.Get(fieldOf(ctx, a.app, "Password")).Or(t).Secret(ctx); !errors.Is(err, page.ErrMasked) {
		t.Errorf("the password is no mask: %v", err)
	}
	a.fill("Host", "new.example", "Service provider", smtp)
	a.press("Save")
	a.see(page.Not(page.Heading("Edit Outgoing Mail Connection")), page.Text("new.example"))
	if stored() != "canary-old" {
		t.Error("the mask was stored, or the secret lost")
	}
	a.edit("Support")
	a.set("Password", "canary-new")
	a.press("Save")
	a.see(page.Not(page.HasButton("Save")))
	if stored() != "canary-new" {
		t.Error("the new secret was not stored")
	}
	a.edit("Support")
	a.set("Host", "forgotten.example")
	a.press("Cancel")
	a.see(page.Not(page.HasButton("Save")), page.Text("new.example"), page.Not(page.Text("forgotten")))
	if writes := a.pages.Writes(); len(writes) != 2 || writes[0].Secret || !writes[1].Secret || !writes[1].Update {
		t.Errorf("writes: %+v", writes)
	}
}

func testPagesToasts(t *testing.T, b *page.Browser) {
	a := browse(t, b, adminsite.Options{})
	for _, toast := range []string{"status", "alert", "cover", "none"} {
		a.open("toast=" + toast)
		a.connections()
		a.add()
		a.fill("Service provider", smtp, "Host", "h.example", "Name", "with "+toast)
		if over := a.messages(); strings.Contains(over, "can be tested") != (toast == "cover") {
			t.Errorf("%s: the page says %q", toast, over)
		}
		a.press("Save")
		a.see(page.HasTable("Name", "Host"), page.Text("with "+toast))
		want := map[string]string{"status": "status ✔ Connection saved", "alert": "alert ✔ Connection saved", "cover": "status ✔ Connection saved"}[toast]
		if have := a.messages(); have != want {
			t.Errorf("%s: the page says %q", toast, have)
		}
	}
}

func testPagesValidation(t *testing.T, b *page.Browser) {
	a := browse(t, b, adminsite.Options{})
	a.load(many(1)...)
	a.open("")
	a.connections()
	a.add()
	a.press("Save")
	a.see(page.Text("Name is required"))
	if have := a.messages(); have != "field Name: Name is required; field Service provider: Service provider is required" {
		t.Errorf("the page says %q", have)
	}
	a.fill("Name", "Connection 001", "Service provider", smtp, "SMTP Port", "70000")
	a.press("Save")
	a.see(page.Text("Host is required"))
	if have := a.messages(); have != "field Host: Host is required; field SMTP Port: SMTP Port is not between 1 and 65535" {
		t.Errorf("the page says %q", have)
	}
	a.fill("Host", "h.example", "SMTP Port", "x25")
	a.press("Save")
	a.see(page.Text("SMTP Port must be a whole number"))
	a.set("SMTP Port", "25")
	a.press("Save")
	a.see(page.Text("Name another connection has this name"))
	a.holds("Host", "h.example")
	a.credentials()
	a.press("Add")
	a.see(page.HasField("Client Secret"))
	a.fill("Name", "n", "Service Provider", "Google OAuth2 Provider", "Client ID", "i")
	a.press("Save")
	a.see(page.Text("Client Secret is required"))
	for _, w := range a.pages.Writes() {
		if w.Status < 400 {
			t.Errorf("stored: %v", w)
		}
	}
}

func testPagesRefusal(t *testing.T, b *page.Browser) {
	a := browse(t, b, adminsite.Options{Refuse: func(_ schema.List, name string) string {
		if strings.Contains(name, "refuse") {
			return "Your plan allows no more connections"
		}
		return ""
	}})
	a.open("")
	a.connections()
	a.add()
	a.fill("Name", "refuse me", "Service provider", smtp, "Host", "h.example")
	a.press("Save")
	a.see(page.Text("Your plan allows no more connections"))
	if have := a.messages(); have != "alert Your plan allows no more connections" {
		t.Errorf("the page says %q", have)
	}
	a.holds("Name", "refuse me")
	a.set("Name", "take me")
	a.press("Save")
	a.see(page.HasTable("Name"), page.Text("take me"))
	if have := fmt.Sprint(a.pages.Writes()); have != `[create connection "refuse me": 422 create connection "take me": 201]` {
		t.Errorf("writes: %s", have)
	}
}

func testPagesFaults(t *testing.T, b *page.Browser) {
	var next atomic.Pointer[faulty.Fault]
	a := browse(t, b, adminsite.Options{})
	srv := httptest.NewServer(faulty.New(a.pages, faulty.Faults{Script: func(r *http.Request) faulty.Fault {
		if f := next.Load(); f != nil && isWrite(r) {
			return *f
		}
		return faulty.Fault{}
	}}))
	t.Cleanup(srv.Close)
	a.url = srv.URL
	a.open("")
	a.connections()
	a.add()
	a.fill("Name", "n", "Service provider", smtp, "Host", "h.example")
	for _, test := range []struct {
		fault faulty.Fault
		says  string
	}{
		{faulty.Fault{Do: faulty.Fail, Status: 500}, "alert: made to fail"},
		{faulty.Fault{Do: faulty.DropBefore}, "alert: The site did not answer. Try again."},
		{faulty.Fault{Do: faulty.DropAfter}, "alert: The site did not answer. Try again."},
		{faulty.Fault{}, "field Name: Name another connection has this name"}, // for it was done before the answer was cut
	} {
		next.Store(&test.fault)
		a.press("Save")
		a.see(page.Text(test.says[strings.LastIndex(test.says, ": ")+1:]))
		if have := a.messages(); have != strings.Replace(test.says, "alert:", "alert", 1) {
			t.Errorf("%s: the page says %q", test.fault.Do, have)
		}
		a.set("Email Prefix", string(test.fault.Do)) // so that each Save is another
	}
}

func testPagesOffers(t *testing.T, b *page.Browser) {
	a := browse(t, b, adminsite.Options{})
	var credentials []schema.Item
	for i := range 120 {
		credentials = append(credentials, &schema.CloudCredential{Name: fmt.Sprintf("Tenant %03d", i+1), ServiceProvider: "Microsoft OAuth2 Provider", ClientID: "id"})
	}
	a.load(credentials...)
	a.open("withhold=General+SMTP+service&withhold=Tenant+007&withhold=None&withhold=SSL/TLS&withhold=SSL&withhold=TLS")
	a.connections()
	a.add()
	ctx := t.Context()
	provider := rig.Get(fieldOf(ctx, a.app, "Service provider")).Or(t)
	if provider.Kind != page.KindCombobox {
		t.Errorf("Service provider is a %s", provider.Kind)
	}
	var refused *page.NotOfferedError
	if err := provider.Set(ctx, smtp); !errors.As(err, &refused) || !slices.Equal(refused.Choices, []string{google, "Microsoft365 with OAuth2"}) {
		t.Errorf("%v", err)
	}
	a.set("Service provider", google)
	a.see(page.HasField("OAuth2 Credentials"))
	credential := rig.Get(fieldOf(ctx, a.app, "OAuth2 Credentials")).Or(t)
	if offered := rig.Get(credential.Options(ctx)).Or(t); len(offered) != 119 || slices.Contains(offered, "Tenant 007") {
		t.Errorf("%d credentials: %q", len(offered), offered)
	}
	a.set("OAuth2 Credentials", "Tenant 119")
	a.holds("OAuth2 Credentials", "Tenant 119")
	encryption := rig.Get(fieldOf(ctx, a.app, "Encryption")).Or(t)
	if offered := rig.Get(encryption.Options(ctx)).Or(t); !slices.Equal(offered, []string{"", "STARTTLS"}) {
		t.Errorf("encryption: %q", offered)
	}
}

// signIn signs in as a person does.
func (a *admin) signIn() {
	a.t.Helper()
	ctx := a.t.Context()
	rig.OK(a.t, a.page.WaitFor(ctx, page.Heading("Log in to continue")))
	rig.OK(a.t, rig.Get(fieldOf(ctx, a.page.Scope, "Username")).Or(a.t).Set(ctx, "anna"))
	rig.OK(a.t, rig.Get(fieldOf(ctx, a.page.Scope, "Password")).Or(a.t).SetSecret(ctx, schema.NewSecret("made-up-sign-in")))
	rig.OK(a.t, a.page.Press(ctx, "Log in"))
}

func testPagesSession(t *testing.T, b *page.Browser) {
	a := browse(t, b, adminsite.Options{SignIn: &signin.Account{User: "anna", Password: schema.NewSecret("made-up-sign-in"), Requests: 6}})
	a.page = rig.Get(b.Goto(t.Context(), a.url+"/?labels=aria")).Or(t)
	a.signIn()
	a.enter()
	a.connections() // 1 request
	a.add()         // 2: the credentials for its list
	a.fill("Name", "n", "Service provider", smtp, "Host", "h.example")
	a.pages.EndSessions()
	a.press("Save")
	a.signIn()
	a.enter()
	a.connections() // 1 of the new session
	for _, name := range []string{"one", "two"} {
		a.add() // 2, 5
		a.fill("Name", name, "Service provider", smtp, "Host", "h.example")
		a.press("Save") // 3 and 4: the list again; 6 and 7
		if name == "one" {
			a.see(page.HasTable("Name"), page.Text(name))
		}
	}
	a.signIn()
	a.enter()
	a.connections()
	a.see(page.Text("two")) // the save was the last that the session allowed
	if c := a.pages.Counts(); c != (adminsite.Counts{Saves: 2, SignIns: 3}) {
		t.Errorf("%+v", c)
	}
}

func testPagesMistakes(t *testing.T, b *page.Browser) {
	a := browse(t, b, adminsite.Options{})
	ctx := t.Context()
	a.load(many(2)...)
	a.open("")
	if _, err := fieldOf(ctx, a.page.Scope, "Name"); err != nil {
		t.Errorf("the host page has no decoy: %v", err)
	}
	a.connections()
	a.add()
	if _, err := fieldOf(ctx, a.page.Scope, "Name"); !errors.Is(err, page.ErrAmbiguous) {
		t.Errorf("the decoy is no rival of the app's field: %v", err)
	}
	a.press("Cancel")
	a.see(page.HasTable("Name"))
	host := rig.Get(a.page.Within(ctx, page.Heading("Filter this menu"))).Or(t)
	rig.OK(a.t, host.Press(ctx, "Save"))
	rig.OK(a.t, a.page.WaitFor(ctx, page.Text("Saved the filter")))
	for _, item := range []string{"Test Connection", "Delete"} {
		row := a.row("Connection 002")
		rig.OK(a.t, row.Menu(ctx, "More actions", item))
		a.see(page.Text(map[string]string{"Delete": "deletes nothing", "Test Connection": "sends no mail"}[item]))
	}
	if c := a.pages.Counts(); c != (adminsite.Counts{Decoys: 1, Deletes: 1, Tests: 1}) {
		t.Errorf("%+v", c)
	}
	a.stored(schema.Connections, "Connection 002")
}
