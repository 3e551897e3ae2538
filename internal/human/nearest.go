package human

import (
	"slices"
	"strings"
)

// Nearest returns the name that is likely meant by what was typed, or "" where none is near: it
// has the same words with some more or fewer, one begins with the other (and has more than one
// letter), or at most a third of its letters differ. Case makes no difference.
func Nearest(typed string, names []string) string {
	best, bestCost := "", 1<<30
	typed = strings.ToLower(typed)
	for _, name := range names {
		n := strings.ToLower(name)
		cost := distance(typed, n)
		switch {
		case cost*3 <= len(n):
		case sameWords(typed, n) || sameWords(n, typed):
			cost = 2
		case min(len(typed), len(n)) > 1 && (strings.HasPrefix(n, typed) || strings.HasPrefix(typed, n)):
			cost = 3
		default:
			continue
		}
		if cost < bestCost {
			best, bestCost = name, cost
		}
	}
	return best
}

// sameWords reports whether all words of a, if it has any, stand in b.
func sameWords(a, b string) bool {
	words := strings.Fields(b)
	for _, w := range strings.Fields(a) {
		if !slices.Contains(words, w) {
			return false
		}
	}
	return strings.TrimSpace(a) != ""
}

// distance counts the letters to insert, delete, replace or swap with the next
// to turn a into b. What is not short is cut.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	x, y = x[:min(len(x), maxNear)], y[:min(len(y), maxNear)]
	before, last, here := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := range x {
		here[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			here[j+1] = min(last[j+1]+1, here[j]+1, last[j]+cost)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				here[j+1] = min(here[j+1], before[j-1]+1)
			}
		}
		before, last, here = last, here, before
	}
	return last[len(y)]
}
