package transform_test

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/transform"
)

func shipped(t *testing.T) *schema.Rules {
	t.Helper()
	r := transform.DefaultRules()
	return r
}

func server() *schema.Bundle {
	sealed := func() *schema.Marker {
		return &schema.Marker{State: schema.Sealed, Fingerprint: "0123abcd:" + strings.Repeat("ab", 32)}
	}
	return &schema.Bundle{Format: schema.ServerFormat,
		Manifest: schema.Manifest{ID: strings.Repeat("0f", 16), Source: schema.Source{Kind: "csv", Name: "x.csv", AppVersion: "9.24.2"}},
		Credentials: []schema.Item{&schema.ServerCredential{Name: "google", ServiceProvider: "Google", ClientID: "id", ClientSecret: sealed(),
			AuthorizationEndpoint: "https://accounts.google.com/o/oauth2/auth", TokenEndpoint: "https://oauth2.googleapis.com/token", CallbackURL: "https://jira/cb", Grant: "authorization_code"}},
		Connections: []schema.Item{
			&schema.ServerConnection{Name: "Desk", Description: "two\nlines", FromAddress: "desk@example.com", Prefix: "[D]", ConnectMode: "SMTP", Encryption: "STARTTLS",
				Username: `CORP\mailer`, Password: sealed(), Host: "mail.example.com", Port: 587, Debug: true},
			&schema.ServerConnection{Name: "G", ConnectMode: "Google OAuth2", Username: "g@example.com", Password: sealed(), Host: "smtp.gmail.com", Port: 465, OAuth2Credentials: "google",
				Extra: map[string]string{"shared_mailbox": "info@example.com"}},
			&schema.ServerConnection{Name: "Odd", ConnectMode: "SMTP2"},
		}}
}

func run(t *testing.T, r *schema.Rules) (*schema.Bundle, []transform.Note) {
	t.Helper()
	b, notes, err := transform.Apply(server(), r, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b, notes
}

// The vendor's field table, as DOMAIN facts give it: Server's label to Cloud's.
func TestShippedRulesAreTheVendorsFieldTable(t *testing.T) {
	want := [][2]string{{"Name", "Name"}, {"Description", "Description"}, {"From Address", "From Email Address"}, {"Prefix", "Email Prefix"},
		{"Connect Mode", "Service provider"}, {"Encryption", "Encryption"}, {"Username", "Username"}, {"Password", "Password"}, {"Host", "Host"},
		{"Port", "SMTP Port"}, {"Debug", "Debug"}, {"OAuth2 Credentials", "OAuth2 Credentials"}}
	fields := shipped(t).Connections.Fields
	if len(fields) != len(want) {
		t.Fatalf("%d rules", len(fields))
	}
	for i, f := range fields {
		from, _ := schema.FieldByName(schema.ServerFormat, schema.Connections, f.From)
		to, _ := schema.FieldByName(schema.CloudFormat, schema.Connections, f.To)
		if from.Label != want[i][0] || to.Label != want[i][1] {
			t.Errorf("%s → %s, want %v", from.Label, to.Label, want[i])
		}
	}
}

func TestEveryValueIsCarriedOrDroppedWithAReason(t *testing.T) {
	b, notes := run(t, shipped(t))
	desk := b.Connections[0].(*schema.CloudConnection)
	want := schema.CloudConnection{Name: "Desk", Description: "two\nlines", FromEmailAddress: "desk@example.com", EmailPrefix: "[D]", ServiceProvider: "General SMTP service",
		Encryption: "STARTTLS", Username: `CORP\mailer`, Password: desk.Password, Host: "mail.example.com", SMTPPort: 587, Debug: true}
	if *desk != want || desk.Password == nil {
		t.Errorf("%+v", *desk)
	}
	g := b.Connections[1].(*schema.CloudConnection)
	if g.Host != "" || g.SMTPPort != 0 || g.Password != nil || g.OAuth2Credentials != "google" || g.Username != "g@example.com" {
		t.Errorf("%+v", *g)
	}
	c := b.Credentials[0].(*schema.CloudCredential)
	if c.ClientSecret == nil || c.Grant != "authorization_code" || c.TokenEndpoint == "" {
		t.Errorf("%+v", *c)
	}
	got := map[string]transform.Kind{}
	for _, n := range notes {
		got[n.Name+"."+n.Field] = n.Kind
		if n.Kind == transform.Dropped && n.Text == "" {
			t.Errorf("%s.%s dropped without a reason", n.Name, n.Field)
		}
	}
	for place, kind := range map[string]transform.Kind{
		"Desk.connect_mode": transform.Unverified, "Desk.encryption": transform.Unmapped, "Odd.connect_mode": transform.Unmapped,
		"G.host": transform.Dropped, "G.port": transform.Dropped, "G.password": transform.Dropped, "G.extra.shared_mailbox": transform.Dropped, "google.callback_url": transform.Dropped,
	} {
		if got[place] != kind {
			t.Errorf("%s is noted as %q, want %q", place, got[place], kind)
		}
	}
	if b.Connections[2].(*schema.CloudConnection).ServiceProvider != "SMTP2" {
		t.Error("an unlisted value is not carried as it is")
	}
	if b.Manifest.Source.AppVersion != "9.24.2" {
		t.Error("the app's version is lost")
	}
}

func TestAValueWithoutARuleIsAnError(t *testing.T) {
	r := shipped(t)
	r.Connections.Drops = nil
	if _, _, err := transform.Apply(server(), r, nil); err == nil || !strings.Contains(err.Error(), `connection "G": no rule carries or drops extra.shared_mailbox`) {
		t.Errorf("%v", err)
	}
}

func TestARuleMayCarryAnExtraValue(t *testing.T) {
	r := shipped(t)
	r.Connections.Fields = append(r.Connections.Fields[:1:1], append([]schema.FieldRule{{From: "extra.shared_mailbox", To: "description"}}, r.Connections.Fields[2:]...)...)
	r.Connections.Drops = append(r.Connections.Drops, schema.DropRule{Field: "description", Reason: "x"})
	b, _ := run(t, r)
	if got := b.Connections[1].(*schema.CloudConnection).Description; got != "info@example.com" {
		t.Errorf("%q", got)
	}
}

func TestARuleMayFillWhatIsEmpty(t *testing.T) {
	r := shipped(t)
	r.Values["encryption"] = append(r.Values["encryption"], schema.ValueRule{From: "", To: "None", Verified: true}, schema.ValueRule{From: "STARTTLS", To: "TLS"})
	b, _ := run(t, r)
	for i, want := range []string{"TLS", "None", "None"} {
		if got := b.Connections[i].(*schema.CloudConnection).Encryption; got != want {
			t.Errorf("%s: encryption %q, want %q", b.Connections[i].ItemName(), got, want)
		}
	}
}

func TestCredentialsAreRenamedWhereverTheyAreNamed(t *testing.T) {
	r := shipped(t)
	r.RenameCredentials = []schema.Rename{{From: "google", To: "Google Workspace"}}
	b, notes := run(t, r)
	if b.Credentials[0].ItemName() != "Google Workspace" || b.Connections[1].(*schema.CloudConnection).OAuth2Credentials != "Google Workspace" {
		t.Error("not renamed everywhere")
	}
	names := transform.NamesOf(b)
	if names.Cloud("google") != "Google Workspace" || names.Cloud("other") != "other" {
		t.Error("the way there is wrong")
	}
	if names.Server(schema.Credentials, "Google Workspace") != "google" || names.Server(schema.Connections, "Google Workspace") != "Google Workspace" {
		t.Error("the way back is wrong")
	}
	renamed := 0
	for _, n := range notes {
		if n.Kind == transform.Renamed {
			renamed++
		}
	}
	if renamed != 2 {
		t.Errorf("%d renames noted", renamed)
	}
}

func TestTheSameInputGivesTheSameContent(t *testing.T) {
	a, _ := run(t, shipped(t))
	b, _ := run(t, shipped(t))
	da, _ := a.Digest()
	db, _ := b.Digest()
	again := rig.Get(transform.Rerun(a.Origin)).Or(t)
	dc, _ := again.Digest()
	if da != db || da != dc || a.Manifest.ID != again.Manifest.ID {
		t.Error("the transform is not repeatable")
	}
	r := shipped(t)
	r.Values["encryption"] = []schema.ValueRule{{From: "STARTTLS", To: "TLS"}}
	c, _ := run(t, r)
	if c.Manifest.ID == a.Manifest.ID {
		t.Error("other rules give the same id")
	}
}

func TestACloudBundleIsNotTransformedAgain(t *testing.T) {
	b, _ := run(t, shipped(t))
	if _, _, err := transform.Apply(b, shipped(t), nil); err == nil || !strings.Contains(err.Error(), "cloud bundle already") {
		t.Errorf("%v", err)
	}
}

func TestRulesThatMustNotBeAreRefused(t *testing.T) {
	good := string(transform.DefaultRulesFile())
	replace := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("the rules have no %s", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	i := strings.Index(good, `"connections"`)
	inConnections := func(old, new string) string {
		if !strings.Contains(good[i:], old) {
			t.Fatalf("the rules have no %s", old)
		}
		return good[:i] + strings.Replace(good[i:], old, new, 1)
	}
	for name, c := range map[string]struct{ rules, want string }{
		"unknown member":          {replace(`"note":`, `"notes":`), "notes is not a known field"},
		"unknown server field":    {replace(`"from": "prefix"`, `"from": "prefx"`), `line 24, column 8: connections.fields[3].from: "prefx" is no field`},
		"unknown cloud field":     {replace(`"to": "email_prefix"`, `"to": "prefix"`), `connections.fields[3].to: "prefix" is no field`},
		"host to another field":   {replace(`{"from": "host", "to": "host"}`, `{"from": "host", "to": "description"}`), "cannot change a connection's name, host, port or username"},
		"another field to host":   {replace(`{"from": "host", "to": "host"}`, `{"from": "extra.h", "to": "host"}`), "cannot change"},
		"host and user swapped":   {strings.Replace(replace(`{"from": "host", "to": "host"}`, `{"from": "username", "to": "host"}`), `{"from": "username", "to": "username"}`, `{"from": "host", "to": "username"}`, 1), "cannot change"},
		"host through values":     {replace(`{"from": "host", "to": "host"}`, `{"from": "host", "to": "host", "values": "encryption"}`), "cannot change"},
		"name through values":     {inConnections(`{"from": "name", "to": "name"}`, `{"from": "name", "to": "name", "values": "encryption"}`), "cannot change"},
		"user dropped":            {inConnections(`{"field": "host"`, `{"field": "username"`), "username cannot be dropped"},
		"password to a text":      {replace(`{"from": "password", "to": "password"}`, `{"from": "password", "to": "description"}`), "is of type"},
		"password through values": {replace(`{"from": "password", "to": "password"}`, `{"from": "password", "to": "password", "values": "encryption"}`), "a secret has no value map"},
		"mapped twice":            {replace(`{"from": "prefix", "to": "email_prefix"}`, `{"from": "description", "to": "email_prefix"}`), "mapped twice"},
		"no value map":            {replace(`"values": "encryption"}`, `"values": "encryptions"}`), "there is no value map"},
		"token endpoint mapped":   {replace(`{"from": "token_endpoint", "to": "token_endpoint"}`, `{"from": "token_endpoint", "to": "token_endpoint", "values": "encryption"}`), "cannot change a credential's client id or endpoints"},
		"endpoints swapped":       {strings.Replace(replace(`{"from": "token_endpoint", "to": "token_endpoint"}`, `{"from": "authorization_endpoint", "to": "token_endpoint"}`), `{"from": "authorization_endpoint", "to": "authorization_endpoint"}`, `{"from": "token_endpoint", "to": "authorization_endpoint"}`, 1), "cannot change a credential's"},
		"client id from extra":    {replace(`{"from": "client_id", "to": "client_id"}`, `{"from": "extra.id", "to": "client_id"}`), "cannot change a credential's"},
		"token endpoint dropped":  {replace(`{"field": "callback_url"`, `{"field": "token_endpoint"`), "token_endpoint cannot be dropped"},
		"another credential":      {replace(`{"from": "oauth2_credentials", "to": "oauth2_credentials"}`, `{"from": "oauth2_credentials", "to": "oauth2_credentials", "values": "encryption"}`), "cannot change a connection's"},
		"encryption from a text":  {replace(`{"from": "encryption", "to": "encryption", "values": "encryption"}`, `{"from": "extra.e", "to": "encryption"}`), "encryption is carried to encryption alone"},
		"encryption taken away":   {replace(`"encryption": []`, `"encryption": [{"from":"STARTTLS","to":"None","verified":true}]`), "takes the encryption away"},
		"value twice":             {replace(`"encryption": []`, `"encryption": [{"from":"a","to":"b","verified":true},{"from":"a","to":"c","verified":true}]`), "stands twice"},
		"credential name mapped":  {replace(`{"from": "name", "to": "name"},`, `{"from": "client_id", "to": "name"},`), "rename_credentials alone"},
		"required unmapped":       {replace(`{"from": "connect_mode", "to": "service_provider", "values": "service_provider"},`, ``), "nothing is mapped to service_provider"},
		"rename to one name":      {replace(`"values": {`, `"rename_credentials": [{"from":"a","to":"x"},{"from":"b","to":"x"}], "values": {`), "a name stands twice"},
		"drop without reason":     {replace(`"reason": "not required`, `"raisin": "not required`), "connections.drops[0]"},
		"not JSON":                {good[:len(good)-5], "ends in the middle"},
		"duplicate member":        {replace(`"note":`, `"format": "mailferry/rules/v1", "note":`), "format: stands twice"},
	} {
		if _, err := transform.ParseRules([]byte(c.rules)); err == nil {
			t.Errorf("%s: accepted", name)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAllThatIsWrongWithRulesIsSaidAtOnce(t *testing.T) {
	rules := strings.NewReplacer(`"from": "prefix"`, `"from": "prefx"`, `{"field": "host"`, `{"field": "username"`,
		`"encryption": []`, `"encryption": [{"from":"a","to":"b","verified":true},{"from":"a","to":"c","verified":true}]`).
		Replace(string(transform.DefaultRulesFile()))
	_, err := transform.ParseRules([]byte(rules))
	lines := schema.ErrorLines(err)
	for i, want := range []string{"connections.fields[3].from: ", "connections.drops[0].field: username cannot", "values.encryption[1].from: "} {
		if len(lines) != 3 || !strings.HasPrefix(lines[i], "line ") || !strings.Contains(lines[i], want) {
			t.Fatalf("%q", lines)
		}
	}
}

func TestTheTransformTouchesNothingOutside(t *testing.T) {
	out := rig.Get(exec.CommandContext(t.Context(), "go", "list", "-f", `{{join .Imports "\n"}}`, ".").Output()).Or(t)
	for _, forbidden := range []string{"os", "io", "io/fs", "net", "net/http", "time", "math/rand", "crypto/rand"} {
		if bytes.Contains(append([]byte("\n"), out...), []byte("\n"+forbidden+"\n")) {
			t.Errorf("transform imports %s", forbidden)
		}
	}
}

func TestEncryptionIsNotDroppedFromUnderAPassword(t *testing.T) {
	r := shipped(t)
	r.Connections.Drops = append(r.Connections.Drops, schema.DropRule{Field: "encryption", Reason: "x"})
	if _, _, err := transform.Apply(server(), r, nil); err == nil || !strings.Contains(err.Error(), "drops encryption and not the password") {
		t.Errorf("%v", err)
	}
}

func TestNamesThatAreSwappedFindTheWayBack(t *testing.T) {
	r, b := shipped(t), server()
	second := *b.Credentials[0].(*schema.ServerCredential)
	second.Name = "second"
	b.Credentials = append(b.Credentials, &second)
	r.RenameCredentials = []schema.Rename{{From: "google", To: "second"}, {From: "second", To: "google"}}
	out, _, err := transform.Apply(b, r, nil)
	if err != nil {
		t.Fatal(err)
	}
	names := transform.NamesOf(out)
	for _, name := range []string{"google", "second"} {
		if names.Cloud(name) == name || names.Server(schema.Credentials, names.Cloud(name)) != name {
			t.Errorf("%s: %s on Cloud, and back %s", name, names.Cloud(name), names.Server(schema.Credentials, names.Cloud(name)))
		}
	}
	if zero := transform.NamesOf(b); zero.Cloud("google") != "google" || zero.Server(schema.Credentials, "google") != "google" {
		t.Error("a server bundle has renames")
	}
}

func TestARenameOfWhatIsNotThereLosesNoSecret(t *testing.T) {
	r := shipped(t)
	r.RenameCredentials = []schema.Rename{{From: "ghost", To: "google"}}
	b, _ := run(t, r)
	if got := transform.NamesOf(b).Server(schema.Credentials, "google"); got != "google" {
		t.Errorf("the secret is looked for under %q", got)
	}
}
