package findings

import (
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/mailferry/mailferry/internal/address"
	"github.com/mailferry/mailferry/schema"
)

// bundle asks what concerns several items, or the whole.
func (a *audit) bundle() {
	for _, l := range lists {
		a.duplicateNames(a.subjects[l])
		a.lookalikeNames(a.subjects[l])
	}
	a.lookalikeHosts()
	a.sharedPasswords()
	for _, n := range a.in.Notes {
		a.note(n)
	}
	for _, r := range a.in.Unreferenced {
		a.say("secret-unreferenced", nil, "sealed", "the secret of %s %s", r.List.One(), schema.Quote(r.Name))
	}
}

// item asks what concerns one item.
func (a *audit) item(s *subject, fields []schema.Field) {
	for _, f := range fields {
		if f.Type == schema.String {
			a.characters(s, value{f.Name, schema.Text(s.Item, f.Name)}, f.Text)
		}
	}
	for _, key := range schema.Extra(s.Item) {
		a.characters(s, value{"extra." + key, schema.Text(s.Item, "extra."+key)}, schema.Prose)
	}
	if s.list == schema.Connections {
		a.sender(s)
		a.server(s)
		a.signIn(s)
		if s.Debug {
			a.say("debug-on", s, "debug", "true")
		}
	} else {
		a.credential(s)
	}
	if s.Secret != nil && s.Secret.State == schema.Missing {
		a.say("secret-missing", s, schema.SecretField(s.list), "%s", s.Secret.Reason)
	}
	a.secretInSettings(s)
}

func (a *audit) sender(c *subject) {
	from, field := strings.TrimSpace(c.From), a.fields.from
	switch wrong := addressFault(from); {
	case from == "":
		a.say("address-missing", c, field, "the field is empty")
	case wrong != "":
		a.say("address-malformed", c, field, "%s %s", schema.Quote(c.From), wrong)
	case strings.ContainsAny(from, "<>"):
		a.say("address-display-name", c, field, "%s is more than the bare address", schema.Quote(c.From))
	}
	if sender, user := domainOf(c.From), domainOf(c.Username); sender != "" && user != "" && sender != user {
		a.say("sender-domain", c, field, "%s, and the user is at %s", schema.Quote(sender), schema.Quote(user))
	}
}

func domainOf(address string) string {
	i := strings.LastIndexByte(address, '@')
	if i < 1 {
		return ""
	}
	return strings.TrimSuffix(strings.ToLower(strings.Trim(address[i+1:], " \t>")), ".")
}

// server asks about host and port. The OAuth2 modes need neither, and their forms do
// not show what an earlier mode may have left there.
func (a *audit) server(c *subject) {
	if c.UsesOAuth2() {
		return
	}
	switch wrong := hostFault(c.Host); {
	case strings.TrimSpace(c.Host) == "":
		a.say("host-missing", c, "host", "the field is empty")
	case wrong != "":
		a.say("host-malformed", c, "host", "%s %s", schema.Quote(c.Host), wrong)
	default:
		a.reach(c, value{"host", c.Host})
	}
	field, kind, wants := a.fields.port, Encryption(c.Encryption), ""
	switch {
	case c.Port == 0:
		a.say("port-missing", c, field, "the field is empty")
	case c.Port < 1 || c.Port > 65535:
		a.say("port-missing", c, field, "%d is not between 1 and 65535", c.Port)
	case c.Port == 25:
		a.say("port-25", c, field, "25")
		if kind == ImplicitTLS {
			wants = "25 begins in the clear"
		}
	case c.Port == 465 && (kind == StartTLS || kind == NoTLS):
		wants = "465 begins with TLS at once"
	case c.Port == 587 && (kind == ImplicitTLS || kind == NoTLS):
		wants = "587 begins in the clear and turns to TLS by STARTTLS"
	}
	if wants != "" {
		a.say("port-encryption", c, field, "%s, and %s", wants, EncryptionIs(c.Encryption))
	}
}

// reach asks whether Cloud can get to a host that is well formed.
func (a *audit) reach(s *subject, host value) {
	if why := unreachable(host.text); why != "" {
		a.say("host-private", s, host.field, "%s is %s", schema.Quote(host.text), why)
	}
}

func (a *audit) signIn(c *subject) {
	if c.hasPassword() && Encryption(c.Encryption) == NoTLS {
		a.say("password-unencrypted", c, "encryption", "%s", EncryptionIs(c.Encryption))
	}
	host := strings.TrimSuffix(strings.ToLower(strings.TrimSpace(c.Host)), ".")
	if c.hasPassword() && host == "smtp.office365.com" {
		a.say("password-office365", c, "host", "basic authentication, not OAuth2")
	}
	if c.Username == "" && (c.hasPassword() || c.UsesOAuth2()) {
		a.say("username-missing", c, "username", "the field is empty")
	}
	if !c.UsesOAuth2() {
		return
	}
	const field = "oauth2_credentials"
	switch {
	case c.Credential == "":
		a.say("credential-missing", c, field, "the mode is %s, and no credential is named", schema.Quote(c.Mode))
	case a.here[schema.SecretKey{List: schema.Credentials, Name: c.Credential}] == nil:
		a.say("credential-missing", c, field, "%s is not among the bundle's credentials", schema.Quote(c.Credential))
	}
	as := "the user that it sends as"
	if c.Username != "" {
		as = schema.Quote(c.Username)
	}
	a.say("oauth-authorise", c, field, "by %s", as)
}

func (a *audit) credential(c *subject) {
	if !a.used[c.Name] {
		a.say("credential-unused", c, "name", "no connection of this bundle names it")
	}
	for _, e := range c.endpoints() {
		if e.text != "" {
			a.endpoint(c, e)
		}
	}
	// Only the token endpoint is called by Cloud itself; the other one is
	// opened in a person's browser.
	if u, err := url.Parse(c.Token); err == nil && hostFault(u.Hostname()) == "" {
		a.reach(c, value{"token_endpoint", u.Hostname()})
	}
	if field, detail := swapped(c); field != "" {
		a.say("endpoint-swapped", c, field, "%s", detail)
	}
	if x, y := tenantAt(c.Authorization), tenantAt(c.Token); x != "" && y != "" && x != y {
		a.say("endpoint-tenants", c, "token_endpoint", "%s, and the authorization endpoint has %s",
			schema.Quote(y), schema.Quote(x))
	}
}

// placeholder is what providers' manuals write where a tenant or domain belongs: in
// brackets, or as a whole part of a path or host name, which may stand between the
// signs of a variable. An IPv6 address in brackets has a colon.
var placeholder = regexp.MustCompile(`(?i)[{}<>]|%7[bd]|%3[ce]|\[[a-z][^:\]]*\]` +
	`|[/.@=]([$:_%]+(tenant|directory|domain|org|realm|company)|[$:_%]*(` +
	`(your|insert|enter)[-_][\w-]+` +
	`|(my|your|insert|enter)([-_.]?(okta)?(tenant|domain)|[-_]?(directory|company|org))([-_]?(id|name|guid))?` +
	`|(tenant|directory|domain|org|realm)[-_]?(id|name|guid)` +
	`|x{4,}(-x+)*|0{8}-0{4}-0{4}-0{4}-0{12}))[_%]*([/.:?#&]|$)`)

// placeholderIn is what was never filled in, and what follows it, or "".
func placeholderIn(endpoint string) string {
	if at := placeholder.FindStringIndex(endpoint); at != nil {
		return strings.TrimLeft(endpoint[at[0]:], "/.@=")
	}
	if u, err := url.Parse(endpoint); err == nil && address.IsMicrosoft(u.Hostname()) {
		if t := Tenant(u); t == "tenant" || t == "directory" {
			return t
		}
	}
	return ""
}

func (a *audit) endpoint(c *subject, e value) {
	u, err := url.Parse(e.text)
	isHTTP := err == nil && strings.EqualFold(u.Scheme, "http")
	if isHTTP {
		a.say("endpoint-http", c, e.field, "begins with http:")
	}
	if unfilled := placeholderIn(e.text); unfilled != "" {
		a.say("endpoint-placeholder", c, e.field, "%s stands for something that was never filled in",
			schema.Quote(unfilled))
	} else if wrong := EndpointFault(e.text); wrong != "" && !isHTTP {
		a.say("endpoint-malformed", c, e.field, "%s", wrong)
	}
}

// EndpointFault says what is wrong with an endpoint's address, or "".
func EndpointFault(address string) string {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return "cannot be read as a web address"
	case !strings.EqualFold(u.Scheme, "https"):
		return "does not begin with https"
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
	if n, err := strconv.Atoi(u.Port()); u.Port() != "" && (err != nil || n < 1 || n > 65535) {
		return "its port is out of range"
	}
	return ""
}

// lastWord is what an endpoint's path ends in, in lower case.
func lastWord(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	return strings.ToLower(path.Base(u.Path))
}

// swapped says at which field it shows that the endpoints stand in each other's place.
func swapped(c *subject) (field, detail string) {
	switch auth, token := lastWord(c.Authorization), lastWord(c.Token); {
	case c.Authorization != "" && c.Authorization == c.Token:
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

func tenantAt(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil || placeholderIn(endpoint) != "" {
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
	if address.IsMicrosoft(host) {
		first, _, _ := strings.Cut(strings.TrimPrefix(endpoint.Path, "/"), "/")
		return strings.ToLower(first)
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

// secretInSettings looks at where secrets end up by mistake: an undocumented
// column, or the user part of an address. It never repeats the value.
func (a *audit) secretInSettings(s *subject) {
	for _, key := range schema.Extra(s.Item) {
		if namesSecret.MatchString(key) && schema.Text(s.Item, "extra."+key) != "" {
			a.say("secret-in-settings", s, "extra."+key, "the setting's name says so")
		}
	}
	for _, e := range append(s.endpoints(), value{"host", s.Host}) {
		if u, err := url.Parse(e.text); err == nil && u.User != nil {
			if _, has := u.User.Password(); has {
				a.say("secret-in-settings", s, e.field, "the address holds a user and a password")
			}
		}
	}
}

// namesSecret matches columns whose names promise a secret. Switches about passwords
// ("passwordSaved") are few enough to look at.
var namesSecret = regexp.MustCompile(`(?i)password|passwd|secret|token|(api|private)_?key|^(pwd|pass)$`)
