package human

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// FoldName is equal for names that differ only by case, blanks, characters that
// show nothing or Unicode form. Names that are to be equal are compared by exact
// code points; this finds those that people would take for one.
func FoldName(name string) string {
	name = norm.NFKC.String(cases.Fold().String(norm.NFKC.String(name)))
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || Invisible(r) {
			return -1
		}
		return r
	}, name)
}

// FoldLabel is equal for labels of forms and sheets that people would take for
// one: case, kinds of blanks, invisible characters and the glyphs of icon fonts, a
// symbol before or after it such as that of a ticked box, a mark that the field is
// required and a closing colon make no difference.
func FoldLabel(label string) string {
	whole := strings.ToLower(norm.NFC.String(Squeeze(label)))
	text := whole
	for {
		before := text
		text = strings.TrimSpace(strings.Trim(text, "*:\uff1a"))
		text = strings.TrimSpace(strings.TrimFunc(text, func(r rune) bool { return r > unicode.MaxASCII && unicode.In(r, unicode.So, unicode.Sm) }))
		for _, mark := range []string{"(required)", "[required]", " required"} {
			// A field that is called nothing but "Required" keeps its name.
			if rest := strings.TrimSpace(strings.TrimSuffix(text, mark)); rest != "" {
				text = rest
			}
		}
		if text == "" {
			return whole
		}
		if text == before {
			return text
		}
	}
}

// MarkedRequired reports whether a label has a mark that its field is required.
func MarkedRequired(label string) bool {
	mark := strings.Replace(strings.ToLower(norm.NFC.String(Squeeze(label))), FoldLabel(label), "", 1)
	return strings.Contains(mark, "*") || strings.Contains(mark, "required")
}

// Squeeze collapses blanks and drops what cannot be seen, icon fonts' glyphs and
// invalid bytes, and nothing else.
func Squeeze(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if r == unicode.ReplacementChar || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co) {
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}
