package schema

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
)

func TestWhatRepeatsASecretIsNoticedHoweverItIsWritten(t *testing.T) {
	for _, secret := range []string{`CANARY-"q\uote-Xy12`, "CANARY-pä ss&<word>", "p&\"4", "  \"<&%>\\'äöü!\"  ", "tab\there\nline", strings.Repeat("CANARY-long ", 1000)} {
		d := &EchoGuard{}
		d.Add(NewSecret(secret))
		escaped := rig.Get(Marshal(secret)).Or(t)
		for name, said := range map[string]string{
			"as it is":        secret,
			"upper case":      strings.ToUpper(secret),
			"JSON":            string(escaped),
			"JSON in ASCII":   strconv.QuoteToASCII(secret),
			"a query":         url.QueryEscape(secret),
			"a path":          url.PathEscape(secret),
			"HTML":            html.EscapeString(secret),
			"HTML in a query": url.QueryEscape(html.EscapeString(secret)),
			"base64":          base64.StdEncoding.EncodeToString([]byte(secret)),
			"base64 for URLs": base64.RawURLEncoding.EncodeToString([]byte(secret)),
			"blanks made one": strings.Join(strings.Fields(secret), " "),
			"hex":             hex.EncodeToString([]byte(secret)),
			"hex in capitals": "0x" + strings.ToUpper(hex.EncodeToString([]byte(secret))),
			"hex of bytes":    fmt.Sprintf("% x", secret),
			"hex by colons":   strings.ReplaceAll(fmt.Sprintf("% x", secret), " ", ":"),
			"lines":           inLines("", secret),
			"lines of hex":    inLines("5.7.8 ", hex.EncodeToString([]byte(secret))),
			"lines of base64": inLines("5.7.8 ", base64.StdEncoding.EncodeToString([]byte(secret))),
			"status and line": inLines("5.7.8 ", secret),
			"code and line":   inLines("550\t", secret),
		} {
			if !d.Repeats("it said: "+said+" is bad", 1) {
				t.Errorf("%q: %s is not noticed: %s", secret[:4], name, said)
			}
		}
		if d.Repeats("the password is too weak for the policy", 1) {
			t.Errorf("%q: what repeats nothing is taken for a secret", secret[:4])
		}
	}
}

// inLines cuts a text to pieces that give nothing away by themselves, each behind
// the same beginning.
func inLines(begin, text string) string {
	var b strings.Builder
	for ; len(text) > 7; text = text[7:] {
		b.WriteString("\n" + begin + text[:7])
	}
	return b.String() + "\n" + begin + text + "\n" + begin
}

func TestAPartOfASecretGivesItAway(t *testing.T) {
	d := &EchoGuard{}
	d.Add(NewSecret("Kestrel41Larch77"))
	d.Add(NewSecret("12"))
	for said, want := range map[string]bool{
		`"Kestrel41La…" is too long`: true,
		"el41larch7":                 true,
		"Kestrel41":                  false, // nine bytes of sixteen
		"id-12":                      true,
	} {
		if got := d.Repeats(said, 1); got != want {
			t.Errorf("%s: got %v", said, got)
		}
	}
	if d.Repeats("id-12", 8) {
		t.Error("a short secret is looked for where only long ones are to be")
	}
	if (&EchoGuard{}).Repeats("anything", 1) {
		t.Error("without a secret everything is one")
	}
}
