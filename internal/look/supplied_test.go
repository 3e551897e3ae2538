package look_test

import (
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/look"
	"github.com/mailferry/mailferry/schema"
)

func TestASecretIsSuppliedOnlyWhereOneIsMissing(t *testing.T) {
	missing := &schema.Marker{State: schema.Missing, Reason: "masked"}
	kept := &schema.Marker{State: schema.Sealed, Fingerprint: "x"}
	server := &schema.Bundle{Format: schema.ServerFormat, Connections: []schema.Item{
		&schema.ServerConnection{Name: "Lacks", Password: missing}, &schema.ServerConnection{Name: "Has", Password: kept}, &schema.ServerConnection{Name: "Open"}},
		Credentials: []schema.Item{&schema.ServerCredential{Name: "Lacks", ClientSecret: missing}}}
	cloud := &schema.Bundle{Format: schema.CloudFormat, Connections: []schema.Item{
		&schema.CloudConnection{Name: "Lacks", Password: missing}, &schema.CloudConnection{Name: "Has", Password: kept}, &schema.CloudConnection{Name: "Open"}}}
	no := func(name, kind string) string {
		return "row of " + name + " of the secrets file: the bundle has no " + kind + " of that name"
	}
	for _, c := range []struct {
		b     *schema.Bundle
		list  schema.List
		names string
		want  string
	}{
		{server, schema.Connections, "Lacks", ""},
		{server, schema.Credentials, "Lacks", ""},
		{server, schema.Connections, "Open", ""},
		{server, schema.Connections, "Has", `connection "Has" has a secret already`},
		{server, schema.Connections, "lacks", no("lacks", "connection")},
		{server, schema.Credentials, "Has", no("Has", "credential")},
		{server, schema.Connections, "Lacks z y b x", no("b", "connection") + "; " + no("x", "connection") + "; " + no("y", "connection") + "; " + no("z", "connection")}, // all of them
		{cloud, schema.Connections, "Lacks", ""},
		{cloud, schema.Connections, "Has", `connection "Has" has a secret already`},
		{cloud, schema.Connections, "Open", `connection "Open" lacks no secret`},
		{cloud, schema.Credentials, "Lacks", no("Lacks", "credential")},
	} {
		secrets := schema.Secrets{}
		for _, name := range strings.Fields(c.names) {
			secrets[schema.SecretKey{List: c.list, Name: name}] = schema.NewSecret("hunter2").At("row of " + name)
		}
		_, err := look.Supplied(c.b, secrets, nil, func(schema.Warning) {})
		if c.want == "" && err != nil || c.want != "" && (err == nil || err.Error() != c.want || schema.HintOf(err) == "") {
			t.Errorf("%s %s of a %s: %v, want %q", c.list, c.names, c.b.Format, err, c.want)
		}
	}
}

func TestNamesThatMayBeSecretsAreNeverSaid(t *testing.T) {
	var have []schema.SecretKey
	for _, name := range []string{"Service Desk", "Legal", "Billing"} {
		have = append(have, schema.SecretKey{List: schema.Connections, Name: name})
	}
	const swapped, unknown = "a name stands where its secret belongs", "the source has no connection of that name"
	for _, c := range []struct{ name, secret, want, hint string }{
		{"hunter2", "Legal", swapped, "swap the two columns"},
		{"hunter2", "service desk", swapped, "swap the two columns"},
		{"hunter2", "legal\u00a0 ", swapped, "swap the two columns"},
		{"hunter2", "Legl", unknown, "names match exactly"},
		{"Legal-hunter2", "Billing.", unknown, "names match exactly"},
		{"legal", "hunter2", unknown, `did you mean "Legal"?`},
		{"Bilings", "hunter2", unknown, `did you mean "Billing"?`},
	} {
		secrets := schema.Secrets{{List: schema.Connections, Name: c.name}: schema.NewSecret(c.secret).At("row 7")}
		err := look.Unknown(secrets, have, "the source")
		if want := "row 7 of the secrets file: " + c.want; err == nil || err.Error() != want || !strings.Contains(schema.HintOf(err), c.hint) {
			t.Errorf("%v (%s), want %s (%s)", err, schema.HintOf(err), want, c.hint)
		}
		if strings.Contains(err.Error()+schema.HintOf(err), "hunter") {
			t.Errorf("a secret is said: %v", err)
		}
	}
}
