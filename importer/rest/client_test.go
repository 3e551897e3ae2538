package rest

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/faulty"
	"github.com/mailferry/mailferry/internal/rig/vault"
	"github.com/mailferry/mailferry/samples/cloud"
	"github.com/mailferry/mailferry/schema"
)

func TestWhatIsWrittenIsReadBackFieldByField(t *testing.T) {
	c, way := both(t, faulty.Faults{})
	cred := importer.Write{Item: &schema.CloudCredential{Name: "G", ServiceProvider: "Google", ClientID: "i", AuthorizationEndpoint: "https://a.example",
		TokenEndpoint: "https://t.example", Grant: "authorization_code"}, Secret: schema.NewSecret("canary-client")}
	full := importer.Write{Item: &schema.CloudConnection{Name: "Sales", Description: "d", FromEmailAddress: "a@b.example", EmailPrefix: "[p]",
		ServiceProvider: "GMail/GSuite with OAuth2", Encryption: "TLS", Username: "u", Host: "h", SMTPPort: 465, Debug: true, OAuth2Credentials: "G"}}
	for _, w := range []importer.Write{cred, full, support()} {
		r := rig.Get(way.Create(t.Context(), w)).Or(t)
		all := rig.Get(way.List(t.Context(), w.Item.List())).Or(t)
		last := all[len(all)-1]
		for _, got := range []importer.Remote{r, last} {
			if a, b := shown(t, got.Item), shown(t, w.Item); a != b || got.ID != r.ID {
				t.Errorf("got %s %s, want %s", got.ID, a, b)
			}
		}
	}
	for l, want := range map[schema.List]string{schema.Credentials: "canary-client", schema.Connections: "canary-password"} {
		secrets := rig.Get(vault.Secrets(c.dir, l)).Or(t)
		var got []string
		for _, s := range secrets {
			got = append(got, s.Reveal())
		}
		if fmt.Sprint(got) != "["+want+"]" {
			t.Errorf("%s: stored %v", l, got)
		}
	}
	if offered, err := way.Offered(t.Context(), &schema.CloudConnection{}, "service_provider"); offered.Values != nil || err != nil {
		t.Errorf("offered %v, %v", offered, err)
	}
}

func shown(t *testing.T, it schema.Item) string {
	t.Helper()
	raw := rig.Get(schema.Marshal(it)).Or(t)
	return string(raw)
}

func TestAnUpdateEmptiesFieldsAndKeepsTheSecret(t *testing.T) {
	c, way := both(t, faulty.Faults{})
	r := rig.Get(way.Create(t.Context(), support())).Or(t)
	w := importer.Write{Item: &schema.CloudConnection{Name: "Support", ServiceProvider: "General SMTP service", Host: "other.example"}, Key: "key-2"}
	got, err := way.Update(t.Context(), r.ID, w)
	if err != nil || shown(t, got.Item) != shown(t, w.Item) || got.ID != r.ID {
		t.Fatalf("got %+v, %v", got, err)
	}
	secrets, err := vault.Secrets(c.dir, schema.Connections)
	if err != nil || secrets["Support"].Reveal() != "canary-password" {
		t.Errorf("got %v, %v", secrets["Support"].Reveal(), err)
	}
}

func TestAListIsWalkedToItsEnd(t *testing.T) {
	c, way := both(t, faulty.Faults{})
	var items []schema.Item
	for i := range 230 { // the sample shows a hundred at a time
		items = append(items, &schema.CloudConnection{Name: fmt.Sprint("c", i), ServiceProvider: "General SMTP service", Host: "h"})
	}
	rig.OK(t, c.Load(t.Context(), items))
	before := c.Requests()
	all, err := way.List(t.Context(), schema.Connections)
	if err != nil || len(all) != len(items) || c.Requests()-before != 3 {
		t.Fatalf("got %d in %d requests, %v", len(all), c.Requests()-before, err)
	}
	for i, r := range all {
		if r.Item.ItemName() != items[i].ItemName() {
			t.Errorf("%d: got %s", i, r.Item.ItemName())
		}
	}
}

func TestTheSameKeyAgainGivesTheSameItem(t *testing.T) {
	c, way := both(t, faulty.Faults{})
	first := rig.Get(way.Create(t.Context(), support())).Or(t)
	again, err := way.Create(t.Context(), support())
	if err != nil || again.ID != first.ID || stored(t, c) != "Support" {
		t.Errorf("got %+v, %v; stored %s", again, err, stored(t, c))
	}
}

func TestANoConcernsTheItemAlone(t *testing.T) {
	_, way := both(t, faulty.Faults{})
	rig.Get(way.Create(t.Context(), support())).Or(t)
	tests := []struct {
		name string
		do   func() error
		code int
		says string
	}{
		{"duplicate", func() error {
			w := support()
			w.Key = "key-2"
			_, err := way.Create(t.Context(), w)
			return err
		}, 409, "name: another connection has this name (HTTP 409 Conflict)"},
		{"unknown credential", func() error {
			_, err := way.Create(t.Context(), importer.Write{Item: &schema.CloudConnection{Name: "x", ServiceProvider: "GMail/GSuite with OAuth2", Username: "u", OAuth2Credentials: "?"}})
			return err
		}, 422, "oauth2_credentials: no credential has this name"},
		{"gone", func() error {
			w := support()
			w.Key = "key-3"
			_, err := way.Update(t.Context(), "99", w)
			return err
		}, 404, "no such connection"},
		{"made by somebody else just before", func() error {
			_, way := both(t, once("POST", faulty.Fault{Do: faulty.Rival}))
			_, err := way.Create(t.Context(), support())
			return err
		}, 409, "another connection has this name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.do()
			var no *importer.RefusedError
			if !errors.As(err, &no) || no.Code != tt.code || !strings.Contains(no.Words, tt.says) || importer.Unsettled(err) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestCloudsWordsAreMadeHarmless(t *testing.T) {
	tests := []struct{ name, body, words string }{
		{"control and direction characters", `{"detail":"a\u001b[31m\r\nb\u202ec\u0007\u200b"}`, "a‹U+001B›[31m b‹U+202E›c‹U+0007›‹U+200B› (HTTP 422 Unprocessable Entity)"},
		{"too many", `{"detail":"` + strings.Repeat("é", 5000) + `"}`, strings.Repeat("é", 299) + "… (HTTP 422 Unprocessable Entity)"},
		{"the secret", `{"detail":"bad","errors":[{"field":"password","detail":"canary-password is weak"}]}`, "HTTP 422 Unprocessable Entity (repeats a secret and is not shown)"},
		{"the token", `{"detail":"who is canary-token"}`, "HTTP 422 Unprocessable Entity (repeats a secret and is not shown)"},
		{"by field", `{"title":"t","errors":[{"field":"host","detail":"is odd"},7,{"detail":"both"}]}`, "t; host: is odd; both (HTTP 422 Unprocessable Entity)"},
		{"a page", `<html>no</html>`, "HTTP 422 Unprocessable Entity"},
		{"nothing", ``, "HTTP 422 Unprocessable Entity"},
		{"other types", `{"detail":7,"title":["x"],"errors":{}}`, "HTTP 422 Unprocessable Entity"},
		{"duplicates", `{"detail":"a","detail":"b"}`, "HTTP 422 Unprocessable Entity"},
		{"endless", `{"detail":"` + strings.Repeat("x", maxRefusal*3), "HTTP 422 Unprocessable Entity"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := answering(t, 422, tt.body).Create(t.Context(), support())
			var no *importer.RefusedError
			if !errors.As(err, &no) || no.Words != tt.words {
				t.Errorf("got  %v\nwant %s", err, tt.words)
			}
		})
	}
}

// TestEachStatusIsWhatTheContractSays covers what no sample Cloud answers.
func TestEachStatusIsWhatTheContractSays(t *testing.T) {
	tests := []struct {
		status                           int
		refused, unsettled, unauthorized bool
	}{
		{400, true, false, false}, {401, false, false, true}, {402, true, false, false}, {403, false, false, true}, {404, true, false, false},
		{405, true, false, false}, {407, false, false, false}, {408, false, true, false}, {409, true, false, false}, {413, true, false, false},
		{422, true, false, false}, {500, false, true, false}, {501, false, true, false}, {502, false, true, false}, {503, false, true, false},
		{504, false, true, false}, {200, false, true, false}, {202, false, true, false}, {204, false, true, false}, {301, false, true, false},
		{302, false, true, false}, {303, false, true, false}, {304, false, true, false}, {307, false, false, false}, {308, false, false, false},
	}
	for _, tt := range tests {
		for _, method := range []string{"POST", "PUT"} {
			way := answering(t, tt.status, "", "Location", "/elsewhere")
			var err error
			if method == "POST" {
				_, err = way.Create(t.Context(), support())
			} else {
				_, err = way.Update(t.Context(), "1", support())
			}
			var no *importer.RefusedError
			if err == nil || errors.As(err, &no) != tt.refused || importer.Unsettled(err) != tt.unsettled || errors.Is(err, importer.ErrUnauthorized) != tt.unauthorized {
				t.Errorf("%s %d: got %v (unsettled: %v)", method, tt.status, err, importer.Unsettled(err))
			}
		}
	}
}

func TestAnAnswerThatCannotBeUsedIsSaidByPlace(t *testing.T) {
	tests := []struct{ name, body, says string }{
		{"no JSON", `<html>`, "not valid JSON"},
		{"cut", `{"items":[`, "ends in the middle"},
		{"null", `null`, "null cannot be taken"},
		{"a list", `[]`, "not as the format wants it"},
		{"duplicates", `{"items":[{"id":"1","name":"a","name":"b"}]}`, "items[0].name: stands twice"},
		{"bad UTF-8", "{\"items\":[{\"id\":\"1\",\"name\":\"\xff\"}]}", "UTF-8"},
		{"too deep", `{"x":` + strings.Repeat("[", 50) + strings.Repeat("]", 50) + `}`, "nested deeper"},
		{"no items", `{}`, "items: not a list"},
		{"items null", `{"items":null}`, "items: not a list"},
		{"no id", `{"items":[{"name":"a"}]}`, "items[0]: id: missing"},
		{"id a number", `{"items":[{"id":1,"name":"a"}]}`, "items[0]: id: missing or not usable"},
		{"id climbs", `{"items":[{"id":"..","name":"a"}]}`, "items[0]: id: missing or not usable"},
		{"id twice", `{"items":[{"id":"1","name":"a"},{"id":"1","name":"b"}]}`, `id "1" stands twice`},
		{"no name", `{"items":[{"id":"1"}]}`, "items[0]: name: missing"},
		{"port a text", `{"items":[{"id":"1","name":"a","smtp_port":"587"}]}`, "items[0]: smtp_port: not as the format wants it"},
		{"port too high", `{"items":[{"id":"1","name":"a","smtp_port":70000}]}`, "items[0]: smtp_port: not between"},
		{"debug a text", `{"items":[{"id":"1","name":"a","debug":"yes"}]}`, "items[0]: debug: not as the format wants it"},
		{"next a number", `{"items":[],"next":7}`, "next: not a short text"},
		{"next for ever", `{"items":[],"next":"x"}`, "an empty page that has a next one"},
		{"the same page for ever", `{"items":[{"id":"1","name":"a"}],"next":"x"}`, `id "1" stands twice`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := answering(t, 200, tt.body).List(t.Context(), schema.Connections)
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want %q", err, tt.says)
			}
		})
	}
}

func TestUnknownMembersAndShownSecretsAreIgnored(t *testing.T) {
	body := `{"items":[{"id":"1","name":"a","password":"canary","enabled":true,"smtp_port":null,"debug":true,"x":{"y":[1]}}],"next":null,"total":1}`
	all, err := answering(t, 200, body).List(t.Context(), schema.Connections)
	if err != nil || len(all) != 1 || shown(t, all[0].Item) != `{"name":"a","service_provider":"","debug":true}` {
		t.Errorf("got %+v, %v", all, err)
	}
}

func TestAnAnswerAboutAnotherItemSettlesNothing(t *testing.T) {
	_, err := answering(t, 201, `{"id":"1","name":"Sales","service_provider":"x","debug":false}`).Create(t.Context(), support())
	if !importer.Unsettled(err) {
		t.Errorf("got %v", err)
	}
}

func TestIdsThatAreNoPathSegmentAreNeverSent(t *testing.T) {
	c, way := both(t, faulty.Faults{})
	for _, id := range []string{"", ".", "..", "a b", "a\x00", strings.Repeat("1", 201)} {
		if _, err := way.Update(t.Context(), id, support()); err == nil || importer.Unsettled(err) {
			t.Errorf("%q: got %v", id, err)
		}
	}
	if n := c.Requests(); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestNothingSecretIsLogged(t *testing.T) {
	var log bytes.Buffer
	c := sampleCloud(t, cloud.Options{}, faulty.Faults{})
	way := reach(t, serve(t, c).URL, Options{Token: c.Token(), Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	rig.Get(way.Create(t.Context(), support())).Or(t)
	rig.Get(way.List(t.Context(), schema.Connections)).Or(t)
	for _, want := range []string{"method=POST path=/api/v1/connections status=201 duration=", "method=GET path=/api/v1/connections status=200"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %q in %s", want, &log)
		}
	}
	for _, secret := range []string{"canary", c.Token().Reveal(), "Support", "key-1"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%q in %s", secret, &log)
		}
	}
}

func TestAHandlerIsReachedWithoutAPort(t *testing.T) {
	c := sampleCloud(t, cloud.Options{}, faulty.Faults{})
	site := importer.Site{URL: "sample:DIR", Host: "sample-DIR", Rehearsal: true}
	way := rig.Get(OpenHandler(c.Handler(), site, Options{Token: c.Token()})).Or(t)
	rig.Get(way.Create(t.Context(), support())).Or(t)
	if got := way.Site(); !got.Rehearsal || !got.Keys || got.URL != site.URL || got.Host != site.Host {
		t.Errorf("got %+v", got)
	}
	if err := way.Close(); err != nil {
		t.Error(err)
	}
	if _, err := way.List(t.Context(), schema.Connections); err == nil {
		t.Error("closed, yet it answers")
	}
	if stored(t, c) != "Support" {
		t.Errorf("stored %q", stored(t, c))
	}
}
