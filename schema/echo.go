package schema

import (
	"encoding/base64"
	"encoding/hex"
	"hash/maphash"
	"html"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// EchoGuard knows the secrets that another machine (a Cloud, a mail server) may
// have been sent, by this run or by an earlier one, and reports whether something
// that it says repeats one: as it is, in part, in another case, over several lines,
// or escaped as JSON, URLs, HTML, base64 or hex do it. What does is not to be shown, logged or kept. It holds
// hashes of the secrets under a key of the process, never the secrets. The zero
// EchoGuard is ready, and safe for concurrent use.
type EchoGuard struct {
	mu   sync.RWMutex
	seed maphash.Seed
	runs map[uint64]struct{}
	long [fragment + 1]bool // lengths in bytes that runs has
}

// Add makes a secret known.
func (g *EchoGuard) Add(s Secret) {
	text := evened(s.Reveal())
	if text == "" {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.runs == nil {
		g.seed, g.runs = maphash.MakeSeed(), map[uint64]struct{}{}
	}
	size := min(len(text), fragment)
	g.long[size] = true
	for at := 0; at+size <= min(len(text), longest); at++ {
		g.runs[maphash.String(g.seed, text[at:at+size])] = struct{}{}
	}
}

// Repeats reports whether text gives a secret away. A secret shorter than least
// bytes is not looked for.
func (g *EchoGuard) Repeats(text string, least int) bool {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.runs == nil {
		return false
	}
	// A line may begin with a status that the next line repeats.
	for _, form := range append(forms(text), forms(beginning.ReplaceAllString(text, ""))...) {
		form = evened(form)
		for size := least; size <= fragment; size++ {
			for at := 0; g.long[size] && at+size <= len(form); at++ {
				if _, ok := g.runs[maphash.String(g.seed, form[at:at+size])]; ok {
					return true
				}
			}
		}
	}
	return false
}

// RepeatsSecret stands in the place of something that another machine says and
// nobody is to see.
const RepeatsSecret = "(repeats a secret and is not shown)"

// Quotable returns what another machine says, or RepeatsSecret in its place. The
// text is hostile still: it needs cleaning before it is shown.
func (g *EchoGuard) Quotable(says string) string {
	if g.Repeats(says, 1) {
		return RepeatsSecret
	}
	return says
}

// AllQuotable is Quotable of each text.
func (g *EchoGuard) AllQuotable(says []string) []string {
	out := make([]string, len(says))
	for i, s := range says {
		out[i] = g.Quotable(s)
	}
	return out
}

// evened leaves out what an echo may have changed: case, and blanks, of which the
// ends of its lines are some.
func evened(s string) string {
	return strings.Join(strings.Fields(strings.ToLower(s)), "")
}

var (
	backslashed = regexp.MustCompile(`\\(u[0-9A-Fa-f]{4}|.)`)
	percented   = regexp.MustCompile(`(%[0-9A-Fa-f]{2})+`)
	based       = regexp.MustCompile(`[A-Za-z0-9+/_-]{4,}`)
	hexed       = regexp.MustCompile(`[0-9a-f]{2,}`)
	beginning   = regexp.MustCompile(`(^|\n)\S+[ \t]+`) // of a line, with the end of the one before
)

// forms are a text as it is and as those read it who take escapes for what they
// stand for.
func forms(text string) []string {
	out := []string{text, unslash(text), unpercent(text), unpercent(strings.ReplaceAll(text, "+", " ")),
		html.UnescapeString(text)}
	out = append(out, html.UnescapeString(unpercent(unslash(text)))) // one in the other
	plain := strings.NewReplacer("-", "+", "_", "/")
	for _, run := range based.FindAllString(text, -1) {
		// Cut to whole groups: the last may have lost its end.
		if raw, err := base64.RawStdEncoding.DecodeString(plain.Replace(run[:len(run)&^3])); err == nil {
			if rest, err := base64.RawStdEncoding.DecodeString(plain.Replace(run[len(run)&^3:])); err == nil {
				raw = append(raw, rest...)
			}
			out = append(out, string(raw))
		}
	}
	for _, run := range hexed.FindAllString(strings.NewReplacer(":", "", "-", "").Replace(evened(text)), -1) {
		for _, pairs := range []string{run, run[1:]} { // it may stand right behind a letter
			raw, _ := hex.DecodeString(pairs) // what is odd at the end is left
			out = append(out, string(raw))
		}
	}
	return out
}

func unslash(s string) string {
	return backslashed.ReplaceAllStringFunc(s, func(esc string) string {
		switch c := esc[1:]; {
		case len(c) == 5: // uXXXX
			n, _ := strconv.ParseUint(c[1:], 16, 16)
			return string(rune(n)) // half of a pair becomes U+FFFD: the rest of the secret still tells
		case strings.Contains("nrtbf", c):
			return " "
		default:
			return c
		}
	})
}

func unpercent(s string) string {
	return percented.ReplaceAllStringFunc(s, func(run string) string {
		b, _ := hex.DecodeString(strings.ReplaceAll(run, "%", ""))
		return string(b)
	})
}
