package human

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Part is a run of a text: as it is, or the visible escape of a character.
type Part struct {
	Text   string
	Escape bool
}

// Visible returns s with everything that cannot be seen, or that steers what
// shows it, written as ‹U+202E›: control, bidirectional, zero-width and other
// unprintable characters, invalid bytes; a blank at either end as ␣. Line feeds
// become ⏎, so the result is always one line.
func Visible(s string) string {
	if isVisible(s) {
		return s
	}
	var b strings.Builder
	for _, p := range Parts(s) {
		b.WriteString(p.Text)
	}
	return b.String()
}

// VisibleLines is Visible for a text of several lines, which stay apart.
func VisibleLines(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i := range lines {
		lines[i] = Visible(lines[i])
	}
	return strings.Join(lines, "\n")
}

// isVisible reports whether s needs no escape.
func isVisible(s string) bool {
	return utf8.ValidString(s) && strings.Trim(s, " ") == s && !strings.ContainsFunc(s, isHidden)
}

// Parts returns the runs that Visible joins.
func Parts(s string) []Part {
	if isVisible(s) {
		return []Part{{s, false}}
	}
	var out []Part
	start := 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if escape := escapeOf(r, size, i == 0 || i+size == len(s)); escape != "" {
			if start < i {
				out = append(out, Part{s[start:i], false})
			}
			out = append(out, Part{escape, true})
			start = i + size
		}
		i += size
	}
	if start < len(s) {
		out = append(out, Part{s[start:], false})
	}
	return out
}

// isHidden reports whether a character is not shown as it is.
func isHidden(r rune) bool { return r < ' ' || r > '~' && (!unicode.IsPrint(r) || isUnseen(r)) }

func escapeOf(r rune, size int, edge bool) string {
	switch {
	case r == ' ' && edge:
		return "␣"
	case r == utf8.RuneError && size == 1:
		return "‹invalid byte›"
	case !isHidden(r):
		return ""
	case r == '\n':
		return "⏎"
	}
	return fmt.Sprintf("‹U+%04X›", r)
}

// isUnseen reports the printable characters that nothing is drawn for. Selectors
// of a picture's form are left to do their work.
func isUnseen(r rune) bool { return isInkless(r) || r >= 0xe0100 && r <= 0xe01ef }

// Clean makes what another machine said (a page, a server, a driver) fit for a
// message: visible, blanks collapsed to one, and what is longer than 300 characters
// ends in "…". Names and values that somebody has to judge are shown whole.
func Clean(s string) string {
	s = Visible(strings.Join(strings.Fields(s), " "))
	if r := []rune(s); len(r) > maxClean {
		s = string(r[:maxClean-1]) + "…"
	}
	return s
}
