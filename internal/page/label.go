package page

import "github.com/mailferry/mailferry/internal/human"

// Clean makes a page's text fit for a terminal and a log: what cannot be seen is dropped,
// blanks collapse to one, and what is longer than 300 characters ends in "…".
func Clean(text string) string { return human.Clean(human.Squeeze(text)) }
