package findings

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/mailferry/mailferry/schema"
)

// group is what several items share; a few of them are kept by name, so that a
// bundle of equal items costs no more than one of different ones.
type group struct {
	total    int
	examples []example // at most four
	rest     string    // what beside says to all who are no example
}

type example struct {
	index int
	name  string
}

func (g *group) add(s *subject) {
	g.total++
	if len(g.examples) < 4 {
		g.examples = append(g.examples, example{s.index, s.name})
	}
}

// beside names a few of the others and says how many there are.
func (g *group) beside(s *subject) string {
	if !slices.ContainsFunc(g.examples, func(e example) bool { return e.index == s.index }) {
		if g.rest == "" {
			g.rest = few(g.others(-1), g.total-1)
		}
		return g.rest
	}
	return few(g.others(s.index), g.total-1)
}

func (g *group) others(than int) []string {
	var names []string
	for _, e := range g.examples {
		if e.index != than {
			names = append(names, e.name)
		}
	}
	return names
}

// twice counts the keys of a list's items and returns those that stand there
// more than once: few, as a rule, so that only they are worth a group. An item
// with the key "" does not count.
func (a *audit) twice(l schema.List, key func(*subject) string) map[string]*group {
	once, more := map[string]bool{}, map[string]*group{}
	for s := range a.each(l) {
		switch k := key(s); {
		case k == "":
		case once[k]:
			more[k] = &group{}
		default:
			once[k] = true
		}
	}
	for s := range a.each(l) {
		if g := more[key(s)]; g != nil {
			g.add(s)
		}
	}
	return more
}

func duplicateNames(a *audit, met report) {
	near := func(s *subject) string { return "=" + nearKey(s.name) }
	for _, l := range lists {
		groups := a.twice(l, near)
		if len(groups) == 0 {
			continue
		}
		for s := range a.each(l) {
			if g := groups[near(s)]; g != nil {
				met(s, "name", "beside "+g.beside(s))
			}
		}
	}
}

func lookalikeNames(a *audit, met report) {
	look := func(s *subject) string { return "=" + skeleton(nearKey(s.name)) }
	for _, l := range lists {
		same := a.twice(l, look)
		if len(same) == 0 {
			continue
		}
		// Names that look alike and are not near: one example of each near name.
		type alike struct {
			near  map[string]bool
			names []string // of the first few
			nears []string // theirs
		}
		groups := map[string]*alike{}
		for s := range a.each(l) {
			key := look(s)
			if same[key] == nil {
				continue
			}
			g := groups[key]
			if g == nil {
				g = &alike{near: map[string]bool{}}
				groups[key] = g
			}
			if near := nearKey(s.name); !g.near[near] {
				g.near[near] = true
				if len(g.names) < 4 {
					g.names, g.nears = append(g.names, s.name), append(g.nears, near)
				}
			}
		}
		for s := range a.each(l) {
			g := groups[look(s)]
			if g == nil || len(g.near) < 2 {
				continue
			}
			near := nearKey(s.name)
			var names []string
			for i, n := range g.names {
				if g.nears[i] != near {
					names = append(names, n)
				}
			}
			met(s, "name", "looks like "+few(names, len(g.near)-1))
		}
	}
}

// nearKey is equal for names that differ only by case, blanks or Unicode form.
func nearKey(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFC.String(name))
}

// passwordShared groups by fingerprint, which shows equal secrets as equal
// within one key, or by what a recipient knows.
func passwordShared(a *audit, met report) {
	classes := make([]string, len(a.in.Bundle.Connections))
	ask := func(s *subject) string {
		if s.secret == nil || s.secret.State != schema.Sealed {
			return ""
		}
		if a.in.SecretClass != nil {
			if class, known := a.in.SecretClass(SecretRef{s.list, s.name}); known {
				return class
			}
		}
		return s.secret.Fingerprint
	}
	for c := range a.each(schema.Connections) {
		classes[c.index] = ask(c)
	}
	classOf := func(s *subject) string { return classes[s.index] }
	groups := a.twice(schema.Connections, classOf)
	type account struct{ username, host string }
	first, many := map[string]account{}, map[string]bool{} // by class
	for c := range a.each(schema.Connections) {
		class := classOf(c)
		if groups[class] == nil {
			continue
		}
		one, known := first[class]
		if !known {
			first[class] = account{c.username, c.host}
			continue
		}
		if !strings.EqualFold(one.username, c.username) || !strings.EqualFold(one.host, c.host) {
			many[class] = true
		}
	}
	for c := range a.each(schema.Connections) {
		class := classOf(c)
		g := groups[class]
		if g == nil {
			continue
		}
		detail := "the same as of " + g.beside(c)
		if many[class] {
			detail += ", for different accounts"
		} else {
			detail += ", all for the same account"
		}
		met(c, "password", detail)
	}
}
