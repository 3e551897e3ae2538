package findings

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
)

// isPlain reports whether no rule about characters needs to look at s.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return s == "" || s[0] != ' ' && s[len(s)-1] != ' ' && !hasPunycode(s)
}

// hasPunycode reports whether s may hold an encoded international host name,
// which is plain to look at and something else once shown.
func hasPunycode(s string) bool {
	for i := 0; i+4 <= len(s); i++ {
		if s[i+2] == '-' && s[i+3] == '-' && s[i]|0x20 == 'x' && s[i+1]|0x20 == 'n' {
			return true
		}
	}
	return false
}

// point describes the character found and where.
func point(r rune, at int) string {
	s := fmt.Sprintf("U+%04X", r)
	if name := characterName(r); name != "" {
		s += " " + name
	}
	return fmt.Sprintf("%s, character %d", s, at+1)
}

// characterName names the characters that people will want to look up.
func characterName(r rune) string {
	switch r {
	case '\t':
		return "tab"
	case '\n':
		return "line feed"
	case '\r':
		return "carriage return"
	case 0x1b:
		return "escape"
	case 0:
		return "null"
	case 0xa0:
		return "no-break space"
	case 0xad:
		return "soft hyphen"
	case 0x200b:
		return "zero width space"
	case 0x200c:
		return "zero width non-joiner"
	case 0x200d:
		return "zero width joiner"
	case 0x2060:
		return "word joiner"
	case 0xfeff:
		return "byte order mark"
	case 0x200e:
		return "left-to-right mark"
	case 0x200f:
		return "right-to-left mark"
	case 0x202a:
		return "left-to-right embedding"
	case 0x202b:
		return "right-to-left embedding"
	case 0x202c:
		return "pop directional formatting"
	case 0x202d:
		return "left-to-right override"
	case 0x202e:
		return "right-to-left override"
	case 0x2066:
		return "left-to-right isolate"
	case 0x2067:
		return "right-to-left isolate"
	case 0x2068:
		return "first strong isolate"
	case 0x2069:
		return "pop directional isolate"
	}
	return ""
}

// first describes the first character that bad says yes to, with those beside it.
func first(s string, bad func(before, r, after rune) bool) string {
	runes := []rune(s)
	for i, r := range runes {
		var before, after rune
		if i > 0 {
			before = runes[i-1]
		}
		if i+1 < len(runes) {
			after = runes[i+1]
		}
		if bad(before, r, after) {
			return point(r, i)
		}
	}
	return ""
}

func blankEdge(t text) string {
	if t.kind == schema.Prose {
		return ""
	}
	begin := strings.TrimLeftFunc(t.value, unicode.IsSpace) != t.value
	end := strings.TrimRightFunc(t.value, unicode.IsSpace) != t.value
	switch {
	case begin && end:
		return "at the beginning and at the end"
	case begin:
		return "at the beginning"
	case end:
		return "at the end"
	}
	return ""
}

func controlCharacter(t text) string {
	prose := t.kind == schema.Prose
	bad := func(_, r, _ rune) bool {
		if prose && (r == '\n' || r == '\r' || r == '\t') {
			return false
		}
		return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Co, unicode.Noncharacter_Code_Point)
	}
	return firstOf(t, bad)
}

func bidiCharacter(t text) string {
	return firstOf(t, func(_, r, _ rune) bool { return unicode.Is(unicode.Bidi_Control, r) })
}

func invisibleCharacter(t text) string {
	return firstOf(t, func(before, r, after rune) bool {
		if unicode.Is(unicode.Bidi_Control, r) || !human.Invisible(r) {
			return false
		}
		if t.kind == schema.Technical {
			return true
		}
		return !joins(before, r, after)
	})
}

// firstOf looks at a text, and at an extra value's key.
func firstOf(t text, bad func(before, r, after rune) bool) string {
	if s := first(t.value, bad); s != "" {
		return s
	}
	if isExtra(t.field) {
		return first(t.field, bad)
	}
	return ""
}

// joins reports whether an invisible character does its own work where it
// stands: joiners in the scripts that need them, and in pictures.
func joins(before, r, after rune) bool {
	switch {
	case r == 0x200c || r == 0x200d:
		script := func(r rune) bool {
			return unicode.In(r, unicode.Arabic, unicode.Syriac, unicode.Mongolian, unicode.Devanagari, unicode.Bengali,
				unicode.Gurmukhi, unicode.Gujarati, unicode.Oriya, unicode.Tamil, unicode.Telugu, unicode.Kannada,
				unicode.Malayalam, unicode.Sinhala, unicode.Khmer)
		}
		picture := func(r rune) bool {
			return unicode.In(r, unicode.So, unicode.Sk, unicode.Variation_Selector)
		}
		return script(before) && (script(after) || after == 0 || after == ' ') || r == 0x200d && picture(before) && picture(after)
	case unicode.Is(unicode.Variation_Selector, r):
		return unicode.In(before, unicode.So, unicode.Sm, unicode.Po, unicode.Nd, unicode.Han)
	}
	return false
}

// lookalikeCharacter finds letters of two scripts in one word, words of another
// script made only of letters that look like ASCII, and letters in disguise.
func lookalikeCharacter(t text) string {
	if t.kind == schema.Prose || t.kind == schema.Spoken {
		return ""
	}
	s := t.value
	shown := ""
	if hasPunycode(s) {
		if u := decodeIDN(s); u != s {
			s, shown = u, " (encoded in the value)"
		}
	}
	if detail := first(s, func(_, r, _ rune) bool { return isDisguised(r) || t.kind == schema.Technical && isDressed(r) }); detail != "" {
		return detail + ", is drawn like a plain character" + shown
	}
	if detail := mixedWord(s); detail != "" {
		return detail + shown
	}
	return ""
}

// decodeIDN shows the labels of every host in s as people see them.
func decodeIDN(s string) string {
	label := func(r rune) bool { return r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	var b strings.Builder
	for len(s) > 0 {
		end := strings.IndexFunc(s, label)
		if end < 0 {
			end = len(s)
		}
		part := s[:end]
		if hasPunycode(part) {
			if u, err := idna.Punycode.ToUnicode(strings.ToLower(part)); err == nil {
				part = u
			}
		}
		b.WriteString(part)
		_, size := utf8.DecodeRuneInString(s[end:])
		b.WriteString(s[end : end+size])
		s = s[end+size:]
	}
	return b.String()
}

// isDisguised reports whether r is a form of an ASCII letter, digit or blank
// that keyboards do not give: full-width, mathematical, a no-break space.
func isDisguised(r rune) bool {
	if r < 0x80 || r == 'ª' || r == 'º' || r == 0x3000 {
		return false
	}
	if unicode.Is(unicode.Zs, r) {
		return true
	}
	if !unicode.In(r, unicode.L, unicode.Nd, unicode.Nl) {
		return false
	}
	plain := norm.NFKC.String(string(r))
	return plain[0] < 0x80 && isPlain(plain)
}

// isDressed reports whether r is a form of ASCII punctuation, or one of the dots that
// international host names allow for a full stop: in an address it is a way to
// hide where a name ends.
func isDressed(r rune) bool {
	if r < 0x80 || r == 'ª' || r == 'º' {
		return false
	}
	return r == '。' || r == '｡' || norm.NFKC.String(string(r))[0] < 0x80
}

// mixedWord looks at the words of s: runs of letters, marks and digits.
func mixedWord(s string) string {
	suspect := ""    // the first word whose every letter is foreign and looks like ASCII
	foreign := false // some word shows that the script itself is at home here
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.M, unicode.Nd) }) {
		latin, cyrillic, greek, other, letters, alike := 0, 0, 0, 0, 0, 0
		for _, r := range w {
			if !unicode.IsLetter(r) {
				continue
			}
			letters++
			switch {
			case unicode.Is(unicode.Latin, r):
				latin++
				continue
			case unicode.Is(unicode.Cyrillic, r):
				cyrillic++
			case unicode.Is(unicode.Greek, r):
				greek++
			case unicode.In(r, unicode.Armenian, unicode.Cherokee, unicode.Coptic, unicode.Lisu):
				other++
			default:
				continue
			}
			if unicode.IsLetter(human.Twin(r)) { // a digit makes no word look Latin
				alike++
			}
		}
		kinds := 0
		var names []string
		for _, k := range []struct {
			n    int
			name string
		}{{latin, "Latin"}, {cyrillic, "Cyrillic"}, {greek, "Greek"}, {other, "other"}} {
			if k.n > 0 {
				kinds++
				names = append(names, k.name)
			}
		}
		if kinds > 1 {
			return fmt.Sprintf("%s letters in one word, %s", strings.Join(names, " and "), quoteFolded(w))
		}
		switch {
		case letters > 1 && alike == letters && suspect == "":
			suspect = w
		case cyrillic+greek+other > 0 && alike < letters:
			foreign = true
		}
	}
	if suspect != "" && !foreign {
		return fmt.Sprintf("a word whose letters are all of another script, %s", quoteFolded(suspect))
	}
	return ""
}
