package adminpage_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailferry/mailferry/exporter"
	"github.com/mailferry/mailferry/exporter/adminpage"
	"github.com/mailferry/mailferry/internal/formprofile"
	"github.com/mailferry/mailferry/internal/look"
	"github.com/mailferry/mailferry/internal/page"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/chromium"
	"github.com/mailferry/mailferry/samples/server"
	"github.com/mailferry/mailferry/samples/signin"
	"github.com/mailferry/mailferry/schema"
)

const canary = "canary-of-the-server"

func content(v server.Variant) server.Options {
	o := server.Options{
		Connections: []*schema.ServerConnection{
			{Name: "Support", Description: "two\nlines", FromAddress: "a@corp.example", Prefix: "[S]", ConnectMode: "SMTP", Encryption: "TLS 1.3",
				Username: `CORP\mailer`, Host: "smtp.corp.example", Port: 587, Debug: true},
			{Name: "Care", FromAddress: "care@corp.example", ConnectMode: "Microsoft 365 SMTP (w/ OAuth2)", Username: "care@corp.example",
				OAuth2Credentials: "Tenant", Extra: map[string]string{"shared_mailbox": "shared@corp.example", "allowed_senders": "anna@corp.example, no reply"}},
			{Name: "Relay", ConnectMode: "SMTP", Host: "relay.corp.example"},
			{Name: "Büro „A“ 🚢", ConnectMode: "Google OAuth2", Username: "b@corp.example", OAuth2Credentials: "Tenant"},
		},
		Credentials: []*schema.ServerCredential{
			{Name: "Tenant", ServiceProvider: "Microsoft OAuth2 Provider", ClientID: "id-1", AuthorizationEndpoint: "https://login.example/authorize",
				TokenEndpoint: "https://login.example/token", CallbackURL: "https://jira.corp.example/callback", Grant: "Authorization Code"}},
		Secrets: schema.Secrets{
			{List: schema.Connections, Name: "Support"}: schema.NewSecret(canary + " 1"),
			{List: schema.Credentials, Name: "Tenant"}:  schema.NewSecret(canary + " 2"),
		},
		Variant: v,
	}
	for i := range 4 {
		o.Connections = append(o.Connections, &schema.ServerConnection{Name: fmt.Sprintf("Desk %d", i), ConnectMode: "SMTP", Host: "h.corp.example", Port: 25})
	}
	return o
}

// read exports from a sample Server.
func read(t *testing.T, o server.Options, edit func(*formprofile.Options)) (*exporter.Content, *server.Server, []string, error) {
	t.Helper()
	site := server.Open(o)
	srv := httptest.NewServer(site)
	t.Cleanup(srv.Close)
	p := rig.Get(formprofile.Shipped(schema.ServerSide)).Or(t)
	opts := formprofile.Options{Profile: p, Browser: page.Options{Browser: chromium.Shell(t), Timeout: 10 * time.Second}}
	if edit != nil {
		edit(&opts)
	}
	src := rig.Get(adminpage.New("page+"+srv.URL, opts)).Or(t)
	var warnings []string
	got, err := src.Read(t.Context(), func(w schema.Warning) { warnings = append(warnings, w.String()) })
	return got, site, warnings, err
}

func TestEveryFieldIsReadAndNothingIsSaved(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		variant server.Variant
		reason  string // of Support's password; "" is the secret itself
		path    bool
	}{
		"plain":            {server.Variant{}, "Password shows a mask in place of the secret", false},
		"dialog, wrapped":  {server.Variant{Form: "dialog", Labels: "wrap", Password: "empty", Reorder: true}, "Password is empty on the page", false},
		"paged, unmasked":  {server.Variant{Labels: "labelledby", PageSize: 3, Password: "filled"}, "", true},
		"dialog and paged": {server.Variant{Form: "dialog", Labels: "aria", PageSize: 3}, "Password shows a mask in place of the secret", false},
		"the other documented labels": {server.Variant{Relabel: map[string]string{"Connect Mode": "Protocol", "Callback URL": "Redirect URI"}},
			"Password shows a mask in place of the secret", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := content(test.variant)
			got, site, warnings, err := read(t, o, func(f *formprofile.Options) {
				if test.path { // the lists have addresses of their own
					f.Profile.Connections.Path, f.Profile.Connections.Menu = "/admin/connections", nil
					f.Profile.Credentials.Path, f.Profile.Credentials.Menu = "/admin/credentials", nil
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if c := site.Counts(); c.Saves+c.Deletes != 0 || c.Opened < len(o.Connections)+len(o.Credentials) {
				t.Errorf("pressed: %+v", c)
			}
			if got.Source.Kind != "admin-pages" || !strings.HasPrefix(got.Source.Name, "127.0.0.1:") {
				t.Errorf("source: %+v", got.Source)
			}
			var want []schema.Item
			for _, it := range o.Credentials {
				want = append(want, it)
			}
			for _, it := range o.Connections {
				c := *it
				if len(c.Extra) > 0 { // the panel shows a label, not the key
					c.Extra = map[string]string{"shared mailbox": "shared@corp.example", "allowed senders": "anna@corp.example, no reply"}
				}
				want = append(want, &c)
			}
			if len(got.Records) != len(want) {
				t.Fatalf("%d records", len(got.Records))
			}
			for i, r := range got.Records {
				have, wanted := marshal(t, r.Item), marshal(t, want[i])
				if have != wanted {
					t.Errorf("read %s\nwant %s", have, wanted)
				}
				stored := o.Secrets[schema.SecretKey{List: r.Item.List(), Name: r.Item.ItemName()}]
				switch {
				case stored.IsZero() || test.reason == "":
					if !r.Secret.Equal(stored) || r.Reason != "" {
						t.Errorf("%s: secret read %v, reason %q", r.Item.ItemName(), !r.Secret.IsZero(), r.Reason)
					}
				case !r.Secret.IsZero() && !look.IsMask(r.Secret) || !strings.Contains(r.Reason, strings.TrimPrefix(test.reason, "Password ")):
					t.Errorf("%s: reason %q", r.Item.ItemName(), r.Reason)
				}
			}
			for _, label := range []string{"shared mailbox", "allowed senders"} {
				if !slices.ContainsFunc(warnings, func(w string) bool { return strings.Contains(w, `connection "Care": "`+label+`"`) }) {
					t.Errorf("nothing said of %s: %q", label, warnings)
				}
			}
			if all := fmt.Sprint(warnings, got); strings.Contains(all, canary) {
				t.Error("a secret was told")
			}
		})
	}
}

func marshal(t *testing.T, it schema.Item) string {
	t.Helper()
	raw := rig.Get(schema.Marshal(it)).Or(t)
	return string(raw)
}

func TestARelabelledPanelIsReadThroughOneEditedLine(t *testing.T) {
	t.Parallel()
	o := content(server.Variant{Relabel: map[string]string{"From Address": "Sender", "Edit": "Change"}})
	o.Connections, o.Credentials = o.Connections[:1], nil
	_, site, _, err := read(t, o, func(f *formprofile.Options) {
		f.Profile.Connections.Edit = "Change"
		f.Browser.Timeout = 2 * time.Second
	})
	if err == nil || !strings.Contains(err.Error(), "From Address") || !strings.Contains(err.Error(), "Sender") || !strings.Contains(schema.HintOf(err), "inspect") {
		t.Fatalf("a label that is gone: %v", err)
	}
	if c := site.Counts(); c.Saves+c.Deletes != 0 {
		t.Errorf("pressed: %+v", c)
	}
	got, _, _, err := read(t, o, func(f *formprofile.Options) {
		f.Profile.Connections.Edit = "Change"
		for i := range f.Profile.Connections.Fields {
			if p := &f.Profile.Connections.Fields[i]; p.Field == "from_address" {
				p.Label = "Sender"
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if c := got.Records[0].Item.(*schema.ServerConnection); c.FromAddress != "a@corp.example" {
		t.Errorf("read %+v", c)
	}
}

// An item that cannot be read keeps nobody from learning of the next.
func TestEveryItemThatCannotBeReadIsNamed(t *testing.T) {
	t.Parallel()
	o := content(server.Variant{})
	o.Connections, o.Credentials = o.Connections[:3], nil
	for _, i := range []int{0, 2} {
		o.Connections[i].Extra = map[string]string{strings.Repeat("l", 201): "v"}
	}
	o.Connections[1].Extra = map[string]string{strings.Repeat("名", 70): "v"} // 210 bytes, which nothing counts
	got, site, _, err := read(t, o, nil)
	lines := schema.ErrorLines(err)
	if got != nil || len(lines) != 2 || !strings.HasPrefix(lines[0], `connection "Support": `) || !strings.HasPrefix(lines[1], `connection "Relay": `) {
		t.Errorf("%v, %q", got != nil, lines)
	}
	if c := site.Counts(); c.Saves+c.Deletes != 0 || c.Opened != 3 {
		t.Errorf("pressed: %+v", c)
	}
}

// A label that every form lacks is not waited for at every item.
func TestAFormThatLacksAFieldIsNotOpenedForEveryItem(t *testing.T) {
	t.Parallel()
	o := content(server.Variant{Relabel: map[string]string{"From Address": "Sender"}})
	o.Credentials = nil
	_, site, _, err := read(t, o, func(f *formprofile.Options) { f.Browser.Timeout = time.Second })
	lines := schema.ErrorLines(err)
	if len(lines) != 4 || !strings.HasPrefix(lines[2], `connection "Relay": `) || lines[3] != "connections: as 3 in a row could not be read, the other 5 were not tried" {
		t.Errorf("%q", lines)
	}
	if c := site.Counts(); c.Saves+c.Deletes != 0 {
		t.Errorf("pressed: %+v", c)
	}
}

func TestNobodySignedInIsAnErrorThatSaysHow(t *testing.T) {
	t.Parallel()
	o := content(server.Variant{})
	o.SignIn = &signin.Account{User: "admin", Password: schema.NewSecret("made-up")}
	_, _, _, err := read(t, o, func(f *formprofile.Options) { f.Browser.Timeout = time.Second })
	if err == nil || !strings.Contains(err.Error(), "not signed in at 127.0.0.1") || !strings.Contains(schema.HintOf(err), "--headed") {
		t.Fatalf("%v", err)
	}
}

func TestAListThatGoesOnBehindAnotherNameIsNotCut(t *testing.T) {
	t.Parallel()
	o := content(server.Variant{PageSize: 3, Relabel: map[string]string{"Next": "Next page"}})
	_, site, _, err := read(t, o, func(f *formprofile.Options) { f.Profile.Connections.Next = schema.Names{"Next"} })
	if !errors.Is(err, page.ErrIncomplete) || !strings.Contains(err.Error(), `"Outgoing Mail Connections": the list seems to go on after 3 rows: Next page`) {
		t.Fatalf("%v", err)
	}
	if hint := schema.HintOf(err); !strings.Contains(hint, "as next of connections") || !strings.Contains(hint, `"none"`) {
		t.Errorf("hint: %s", hint)
	}
	if c := site.Counts(); c.Saves+c.Deletes != 0 {
		t.Errorf("pressed: %+v", c)
	}
	for next, want := range map[string]int{"Next page": len(o.Connections), page.NoNext: 3} {
		got, _, _, err := read(t, o, func(f *formprofile.Options) { f.Profile.Connections.Next = schema.Names{next} })
		if err != nil || len(got.Records) != len(o.Credentials)+want {
			t.Errorf("next %s: %v, %d records", next, err, len(got.Records))
		}
	}
}

// A site that leads to another, at once or half-way, gives no content: neither
// the other's under this one's name, nor a part of this one's.
func TestAnotherSiteIsNotExported(t *testing.T) {
	t.Parallel()
	for name, pages := range map[string]int64{"at once": 0, "half-way": 6} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := server.Open(content(server.Variant{Password: "filled"}))
			y := httptest.NewServer(x)
			t.Cleanup(y.Close)
			var served atomic.Int64
			site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.HasPrefix(r.URL.Path, "/static/") && served.Add(1) > pages {
					http.Redirect(w, r, y.URL+r.URL.Path, http.StatusFound)
					return
				}
				x.ServeHTTP(w, r)
			}))
			t.Cleanup(site.Close)
			p := rig.Get(formprofile.Shipped(schema.ServerSide)).Or(t)
			src := rig.Get(adminpage.New("page+"+site.URL, formprofile.Options{Profile: p, Browser: page.Options{Browser: chromium.Shell(t), Timeout: 10 * time.Second}})).Or(t)
			got, err := src.Read(t.Context(), func(schema.Warning) {})
			var other *page.ElsewhereError
			if !errors.As(err, &other) || got != nil || other.Given != site.URL || other.Reached != y.URL || !strings.Contains(schema.HintOf(err), "page+"+y.URL) {
				t.Fatalf("%v, %v; hint %q", got != nil, err, schema.HintOf(err))
			}
		})
	}
}
