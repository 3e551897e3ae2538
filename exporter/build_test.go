package exporter_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/exporter"
	"github.com/mailferry/mailferry/schema"
)

func conn(name, user, credential, secret string) exporter.Record {
	return exporter.Record{Item: &schema.ServerConnection{Name: name, ConnectMode: "SMTP", Username: user, OAuth2Credentials: credential}, Secret: schema.NewSecret(secret), Where: "row of " + name}
}

func cred(name, secret, reason string) exporter.Record {
	return exporter.Record{Item: &schema.ServerCredential{Name: name}, Secret: schema.NewSecret(secret), Reason: reason, Where: "row of " + name}
}

func site() []*exporter.Content {
	return []*exporter.Content{
		{Source: schema.Source{Kind: "csv", Name: "a.csv", SHA256: strings.Repeat("a", 64)}, Records: []exporter.Record{
			conn("Sales Desk", "s", "G", ""), conn("Billing", "b", "", "pw"), conn("Relay", "", "", ""), conn("HR", "h", "", "")}},
		{Source: schema.Source{Kind: "csv", Name: "b.csv", SHA256: strings.Repeat("b", 64), AppVersion: "9.1"}, Records: []exporter.Record{
			cred("M", "cs", ""), cred("G", "", "column X holds ciphertext")}},
	}
}

func key(l schema.List, name string) schema.SecretKey { return schema.SecretKey{List: l, Name: name} }

// summary shows names and what stands in each secret's place.
func summary(b *schema.Bundle) string {
	var out []string
	for _, l := range schema.Lists() {
		for _, it := range b.Items(l) {
			m := schema.SecretMarker(it)
			switch {
			case m == nil:
				out = append(out, it.ItemName()+":none")
			default:
				out = append(out, it.ItemName()+":"+m.State+m.Reason)
			}
		}
	}
	return strings.Join(out, ", ")
}

func TestBuildMergesSortsAndMarksSecrets(t *testing.T) {
	b, secrets, err := export(site(), exporter.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := "G:missingcolumn X holds ciphertext, M:sealed, Billing:sealed, HR:missingthe source holds none, Relay:none, Sales Desk:none"
	if got := summary(b); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if len(secrets) != 2 || secrets[key(schema.Connections, "Billing")].Reveal() != "pw" || secrets[key(schema.Credentials, "M")].Reveal() != "cs" {
		t.Errorf("%d secrets", len(secrets))
	}
	if s := b.Manifest.Source; s.Kind != "csv" || s.Name != "a.csv + b.csv" || len(s.SHA256) != 64 || s.AppVersion != "9.1" {
		t.Errorf("source %+v", s)
	}
	reversed := site()
	reversed[0], reversed[1] = reversed[1], reversed[0]
	if again, _, err := export(reversed, exporter.Options{}); err != nil || summary(again) != want {
		t.Errorf("the order of the sources shows: %v", err)
	}
}

func TestSuppliedSecretsFillGapsOnly(t *testing.T) {
	supplied := schema.Secrets{
		key(schema.Connections, "HR"): schema.NewSecret("typed"), key(schema.Connections, "Billing"): schema.NewSecret("stale"), key(schema.Credentials, "G"): schema.NewSecret("gs"),
	}
	b, secrets, said, err := warned(site(), exporter.Options{Secrets: supplied})
	if err != nil {
		t.Fatal(err)
	}
	const other = `connection "Billing": the source has another secret than the one supplied for it, which is not taken`
	if said != other {
		t.Errorf("said %q", said)
	}
	if _, _, err := export(site(), exporter.Options{Secrets: supplied, Strict: true}); err == nil || err.Error() != other {
		t.Errorf("with Strict: %v", err)
	}
	supplied[key(schema.Connections, "Billing")] = schema.NewSecret("pw")
	if _, _, said, err := warned(site(), exporter.Options{Secrets: supplied, Strict: true}); err != nil || said != "" {
		t.Errorf("of the same secret: %v, %q", err, said)
	}
	if got := summary(b); got != "G:sealed, M:sealed, Billing:sealed, HR:sealed, Relay:none, Sales Desk:none" {
		t.Error(got)
	}
	if secrets[key(schema.Connections, "Billing")].Reveal() != "pw" || secrets[key(schema.Connections, "HR")].Reveal() != "typed" {
		t.Error("a supplied secret stands in the place of the source's own")
	}
}

func TestSelectionBringsCredentialsAlongAndLeavesOtherSecretsBehind(t *testing.T) {
	for name, c := range map[string]struct {
		include, exclude []string
		want             string
		secrets          int
	}{
		"one with its credential": {[]string{"*Desk"}, nil, "G:missingcolumn X holds ciphertext, Sales Desk:none", 0},
		"one without":             {[]string{"B*"}, nil, "Billing:sealed", 1},
		"all but":                 {nil, []string{"Sales*", "HR"}, "Billing:sealed, Relay:none", 1},
	} {
		t.Run(name, func(t *testing.T) {
			b, secrets, err := export(site(), exporter.Options{Include: c.include, Exclude: c.exclude})
			if err != nil {
				t.Fatal(err)
			}
			if got := summary(b); got != c.want || len(secrets) != c.secrets {
				t.Errorf("got %s and %d secrets, want %s", got, len(secrets), c.want)
			}
		})
	}
}

func TestBuildRefusesWhatCannotBeMeant(t *testing.T) {
	twice := site()
	twice[1].Records = append(twice[1].Records, conn("HR", "x", "", "hunter2"))
	for name, c := range map[string]struct {
		contents []*exporter.Content
		opts     exporter.Options
		want     string
	}{
		"a name twice":         {twice, exporter.Options{}, `row of HR: connection "HR" is already in row of HR`},
		"nothing":              {[]*exporter.Content{{Source: schema.Source{Name: "a.csv"}}}, exporter.Options{}, `"a.csv" holds no connection and no credential`},
		"nothing selected":     {site(), exporter.Options{Include: []string{"nothing"}}, "no connection is selected"},
		"a secret for no name": {site(), exporter.Options{Secrets: schema.Secrets{key(schema.Connections, "hr"): schema.NewSecret("hunter2").At("row 2")}}, "row 2 of the secrets file: the source has no connection of that name"},
	} {
		t.Run(name, func(t *testing.T) {
			b, _, err := export(c.contents, c.opts)
			if b != nil || err == nil || !strings.Contains(err.Error(), c.want) || schema.HintOf(err) == "" {
				t.Errorf("%v, want %q with a hint", err, c.want)
			}
			if strings.Contains(fmt.Sprint(err), "hunter2") {
				t.Error("the error shows a secret")
			}
		})
	}
}
