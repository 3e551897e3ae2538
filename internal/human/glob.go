package human

import (
	"regexp"
	"strings"
)

// Glob returns what reports whether a pattern matches a whole name: * stands for any
// text, ? for one character, and all else for itself.
func Glob(pattern string) func(name string) bool {
	if !strings.ContainsAny(pattern, "*?") {
		return func(name string) bool { return name == pattern }
	}
	letters := regexp.QuoteMeta(strings.ToValidUTF8(pattern, "\ufffd"))
	return regexp.MustCompile("(?s)^" + strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(letters) + "$").MatchString
}
