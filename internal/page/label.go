package page

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxClean is the longest text, in characters, that a page may put into an error or a report.
const maxClean = 300

// Clean makes a page's text fit for a terminal and a log: control, formatting and direction-changing characters are dropped,
// blanks collapse to one, and what is longer than 300 characters ends in "…".
func Clean(text string) string {
	var out strings.Builder
	count := 0
	blank := false
	for _, r := range text {
		switch {
		case unicode.IsSpace(r):
			blank = out.Len() > 0
			continue
		case r == unicode.ReplacementChar, unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs):
			continue
		}
		if count >= maxClean {
			return out.String() + "…"
		}
		if blank {
			out.WriteByte(' ')
			count++
			blank = false
		}
		out.WriteRune(r)
		count++
	}
	return out.String()
}

// fold brings a label or name to the form in which two are compared: case, kinds of blanks, invisible characters, a mark that
// the field is required and a closing colon make no difference.
func fold(label string) string {
	text := strings.ToLower(norm.NFC.String(squeeze(label)))
	for {
		before := text
		text = strings.TrimSpace(strings.Trim(text, "*:\uff1a"))
		for _, mark := range []string{"(required)", "[required]", " required"} {
			// A field that is called nothing but "Required" keeps its name.
			if rest := strings.TrimSpace(strings.TrimSuffix(text, mark)); rest != "" {
				text = rest
			}
		}
		if text == before {
			return text
		}
		if text == "" {
			return strings.ToLower(norm.NFC.String(squeeze(label)))
		}
	}
}

// squeeze collapses blanks and drops what cannot be seen, and nothing else: options are compared by it, because "None" and
// "NONE" may be two values.
func squeeze(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if unicode.In(r, unicode.Cc, unicode.Cf) {
			return -1
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}
