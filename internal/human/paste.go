package human

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

var bareWord = regexp.MustCompile(`^[A-Za-z0-9_./:@%+,-]+$`)

// Pasted writes a name as one word of a command line, to be pasted into a shell.
func Pasted(s string) string {
	switch {
	case bareWord.MatchString(s):
		return s
	case !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	quoted := strconv.QuoteToASCII(s)
	return "$'" + strings.ReplaceAll(quoted[1:len(quoted)-1], "'", `\'`) + "'"
}
