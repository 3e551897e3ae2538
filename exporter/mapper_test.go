package exporter_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/exporter"
	"github.com/mailferry/mailferry/schema"
)

type column = schema.ColumnProfile

func mapperProfile() *schema.Profile {
	return &schema.Profile{
		Format: schema.ProfileFormat, Verified: true,
		Connections: schema.TableProfile{Table: "Conn", Columns: []column{
			{Field: "name", Column: "name"}, {Field: "connect_mode", Column: "MODE", Values: "modes"}, {Field: "username", Column: "LOGIN"},
			{Field: "password", Column: "PASS", Secret: schema.Plain}, {Field: "port", Column: "PORT"}, {Field: "debug", Column: "DEBUG"},
			{Field: "oauth2_credentials", Column: "CRED", Lookup: "Id"}, {Field: "extra.team", Column: "TEAM"},
		}},
		Credentials: &schema.TableProfile{Table: "Cred", Columns: []column{
			{Field: "name", Column: "NAME"}, {Field: "client_secret", Column: "SECRET", Secret: schema.Opaque},
		}},
		Values: map[string][]schema.ValueRule{"modes": {{From: "0", To: "SMTP", Verified: true}, {From: "1", To: "Google OAuth2"}}},
	}
}

// feed maps rows given as "TABLE COLUMN=value …" and returns records and
// warnings.
func feed(p *schema.Profile, rows ...string) ([]exporter.Record, []string, error) {
	var warned []string
	m, err := exporter.NewMapper(p, func(w schema.Warning) { warned = append(warned, w.String()) })
	if err != nil {
		return nil, nil, err
	}
	for i, r := range rows {
		cells := map[string]string{}
		words := strings.Split(r, " ")
		for _, w := range words[1:] {
			k, v, _ := strings.Cut(w, "=")
			cells[k] = v
		}
		err := m.Row(words[0], i+1, func(c string) exporter.Cell {
			v, ok := cells[c]
			return exporter.Cell{Text: v, Null: !ok}
		})
		if err != nil {
			return nil, warned, err
		}
	}
	records, err := m.Records()
	return records, warned, err
}

func TestMapperReadsValuesMapsAndReferences(t *testing.T) {
	records, warned, err := feed(mapperProfile(),
		"conn NAME=a MODE=0 LOGIN=me PASS=pw PORT=25 DEBUG=1 TEAM=x",
		"CONN NAME=b MODE=1 CRED=7",
		"CONN NAME=c MODE=Odd DEBUG=false PASS=",
		"CRED NAME=g ID=7 SECRET=box")
	if err != nil {
		t.Fatal(err)
	}
	if len(records) != 4 {
		t.Fatalf("%d records", len(records))
	}
	g, a, b, c := records[0], records[1], records[2].Item.(*schema.ServerConnection), records[3].Item.(*schema.ServerConnection)
	if !g.Secret.IsZero() || !strings.Contains(g.Reason, "SECRET holds ciphertext") || g.Where != "CRED row 4" {
		t.Errorf("opaque secret: %+v", g)
	}
	want := schema.ServerConnection{Name: "a", ConnectMode: "SMTP", Username: "me", Port: 25, Debug: true, Extra: map[string]string{"team": "x"}}
	if got := a.Item.(*schema.ServerConnection); fmt.Sprintf("%+v", *got) != fmt.Sprintf("%+v", want) || a.Secret.Reveal() != "pw" {
		t.Errorf("got %+v, want %+v", *got, want)
	}
	if b.ConnectMode != "Google OAuth2" || b.OAuth2Credentials != "g" || c.ConnectMode != "Odd" || c.Debug {
		t.Errorf("%+v %+v", b, c)
	}
	for _, w := range []string{`value modes "1" → "Google OAuth2": mapped by an unverified rule`, `value modes "Odd": not in the profile's value map`} {
		if !slices.ContainsFunc(warned, func(s string) bool { return strings.Contains(s, w) }) {
			t.Errorf("%q does not warn of %s", warned, w)
		}
	}
}

func TestMapperRefusesProfilesThatSayTooLittleOrTooMuch(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*schema.Profile)
		want string
	}{
		"unknown field":        {func(p *schema.Profile) { p.Connections.Columns[2].Field = "user" }, `connections.columns[2].field: "user" is no field of a connection`},
		"extra without a key":  {func(p *schema.Profile) { p.Connections.Columns[7].Field = "extra." }, `columns[7].field: "extra." is no field`},
		"mapped twice":         {func(p *schema.Profile) { p.Connections.Columns[2].Field = "name" }, "columns[2].field: name is mapped twice"},
		"secret unmarked":      {func(p *schema.Profile) { p.Connections.Columns[3].Secret = "" }, `say "secret": "plain" or "opaque"`},
		"no secret marked":     {func(p *schema.Profile) { p.Connections.Columns[2].Secret = schema.Plain }, "username is no secret field"},
		"lookup elsewhere":     {func(p *schema.Profile) { p.Connections.Columns[2].Lookup = "ID" }, "only oauth2_credentials looks up"},
		"lookup in no table":   {func(p *schema.Profile) { p.Credentials = nil }, "only oauth2_credentials looks up"},
		"no such value map":    {func(p *schema.Profile) { p.Connections.Columns[2].Values = "x" }, `no value map named "x"`},
		"value map of secrets": {func(p *schema.Profile) { p.Connections.Columns[3].Values = "modes" }, "a secret has no value map"},
		"name unmapped":        {func(p *schema.Profile) { p.Connections.Columns[0].Column = "" }, "connections: no column is mapped to name"},
		"one table for both":   {func(p *schema.Profile) { p.Credentials.Table = "CONN" }, "already the other list's table"},
	} {
		t.Run(name, func(t *testing.T) {
			p := mapperProfile()
			c.edit(p)
			if _, err := exporter.NewMapper(p, func(schema.Warning) {}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// The word hunter2 stands for whatever a row holds.
func TestMapperRefusesRowsWithoutShowingWhatTheyHold(t *testing.T) {
	for name, c := range map[string]struct {
		rows []string
		want string
	}{
		"no name":            {[]string{"CONN MODE=0"}, "CONN row 1: has no name"},
		"no connect mode":    {[]string{"CONN NAME=a"}, "CONN row 1: has no connect mode"},
		"port":               {[]string{"CONN NAME=a MODE=0 PORT=hunter2"}, "CONN row 1, column PORT: not a whole number"},
		"port out of range":  {[]string{"CONN NAME=a MODE=0 PORT=65536"}, "CONN row 1, column PORT: not between 1 and 65535"},
		"switch":             {[]string{"CONN NAME=a MODE=0 DEBUG=hunter2"}, "column DEBUG: neither true nor false"},
		"dangling reference": {[]string{"CONN NAME=a MODE=0 CRED=9", "CRED NAME=g ID=7"}, `CONN row 1: refers to credential "9"`},
		"keys twice":         {[]string{"CRED NAME=g ID=7", "CRED NAME=h ID=7"}, "CRED row 2, column Id: the same key"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := feed(mapperProfile(), c.rows...)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func TestMapperWarnsOfGuessesAndOfCiphertextCalledPlain(t *testing.T) {
	p := mapperProfile()
	p.Verified = false
	p.Connections.Columns = append(p.Connections.Columns, column{Field: "prefix", Choices: []string{"X"}})
	_, warned, err := feed(p,
		"CONN NAME=a MODE=0 PASS={AES}c2VjcmV0", "CONN NAME=b MODE=0 PASS=plain")
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []string{"the profile is unverified", "field prefix of connections: left unmapped", "1 of 2 values in CONN.PASS look like ciphertext although the profile says plain"} {
		if !slices.ContainsFunc(warned, func(s string) bool { return strings.Contains(s, w) }) {
			t.Errorf("%q does not warn: %s", warned, w)
		}
	}
	if s := strings.Join(warned, "\n"); strings.Contains(s, "c2VjcmV0") {
		t.Errorf("a warning shows a value: %s", s)
	}
}

func TestMapperWantsOnlyTheColumnsThatItReads(t *testing.T) {
	m, err := exporter.NewMapper(mapperProfile(), func(schema.Warning) {})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(m.Wanted()); got != "[{CRED [NAME SECRET ID]} {CONN [NAME MODE LOGIN PASS PORT DEBUG CRED TEAM]}]" {
		t.Error(got)
	}
	if err := m.Wanted()[0].Check([]string{"name", "secret", "id", "more"}); err != nil {
		t.Error(err)
	}
	err = m.Wanted()[0].Check([]string{"NAME", "SECRET"})
	if err == nil || !strings.Contains(err.Error(), `"CRED" has no column "ID"`) || schema.HintOf(err) != "it has: NAME, SECRET" {
		t.Errorf("%v, hint %q", err, schema.HintOf(err))
	}
}

func TestAColumnOfSecretsIsNotMappedToASettingThatReviewersSee(t *testing.T) {
	p := &schema.Profile{Format: schema.ProfileFormat, Verified: true, Connections: schema.TableProfile{Table: "T", Columns: []schema.ColumnProfile{
		{Field: "name", Column: "NAME"}, {Field: "connect_mode", Column: "MODE"}, {Field: "extra.pw", Column: "SMTP_PASSWORD"}}}}
	_, err := exporter.NewMapper(p, func(schema.Warning) {})
	if err == nil || !strings.Contains(err.Error(), `column "SMTP_PASSWORD" looks like one of secrets`) {
		t.Errorf("%v", err)
	}
}
