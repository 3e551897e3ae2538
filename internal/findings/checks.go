package findings

import (
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/mailferry/mailferry/schema"
)

func addressMissing(a *audit, c *subject) (string, string) {
	if strings.TrimSpace(c.from) != "" {
		return "", ""
	}
	return a.fields.from, "the field is empty"
}

func addressMalformed(a *audit, c *subject) (string, string) {
	if strings.TrimSpace(c.from) == "" {
		return "", ""
	}
	if wrong := addressFault(c.from); wrong != "" {
		return a.fields.from, fmt.Sprintf("%s %s", schema.Quote(c.from), wrong)
	}
	return "", ""
}

func addressDisplayName(a *audit, c *subject) (string, string) {
	if !strings.ContainsAny(c.from, "<>") || addressFault(c.from) != "" {
		return "", ""
	}
	return a.fields.from, schema.Quote(c.from) + " is more than the bare address"
}

// The OAuth2 modes need neither host nor port, and their forms do not show
// what an earlier mode may have left there.

func hostMissing(_ *audit, c *subject) (string, string) {
	if c.usesOAuth2() || strings.TrimSpace(c.host) != "" {
		return "", ""
	}
	return "host", "the field is empty"
}

func hostMalformed(_ *audit, c *subject) (string, string) {
	if c.usesOAuth2() || strings.TrimSpace(c.host) == "" {
		return "", ""
	}
	if wrong := hostFault(c.host); wrong != "" {
		return "host", fmt.Sprintf("%s %s", schema.Quote(c.host), wrong)
	}
	return "", ""
}

func hostPrivate(a *audit, found add) {
	for _, c := range a.subjects[schema.Connections] {
		if c.usesOAuth2() || hostFault(c.host) != "" {
			continue
		}
		if why := unreachable(c.host); why != "" {
			found(c, "host", fmt.Sprintf("%s is %s", schema.Quote(c.host), why))
		}
	}
	for _, c := range a.subjects[schema.Credentials] {
		// Only the token endpoint is called by Cloud itself; the other one is
		// opened in a person's browser.
		u, err := url.Parse(c.token)
		if c.token == "" || err != nil || hostFault(u.Hostname()) != "" {
			continue
		}
		if why := unreachable(u.Hostname()); why != "" {
			found(c, "token_endpoint", fmt.Sprintf("%s is %s", schema.Quote(u.Hostname()), why))
		}
	}
}

func portMissing(a *audit, c *subject) (string, string) {
	switch {
	case c.usesOAuth2(), c.port >= 1 && c.port <= 65535:
		return "", ""
	case c.port == 0:
		return a.fields.port, "the field is empty"
	default:
		return a.fields.port, fmt.Sprintf("%d is not between 1 and 65535", c.port)
	}
}

func port25(a *audit, c *subject) (string, string) {
	if c.port != 25 || c.usesOAuth2() {
		return "", ""
	}
	return a.fields.port, "25"
}

func portEncryption(a *audit, c *subject) (string, string) {
	if c.usesOAuth2() {
		return "", ""
	}
	kind := Encryption(c.encryption)
	said := schema.Quote(c.encryption)
	if c.encryption == "" {
		said = "empty"
	}
	var wants string
	switch {
	case c.port == 465 && (kind == StartTLS || kind == NoTLS):
		wants = "465 begins with TLS at once"
	case c.port == 587 && (kind == ImplicitTLS || kind == NoTLS):
		wants = "587 begins in the clear and turns to TLS by STARTTLS"
	case c.port == 25 && kind == ImplicitTLS:
		wants = "25 begins in the clear"
	default:
		return "", ""
	}
	return a.fields.port, fmt.Sprintf("%s, and Encryption is %s", wants, said)
}

func passwordUnencrypted(_ *audit, c *subject) (string, string) {
	if !c.hasPassword() || Encryption(c.encryption) != NoTLS {
		return "", ""
	}
	if c.encryption == "" {
		return "encryption", "Encryption is empty"
	}
	return "encryption", "Encryption is " + schema.Quote(c.encryption)
}

func passwordOffice365(_ *audit, c *subject) (string, string) {
	host := strings.TrimSuffix(strings.ToLower(strings.TrimSpace(c.host)), ".")
	if !c.hasPassword() || host != "smtp.office365.com" {
		return "", ""
	}
	return "host", "basic authentication, not OAuth2"
}

func usernameMissing(_ *audit, c *subject) (string, string) {
	if c.username != "" || !c.hasPassword() && !c.usesOAuth2() {
		return "", ""
	}
	return "username", "the field is empty"
}

func secretMissing(_ *audit, s *subject) (string, string) {
	if s.secret == nil || s.secret.State != schema.Missing {
		return "", ""
	}
	return schema.SecretField(s.list), s.secret.Reason
}

func unreferenced(a *audit, found add) {
	for _, r := range a.in.Unreferenced {
		found(nil, "sealed", fmt.Sprintf("the secret of %s %s", r.List.One(), schema.Quote(r.Name)))
	}
}

// secretInSettings looks at where secrets end up by mistake: an undocumented
// column, or the user part of an address. It never repeats the value.
func secretInSettings(a *audit, found add) {
	for _, l := range lists {
		for _, s := range a.subjects[l] {
			for _, key := range schema.Extra(s.item) {
				if v, _ := schema.Get(s.item, "extra."+key); namesSecret(key) && v != "" {
					found(s, "extra."+key, "the setting's name says so")
				}
			}
			for _, e := range []text{{field: "authorization_endpoint", value: s.authorization}, {field: "token_endpoint", value: s.token}, {field: "host", value: s.host}} {
				if !strings.Contains(e.value, "@") {
					continue
				}
				if u, err := url.Parse(e.value); err == nil && u.User != nil {
					if _, has := u.User.Password(); has {
						found(s, e.field, "the address holds a user and a password")
					}
				}
			}
		}
	}
}

// namesSecret reports whether a column's name promises a secret. Switches about
// passwords ("passwordSaved") are few enough to look at.
func namesSecret(key string) bool {
	k := strings.ToLower(key)
	for _, word := range []string{"password", "passwd", "secret", "token", "apikey", "api_key", "privatekey", "private_key"} {
		if strings.Contains(k, word) {
			return true
		}
	}
	return k == "pwd" || k == "pass"
}

func credentialMissing(a *audit, c *subject) (string, string) {
	if !c.usesOAuth2() {
		return "", ""
	}
	if c.credential == "" {
		return "oauth2_credentials", "the mode is " + schema.Quote(c.mode) + ", and no credential is named"
	}
	if a.here[schema.SecretKey{List: schema.Credentials, Name: c.credential}] != nil {
		return "", ""
	}
	return "oauth2_credentials", schema.Quote(c.credential) + " is not among the bundle's credentials"
}

func credentialUnused(a *audit, found add) {
	used := map[string]bool{}
	for _, c := range a.subjects[schema.Connections] {
		used[c.credential] = true
	}
	for _, c := range a.subjects[schema.Credentials] {
		if !used[c.name] {
			found(c, "name", "no connection of this bundle names it")
		}
	}
}

func endpointHTTP(endpoint string) string {
	if u, err := url.Parse(endpoint); err == nil && strings.EqualFold(u.Scheme, "http") {
		return "begins with http:"
	}
	return ""
}

func endpointMalformed(endpoint string) string {
	u, err := url.Parse(endpoint)
	switch {
	case placeholder.MatchString(endpoint):
		return "" // endpoint-placeholder says it
	case err != nil:
		return "cannot be read as a web address"
	case strings.EqualFold(u.Scheme, "http"):
		return "" // endpoint-http says it
	case !strings.EqualFold(u.Scheme, "https"):
		return "does not begin with https:"
	case u.Hostname() == "":
		return "names no host"
	case u.User != nil:
		return "holds a user name"
	case u.Fragment != "":
		return "has a fragment (#…)"
	}
	if wrong := hostFault(u.Hostname()); wrong != "" {
		return "its host " + schema.Quote(u.Hostname()) + " " + wrong
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
			return "its port is out of range"
		}
	}
	return ""
}

// placeholder is what providers' manuals write where a tenant or domain belongs.
var placeholder = regexp.MustCompile(`(?i)[{}<>]|%7[bd]|%3[ce]|\[[a-z]` +
	`|[/.@](your|insert|enter)[-_.]?[a-z]|[/.](tenant|directory|domain|org|realm)[-_]?(id|name|guid)\b` +
	`|microsoftonline\.com/(tenant|directory)/|/x{4,}|0{8}-0{4}-0{4}-0{4}-0{12}`)

func endpointPlaceholder(endpoint string) string {
	at := placeholder.FindStringIndex(endpoint)
	if at == nil {
		return ""
	}
	return fmt.Sprintf("%s stands for something that was never filled in", schema.Quote(strings.TrimLeft(endpoint[at[0]:], "/.@")))
}

// lastWord is what an endpoint's path ends in, in lower case.
func lastWord(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	return strings.ToLower(path.Base(u.Path))
}

func endpointSwapped(_ *audit, c *subject) (string, string) {
	switch auth, token := lastWord(c.authorization), lastWord(c.token); {
	case c.authorization != "" && c.authorization == c.token:
		return "token_endpoint", "the same address as the authorization endpoint"
	case strings.Contains(auth, "token") && strings.HasPrefix(token, "auth"):
		return "token_endpoint", "it and the authorization endpoint stand in each other's place"
	case strings.Contains(auth, "token"):
		return "authorization_endpoint", "its path ends in " + schema.Quote(auth) + ", as those for tokens do"
	case strings.HasPrefix(token, "auth"):
		return "token_endpoint", "its path ends in " + schema.Quote(token) + ", as those where people agree do"
	}
	return "", ""
}

func endpointTenants(_ *audit, c *subject) (string, string) {
	a, t := tenantAt(c.authorization), tenantAt(c.token)
	if a == "" || t == "" || a == t {
		return "", ""
	}
	return "token_endpoint", fmt.Sprintf("%s, and the authorization endpoint has %s", schema.Quote(t), schema.Quote(a))
}

func tenantAt(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil || placeholder.MatchString(endpoint) {
		return ""
	}
	return Tenant(u)
}

var realm = regexp.MustCompile(`(?i)/realms/([^/]+)/`)

// Tenant is the customer whose sign-in an endpoint is for, or "" where its address
// does not say: the first part of Microsoft's paths and of others' host names, a
// realm of Keycloak. It is hostile text.
func Tenant(endpoint *url.URL) string {
	host := strings.TrimSuffix(strings.ToLower(endpoint.Hostname()), ".")
	for _, microsoft := range []string{"login.microsoftonline.", "login.partner.microsoftonline.", "login.windows.", "sts.windows."} {
		if strings.HasPrefix(host, microsoft) {
			first, _, _ := strings.Cut(strings.TrimPrefix(endpoint.Path, "/"), "/")
			return strings.ToLower(first)
		}
	}
	for _, shared := range []string{".okta.com", ".auth0.com", ".onelogin.com", ".b2clogin.com", ".ciamlogin.com"} {
		if name, ok := strings.CutSuffix(host, shared); ok {
			return name
		}
	}
	if m := realm.FindStringSubmatch(endpoint.Path); m != nil {
		return m[1]
	}
	return ""
}

func authorise(_ *audit, c *subject) (string, string) {
	switch {
	case !c.usesOAuth2():
		return "", ""
	case c.username == "":
		return "oauth2_credentials", "by the user that it sends as"
	default:
		return "oauth2_credentials", "by " + schema.Quote(c.username)
	}
}

func redirect(_ *audit, c *subject) (string, string) {
	if s, ok := c.item.(*schema.ServerCredential); ok && s.CallbackURL != "" {
		return "callback_url", "Server's " + schema.Quote(s.CallbackURL) + " stays behind"
	}
	return "client_id", "for this client"
}

func debugOn(_ *audit, c *subject) (string, string) {
	if !c.debug {
		return "", ""
	}
	return "debug", "true"
}

func senderDomain(a *audit, c *subject) (string, string) {
	sender, user := domainOf(c.from), domainOf(c.username)
	if sender == "" || user == "" || sender == user {
		return "", ""
	}
	return a.fields.from, fmt.Sprintf("%s, and the user is at %s", schema.Quote(sender), schema.Quote(user))
}

func domainOf(address string) string {
	i := strings.LastIndexByte(address, '@')
	if i < 1 {
		return ""
	}
	return strings.TrimSuffix(strings.ToLower(strings.Trim(address[i+1:], " \t>")), ".")
}

func countsDiffer(a *audit, found add) {
	said, is := a.in.Bundle.Manifest.Counts, schema.Counts{Credentials: len(a.in.Bundle.Credentials), Connections: len(a.in.Bundle.Connections)}
	for _, l := range lists {
		for _, s := range a.subjects[l] {
			switch {
			case s.secret == nil:
			case s.secret.State == schema.Sealed:
				is.Sealed++
			default:
				is.Missing++
			}
		}
	}
	if said != is {
		found(nil, "manifest.counts", fmt.Sprintf("it says %s; there are %s", countsText(said), countsText(is)))
	}
}

func countsText(c schema.Counts) string {
	return fmt.Sprintf("%d credentials, %d connections, %d secrets sealed and %d missing", c.Credentials, c.Connections, c.Sealed, c.Missing)
}
