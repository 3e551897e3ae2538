package human

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// FoldName is equal for names that differ only by case, blanks or Unicode form.
// Names that are to be equal are compared by exact code points; this finds those
// that people would take for one.
func FoldName(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFC.String(name))
}
