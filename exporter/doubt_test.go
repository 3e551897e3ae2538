package exporter_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/exporter"
	"github.com/mailferry/mailferry/schema"
)

// one is a site of one source.
func one(records ...exporter.Record) []*exporter.Content {
	return []*exporter.Content{{Source: schema.Source{Kind: "csv", Name: "a.csv"}, Records: records}}
}

func warned(contents []*exporter.Content, o exporter.Options) (*schema.Bundle, schema.Secrets, string, error) {
	var said []string
	o.Warn = func(w schema.Warning) { said = append(said, w.String()) }
	b, secrets, err := export(contents, o)
	return b, secrets, strings.Join(said, "\n"), err
}

func TestAMaskIsNoSecretWhicheverWayItCame(t *testing.T) {
	site := func() []*exporter.Content {
		return one(conn("Mask", "u", "", "••••••••"), conn("Given", "u", "", ""), conn("Instead", "u", "", "********"), conn("Literal", "u", "", "xxxxxxxx"))
	}
	b, secrets, _, err := warned(site(), exporter.Options{Literal: []string{"Literal"}, Secrets: schema.Secrets{
		key(schema.Connections, "Given"): schema.NewSecret("<hidden>"), key(schema.Connections, "Instead"): schema.NewSecret("hunter2")}})
	if err != nil {
		t.Fatal(err)
	}
	const reason = "missingwhat is given is a mask such as ******, not the secret"
	if got, want := summary(b), "Given:"+reason+", Instead:sealed, Literal:sealed, Mask:"+reason; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if len(secrets) != 2 || secrets[key(schema.Connections, "Literal")].Reveal() != "xxxxxxxx" {
		t.Errorf("%d secrets", len(secrets))
	}
	if _, _, err := export(site(), exporter.Options{Literal: []string{"literal"}}); err == nil || !strings.Contains(err.Error(), `--literal-secret "literal"`) {
		t.Error(err)
	}
}

func TestExportSaysWhatIsLikelyWrong(t *testing.T) {
	odd := conn("Odd", "", "Azur", "")
	odd.Item.(*schema.ServerConnection).ConnectMode = "smtp"
	contents := one(odd, conn("Copied", "u", "", "hunter\u00ad2"), cred("Azure", "hunter2", ""))
	contents[0].Doubts = []schema.Warning{{What: "table X has no rows"}}
	wants := []string{
		`connection "Odd": its Connect Mode "smtp" is none that Server's panel is known to have; did you mean "SMTP"?`,
		`connection "Odd": its credential "Azur" is not in the bundle; did you mean "Azure"?`,
		`connection "Copied": its secret has a soft hyphen (U+00AD), which is kept`,
		`table X has no rows`,
	}
	_, _, said, err := warned(contents, exporter.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, _, _, strict := warned(contents, exporter.Options{Strict: true})
	for _, want := range wants {
		if !strings.Contains(said, want) {
			t.Errorf("not said: %s\nsaid: %s", want, said)
		}
		if strict == nil || !slices.Contains(schema.ErrorLines(strict), want) {
			t.Errorf("no error with Strict: %s; %v", want, strict)
		}
	}
	if strings.Contains(said, "hunter") {
		t.Error("a secret is said")
	}
}

func TestEverythingThatIsWrongIsSaidAtOnce(t *testing.T) {
	bad := conn("Bad", "", "", "")
	bad.Item.(*schema.ServerConnection).Port = 70000
	bad.Item.(*schema.ServerConnection).ConnectMode = ""
	_, _, err := export(one(conn("Twice", "", "", ""), conn("Twice", "", "", ""), bad, conn("Twice", "", "", "")), exporter.Options{
		Include: []string{"Nobody", "T*"}, Exclude: []string{"None*"},
		Secrets: schema.Secrets{key(schema.Connections, "x"): schema.NewSecret("s").At("row 2"), key(schema.Credentials, "y"): schema.NewSecret("s").At("row 10")}})
	want := []string{
		`row of Twice: connection "Twice" is already in row of Twice`,
		`row of Bad, port: must be at most 65535`,
		`row of Twice: connection "Twice" is already in row of Twice`,
		`row 2 of the secrets file: the source has no connection of that name`,
		`row 10 of the secrets file: the source has no credential of that name`,
		`no connection is selected by --include "Nobody"`,
		`no connection is left out by --exclude "None*"`,
	}
	got := schema.ErrorLines(err)
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("not said: %s\nsaid: %s", w, strings.Join(got, "\n"))
		}
	}
}

func TestAllRowsOfATableAreHeldAgainstTheFormat(t *testing.T) {
	_, _, err := feed(mapperProfile(), "CONN NAME=a PORT=x DEBUG=J", "CONN MODE=0 PORT=0", "CONN NAME=c MODE=0 CRED=9")
	want := []string{
		"CONN row 1, column PORT: not a whole number",
		"CONN row 1, column DEBUG: neither true nor false (yes/no, on/off, 1/0)",
		"CONN row 1: has no connect mode",
		"CONN row 2, column PORT: not between 1 and 65535",
		"CONN row 2: has no name",
		`CONN row 3: refers to credential "9", which table Cred does not have`,
	}
	if got := schema.ErrorLines(err); !slices.Equal(got, want) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	if h := strings.Join(schema.Hints(err), "\n"); !strings.Contains(h, `"switches": [{"from": "J", "to": "true", "verified": true}]`) {
		t.Errorf("hints %s", h)
	}
}
