package human

import "strings"

// Nearest returns the name that is likely meant by what was typed, or "" where
// none is near: it begins with it, or at most a third of its letters differ.
func Nearest(typed string, names []string) string {
	best, bestCost := "", 1<<30
	for _, name := range names {
		cost := distance(typed, name)
		if len(typed) > 1 && strings.HasPrefix(name, typed) {
			cost = min(cost, 1)
		}
		if cost*3 <= len(name) && cost < bestCost {
			best, bestCost = name, cost
		}
	}
	return best
}

// distance counts the letters to insert, delete, replace or swap with the next to
// turn a into b. Command lines are short; what is not is cut.
func distance(a, b string) int {
	a, b = a[:min(len(a), 100)], b[:min(len(b), 100)]
	before, last, here := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		here[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			here[j+1] = min(last[j+1]+1, here[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				here[j+1] = min(here[j+1], before[j-1]+1)
			}
		}
		before, last, here = last, here, before
	}
	return last[len(b)]
}
