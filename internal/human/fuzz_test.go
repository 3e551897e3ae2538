package human

import (
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
