package sheet

import (
	"strings"
	"testing"
	"unicode"

	"github.com/mailferry/mailferry/exporter"
	"github.com/mailferry/mailferry/schema"
)

// The samples are what the demo and the tests of other packages walk on, so what
// they must cover is held here.
func TestSamplesCoverWhatARealSiteHas(t *testing.T) {
	c, warnings, err := read(t, "../../samples/server-connections.csv", "../../samples/server-credentials.csv")
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range warnings {
		if !strings.Contains(w, "other people on this machine can read it") {
			t.Errorf("warning: %s", w)
		}
	}
	modes, passwords, named, users, texts := map[string]int{}, map[string]int{}, map[string]int{}, "", ""
	missing, relays, bare, connections := 0, 0, 0, 0
	credentials := map[string]bool{}
	for _, r := range c.Records {
		conn, ok := r.Item.(*schema.ServerConnection)
		if !ok {
			credentials[r.Item.ItemName()] = !r.Secret.IsZero()
			continue
		}
		connections++
		modes[conn.ConnectMode]++
		named[conn.OAuth2Credentials]++
		users += conn.Username + "\n"
		texts += conn.Name + conn.Description
		if !r.Secret.IsZero() {
			passwords[r.Secret.Reveal()]++
			if !strings.HasPrefix(r.Secret.Reveal(), "made-up") {
				t.Errorf("%s: a password that does not say that it is made up", conn.Name)
			}
		}
		if r.Secret.IsZero() && exporter.NeedsSecret(r.Item) {
			missing++
		}
		if conn.ConnectMode == "SMTP" && conn.Username == "" {
			relays++
		}
		if conn.Prefix == "" {
			bare++
		}
		if d := conn.FromAddress; !strings.HasSuffix(d, "@example.com") && !strings.HasSuffix(d, ".example") {
			t.Errorf("%s: %s is not under a domain for examples", conn.Name, d)
		}
		if conn.OAuth2Credentials != "" && conn.ConnectMode == "SMTP" {
			t.Errorf("%s: SMTP with a credential", conn.Name)
		}
	}
	delete(named, "")
	shared := func(m map[string]int) bool {
		for _, n := range m {
			if n > 1 {
				return true
			}
		}
		return false
	}
	for name := range named {
		if !credentials[name] {
			t.Errorf("credential %s is not in the sheet, or without its secret", name)
		}
	}
	for what, ok := range map[string]bool{
		"12 connections": connections >= 12, "four modes": len(modes) == 4, "a relay": relays > 0, "an empty prefix": bare > 0,
		"a shared password": shared(passwords), "a missing password": missing > 0, "a shared credential": shared(named),
		`DOMAIN\user`: strings.Contains(users, `\`), "quotes": strings.Contains(texts, `"`), "commas": strings.Contains(texts, ","),
		"line breaks": strings.Contains(texts, "\n"), "umlauts": strings.ContainsAny(texts, "äöüß"),
		"emoji": strings.ContainsFunc(texts, func(r rune) bool { return r > 0xFFFF && unicode.Is(unicode.So, r) }),
	} {
		if !ok {
			t.Errorf("the samples lack %s", what)
		}
	}
}
