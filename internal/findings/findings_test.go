package findings_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailferry/mailferry/internal/findings"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/transform"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// sound is a connection that no rule has anything to say about.
func sound(name string) *schema.ServerConnection {
	return &schema.ServerConnection{Name: name, FromAddress: "jira@corp.example", ConnectMode: "SMTP", Encryption: "STARTTLS",
		Username: "jira@corp.example", Password: sealed(name), Host: "smtp.corp.example", Port: 587}
}

// sealed returns a marker whose fingerprint is the name's own.
func sealed(name string) *schema.Marker {
	return &schema.Marker{State: schema.Sealed, Fingerprint: fmt.Sprintf("0a0b0c0d:%064x", []byte(name))[:73]}
}

func oauth(name, credential string) *schema.ServerConnection {
	return &schema.ServerConnection{Name: name, FromAddress: "jira@corp.example", ConnectMode: "Google OAuth2", Username: "jira@corp.example", OAuth2Credentials: credential}
}

func credential(name string) *schema.ServerCredential {
	return &schema.ServerCredential{Name: name, ServiceProvider: "Google", ClientID: "id", ClientSecret: sealed(name),
		AuthorizationEndpoint: "https://accounts.google.com/o/oauth2/auth", TokenEndpoint: "https://oauth2.googleapis.com/token"}
}

// bundle puts items together, with counts that are right.
func bundle(list ...schema.Item) *schema.Bundle {
	b := &schema.Bundle{Format: schema.ServerFormat, Manifest: schema.Manifest{ID: strings.Repeat("ab", 16)}}
	for _, it := range list {
		switch it.(type) {
		case *schema.CloudConnection, *schema.CloudCredential:
			b.Format = schema.CloudFormat
		}
		if it.List() == schema.Credentials {
			b.Credentials = append(b.Credentials, it)
		} else {
			b.Connections = append(b.Connections, it)
		}
		if m := schema.SecretMarker(it); m != nil && m.State == schema.Sealed {
			b.Manifest.Counts.Sealed++
		} else if m != nil {
			b.Manifest.Counts.Missing++
		}
	}
	b.Manifest.Counts.Credentials, b.Manifest.Counts.Connections = len(b.Credentials), len(b.Connections)
	return b
}

// linesOf is what an audit says, one "severity id place" a line.
func linesOf(list []findings.Finding) []string {
	var out []string
	for _, f := range list {
		s := fmt.Sprintf("%s %s %s", f.Severity, f.ID, f.Place())
		if f.Excepted != nil {
			s += " excepted"
		}
		out = append(out, s)
	}
	return out
}

func TestNothingIsSaidOfASoundConnection(t *testing.T) {
	got := findings.Audit(findings.Input{Bundle: bundle(sound("Support"), sound("Helpdesk")), Now: now})
	if len(got) != 0 {
		t.Fatalf("found %q", linesOf(got))
	}
}

func TestEachSettingIsHeldToItsRules(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(c *schema.ServerConnection)
		want []string // without connections[0].
	}{
		{"blank before a name", func(c *schema.ServerConnection) { c.Name = " Support" }, []string{"warning blank-edge name"}},
		{"blank after a host", func(c *schema.ServerConnection) { c.Host += " " }, []string{"warning blank-edge host"}},
		{"line break at the end of a description", func(c *schema.ServerConnection) { c.Description = "a\nb\n" }, nil},
		{"escape in a description", func(c *schema.ServerConnection) { c.Description = "\x1b[2J" }, []string{"error control-character description"}},
		{"line feed in an address", func(c *schema.ServerConnection) { c.FromAddress = "jira@corp.example\nBcc: x@y.example" },
			[]string{"error control-character from_address", "error address-malformed from_address", "warning sender-domain from_address"}},
		{"override in a name", func(c *schema.ServerConnection) { c.Name = "Supp\u202etro" }, []string{"error bidi-character name"}},
		{"isolate in extra", func(c *schema.ServerConnection) { c.Extra = map[string]string{"note": "\u2066x"} }, []string{"error bidi-character extra.note"}},
		{"zero width space in a name", func(c *schema.ServerConnection) { c.Name = "Sup\u200bport" }, []string{"error zero-width-character name"}},
		{"joiner in Latin", func(c *schema.ServerConnection) { c.Name = "Sup\u200dport" }, []string{"error zero-width-character name"}},
		{"soft hyphen in a user", func(c *schema.ServerConnection) { c.Username = "ji\u00adra@corp.example" }, []string{"error zero-width-character username"}},
		{"joiner in a picture", func(c *schema.ServerConnection) { c.Name = "Team 👩\u200d💻" }, nil},
		{"variation of a picture", func(c *schema.ServerConnection) { c.Name = "Mail ✉\ufe0f" }, nil},
		{"non-joiner in Persian", func(c *schema.ServerConnection) { c.Name = "می\u200cخواهم" }, nil},
		{"Cyrillic letter in a Latin word", func(c *schema.ServerConnection) { c.Name = "Suppоrt" }, []string{"warning lookalike-character name"}},
		{"Greek letter in a host", func(c *schema.ServerConnection) { c.Host = "smtp.cοrp.example" }, []string{"warning lookalike-character host"}},
		{"encoded look-alike host", func(c *schema.ServerConnection) { c.Host = "smtp.xn--crp-0ce.example" }, []string{"warning lookalike-character host"}},
		{"Cyrillic word that reads as Latin", func(c *schema.ServerConnection) { c.Name = "Support сору" }, []string{"warning lookalike-character name"}},
		{"full-width letters", func(c *schema.ServerConnection) { c.Name = "Ｓupport" }, []string{"warning lookalike-character name"}},
		{"no-break space in a name", func(c *schema.ServerConnection) { c.Name = "Support\u00a0Mail" }, []string{"warning lookalike-character name"}},
		{"Russian name", func(c *schema.ServerConnection) { c.Name = "Служба поддержки Jira" }, nil},
		{"Japanese name", func(c *schema.ServerConnection) { c.Name = "サポート Mail 窓口" }, nil},
		{"Greek name", func(c *schema.ServerConnection) { c.Name = "Υποστήριξη" }, nil},
		{"accents", func(c *schema.ServerConnection) { c.Name = "Störungsstelle Ñandú 1ª" }, nil},
		{"Russian description with Latin in it", func(c *schema.ServerConnection) { c.Description = "Почта для Jirа" }, nil},

		{"no sender", func(c *schema.ServerConnection) { c.FromAddress = "" }, []string{"warning address-missing from_address"}},
		{"sender without domain", func(c *schema.ServerConnection) { c.FromAddress = "jira" }, []string{"error address-malformed from_address"}},
		{"sender with a name", func(c *schema.ServerConnection) { c.FromAddress = "Jira <jira@corp.example>" }, []string{"warning address-display-name from_address"}},
		{"sender in angle brackets", func(c *schema.ServerConnection) { c.FromAddress = "<jira@corp.example>" }, []string{"warning address-display-name from_address"}},
		{"sender with a name and a broken domain", func(c *schema.ServerConnection) { c.FromAddress = "Jira <jira@-corp.example>" },
			[]string{"error address-malformed from_address", "warning sender-domain from_address"}},
		{"full-width dots in a host", func(c *schema.ServerConnection) { c.Host = "smtp．corp．example" }, []string{"warning lookalike-character host"}},
		{"ideographic dots in a host", func(c *schema.ServerConnection) { c.Host = "smtp｡corp。example" }, []string{"warning lookalike-character host"}},
		{"a full-width at sign", func(c *schema.ServerConnection) { c.Username = "jira＠corp.example" }, []string{"warning lookalike-character username"}},
		{"full-width colon in a name", func(c *schema.ServerConnection) { c.Name = "受付：Mail。" }, nil},
		{"Armenian letter in a host", func(c *schema.ServerConnection) { c.Host = "smtp.corp.exaոple" }, []string{"warning lookalike-character host"}},
		{"a known host with rn for m", func(c *schema.ServerConnection) { c.Host = "smtp.rnicrosoft.com" }, []string{"warning lookalike-host host"}},
		{"a known domain with a digit", func(c *schema.ServerConnection) { c.FromAddress = "jira@0utlook.com" },
			[]string{"warning lookalike-host from_address", "warning sender-domain from_address"}},
		{"one domain written in two ways", func(c *schema.ServerConnection) { c.Host = "smtp.c0rp.example" }, []string{"warning lookalike-host host"}},
		{"the same domain in other case", func(c *schema.ServerConnection) { c.Host = "SMTP.CORP.EXAMPLE." }, nil},
		{"two senders", func(c *schema.ServerConnection) { c.FromAddress = "a@corp.example, b@corp.example" }, []string{"error address-malformed from_address"}},
		{"two at signs", func(c *schema.ServerConnection) { c.FromAddress = "a@b@corp.example" }, []string{"error address-malformed from_address"}},
		{"quoted sender", func(c *schema.ServerConnection) { c.FromAddress = `"jira mail"@corp.example` }, nil},
		{"sender with a comment", func(c *schema.ServerConnection) { c.FromAddress = "jira@corp.example (x)" }, []string{"error address-malformed from_address", "warning sender-domain from_address"}},
		{"plus address", func(c *schema.ServerConnection) { c.FromAddress = "jira+a@corp.example" }, nil},
		{"another domain", func(c *schema.ServerConnection) { c.FromAddress = "jira@other.example" }, []string{"warning sender-domain from_address"}},
		{"a domain in other case", func(c *schema.ServerConnection) { c.FromAddress = "jira@CORP.example" }, nil},
		{"user without a domain", func(c *schema.ServerConnection) { c.Username = `CORP\mailer` }, nil},

		{"no host", func(c *schema.ServerConnection) { c.Host = "" }, []string{"error host-missing host"}},
		{"host with a port", func(c *schema.ServerConnection) { c.Host = "smtp.corp.example:25" }, []string{"error host-malformed host"}},
		{"host with a scheme", func(c *schema.ServerConnection) { c.Host = "smtp://smtp.corp.example" }, []string{"error host-malformed host"}},
		{"host with two dots", func(c *schema.ServerConnection) { c.Host = "smtp..example" }, []string{"error host-malformed host"}},
		{"host with a hyphen in front", func(c *schema.ServerConnection) { c.Host = "-smtp.corp.example" }, []string{"error host-malformed host"}},
		{"short address", func(c *schema.ServerConnection) { c.Host = "127.1" }, []string{"error host-malformed host"}},
		{"one number", func(c *schema.ServerConnection) { c.Host = "2130706433" }, []string{"error host-malformed host"}},
		{"international host", func(c *schema.ServerConnection) { c.Host = "smtp.bücher.example" }, nil},
		{"dot at the end", func(c *schema.ServerConnection) { c.Host = "smtp.corp.example." }, nil},

		{"no port", func(c *schema.ServerConnection) { c.Port = 0 }, []string{"error port-missing port"}},
		{"port out of range", func(c *schema.ServerConnection) { c.Port = 70000 }, []string{"error port-missing port"}},
		{"port 25", func(c *schema.ServerConnection) { c.Port = 25 }, []string{"warning port-25 port"}},
		{"465 with STARTTLS", func(c *schema.ServerConnection) { c.Port = 465 }, []string{"warning port-encryption port"}},
		{"465 with SSL/TLS", func(c *schema.ServerConnection) { c.Port, c.Encryption = 465, "SSL/TLS" }, nil},
		{"587 with SSL", func(c *schema.ServerConnection) { c.Encryption = "SSL" }, []string{"warning port-encryption port"}},
		{"587 with a bare TLS", func(c *schema.ServerConnection) { c.Encryption = "TLS" }, nil},
		{"465 with a bare TLS", func(c *schema.ServerConnection) { c.Port, c.Encryption = 465, "TLS" }, nil},
		{"a word that nobody knows", func(c *schema.ServerConnection) { c.Encryption = "Mode 3" }, nil},
		{"587 without encryption", func(c *schema.ServerConnection) { c.Encryption = "None" },
			[]string{"error password-unencrypted encryption", "warning port-encryption port"}},
		{"2525 with encryption empty", func(c *schema.ServerConnection) { c.Port, c.Encryption = 2525, "" }, []string{"error password-unencrypted encryption"}},
		{"no encryption and no password", func(c *schema.ServerConnection) {
			c.Port, c.Encryption, c.Password, c.Username = 2525, "none", nil, ""
		}, nil},
		{"password on Office 365", func(c *schema.ServerConnection) { c.Host = "SMTP.Office365.com" }, []string{"warning password-office365 host"}},
		{"password without user", func(c *schema.ServerConnection) { c.Username = "" }, []string{"warning username-missing username"}},
		{"password missing", func(c *schema.ServerConnection) {
			c.Password = &schema.Marker{State: schema.Missing, Reason: "the column is opaque"}
		}, []string{"warning secret-missing password"}},
		{"password among the settings", func(c *schema.ServerConnection) { c.Extra = map[string]string{"SMTP_PASSWORD": "x"} }, []string{"error secret-in-settings extra.SMTP_PASSWORD"}},
		{"debug on", func(c *schema.ServerConnection) { c.Debug = true }, []string{"warning debug-on debug"}},
		{"credential not there", func(c *schema.ServerConnection) { *c = *oauth("Support", "Google") },
			[]string{"error credential-missing oauth2_credentials", "note oauth-authorise oauth2_credentials"}},
		{"OAuth2 without credential", func(c *schema.ServerConnection) { *c = *oauth("Support", "") },
			[]string{"error credential-missing oauth2_credentials", "note oauth-authorise oauth2_credentials"}},
		{"OAuth2 with what another mode left", func(c *schema.ServerConnection) {
			*c = *oauth("Support", "")
			c.Host, c.Port = "10.0.0.1", 25
		}, []string{"error credential-missing oauth2_credentials", "note oauth-authorise oauth2_credentials"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn := sound("Support")
			c.set(conn)
			var got []string
			for _, f := range findings.Audit(findings.Input{Bundle: bundle(conn), Now: now}) {
				if f.Title == "" || f.Why == "" || f.Do == "" || f.Detail == "" {
					t.Errorf("%s says too little: %+v", f.ID, f)
				}
				got = append(got, fmt.Sprintf("%s %s %s", f.Severity, f.ID, f.Field))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("found %q\nwant  %q", got, c.want)
			}
		})
	}
}

func TestHostsThatCloudCannotReach(t *testing.T) {
	for host, want := range map[string]bool{
		"10.1.2.3": true, "172.16.0.1": true, "192.168.1.1": true, "127.0.0.1": true, "::1": true, "[::1]": true,
		"169.254.1.1": true, "fe80::1": true, "fe80::1%eth0": true, "100.64.0.1": true, "fd00::1": true, "fec0::1": true,
		"::ffff:10.0.0.1": true, "64:ff9b::a00:1": true, "0.0.0.0": true, "224.0.0.1": true, "192.0.2.1": true, "2001:db8::1": true,
		"mail": true, "MAIL": true, "localhost": true, "mx.localhost": true, "mail.local": true, "mail.INTERNAL": true, "mail.lan.": true,
		"mail.home.arpa": true, "mail.localdomain": true, "mail.corp": true,
		"8.8.8.8": false, "172.32.0.1": false, "100.128.0.1": false, "2606:4700::1111": false, "64:ff9b::808:808": false,
		"smtp.corp.example": false, "internal.example": false, "local.example.com": false,
	} {
		c := sound("Support")
		c.Host = host
		got := linesOf(findings.Audit(findings.Input{Bundle: bundle(c), Now: now}))
		is := slices.Equal(got, []string{"error host-private connections[0].host"})
		if is != want || !want && len(got) > 0 {
			t.Errorf("%s: found %q", host, got)
		}
	}
}

func TestItemsAreHeldAgainstEachOther(t *testing.T) {
	shared := func(name, user string) *schema.ServerConnection {
		c := sound(name)
		c.Username, c.Password = user, sealed("same")
		return c
	}
	named := func(name string) *schema.ServerConnection { c := sound(name); c.Password = sealed(name); return c }
	callback := credential("G")
	callback.CallbackURL = "https://jira.corp.example/callback"
	plain := credential("G")
	plain.TokenEndpoint = "http://oauth2.googleapis.com/token"
	odd := credential("G")
	odd.TokenEndpoint, odd.AuthorizationEndpoint = "oauth2.googleapis.com/token", "https://u:p@login.corp.example/"
	inside := credential("G")
	inside.TokenEndpoint = "https://sso.corp.internal/token"
	const microsoft, authorize, token = "https://login.microsoftonline.com/", "/oauth2/v2.0/authorize", "/oauth2/v2.0/token"
	endpoints := func(authorization, token string) *schema.Bundle {
		c := credential("G")
		c.AuthorizationEndpoint, c.TokenEndpoint = authorization, token
		return bundle(c, oauth("A", "G"))
	}
	about := func(said ...string) []string {
		return append(said, "note oauth-authorise connections[0].oauth2_credentials")
	}
	for _, c := range []struct {
		name string
		b    *schema.Bundle
		want []string
	}{
		{"names that differ by case", bundle(named("Support"), named("support")),
			[]string{"error duplicate-name connections[0].name", "error duplicate-name connections[1].name"}},
		{"names that differ by blanks", bundle(named("Support Mail"), named("Support  mail")),
			[]string{"error duplicate-name connections[0].name", "error duplicate-name connections[1].name"}},
		{"names that differ by Unicode form", bundle(named("Büro"), named("Bu\u0308ro")),
			[]string{"error duplicate-name connections[0].name", "error duplicate-name connections[1].name"}},
		{"a name in both lists", bundle(credential("G"), oauth("G", "G")),
			[]string{"note oauth-authorise connections[0].oauth2_credentials"}},
		{"names that look alike", bundle(named("Team O"), named("Team 0"), named("Other")),
			[]string{"warning lookalike-name connections[0].name", "warning lookalike-name connections[1].name"}},
		{"one password for two accounts", bundle(shared("A", "a@corp.example"), named("B"), shared("C", "c@corp.example")),
			[]string{"warning password-shared connections[0].password", "warning password-shared connections[2].password"}},
		{"unused credential", bundle(credential("G"), callback2()),
			[]string{"note credential-unused credentials[0].name", "note credential-unused credentials[1].name"}},
		{"plain http", bundle(plain, oauth("A", "G")),
			[]string{"error endpoint-http credentials[0].token_endpoint", "note oauth-authorise connections[0].oauth2_credentials"}},
		{"endpoints that are none", bundle(odd, oauth("A", "G")),
			[]string{"error secret-in-settings credentials[0].authorization_endpoint", "error endpoint-malformed credentials[0].authorization_endpoint", "error endpoint-malformed credentials[0].token_endpoint", "note oauth-authorise connections[0].oauth2_credentials"}},
		{"a token endpoint inside the house", bundle(inside, oauth("A", "G")),
			[]string{"error host-private credentials[0].token_endpoint", "note oauth-authorise connections[0].oauth2_credentials"}},
		{"names with rn for m", bundle(named("Modem"), named("Modern")),
			[]string{"warning lookalike-name connections[0].name", "warning lookalike-name connections[1].name"}},
		{"hosts of two spellings", bundle(named("A"), at("B", "srntp.corp.example"), named("C")), []string{"warning lookalike-host connections[1].host"}},
		{"endpoints of Microsoft", endpoints(microsoft+"t.example"+authorize, microsoft+"T.example"+token), about()},
		{"a placeholder in braces", endpoints(microsoft+"{tenant}"+authorize, microsoft+"%7Btenant%7D"+token),
			about("error endpoint-placeholder credentials[0].authorization_endpoint", "error endpoint-placeholder credentials[0].token_endpoint")},
		{"a placeholder in angle brackets", endpoints(microsoft+"<tenant-id>"+authorize, microsoft+"t.example"+token),
			about("error endpoint-placeholder credentials[0].authorization_endpoint")},
		{"a placeholder in words", endpoints(microsoft+"YOUR_TENANT"+authorize, microsoft+"your-tenant.onmicrosoft.com"+token),
			about("error endpoint-placeholder credentials[0].authorization_endpoint", "error endpoint-placeholder credentials[0].token_endpoint")},
		{"a placeholder in the host", endpoints("https://{yourOktaDomain}/oauth2/v1/authorize", "https://dev.okta.com/oauth2/v1/token"),
			about("error endpoint-placeholder credentials[0].authorization_endpoint")},
		{"names that begin like a placeholder", endpoints("https://sso.enterprise.example.com/oauth2/authorize", "https://auth.yourmoney.co.uk/token"), about()},
		{"paths that begin like a placeholder", endpoints("https://sso.corp.example/enterprise/insertion/xxxxl/authorize", "https://sso.corp.example/realms/tenant/token"), about()},
		{"an IPv6 address", endpoints("https://[fd00::1]/authorize", "https://[fd00::1]/token"), about("error host-private credentials[0].token_endpoint")},
		{"a variable as placeholder", endpoints(microsoft+"$TENANT_ID"+authorize, microsoft+":tenant"+token),
			about("error endpoint-placeholder credentials[0].authorization_endpoint", "error endpoint-placeholder credentials[0].token_endpoint")},
		{"a variable between signs", endpoints(microsoft+"__TENANT__"+authorize, microsoft+"%DOMAIN%"+token),
			about("error endpoint-placeholder credentials[0].authorization_endpoint", "error endpoint-placeholder credentials[0].token_endpoint")},
		{"a placeholder that is mine", endpoints(microsoft+"MY_TENANT"+authorize, microsoft+"my-tenant-id"+token),
			about("error endpoint-placeholder credentials[0].authorization_endpoint", "error endpoint-placeholder credentials[0].token_endpoint")},
		{"a placeholder in square brackets", endpoints("https://[your domain]/authorize", "https://sso.corp.example/[Realm name]/token"),
			about("error endpoint-placeholder credentials[0].authorization_endpoint", "error endpoint-placeholder credentials[0].token_endpoint")},
		{"a placeholder for a company", endpoints("https://yourcompany.okta.com/oauth2/v1/authorize", "https://insert-name.okta.com/oauth2/v1/token"),
			about("error endpoint-placeholder credentials[0].authorization_endpoint", "error endpoint-placeholder credentials[0].token_endpoint")},
		{"a placeholder in another of Microsoft's clouds", endpoints("https://login.microsoftonline.us/tenant"+authorize, "https://login.partner.microsoftonline.cn/Directory"+token),
			about("error endpoint-placeholder credentials[0].authorization_endpoint", "error endpoint-placeholder credentials[0].token_endpoint")},
		{"swapped endpoints", endpoints(microsoft+"t.example"+token, microsoft+"t.example"+authorize), about("error endpoint-swapped credentials[0].token_endpoint")},
		{"one endpoint twice", endpoints(microsoft+"t.example"+token, microsoft+"t.example"+token), about("error endpoint-swapped credentials[0].token_endpoint")},
		{"two token endpoints", endpoints(microsoft+"t.example/oauth2/token", microsoft+"t.example"+token), about("error endpoint-swapped credentials[0].authorization_endpoint")},
		{"two tenants", endpoints(microsoft+"t.example"+authorize, microsoft+"u.example"+token), about("warning endpoint-tenants credentials[0].token_endpoint")},
		{"two realms", endpoints("https://sso.corp.example/realms/Mail/protocol/openid-connect/auth", "https://sso.corp.example/realms/mail/protocol/openid-connect/token"),
			about("warning endpoint-tenants credentials[0].token_endpoint")},
		{"two tenants in host names", endpoints("https://a.okta.com/oauth2/v1/authorize", "https://b.okta.com/oauth2/v1/token"), about("warning endpoint-tenants credentials[0].token_endpoint")},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := linesOf(findings.Audit(findings.Input{Bundle: c.b, Now: now})); !slices.Equal(got, c.want) {
				t.Errorf("found %q\nwant  %q", got, c.want)
			}
		})
	}
}

// at is a sound connection to another host.
func at(name, host string) *schema.ServerConnection {
	c := sound(name)
	c.Host = host
	return c
}

func callback2() *schema.ServerCredential {
	c := credential("H")
	c.CallbackURL = "https://jira.corp.example/callback"
	return c
}

func TestACloudBundleIsToldInCloudTerms(t *testing.T) {
	c := &schema.CloudConnection{Name: "Support", FromEmailAddress: "jira", ServiceProvider: "General SMTP service", Encryption: "STARTTLS",
		Username: "u", Password: sealed("Support"), Host: "smtp.corp.example", SMTPPort: 465}
	b := bundle(c)
	b.Origin = &schema.Origin{Connections: []schema.Item{&schema.ServerConnection{Name: "Support"}},
		Rules: &schema.Rules{Connections: schema.ListRules{Fields: []schema.FieldRule{{From: "connect_mode", To: "service_provider"}, {From: "encryption", To: "encryption"}}}}}
	got := linesOf(findings.Audit(findings.Input{Bundle: b, Now: now, Notes: []transform.Note{
		{Kind: transform.Dropped, List: schema.Connections, Name: "Support", Field: "extra.shared_mailbox", From: "true", Text: "not on the form"},
		{Kind: transform.Dropped, List: schema.Connections, Name: "Support", Field: "port", Text: "not needed"},
		{Kind: transform.Unverified, List: schema.Connections, Name: "Support", Field: "connect_mode", From: "SMTP", Text: "a guess"},
		{Kind: transform.Unmapped, List: schema.Connections, Name: "Support", Field: "encryption", From: "STARTTLS", To: "STARTTLS"},
		{Kind: transform.Mapped, List: schema.Connections, Name: "Support", Field: "encryption", From: "STARTTLS", To: "Auto"},
	}}))
	want := []string{
		"error address-malformed connections[0].from_email_address",
		"warning port-encryption connections[0].smtp_port",
		"warning setting-no-place origin.connections[0].extra.shared_mailbox",
		"warning value-unmapped connections[0].encryption",
		"warning encryption-remapped connections[0].encryption",
		"note setting-dropped origin.connections[0].port",
		"note value-unverified connections[0].service_provider",
	}
	if !slices.Equal(got, want) {
		t.Errorf("found %q\nwant  %q", got, want)
	}
}

func TestWhatOnlyARecipientKnows(t *testing.T) {
	a, b := sound("A"), sound("B")
	b.Password.Fingerprint = "ffffffff" + b.Password.Fingerprint[8:]
	got := linesOf(findings.Audit(findings.Input{Bundle: bundle(a, b), Now: now,
		Secret:       func(schema.SecretKey) schema.Secret { return schema.NewSecret("x") },
		Unreferenced: []schema.SecretKey{{List: schema.Connections, Name: "Gone"}},
	}))
	want := []string{"warning secret-unreferenced sealed", "warning password-shared connections[0].password", "warning password-shared connections[1].password"}
	if !slices.Equal(got, want) {
		t.Errorf("found %q\nwant  %q", got, want)
	}
}

func TestRulesAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range findings.Rules() {
		if seen[r.ID] || r.ID == "" || r.Title == "" || r.Why == "" || r.Do == "" || !slices.Contains(findings.Severities(), r.Severity) {
			t.Errorf("rule %+v stands twice or says too little", r)
		}
		seen[r.ID] = true
	}
}

func TestTallyReaches(t *testing.T) {
	warning := findings.Tally{Warnings: 1, Excepted: 3}
	if warning.Reaches(findings.Error) || !warning.Reaches(findings.Warning) || !warning.Reaches(findings.Note) {
		t.Error("a warning reaches warning and note, not error")
	}
	if (findings.Tally{Excepted: 9}).Reaches(findings.Note) {
		t.Error("what is excepted reaches nothing")
	}
}
