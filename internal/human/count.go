package human

import (
	"fmt"

	"github.com/mailferry/mailferry/schema"
)

// Count writes a number and its noun.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Few quotes up to three names and says how many more of the total there are.
func Few(names []string, total int) string {
	names = names[:min(len(names), mostFew)]
	s := schema.Quotes(names)
	if more := total - len(names); more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return s
}
