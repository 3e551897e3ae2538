package server

import (
	"crypto/rand"
	"slices"
	"strings"

	"github.com/mailferry/mailferry/schema"
)

// choices are what the form's list of that name offers, or nil where the field is
// no list. The modes are documented; the rest is made up, and what an item has
// is offered as well.
func choices(name string) []string {
	switch name {
	case "connect_mode":
		return []string{"SMTP", "Google OAuth2", "Microsoft 365 SMTP (w/ OAuth2)",
			"Microsoft 365 Graph API (w/ OAuth2)"}
	case "encryption":
		return []string{"", "None", "STARTTLS", "SSL/TLS"}
	case "grant":
		return []string{"", "Authorization Code", "Client Credentials"}
	}
	return nil
}

// field is one field of a form.
type field struct {
	ID      string
	Label   string
	Kind    string // text, password, area, checkbox, select, several (of Options, all of which are chosen)
	Tie     string // for, wrap, labelledby, aria
	Name    string
	Value   string
	On      bool
	Options []string
	Mode    string // "smtp" or "oauth2": shown in these connect modes only
	Hidden  bool
}

// fields are those of an item's form, in the panel's order, and after them the
// item's extra values.
func (s *Server) fields(it schema.Item) []field {
	l := it.List()
	oauth2 := schema.UsesOAuth2(it)
	var out []field
	for _, f := range schema.FieldsOf(it) {
		one := field{Label: s.say(f.Label), Kind: "text", Name: f.Name}
		switch {
		case f.Type == schema.Boolean:
			v, _ := schema.Get(it, f.Name)
			one.Kind, one.On = "checkbox", v == true
		case f.Secret:
			one.Kind, one.Value = "password", s.secret(it)
		default:
			one.Value = schema.Text(it, f.Name)
		}
		if f.Name == "description" {
			one.Kind = "area"
		}
		if f.Name == "oauth2_credentials" {
			one.Kind, one.Options = "select", []string{""}
			for _, c := range s.options.Credentials {
				one.Options = append(one.Options, c.Name)
			}
		} else if offered := choices(f.Name); offered != nil {
			one.Kind, one.Options = "select", offered
		}
		if one.Kind == "select" && !slices.Contains(one.Options, one.Value) {
			one.Options = append(one.Options, one.Value)
		}
		if l == schema.Connections {
			switch f.Name {
			case "password", "host", "port":
				one.Mode, one.Hidden = "smtp", oauth2
			case "oauth2_credentials":
				one.Mode, one.Hidden = "oauth2", !oauth2
			}
		}
		out = append(out, one)
	}
	for _, key := range schema.Extra(it) {
		v, _ := schema.Get(it, "extra."+key)
		text, _ := v.(string)
		one := field{Label: strings.ReplaceAll(key, "_", " "), Kind: "text", Name: key, Value: text}
		if several := strings.Split(text, ", "); len(several) > 1 {
			one.Kind, one.Options = "several", several
		}
		out = append(out, one)
	}
	for i := range out {
		out[i].ID, out[i].Tie = "f"+rand.Text()[:8], s.options.Variant.Labels
	}
	return out
}

// mask stands for a stored secret where the page does not give it out.
const mask = "••••••••"

// secret is what the page puts into an item's secret field.
func (s *Server) secret(it schema.Item) string {
	stored := s.options.Secrets[schema.SecretKey{List: it.List(), Name: it.ItemName()}]
	switch {
	case stored.IsZero() || s.options.Variant.Password == "empty":
		return ""
	case s.options.Variant.Password == "filled":
		return stored.Reveal()
	}
	return mask
}
