package panels

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Kinds of fields.
const (
	text     = "text"
	area     = "area"
	number   = "number"
	secret   = "secret"
	choice   = "choice"
	toggle   = "toggle"
	readonly = "readonly"
)

// field of a form, as the pages get it.
type field struct {
	Key      string   `json:"key"`
	Label    string   `json:"label"`
	Kind     string   `json:"kind"`
	Required bool     `json:"required,omitzero"`
	Email    bool     `json:"email,omitzero"`
	Help     string   `json:"help,omitzero"`
	Options  []string `json:"options,omitzero"`
	Of       string   `json:"of,omitzero"` // the list whose names are the options
	Default  string   `json:"default,omitzero"`
	Fold     bool     `json:"fold,omitzero"`
	// When are the values of the list's Decides with which the field is there; nil: with all.
	When []string `json:"when,omitzero"`
}

// list of a panel.
type list struct {
	Key     string  `json:"key"`
	Heading string  `json:"heading"`
	Title   string  `json:"title"`
	One     string  `json:"one"`
	Columns []field `json:"columns"`
	Fields  []field `json:"fields"`
	Decides string  `json:"decides,omitzero"` // the key of the field that others depend on
}

// product is what the panel is about: the same for each library.
type product struct {
	Lists []list   `json:"lists"`
	Acts  []string `json:"acts"` // of a row's menu
}

func (p product) list(key string) *list {
	for n := range p.Lists {
		if p.Lists[n].Key == key {
			return &p.Lists[n]
		}
	}
	return nil
}

const smtp = "General SMTP service"

var (
	cloudProviders = []string{smtp, "GMail/GSuite with OAuth2", "Microsoft365 with OAuth2"}
	modes          = []string{"SMTP", "Google OAuth2", "Microsoft 365 SMTP (w/ OAuth2)",
		"Microsoft 365 Graph API (w/ OAuth2)"}
	encryptions = []string{"None", "SSL", "TLS"}
	issuers     = []string{"Google OAuth2 Provider", "Microsoft OAuth2 Provider"}
)

func credentialFields(withCallback bool) []field {
	out := []field{
		{Key: "name", Label: "Name", Kind: text, Required: true},
		{Key: "client_id", Label: "Client ID", Kind: text, Required: true},
		{Key: "client_secret", Label: "Client Secret", Kind: secret},
		{Key: "authorization_endpoint", Label: "Authorization Endpoint", Kind: text, Required: true},
		{Key: "token_endpoint", Label: "Token Endpoint", Kind: text, Required: true},
		{Key: "service_provider", Label: "Service Provider", Kind: choice, Options: issuers},
	}
	if withCallback {
		out = append(out, field{Key: "callback_url", Label: "Callback URL", Kind: readonly})
	}
	return out
}

func cloud() []list {
	plain, oauth := cloudProviders[:1], cloudProviders[1:]
	connections := []field{
		{Key: "name", Label: "Name", Kind: text, Required: true},
		{Key: "description", Label: "Description", Kind: area},
		{Key: "from_email_address", Label: "From Email Address", Kind: text, Required: true, Email: true},
		{Key: "email_prefix", Label: "Email Prefix", Kind: text, Help: "Put before every subject", Fold: true},
		{Key: "service_provider", Label: "Service provider", Kind: choice, Required: true, Options: cloudProviders},
		{Key: "encryption", Label: "Encryption", Kind: choice, Options: encryptions, Default: "None", When: plain},
		{Key: "host", Label: "Host", Kind: text, Required: true, When: plain},
		{Key: "smtp_port", Label: "SMTP Port", Kind: number, Required: true, When: plain},
		{Key: "password", Label: "Password", Kind: secret, When: plain},
		{Key: "debug", Label: "Debug", Kind: toggle, When: plain, Fold: true},
		{Key: "username", Label: "Username", Kind: text, When: cloudProviders},
		{Key: "oauth2_credentials", Label: "OAuth2 Credentials", Kind: choice, Required: true, Of: Credentials,
			When: oauth},
	}
	return []list{
		{Key: Connections, Heading: "OUTGOING MAILS", Title: "Outgoing Mail Connections", Fields: connections,
			Decides: "service_provider",
			Columns: []field{connections[0], connections[2]}},
		{Key: Credentials, Heading: "OAUTH2", Title: "OAuth2 Credentials", Fields: credentialFields(false),
			Columns: credentialFields(false)[:2]},
	}
}

func server() []list {
	plain, oauth := modes[:1], modes[1:]
	connections := []field{
		{Key: "name", Label: "Name", Kind: text, Required: true},
		{Key: "description", Label: "Description", Kind: area},
		{Key: "from_address", Label: "From Address", Kind: text, Required: true, Email: true},
		{Key: "prefix", Label: "Prefix", Kind: text, Help: "Put before every subject", Fold: true},
		{Key: "connect_mode", Label: "Connect Mode", Kind: choice, Required: true, Options: modes, Default: modes[0]},
		{Key: "encryption", Label: "Encryption", Kind: choice, Options: encryptions, Default: "None"},
		{Key: "username", Label: "Username", Kind: text},
		{Key: "password", Label: "Password", Kind: secret, When: plain},
		{Key: "host", Label: "Host", Kind: text, Required: true, When: plain},
		{Key: "port", Label: "Port", Kind: number, Required: true, When: plain},
		{Key: "debug", Label: "Debug", Kind: toggle, Fold: true},
		{Key: "oauth2_credentials", Label: "OAuth2 Credentials", Kind: choice, Required: true, Of: Credentials, When: oauth},
	}
	return []list{
		{Key: Connections, Heading: "OUTGOING EMAILS ADMINISTRATION", Title: "Outgoing Mail Connections",
			Fields: connections, Decides: "connect_mode",
			Columns: []field{connections[0], connections[2]}},
		{Key: Credentials, Heading: "SETTINGS", Title: "OAuth2 Client Credentials", Fields: credentialFields(true),
			Columns: credentialFields(true)[:2]},
	}
}

// describe says what a panel is about, with words, order and menus as the seed has them.
func describe(library Library, o Options) product {
	p := product{Lists: cloud(), Acts: []string{"Edit", "Delete"}}
	if library == AUI {
		p.Lists = server()
	}
	for n := range p.Lists {
		l := &p.Lists[n]
		l.One = strings.TrimSuffix(l.Title, "s")
		for i := range l.Fields {
			l.Fields[i].Fold = l.Fields[i].Fold && o.Fold
			if l.Fields[i].Key == o.Fixed {
				l.Fields[i].Kind = readonly
			}
		}
	}
	if o.Seed != 0 {
		shuffle(&p, rand.New(rand.NewPCG(o.Seed, 0)))
	}
	return p
}

// others are names that a live page may have instead of the documents'.
var others = map[string]string{
	"Connect Mode": "Protocol", "Callback URL": "Redirect URI",
	"Service provider": "Service Provider", "SMTP Port": "SMTP port", "From Email Address": "From email address",
}

func shuffle(p *product, r *rand.Rand) {
	colon := ""
	if r.IntN(3) == 0 {
		colon = ":"
	}
	mix(r, p.Lists)
	p.Acts = append(p.Acts, "Duplicate", "Test Connection")
	mix(r, p.Acts)
	for n := range p.Lists {
		l := &p.Lists[n]
		mix(r, l.Fields)
		mix(r, l.Columns)
		for i := range l.Fields {
			f := &l.Fields[i]
			if other, ok := others[f.Label]; ok && r.IntN(2) == 0 {
				f.Label = other
			}
			f.Label += colon
			f.Options = slices.Clone(f.Options)
			mix(r, f.Options)
		}
	}
}

func mix[T any](r *rand.Rand, s []T) {
	r.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
}

var address = regexp.MustCompile(`^[^@\s]+@[^@\s]+$`)

// shown are the fields that a form has with an item's values.
func (l *list) shown(item Item) []field {
	return slices.DeleteFunc(slices.Clone(l.Fields), func(f field) bool {
		return f.When != nil && !slices.Contains(f.When, item[l.Decides])
	})
}

// check says by key what the server would not take of an item.
func (p *Panel) check(l *list, id string, item Item) map[string]string {
	wrong := map[string]string{}
	for _, f := range l.shown(item) {
		value, options := item[f.Key], f.Options
		if f.Of != "" {
			options = p.names(f.Of)
		}
		port, err := strconv.Atoi(value)
		switch {
		case value == "":
			if f.Required {
				wrong[f.Key] = "This field is required"
			}
		case f.Email && !address.MatchString(value):
			wrong[f.Key] = "Enter a valid e-mail address"
		case f.Kind == number && (err != nil || port < 1 || port > 65535):
			wrong[f.Key] = "Enter a port between 1 and 65535"
		case f.Kind == choice && !slices.Contains(options, value):
			wrong[f.Key] = "Choose one of the list"
		}
	}
	for _, other := range p.Items(l.Key) {
		if other["name"] == item["name"] && other["id"] != id {
			wrong["name"] = "Name is taken"
		}
	}
	return wrong
}

func (p *Panel) names(of string) []string {
	var out []string
	for _, item := range p.Items(of) {
		out = append(out, item["name"])
	}
	return out
}

func itoa(n int) string { return strconv.Itoa(n) }
