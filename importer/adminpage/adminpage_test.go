package adminpage_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/formprofile"
	"github.com/mailferry/mailferry/internal/page"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/adminsite"
	"github.com/mailferry/mailferry/internal/rig/faulty"
	"github.com/mailferry/mailferry/internal/rig/vault"
	"github.com/mailferry/mailferry/samples/cloud"
	"github.com/mailferry/mailferry/samples/signin"
	"github.com/mailferry/mailferry/schema"
)

func equal(t *testing.T, have, want []string) {
	t.Helper()
	if !slices.Equal(have, want) {
		t.Errorf("Cloud has\n%s\nwant\n%s", strings.Join(have, "\n"), strings.Join(want, "\n"))
	}
}

// byRESTOf is what an import by REST makes of a bundle.
func byRESTOf(t *testing.T, b *schema.Bundle) []string {
	t.Helper()
	s := newSite(t, adminsite.Options{})
	importBoth(t, s.byREST(t), b)
	return s.content(t)
}

func TestTheSameBundleByPageAndByRESTGivesTheSameCloud(t *testing.T) {
	b := bundleWith(5)
	want := byRESTOf(t, b)
	for _, query := range []string{
		"labels=for&list=all&form=page&toast=status",
		"labels=wrap&list=paged&form=dialog&toast=alert&password=bullets",
		"labels=labelledby&list=lazy&form=page&toast=cover&slow=600ms",
		"labels=aria&form=dialog&toast=none&reorder=true",
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, adminsite.Options{})
			var said bytes.Buffer
			c := s.byPageWith(t, query, formprofile.Options{Profile: shipped(t), Browser: page.Options{Timeout: 10 * time.Second},
				Log: slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelDebug}))})
			rep := importBoth(t, c, b)
			equal(t, s.content(t), want)
			if n := s.pages.Counts(); n.Deletes+n.Tests+n.Decoys != 0 || n.Saves != len(b.Connections)+len(b.Credentials) {
				t.Errorf("pressed: %+v", n)
			}
			if all := said.String() + fmt.Sprintf("%+v", rep); strings.Contains(all, "sécret") {
				t.Error("a secret was told")
			}
		})
	}
}

func TestRelabelledPagesNeedEditedLinesOnly(t *testing.T) {
	b := bundleWith(2)
	s := newSite(t, adminsite.Options{})
	const relabelled = "relabel=SMTP+Port=Mail+server+port&relabel=Add=New+connection&relabel=Save=Store&" +
		"relabel=Outgoing+Mail+Connections=Senders&relabel=Edit=Change"
	c := s.byPageWith(t, relabelled, formprofile.Options{Profile: shipped(t), Browser: shell(t, time.Second)})
	if _, err := c.List(t.Context(), schema.Connections); err == nil || !errors.Is(err, page.ErrTimeout) || !strings.Contains(err.Error(), `"Senders"`) && !strings.Contains(err.Error(), "Senders") {
		t.Fatalf("with the old profile: %v", err)
	}
	c = s.byPage(t, relabelled, func(p *schema.FormProfile) {
		for _, l := range []*schema.FormList{&p.Connections, &p.Credentials} {
			l.Add, l.Save, l.Edit = "New connection", "Store", "Change"
		}
		p.Connections.Heading, p.Connections.Menu[2] = "Senders", "Senders"
		i := slices.IndexFunc(p.Connections.Fields, func(f schema.FormField) bool { return f.Field == "smtp_port" })
		p.Connections.Fields[i].Label = "Mail server port"
	})
	importBoth(t, c, b)
	equal(t, s.content(t), byRESTOf(t, b))
}

// A label that the form does not have would make its value look empty: nothing
// may be written by such a profile.
func TestAProfileThatDoesNotFitWritesNothing(t *testing.T) {
	t.Parallel()
	b := bundleWith(1)
	s := newSite(t, adminsite.Options{})
	c := s.byPage(t, "", func(p *schema.FormProfile) {
		i := slices.IndexFunc(p.Credentials.Fields, func(f schema.FormField) bool { return f.Field == "token_endpoint" })
		p.Credentials.Fields[i].Label = "Token URL"
	})
	_, err := importer.Run(t.Context(), options(t, c, b, schema.Credentials))
	if err == nil || !strings.Contains(err.Error(), "no field named Token URL") || !strings.Contains(schema.HintOf(err), "inspect") {
		t.Fatalf("%v", err)
	}
	if n := s.pages.Counts(); n.Saves != 0 {
		t.Errorf("pressed %+v", n)
	}
}

// relays is a bundle of connections that all are alike.
func relays(n int) *schema.Bundle {
	b := &schema.Bundle{Format: schema.CloudFormat, Manifest: schema.Manifest{ID: "00112233445566778899aabbccddeeff"}}
	for i := range n {
		b.Connections = append(b.Connections, &schema.CloudConnection{Name: fmt.Sprintf("Relay %02d", i), ServiceProvider: smtp, Host: "relay.corp.example"})
	}
	return b
}

// nextOnly names one button for what leads on, where usually many words do.
func nextOnly(p *schema.FormProfile) { p.Connections.Next = schema.Names{"Next"} }

func TestAListThatGoesOnWhereNobodySaidHowShutsTheGate(t *testing.T) {
	t.Parallel()
	b := relays(21)
	s := newSite(t, adminsite.Options{})
	importBoth(t, s.byREST(t), b)
	before := s.content(t)
	o := options(t, s.byPage(t, "list=paged&relabel=Next=Next+page", nextOnly), relays(22), schema.Connections)
	_, err := importer.Run(t.Context(), o)
	var gate *importer.GateError
	if !errors.As(err, &gate) || gate.Reasons[0].Code != importer.ListIncomplete || !strings.Contains(gate.Reasons[0].Words, "seems to go on after 20 rows: Next page") {
		t.Fatalf("%v", err)
	}
	if hint := schema.HintOf(err); !strings.Contains(hint, "as next of connections") {
		t.Errorf("hint: %s", hint)
	}
	if _, err := importer.MakePlan(t.Context(), o); !errors.Is(err, page.ErrIncomplete) {
		t.Errorf("a plan: %v", err)
	}
	if _, err := importer.Drift(t.Context(), o); !errors.Is(err, page.ErrIncomplete) {
		t.Errorf("drift: %v", err)
	}
	equal(t, s.content(t), before)
}

// The twenty-first connection gives the list a second part.
func TestAListThatComesToGoOnLeavesTheRunPartlyDone(t *testing.T) {
	t.Parallel()
	b := relays(21)
	s := newSite(t, adminsite.Options{})
	rest := *b
	rest.Connections = b.Connections[:20]
	importBoth(t, s.byREST(t), &rest)
	_, err := importer.Run(t.Context(), options(t, s.byPage(t, "list=paged&relabel=Next=Next+page", nextOnly), b, schema.Connections))
	var part *importer.PartialError
	if !errors.As(err, &part) || !errors.Is(err, page.ErrIncomplete) {
		t.Fatalf("%v", err)
	}
	if n := s.pages.Counts(); n.Saves != 1 || len(s.content(t)) != 21 {
		t.Errorf("pressed %+v, Cloud has %d", n, len(s.content(t)))
	}
}

func TestWordsOfAnEmptyListBesideRowsAreNotBelieved(t *testing.T) {
	t.Parallel()
	b := relays(2)
	s := newSite(t, adminsite.Options{})
	importBoth(t, s.byREST(t), b)
	c := s.byPage(t, "", func(p *schema.FormProfile) { p.Connections.Empty = "OUTGOING MAILS" }) // of the menu
	if got, err := c.List(t.Context(), schema.Connections); err != nil || len(got) != 2 {
		t.Errorf("%v, %d", err, len(got))
	}
}

func TestAValueNotOfferedShutsTheGateAndNamesTheRulesLine(t *testing.T) {
	t.Parallel()
	b := bundleWith(1)
	b.Credentials = nil
	b.Connections[0].(*schema.CloudConnection).Encryption = "TLS 1.3"
	b.Origin = &schema.Origin{Rules: &schema.Rules{
		Connections: schema.ListRules{Fields: []schema.FieldRule{{From: "encryption", To: "encryption", Values: "encryption"}}},
		Values:      map[string][]schema.ValueRule{"encryption": {{From: "TLSv1.3", To: "TLS 1.3"}}},
	}}
	s := newSite(t, adminsite.Options{})
	_, err := importer.Run(t.Context(), options(t, s.byPage(t, ""), b, schema.Connections))
	var gate *importer.GateError
	if !errors.As(err, &gate) || len(gate.Reasons) != 1 || gate.Reasons[0].Code != importer.NotOffered {
		t.Fatalf("%v", err)
	}
	for _, want := range []string{`"TLS 1.3"`, `"STARTTLS"`, `edit the line of values.encryption from "TLSv1.3" to "TLS 1.3"`} {
		if !strings.Contains(gate.Reasons[0].Words, want) {
			t.Errorf("lacks %s: %s", want, gate.Reasons[0].Words)
		}
	}
	if n := s.pages.Counts(); n.Saves != 0 {
		t.Errorf("pressed %+v", n)
	}
}

// A list that shows late what was saved is looked at until it does: Save is
// pressed once for each, though the site would take a name twice.
func TestAListThatLagsIsLookedAtUntilItShowsWhatWasSaved(t *testing.T) {
	t.Parallel()
	b := bundleWith(3)
	s := laggingSite(t, lag)
	rep := importBoth(t, s.byPage(t, "toast=alert"), b)
	if rep.Counts[importer.Written] != len(b.Connections) {
		t.Errorf("counts are %v", rep.Counts)
	}
	equal(t, s.content(t), byRESTOf(t, b))
	if n := s.pages.Counts(); n.Saves != len(b.Connections)+len(b.Credentials) {
		t.Errorf("pressed: %+v", n)
	}
}

// Where Save let go of the form, an alert in its place is no answer to it.
func TestAnAlertWithoutTheFormIsNoRefusal(t *testing.T) {
	t.Parallel()
	b := bundleWith(1)
	b.Credentials = nil
	s := laggingSite(t, 6*time.Second) // longer than that alert is looked at
	const back = "state.starts = [0];\n\tload(0);"
	inner := s.srv.Config.Handler
	s.srv.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/app/app.js" {
			inner.ServeHTTP(w, r)
			return
		}
		rec := httptest.NewRecorder()
		inner.ServeHTTP(rec, r)
		w.Header().Set("Content-Type", rec.Header().Get("Content-Type"))
		_, _ = io.WriteString(w, strings.Replace(rec.Body.String(), back,
			`document.body.innerHTML = '<div role="alert">It may take a while until it appears</div>';`, 1))
	})
	rep, err := importer.Run(t.Context(), options(t, s.byPage(t, ""), b, schema.Connections))
	if err != nil || rep.Counts[importer.Written] != 1 || s.pages.Counts().Saves != 1 {
		t.Errorf("%v, %+v, pressed: %+v", err, rep, s.pages.Counts())
	}
}

func TestARefusedSaveIsThatConnectionsFailureInThePagesWords(t *testing.T) {
	t.Parallel()
	b := bundleWith(4)
	b.Credentials = nil
	b.Connections = slices.DeleteFunc(b.Connections, func(it schema.Item) bool { return it.(*schema.CloudConnection).ServiceProvider == google })
	b.Connections[0].(*schema.CloudConnection).SMTPPort = 65536 // a message beside the field
	quota := b.Connections[1].ItemName()                        // an alert
	for _, toast := range []string{"status", "alert"} {
		s := newSite(t, adminsite.Options{Refuse: func(_ schema.List, name string) string {
			if name == quota {
				return "Quota exceeded"
			}
			return ""
		}})
		rep, err := importer.Run(t.Context(), options(t, s.byPage(t, "form=dialog&toast="+toast), b, schema.Connections))
		var partly *importer.PartialError
		if !errors.As(err, &partly) || partly.Left != 2 || partly.Cause != nil {
			t.Fatalf("%v", err)
		}
		for i, want := range []string{"SMTP Port: SMTP Port is not between 1 and 65535", "Quota exceeded", ""} {
			if it := rep.Items[i]; it.Words != want || (it.Result == importer.Failed) != (want != "") {
				t.Errorf("%s: %s %q", it.Name, it.Result, it.Words)
			}
		}
		if have := s.content(t); len(have) != 1 {
			t.Errorf("Cloud has %q", have)
		}
	}
}

// A page may say what it did not like of a password; report and ledger keep none
// of it.
func TestASecretThatThePageRepeatsIsNotInItsWords(t *testing.T) {
	t.Parallel()
	b := bundleWith(1)
	b.Credentials = nil
	s := newSite(t, adminsite.Options{Refuse: func(l schema.List, name string) string {
		return "The password " + strings.ToUpper(secretOf(l, name).Reveal()) + " is known to thieves"
	}})
	o := options(t, s.byPage(t, "form=dialog&toast=alert"), b, schema.Connections)
	rep, err := importer.Run(t.Context(), o)
	var partly *importer.PartialError
	if !errors.As(err, &partly) || partly.Left != 1 || partly.Cause != nil {
		t.Fatalf("%v", err)
	}
	ledger := rig.Get(os.ReadFile(o.Ledger.Path)).Or(t)
	if it := rep.Items[0]; it.Result != importer.Failed || !strings.Contains(it.Words, "repeats a secret") || strings.Contains(strings.ToLower(it.Words+string(ledger)), "sécret") {
		t.Errorf("%s %q\n%s", it.Result, it.Words, ledger)
	}
}

// Many rows: what is there already is found in whatever part of the list it
// stands, and only what differs is changed.
func TestLongListsAreReadToTheirEndAndChangedInPlace(t *testing.T) {
	for _, list := range []string{"paged", "lazy"} {
		t.Run(list, func(t *testing.T) {
			t.Parallel()
			b := bundleWith(2)
			b.Credentials = nil
			b.Connections = []schema.Item{b.Connections[0]}
			s := newSite(t, adminsite.Options{})
			var there []schema.Item
			for i := range 23 {
				there = append(there, &schema.CloudConnection{Name: fmt.Sprintf("Connection %d", i), ServiceProvider: smtp, Host: "h.corp.example", SMTPPort: 1 + i})
			}
			other := *b.Connections[0].(*schema.CloudConnection)
			other.Host, other.Debug, other.Password = "old.corp.example", false, nil
			rig.OK(t, s.Load(t.Context(), append(there, &other)))
			c := s.byPage(t, "list="+list)
			all, err := c.List(t.Context(), schema.Connections)
			if err != nil || len(all) != 24 {
				t.Fatalf("%d, %v", len(all), err)
			}
			for i, r := range all[:23] {
				if got := r.Item.(*schema.CloudConnection); got.SMTPPort != 1+i || r.ID != got.Name {
					t.Errorf("row %d: id %q, %+v", i, r.ID, got)
				}
			}
			id := all[23].ID
			rig.Get(c.Update(t.Context(), id, importer.Write{Item: b.Connections[0], Secret: schema.NewSecret("new")})).Or(t)
			all, err = c.List(t.Context(), schema.Connections)
			if err != nil || len(all) != 24 || schema.Text(all[23].Item, "host") != "smtp.corp.example" {
				t.Fatalf("%d, %v", len(all), err)
			}
			if w := s.pages.Writes(); len(w) != 1 || !w[0].Update || !w[0].Secret || w[0].Name != b.Connections[0].ItemName() {
				t.Errorf("writes: %v", w)
			}
			secrets, err := vault.Secrets(s.dir, schema.Connections)
			if err != nil || secrets[id].Reveal() != "new" {
				t.Errorf("the secret is not the new one: %v", err)
			}
			rig.Get(c.Update(t.Context(), id, importer.Write{Item: &other})).Or(t)
			if secrets, err = vault.Secrets(s.dir, schema.Connections); err != nil || secrets[id].Reveal() != "new" {
				t.Errorf("a change without a secret did not leave Cloud's: %v", err)
			}
		})
	}
}

func TestASiteThatFailsNowAndThenEndsInTheSameCloud(t *testing.T) {
	t.Parallel()
	b := bundleWith(5)
	s := oddSite(t, cloud.Options{Faults: cloud.Faults{Seed: 7, Fail: 0.04, Drop: 0.04}}, adminsite.Options{}, faulty.Faults{})
	c := s.byPageWith(t, "toast=alert", formprofile.Options{Profile: shipped(t), Browser: shell(t, 3*time.Second)})
	o := options(t, c, b, "")
	for _, o.List = range schema.Lists() {
		for n := 1; ; n++ {
			rep, err := importer.Run(t.Context(), o)
			if err == nil {
				break
			}
			if n == 8 {
				t.Fatalf("not done after %d runs: %v, %+v", n, err, rep)
			}
		}
	}
	equal(t, s.content(t), byRESTOf(t, b))
}

func TestASessionThatEndsHalfWayPausesAndAsksAgain(t *testing.T) {
	b := bundleWith(2)
	account := &signin.Account{User: "anna", Password: schema.NewSecret("sécret of anna"), Requests: 10}
	s := newSite(t, adminsite.Options{SignIn: account})
	person := lendBrowser(t)
	var asked []string
	c := s.byPageWith(t, "", formprofile.Options{Profile: shipped(t), Browser: page.Options{Attach: person.port, Timeout: 3 * time.Second},
		Notify: func(text string) {
			asked = append(asked, text)
			person.signIn(t, account)
		}})
	importBoth(t, c, b)
	equal(t, s.content(t), byRESTOf(t, b))
	if len(asked) < 3 || strings.Contains(fmt.Sprint(asked), "sécret") || !strings.Contains(asked[0], "sign in in the browser window") {
		t.Errorf("asked: %q", asked)
	}
}

func TestWithoutAWindowNobodyCanSignIn(t *testing.T) {
	s := newSite(t, adminsite.Options{SignIn: &signin.Account{User: "anna", Password: schema.NewSecret("x")}})
	c := s.byPageWith(t, "", formprofile.Options{Profile: shipped(t), Browser: shell(t, 500*time.Millisecond)})
	_, err := c.List(t.Context(), schema.Connections)
	if !errors.Is(err, importer.ErrUnauthorized) || !strings.Contains(schema.HintOf(err), "--headed") {
		t.Fatalf("%v", err)
	}
}

func TestNamesThatTheListShowsAlikeAreToldApartByTheirForms(t *testing.T) {
	for _, list := range []string{"", "paged"} { // the two may stand on different parts of it
		t.Run(list, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, adminsite.Options{})
			there := []schema.Item{&schema.CloudConnection{Name: "Desk  A", ServiceProvider: smtp, Host: "one.corp.example"}}
			for i := range 23 {
				there = append(there, &schema.CloudConnection{Name: fmt.Sprint("Other ", i), ServiceProvider: smtp, Host: "other.corp.example"})
			}
			there = append(there, &schema.CloudConnection{Name: "Desk A", ServiceProvider: smtp, Host: "two.corp.example"})
			rig.OK(t, s.Load(t.Context(), there))
			all, err := s.byPage(t, "list="+list).List(t.Context(), schema.Connections)
			if err != nil || len(all) != len(there) {
				t.Fatalf("%d, %v", len(all), err)
			}
			for i, r := range all { // the list shows both alike; their forms tell them apart
				if name := there[i].ItemName(); r.Item.ItemName() != name || r.ID != name || schema.Text(r.Item, "host") != schema.Text(there[i], "host") {
					t.Errorf("%q %+v", r.ID, r.Item)
				}
			}
		})
	}
}
