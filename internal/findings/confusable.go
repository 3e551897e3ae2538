package findings

import (
	"fmt"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
)

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
