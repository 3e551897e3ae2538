package adminpage_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/importer/adminpage"
	"github.com/mailferry/mailferry/internal/formprofile"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/adminsite"
	"github.com/mailferry/mailferry/internal/rig/panels"
	"github.com/mailferry/mailferry/schema"
)

// nine is a bundle of nine connections made of a panel's sample, and what the panel is to hold
// of it.
func nine() (b *schema.Bundle, want panels.Store) {
	sample, sealed := panels.Sample(false), &schema.Marker{State: schema.Sealed}
	b = &schema.Bundle{Format: schema.CloudFormat, Manifest: schema.Manifest{ID: "00112233445566778899aabbccddeeff"}}
	for _, item := range sample.Credentials {
		b.Credentials = append(b.Credentials, &schema.CloudCredential{Name: item["name"], ServiceProvider: item["service_provider"], ClientID: item["client_id"],
			ClientSecret: sealed, AuthorizationEndpoint: item["authorization_endpoint"], TokenEndpoint: item["token_endpoint"]})
		item = maps.Clone(item)
		item["client_secret"] = secretOf(schema.Credentials, item["name"]).Reveal()
		want.Credentials = append(want.Credentials, item)
	}
	for i := range 9 {
		item := maps.Clone(sample.Connections[i%3])
		if i > 2 {
			item["name"] += fmt.Sprint(" ", i)
		}
		port, _ := strconv.Atoi(item["smtp_port"])
		c := &schema.CloudConnection{Name: item["name"], Description: item["description"], FromEmailAddress: item["from_email_address"], EmailPrefix: item["email_prefix"],
			ServiceProvider: item["service_provider"], Encryption: item["encryption"], Username: item["username"], Host: item["host"], SMTPPort: port,
			Debug: item["debug"] == "true", OAuth2Credentials: item["oauth2_credentials"]}
		if item["password"] != "" {
			c.Password = sealed
			item["password"] = secretOf(schema.Connections, item["name"]).Reveal()
		}
		b.Connections = append(b.Connections, c)
		want.Connections = append(want.Connections, item)
	}
	return b, want
}

// From a page that nobody described to an import: the profile that a look suggests works
// unedited, the look writes nothing, and what is imported is there in every field.
func TestPanelsOfRealComponentsAreImportedInto(t *testing.T) {
	for _, library := range panels.Libraries {
		if library == panels.AUI { // an export's
			continue
		}
		o := panels.Options{Seed: rand.Uint64()}
		if library == panels.Atlaskit {
			o.Badge, o.Row, o.Fold, o.Change, o.Choice = true, "named", true, true, panels.Choice{From: "request", After: 700 * time.Millisecond}
		}
		t.Run(fmt.Sprintf("%s shuffled by %d", library, o.Seed), func(t *testing.T) {
			t.Parallel()
			b, want := nine()
			p := panels.Start(t, library, o)
			profile := suggested(t, p, schema.CloudSide)
			if p.Writes() != 0 {
				t.Fatalf("the look wrote %d times", p.Writes())
			}
			c := rig.Get(adminpage.Open("page+"+p.Address, formprofile.Options{Profile: profile, Browser: shell(t, 10*time.Second)})).Or(t)
			defer c.Close()
			importBoth(t, c, b)
			shows(t, p, panels.Credentials, want.Credentials)
			shows(t, p, panels.Connections, want.Connections)
			rep, err := importer.Run(t.Context(), options(t, c, b, schema.Connections))
			if err != nil || p.Writes() != len(want.Connections)+len(want.Credentials) {
				t.Errorf("again: %v, %+v, %d writes", err, rep, p.Writes())
			}
		})
	}
}

// A form that asks before it lets go of a changed provider is left by opening the site anew, and
// what is found out of the rows is found out all the same.
func TestASuggestionLeavesAFormThatDoesNotLetGo(t *testing.T) {
	t.Parallel()
	s := newAround(t, adminsite.Options{}, `addEventListener('click', e => e.target.textContent === 'Cancel' && e.stopImmediatePropagation(), true)`)
	rig.OK(t, s.Load(t.Context(), []schema.Item{&schema.CloudConnection{Name: "Desk", ServiceProvider: smtp, Host: "one.corp.example"}}))
	profile := shipped(t)
	profile.Connections.Edit = "Change"
	site := rig.Get(formprofile.New(s.srv.URL+"/?form=dialog", formprofile.Options{Profile: profile, Browser: shell(t, time.Second)})).Or(t)
	defer site.Close()
	found, notes, err := site.Suggest(t.Context())
	if err != nil || found.Connections.Edit != "Edit" {
		t.Errorf("%v, %q, %q", err, notes, found.Connections.Edit)
	}
}

// A list that the page marks as read-only offers nothing, and the rest of its form is looked at.
func TestAReadOnlyListIsLookedAt(t *testing.T) {
	t.Parallel()
	s := newAround(t, adminsite.Options{}, `setInterval(() => document.querySelectorAll('select').forEach(e => { if (e.labels[0].innerText.startsWith('Encryption')) e.ariaReadOnly = 'true' }), 10)`)
	site := rig.Get(formprofile.New(s.srv.URL, formprofile.Options{Profile: shipped(t), Browser: shell(t, 2*time.Second)})).Or(t)
	defer site.Close()
	found, err := site.Inspect(t.Context())
	if err != nil || found.Lists[0].Problem != "" {
		t.Errorf("%v, %+v", err, found)
	}
}

// plainOnly makes the shipped profile that of a panel whose forms have Encryption and Debug with
// one provider alone, and whose empty lists say nothing.
func plainOnly(p *schema.FormProfile) {
	for _, field := range []string{"encryption", "debug"} {
		p.Connections.Field(field).With = []string{smtp}
	}
	p.Connections.Empty, p.Credentials.Empty = "", ""
}

// A list whose rows come after it, and which says meanwhile that it has none, is not empty:
// neither to the look that suggests a profile nor to one that knows those words.
func TestRowsThatComeLateAreThere(t *testing.T) {
	t.Parallel()
	p := panels.Start(t, panels.MUI, panels.Options{Has: panels.Sample(false), List: "table", Form: "page", Late: 800 * time.Millisecond})
	profile := suggested(t, p, schema.CloudSide)
	if c := profile.Connections; c.Empty != "" || len(c.Field("host").With) == 0 {
		t.Errorf("an empty list says %q, and Host is there with %q", c.Empty, c.Field("host").With)
	}
	profile.Connections.Empty, profile.SignedIn = "No data", []string{"elsewhere"}
	c, err := adminpage.Open("page+"+p.Address, formprofile.Options{Profile: profile, Browser: shell(t, 10*time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if all, err := c.List(t.Context(), schema.Connections); err != nil || len(all) != 3 {
		t.Errorf("%d connections, %v", len(all), err)
	}
}

// What a bundle leaves empty is the page's own default, before the import and after it; what
// the page does not take empty shuts the gate before the first write.
func TestEmptinessIsAValue(t *testing.T) {
	t.Parallel()
	b, _ := nine()
	b.Credentials, b.Connections = nil, b.Connections[:1]
	c := b.Connections[0].(*schema.CloudConnection)
	c.Encryption = ""
	p := panels.Start(t, panels.Atlaskit, panels.Options{})
	profile := shipped(t, plainOnly)
	pages, err := adminpage.Open("page+"+p.Address, formprofile.Options{Profile: profile, Browser: shell(t, 10*time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	defer pages.Close()
	o := options(t, pages, b, schema.Connections)
	host := c.Host
	c.Host, c.SMTPPort = "", 0
	var gate *importer.GateError
	if _, err := importer.Run(t.Context(), o); !errors.As(err, &gate) || len(gate.Reasons) != 2 || gate.Reasons[0].Field != "host" || gate.Reasons[1].Field != "smtp_port" || p.Writes() != 0 {
		t.Fatalf("without a host: %v, %d writes", err, p.Writes())
	}
	c.Host, c.SMTPPort = host, 587
	rep, err := importer.Run(t.Context(), o)
	if err != nil || !slices.Contains(rep.Items[0].Notes, "Encryption: the page's own default stays: None") {
		t.Fatalf("%v, %+v", err, rep)
	}
	if got := p.Item(panels.Connections, c.Name)["encryption"]; got != "None" || p.Writes() != 1 {
		t.Errorf("the page has %q, %d writes", got, p.Writes())
	}
	if plan, err := importer.MakePlan(t.Context(), o); err != nil || plan.Changes() {
		t.Errorf("a second plan: %v, %+v", err, plan)
	}
	if drift, err := importer.Drift(t.Context(), o); err != nil || drift.Differs() {
		t.Errorf("drift: %v, %+v", err, drift)
	}
}

// A value that the form of its provider has no field for, or one that takes nothing, shuts the gate
// before the first write.
func TestAValueWithoutAPlaceShutsTheGate(t *testing.T) {
	t.Parallel()
	b, _ := nine()
	b.Connections = b.Connections[1:3]
	b.Connections[1].(*schema.CloudConnection).Encryption = "None"
	p := panels.Start(t, panels.MUI, panels.Options{Has: panels.Store{Credentials: panels.Sample(false).Credentials}, Fixed: "description"})
	pages, err := adminpage.Open("page+"+p.Address, formprofile.Options{Profile: shipped(t, plainOnly), Browser: shell(t, 10*time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	defer pages.Close()
	var gate *importer.GateError
	_, err = importer.Run(t.Context(), options(t, pages, b, schema.Connections))
	var fields []string
	if errors.As(err, &gate) {
		for _, r := range gate.Reasons {
			fields = append(fields, r.Field)
		}
	}
	if !slices.Equal(fields, []string{"description", "description", "encryption"}) || p.Writes() != 0 {
		t.Errorf("%v, fields %q, %d writes", err, fields, p.Writes())
	}
}

func suggested(t testing.TB, p *panels.Panel, side string) *schema.FormProfile {
	t.Helper()
	known := rig.Get(formprofile.Shipped(side)).Or(t)
	site := rig.Get(formprofile.New(p.Address, formprofile.Options{Profile: known, Browser: shell(t, 10*time.Second)})).Or(t)
	defer site.Close()
	profile, notes, err := site.Suggest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range notes {
		t.Log(n)
	}
	return profile
}

// Who asks for a suggestion need not say whose pages they are.
func TestASuggestionFindsOutTheSideOfThePages(t *testing.T) {
	t.Parallel()
	guess := rig.Get(formprofile.Shipped(schema.ServerSide)).Or(t)
	p := panels.Start(t, panels.MUI, panels.Options{Has: panels.Sample(false)})
	var said bytes.Buffer
	site, err := formprofile.New(p.Address, formprofile.Options{Profile: guess, Guessed: true, Browser: shell(t, 5*time.Second),
		Log: slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	defer site.Close()
	profile, notes, err := site.Suggest(t.Context())
	if err != nil || profile.Side != schema.CloudSide || slices.ContainsFunc(notes, func(n string) bool { return strings.Contains(n, "not found out") }) {
		t.Errorf("%v, %+v, %q", err, profile, notes)
	}
	if strings.Contains(said.String(), guess.Credentials.Heading) {
		t.Error("a list of the other side was waited for")
	}
	if p.Writes() != 0 {
		t.Errorf("%d writes", p.Writes())
	}
}

func shows(t *testing.T, p *panels.Panel, list string, want []panels.Item) {
	t.Helper()
	for _, item := range want {
		got := p.Item(list, item["name"])
		delete(got, "id")
		for _, key := range slices.Sorted(maps.Keys(item)) {
			if got[key] != item[key] {
				t.Errorf("%s %q: %s is %q, want %q", list, item["name"], key, got[key], item[key])
			}
		}
	}
	if n := len(p.Items(list)); n != len(want) {
		t.Errorf("%d %s, want %d", n, list, len(want))
	}
}
