package findings

import (
	"fmt"
	"strings"
	"sync"

	"golang.org/x/text/unicode/norm"

	"github.com/mailferry/mailferry/schema"
)

// twins lists, behind each ASCII letter, the letters of other scripts that
// common fonts draw like it. It is a small part of what Unicode lists (UTS #39),
// and the part that look-alike names are made of.
const twins = "aаɑα cсϲ dԁ eе gɡ hһհ iіι jјϳ kκк lӏ nո mм oоοօ pрρ qԛ rг sѕꜱ tт uυս vѵν wԝ xхχ yуγү zʐ " +
	"AАΑᎪ BВΒᏴ CСᏟ EЕΕᎬ FϜ GԌᏀ HНΗᎻ IІΙӀ JЈᎫ KКΚᏦ LᏞ MМΜᎷ NΝ OОΟՕ PРΡᏢ SЅՏᏚ TТΤᎢ VѴᏙ XХΧ YΥҮ ZΖᏃ"

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

// asciiTwin returns the ASCII letter that r looks like, or 0.
func asciiTwin(r rune) rune { return twinMap()[r] }

// skeleton is equal for names that look alike: letters of other scripts become
// their ASCII twins, and characters that fonts hardly tell apart become one.
// name is already a folded name, and so in lower case.
func skeleton(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0x80 {
			if isInvisible(r) {
				return -1
			}
			if t := asciiTwin(r); t != 0 {
				r = t | 0x20
			}
		}
		switch r {
		case '0':
			return 'o'
		case '1', '|', 'ı':
			return 'l'
		}
		return r
	}, foldForms(name))
}

// foldForms turns full-width, mathematical and other dressed letters into plain
// ones; ASCII is returned as it is.
func foldForms(s string) string {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return strings.ToLower(norm.NFKC.String(s))
		}
	}
	return s
}

// quoteFolded shows a word and, because its look does not tell, the first letter
// that is another than it seems.
func quoteFolded(word string) string {
	for _, r := range word {
		if t := asciiTwin(r); t != 0 {
			return fmt.Sprintf("%s: U+%04X looks like %c", schema.Quote(word), r, t)
		}
	}
	return schema.Quote(word)
}
