package human

import (
	"cmp"
	_ "embed"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// twins lists, behind each ASCII character, what common fonts draw like it: dashes,
// quotes, the letters of Greek, Cyrillic and Armenian, those that look-alike names are
// made of, and a few that fonts make alike though Unicode lists them not. People are
// told of these by name.
const twins = "aаɑα bЬ cсϲ dԁ eеҽ fք gɡց hһհ iіιͺꙇ jјϳ kκкĸ lӏ nոռ mмʍ oоοօσ pрρϱ qԛգզ rгᴦ sѕꜱ tтᴛ uυս vѵν wԝѡա xх yуγү zʐ " +
	"AАΑᎪ BВΒᏴ CСϹᏟ EЕΕᎬ FϜ GԌᏀ HНΗᎻ IІΙӀ JЈᎫͿ KКΚᏦ LᏞ MМΜϺᎷ NΝ OОΟՕ PРΡᏢ QԚ SЅՏᏚ TТΤᎢ UՍ VѴᏙ WԜ XХΧ YΥϒУҮ ZΖᏃ 2Ꙅ 3ЗӠ 6б " +
	"-‐‑‒–—―−⁃ '‘’‚‛′´ \"“”„‟″"

var twinMap = sync.OnceValue(func() map[rune]rune {
	m := map[rune]rune{}
	for group := range strings.FieldsSeq(twins) {
		letter := rune(group[0])
		for _, r := range group[1:] {
			m[r] = letter
		}
	}
	return m
})

// Twin returns the ASCII character that r, a dash, a quote or a letter of another
// script, looks like, or 0.
func Twin(r rune) rune { return twinMap()[r] }

// confusables are those of Unicode (UTS #39, version 17; © Unicode, Inc., Unicode
// License V3), but for those of ASCII and what compatibility forms undo: groups of
// a text, a = and the characters that look like it.
//
//go:embed confusables.txt
var confusables string

// alike writes what looks alike one way. The twins come first.
var alike = sync.OnceValue(func() *strings.Replacer {
	var pairs []string
	for r, letter := range twinMap() {
		pairs = append(pairs, string(r), string(letter))
	}
	for group := range strings.FieldsSeq(confusables) {
		end := strings.LastIndexByte(group, '=')
		for _, r := range group[end+1:] {
			pairs = append(pairs, string(r), group[:end])
		}
	}
	return strings.NewReplacer(pairs...)
})

// LooksLike is what a person would take r for, which is not that: its twin, the plain
// form of a dressed letter, or what Skeleton makes of it; "" where r is what it seems.
func LooksLike(r rune) string {
	twin := func(r rune) rune { return cmp.Or(Twin(r), r) }
	// A dressed dash becomes one that has a twin.
	if look := strings.Map(twin, norm.NFKC.String(string(twin(r)))); look != string(r) {
		return look
	}
	beyond := func(r rune) bool { return r > unicode.MaxASCII }
	if look := Skeleton(string(r)); beyond(r) && !strings.ContainsFunc(look, beyond) {
		return look
	}
	return ""
}

// Skeleton is equal for texts that look alike: characters become those that
// Unicode lists them as confusable with, or their ASCII twins, full-width,
// mathematical and other dressed letters plain ones, what fonts hardly tell apart
// (I, l, 1 and |; O and 0) becomes one, and case, blanks and what is drawn as
// nothing go.
//
// Letters are looked at in the case in which they stand: a capital and its small
// letter do not always have the same twin. Where case does not matter either,
// compare the skeletons of the text and of the text in lower case.
func Skeleton(s string) string {
	for range 2 { // a small letter may have a twin that its capital lacks
		s = strings.Map(looks, plain(s))
	}
	return s
}

// LooseSkeleton is Skeleton where letters that look like one beside each other (rn
// and m, vv and w) become that one too. It serves hints alone: Stern and Stem are
// two people.
func LooseSkeleton(s string) string { return pairs.Replace(Skeleton(s)) }

var pairs = strings.NewReplacer("rn", "m", "vv", "w")

// looks is r in lower case, after what fonts hardly tell apart became one, or
// nothing where nothing is drawn.
func looks(r rune) rune {
	switch r {
	case '0':
		return 'o'
	case 'I', '1', '|', 'ı':
		return 'l'
	case '`':
		return '\''
	}
	if Invisible(r) || unicode.IsSpace(r) {
		return -1
	}
	return unicode.ToLower(r)
}

// plain takes apart, and undresses, what is not ASCII. What looks alike goes first:
// some, such as the lunate sigma, would become a letter that looks otherwise.
func plain(s string) string {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return alike().Replace(norm.NFKD.String(alike().Replace(s)))
		}
	}
	return s
}

// Invisible reports whether r is drawn as nothing: format characters, and
// letters that Unicode gives no ink.
func Invisible(r rune) bool {
	return isInkless(r) || unicode.In(r, unicode.Cf, unicode.Variation_Selector) &&
		!unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// isInkless reports the letters, marks and symbols that nothing is drawn for.
func isInkless(r rune) bool {
	switch r {
	case 0x034f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x3164, 0xffa0, 0x2800:
		return true
	}
	return false
}
