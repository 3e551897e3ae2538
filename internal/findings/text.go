package findings

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"unicode"

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
func hasPunycode(s string) bool { return strings.Contains(strings.ToLower(s), "xn--") }

// first describes the first character that bad says yes to, with those beside it,
// and where it is.
func first(s string, bad func(before, r, after rune) bool) string {
	runes := append([]rune(s), 0)
	before := rune(0)
	for i, r := range runes[:len(runes)-1] {
		if bad(before, r, runes[i+1]) {
			return fmt.Sprintf("U+%04X, character %d", r, i+1)
		}
		before = r
	}
	return ""
}

// characters asks about what stands in a text, and in the key of an extra one.
func (a *audit) characters(s *subject, v value, kind schema.TextKind) {
	if isPlain(v.text) && isPlain(v.field) {
		return
	}
	say := func(id, detail string) {
		if detail != "" {
			a.say(id, s, v.field, "%s", detail)
		}
	}
	either := func(bad func(before, r, after rune) bool) string {
		return cmp.Or(first(v.text, bad), first(v.field, bad))
	}
	if kind != schema.Prose {
		say("blank-edge", blankEdge(v.text))
	}
	say("control-character", either(func(_, r, _ rune) bool {
		if kind == schema.Prose && (r == '\n' || r == '\r' || r == '\t') {
			return false
		}
		return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Co, unicode.Noncharacter_Code_Point)
	}))
	say("bidi-character", either(func(_, r, _ rune) bool { return unicode.Is(unicode.Bidi_Control, r) }))
	say("zero-width-character", either(func(before, r, after rune) bool {
		return human.Invisible(r) && !unicode.Is(unicode.Bidi_Control, r) &&
			(kind == schema.Technical || !joins(before, r, after))
	}))
	if kind != schema.Prose && kind != schema.Spoken {
		say("lookalike-character", lookalike(v.text, kind))
	}
}

func blankEdge(s string) string {
	begin := strings.TrimLeftFunc(s, unicode.IsSpace) != s
	end := strings.TrimRightFunc(s, unicode.IsSpace) != s
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
		return script(before) && (script(after) || after == 0 || after == ' ') ||
			r == 0x200d && picture(before) && picture(after)
	case unicode.Is(unicode.Variation_Selector, r):
		return unicode.In(before, unicode.So, unicode.Sm, unicode.Po, unicode.Nd, unicode.Han)
	}
	return false
}

// lookalike finds letters of two scripts in one word, words of another
// script made only of letters that look like ASCII, and letters in disguise.
func lookalike(s string, kind schema.TextKind) string {
	shown := ""
	if u := decodeIDN(s); u != s {
		s, shown = u, " (encoded in the value)"
	}
	detail := first(s, func(_, r, _ rune) bool { return isDisguised(r) || kind == schema.Technical && isDressed(r) })
	if detail != "" {
		return detail + ", is drawn like a plain character" + shown
	}
	if detail = mixedWord(s); detail != "" {
		detail += shown
	}
	return detail
}

// label is what may be one of a host name.
var label = regexp.MustCompile(`[-\pL\p{Nd}]+`)

// decodeIDN shows the labels of every host in s as people see them.
func decodeIDN(s string) string {
	if !hasPunycode(s) {
		return s
	}
	return label.ReplaceAllStringFunc(s, func(l string) string {
		if u, err := idna.Punycode.ToUnicode(strings.ToLower(l)); err == nil && hasPunycode(l) {
			return u
		}
		return l
	})
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

// scripts are those whose letters look-alikes are made of; a letter of none of them
// mixes with any.
var scripts = []struct {
	name   string
	tables []*unicode.RangeTable
}{
	{"Latin", []*unicode.RangeTable{unicode.Latin}},
	{"Cyrillic", []*unicode.RangeTable{unicode.Cyrillic}},
	{"Greek", []*unicode.RangeTable{unicode.Greek}},
	{"other", []*unicode.RangeTable{unicode.Armenian, unicode.Cherokee, unicode.Coptic, unicode.Lisu}},
}

// mixedWord looks at the words of s: runs of letters, marks and digits.
func mixedWord(s string) string {
	suspect := ""    // the first word whose every letter is foreign and looks like ASCII
	foreign := false // some word shows that the script itself is at home here
	apart := func(r rune) bool { return !unicode.In(r, unicode.L, unicode.M, unicode.Nd) }
	for _, w := range strings.FieldsFunc(s, apart) {
		var of []string
		for _, sc := range scripts {
			if strings.ContainsFunc(w, func(r rune) bool { return unicode.IsLetter(r) && unicode.In(r, sc.tables...) }) {
				of = append(of, sc.name)
			}
		}
		letters, alike := 0, 0
		for _, r := range w {
			if unicode.IsLetter(r) {
				letters++
			}
			if !unicode.Is(unicode.Latin, r) && unicode.IsLetter(human.Twin(r)) { // a digit makes no word look Latin
				alike++
			}
		}
		switch {
		case len(of) > 1:
			return fmt.Sprintf("%s letters in one word, %s", strings.Join(of, " and "), quoteFolded(w))
		case letters > 1 && alike == letters && suspect == "":
			suspect = w
		case len(of) == 1 && of[0] != "Latin" && alike < letters:
			foreign = true
		}
	}
	if suspect != "" && !foreign {
		return fmt.Sprintf("a word whose letters are all of another script, %s", quoteFolded(suspect))
	}
	return ""
}

// quoteFolded shows a word and, because its look does not tell, the first letter
// that is another than it seems.
func quoteFolded(word string) string {
	for _, r := range word {
		if t := human.Twin(r); t != 0 {
			return fmt.Sprintf("%s: U+%04X looks like %c", schema.Quote(word), r, t)
		}
	}
	return schema.Quote(word)
}

// isExtra reports whether a field is a setting that no column is documented for.
func isExtra(field string) bool { return strings.HasPrefix(field, "extra.") }
