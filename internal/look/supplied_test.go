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
		{server, schema.Connections, "lacks", `the bundle has no connection "lacks"`},
		{server, schema.Credentials, "Has", `the bundle has no credential "Has"`},
		{server, schema.Connections, "Lacks z y b x", `the bundle has no connection "b"; the bundle has no connection "x"; the bundle has no connection "y"; the bundle has no connection "z"`}, // all of them
		{cloud, schema.Connections, "Lacks", ""},
		{cloud, schema.Connections, "Has", `connection "Has" has a secret already`},
		{cloud, schema.Connections, "Open", `connection "Open" lacks no secret`},
		{cloud, schema.Credentials, "Lacks", `the bundle has no credential "Lacks"`},
	} {
		secrets := schema.Secrets{}
		for _, name := range strings.Fields(c.names) {
			secrets[schema.SecretKey{List: c.list, Name: name}] = schema.NewSecret("hunter2")
		}
		_, err := look.Supplied(c.b, secrets, nil, func(schema.Warning) {})
		if c.want == "" && err != nil || c.want != "" && (err == nil || err.Error() != c.want || schema.HintOf(err) == "") {
			t.Errorf("%s %s of a %s: %v, want %q", c.list, c.names, c.b.Format, err, c.want)
		}
	}
}
