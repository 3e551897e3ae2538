package human

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// FuzzVisible: what is made visible holds nothing that steers a terminal, and is one
// line.
func FuzzVisible(f *testing.F) {
	for _, seed := range []string{"a", " a ", "\x1b[2J", "\u202e", "a\u200b", "\xff", "\r\n", "e\u0301", "👩‍🚒", "\ufe0f"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v := Visible(s)
		if strings.ContainsFunc(v, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
			t.Errorf("%q is shown as %q", s, v)
		}
		if lines := VisibleLines(s); strings.ContainsFunc(strings.ReplaceAll(lines, "\n", ""), unicode.IsControl) {
			t.Errorf("%q is shown as %q", s, lines)
		}
	})
}

// FuzzGlob holds the matcher against the regular expression of the same meaning.
func FuzzGlob(f *testing.F) {
	f.Add("a*b?c**", "aXbYcZ")
	f.Add("[?*]", "[ä]")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if !strings.HasPrefix(strings.ToValidUTF8(pattern, "")+strings.ToValidUTF8(name, ""), pattern+name) {
			return
		}
		same := strings.NewReplacer(`\*`, `(?s:.*)`, `\?`, `(?s:.)`).Replace(regexp.QuoteMeta(pattern))
		if got, want := Glob(pattern, name), regexp.MustCompile(`\A`+same+`\z`).MatchString(name); got != want {
			t.Errorf("%q matches %q: %v, want %v", pattern, name, got, want)
		}
	})
}
