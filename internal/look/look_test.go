package look_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/mailferry/mailferry/internal/look"
	"github.com/mailferry/mailferry/schema"
)

// repeatable is drawn from what pages and dumps repeat in a secret's place, and
// from any characters that are no letter and no digit.
func repeatable(r *rand.Rand) rune {
	known := []rune("*•●∙·⬤■▪◦.…-–—_#?!$%&+=~/|")
	for {
		c := known[r.IntN(len(known))]
		if r.IntN(2) == 0 {
			c = rune(0x21 + r.IntN(0xffff))
		}
		if unicode.In(c, unicode.P, unicode.S) {
			return c
		}
	}
}

func TestMasksAreRecognised(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	words := []string{"hidden", "REDACTED", "not shown", "Passwort", "mot-de-passe", "скрыто", "非表示", "MASKED_VALUE", "secret"}
	brackets := []string{"<>", "[]", "()", "{}", "‹›", "«»", "（）", "＜＞", "［］", "｛｝", "【】", "「」", "『』", "⟨⟩", "〈〉", "《》", "〔〕", "»«"}
	for range 5000 {
		var mask string
		switch r.IntN(4) {
		case 0:
			mask = strings.Repeat(string(repeatable(r)), 3+r.IntN(20))
		case 1:
			mask = strings.Repeat(string([]rune("xXｘＸ")[r.IntN(4)]), 4+r.IntN(20))
		case 2:
			b := []rune(brackets[r.IntN(len(brackets))])
			mask = string(b[0]) + words[r.IntN(len(words))] + string(b[1])
		case 3:
			mask = []string{"", "a", "abc", "Zürich7", "gcp-", "REDACTED", "x "}[r.IntN(7)] + strings.Repeat([]string{"*", "＊"}[r.IntN(2)], 3+r.IntN(9))
		}
		around := []string{"", "", " ", "\u200b", "\ufeff", "\n"}
		mask = around[r.IntN(len(around))] + mask + around[r.IntN(len(around))]
		if !look.IsMask(schema.NewSecret(mask)) {
			t.Fatalf("seed %d: %q is taken for a secret", seed, mask)
		}
	}
	for _, mask := range []string{"   ", "REDACTED", "Redacted", "●\ufe0e●\ufe0e●\ufe0e", "[secret]", "🔒🔒🔒", "**REDACTED***"} {
		if !look.IsMask(schema.NewSecret(mask)) {
			t.Errorf("%q is taken for a secret", mask)
		}
	}
}

func TestTruePasswordsAreNoMasks(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 2))
	for range 5000 {
		// A letter or digit among what masks are made of makes a password.
		text := []rune(strings.Repeat(string(repeatable(r)), 2+r.IntN(9)))
		text = slices.Insert(text, r.IntN(len(text)), []rune("ab9Zß7")[r.IntN(6)])
		if p := string(text); !strings.HasSuffix(p, "***") && strings.Trim(p, "<>[](){}‹›«»") == p && look.IsMask(schema.NewSecret(p)) {
			t.Fatalf("seed %d: %q is taken for a mask", seed, p)
		}
	}
	for _, p := range []string{"***a", "x1xx", "xxx", "xxXX", "XxxxY", "**", "a**", "a**b", "--", "000000", "aaaa", "yyyy", "<a1>", "<hidden", "hidden", "[a]b", "{}",
		"((hidden))", "*-*-*", "!?!?!", "xxxx1", "（a1）", "（hidden", "(hidden】", "⟨a⟩b", "ｘｘｘ", "＊＊", "correct horse", "abc•••", "\ufffd\ufffd\ufffd"} {
		if look.IsMask(schema.NewSecret(p)) {
			t.Errorf("%q is taken for a mask", p)
		}
	}
	if look.IsMask(schema.Secret{}) {
		t.Error("no secret is a mask")
	}
}

func TestWhatIsDoubtfulInASecretIsNamed(t *testing.T) {
	google := &schema.ServerCredential{Name: "G", ServiceProvider: "Google OAuth2 Provider"}
	azure := &schema.ServerCredential{Name: "A", ServiceProvider: "Microsoft Azure"}
	endpoint := &schema.ServerCredential{Name: "E", TokenEndpoint: "https://login.microsoftonline.com/t/oauth2/v2.0/token"}
	plain := &schema.ServerConnection{Name: "Desk", ConnectMode: "SMTP"}
	const id = "8f14e45f-ceea-467f-a8b1-0f1e2d3c4b5a"
	for _, c := range []struct {
		it     schema.Item
		secret string
		want   string // of the only doubt; "" for none
	}{
		{plain, "hunter2", ""},
		{plain, "pass wörd", ""},
		{plain, "Пароль密", ""},
		{plain, "hunter\u200b2", "a character of no width (U+200B)"},
		{plain, "hunter\u20602", "a character of no width (U+2060)"},
		{plain, "\ufeffhunter2", "a byte order mark (U+FEFF)"},
		{plain, "hunter\u00ad2", "a soft hyphen (U+00AD)"},
		{plain, "hunter\u202e2", "a mark of the writing direction (U+202E)"},
		{plain, "hunter\u00a02", "a no-break blank (U+00A0)"},
		{plain, "hunter\u20032", "an unusual blank (U+2003)"},
		{plain, "hunter’2", "a curly quote (U+2019)"},
		{plain, "„hunter2", "a curly quote (U+201E)"},
		{plain, "hunter–2", "a dash that is not the keyboard's (U+2013)"},
		{plain, "hunter\n2", "a line break (U+000A)"},
		{plain, "hunter\u20282", "a line break (U+2028)"},
		{plain, "hunter\t2", "a control character (U+0009)"},
		{plain, "hunter\ufffd2", "lost in an earlier conversion (U+FFFD)"},
		{plain, "hunter2 ", "begins or ends with a blank"},
		{azure, id, "AADSTS7000215"},
		{azure, " " + strings.ToUpper(id), "begins or ends with a blank"},
		{endpoint, id, "AADSTS7000215"},
		{google, id, ""},
		{plain, id, ""},
		{google, `{"web":{"client_secret":"hunter2"}}`, "a whole JSON file"},
		{google, `{hunter2}`, ""},
		{google, "-----BEGIN PRIVATE KEY-----", "a whole PEM file"},
	} {
		got := look.Doubts(c.it, schema.NewSecret(c.secret))
		if c.want == "" && len(got) != 0 || c.want != "" && (len(got) == 0 || !strings.Contains(got[0], c.want)) {
			t.Errorf("%q of %s: %q, want %q", c.secret, c.it.ItemName(), got, c.want)
		}
		if strings.Contains(strings.Join(got, ""), "hunter") {
			t.Errorf("shows the secret: %q", got)
		}
	}
}
