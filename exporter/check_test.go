package exporter_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/exporter"
	"github.com/mailferry/mailferry/schema"
)

func TestWhatTheFormatHasNoRoomForIsToldByItsPlaceInTheSource(t *testing.T) {
	many := map[string]string{}
	for i := range 201 {
		many[fmt.Sprint(i)] = "v"
	}
	tests := map[string]struct {
		item schema.Item
		want string
	}{
		"a long description": {&schema.ServerConnection{Name: "Zoo", ConnectMode: "SMTP", Description: strings.Repeat("d", 65537)}, "a.csv: row 7, description: "},
		"a long name":        {&schema.ServerConnection{Name: strings.Repeat("ü", 1001), ConnectMode: "SMTP"}, "a.csv: row 7, name: "},
		"no name":            {&schema.ServerConnection{ConnectMode: "SMTP"}, "a.csv: row 7, name: "},
		"a long client id":   {&schema.ServerCredential{Name: "Zoo", ClientID: strings.Repeat("c", 1001)}, "a.csv: row 7, client_id: "},
		"a long extra value": {&schema.ServerConnection{Name: "Zoo", ConnectMode: "SMTP", Extra: map[string]string{"k": strings.Repeat("v", 65537)}}, "a.csv: row 7, extra"},
		"a long extra key":   {&schema.ServerConnection{Name: "Zoo", ConnectMode: "SMTP", Extra: map[string]string{strings.Repeat("k", 201): "v"}}, "a.csv: row 7, extra"},
		"many extra values":  {&schema.ServerConnection{Name: "Zoo", ConnectMode: "SMTP", Extra: many}, "a.csv: row 7, extra"},
	}
	for name, tt := range tests {
		contents := []*exporter.Content{{Source: schema.Source{Kind: "csv", Name: "a.csv"}, Records: []exporter.Record{
			conn("First", "", "", ""), {Item: tt.item, Where: "a.csv: row 7"}}}}
		if _, _, err := export(contents, exporter.Options{}); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: %v; want %s…", name, err, tt.want)
		}
	}
}

func TestASecretLongerThanABundleCarriesIsRefused(t *testing.T) {
	for length, want := range map[int]string{schema.MaxSecret: "", schema.MaxSecret + 1: "row of HR, password: longer than 16384 bytes"} {
		contents := []*exporter.Content{{Source: schema.Source{Kind: "csv", Name: "a.csv"}, Records: []exporter.Record{conn("HR", "h", "", strings.Repeat("s", length))}}}
		if _, _, err := export(contents, exporter.Options{}); (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("%d bytes: %v", length, err)
		}
	}
}

func TestWhatFitsExactlyIsTaken(t *testing.T) {
	long := &schema.ServerConnection{Name: strings.Repeat("ü", 1000), ConnectMode: "SMTP", Description: strings.Repeat("d", 65536), Extra: map[string]string{strings.Repeat("k", 200): strings.Repeat("v", 65536)}}
	contents := []*exporter.Content{{Source: schema.Source{Kind: "csv", Name: "a.csv"}, Records: []exporter.Record{{Item: long, Where: "a.csv: row 7"}}}}
	if _, _, err := export(contents, exporter.Options{}); err != nil {
		t.Error(err)
	}
}

func TestRowsOfATableAreBoundedInAll(t *testing.T) {
	p := &schema.Profile{Connections: schema.TableProfile{Table: "T", Columns: []schema.ColumnProfile{
		{Field: "name", Column: "N"}, {Field: "connect_mode", Column: "M"}, {Field: "description", Column: "D"}}}}
	m, err := exporter.NewMapper(p, func(schema.Warning) {})
	if err != nil {
		t.Fatal(err)
	}
	big := strings.Repeat("d", 16<<20)
	for n := 1; n < 20; n++ {
		if err = m.Row("T", n, func(column string) exporter.Cell {
			return exporter.Cell{Text: map[string]string{"N": fmt.Sprint(n), "M": "SMTP", "D": big}[column]}
		}); err != nil {
			break
		}
	}
	if err == nil || !strings.Contains(err.Error(), "T row 16, column D: more than 268435456 bytes of text in all") {
		t.Error(err)
	}
}

func TestASecretTypedAsANameIsNotRepeated(t *testing.T) {
	opts := exporter.Options{Secrets: schema.Secrets{
		key(schema.Connections, "canary-5e1f"): schema.NewSecret("HR"),
		key(schema.Connections, "another"):     schema.NewSecret("x"),
	}}
	_, _, err := export(site(), opts)
	if err == nil || strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), "a name stands where its secret belongs") {
		t.Error(err)
	}
}
