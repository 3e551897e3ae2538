package findings

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/mailferry/mailferry/schema"
)

// group collects items that share something; a few of them are kept by name,
// so that a bundle of equal items costs no more than one of different ones.
type group struct {
	total    int
	examples []*subject // at most four
	rest     string     // what beside says to all who are no example
}

func (g *group) add(s *subject, different bool) {
	g.total++
	if different && len(g.examples) < 4 {
		g.examples = append(g.examples, s)
	}
}

// beside names a few of the others and says how many there are.
func (g *group) beside(s *subject) string {
	if !slices.Contains(g.examples, s) {
		if g.rest == "" {
			g.rest = few(g.others(nil), g.total-1)
		}
		return g.rest
	}
	return few(g.others(s), g.total-1)
}

func (g *group) others(s *subject) []string {
	var names []string
	for _, e := range g.examples {
		if e != s {
			names = append(names, e.name)
		}
	}
	return names
}

func duplicateNames(a *audit, met report) {
	for _, list := range [][]subject{a.credentials, a.connections} {
		groups := make(map[string]*group, len(list))
		for i := range list {
			key := list[i].near
			if groups[key] == nil {
				groups[key] = &group{}
			}
			groups[key].add(&list[i], true)
		}
		for i := range list {
			if g := groups[list[i].near]; g.total > 1 {
				met(&list[i], "name", "beside "+g.beside(&list[i]))
			}
		}
	}
}

func lookalikeNames(a *audit, met report) {
	for _, list := range [][]subject{a.credentials, a.connections} {
		type alike struct {
			group
			near string          // the first name's
			keys map[string]bool // all of them, once there are two
		}
		groups := make(map[string]*alike, len(list))
		for i := range list {
			near := list[i].near
			key := skeleton(near)
			g := groups[key]
			switch {
			case g == nil:
				g = &alike{near: near}
				groups[key] = g
				g.add(&list[i], true)
				continue
			case g.keys == nil && g.near != near:
				g.keys = map[string]bool{g.near: true}
			}
			g.add(&list[i], g.keys != nil && !g.keys[near])
			if g.keys != nil {
				g.keys[near] = true
			}
		}
		for i := range list {
			g := groups[skeleton(list[i].near)]
			if len(g.keys) < 2 {
				continue
			}
			var names []string
			for _, e := range g.examples {
				if e.near != list[i].near {
					names = append(names, e.name)
				}
			}
			met(&list[i], "name", "looks like "+few(names, len(g.keys)-1))
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
	classOf := func(s *subject) string {
		if s.secret == nil || s.secret.State != schema.Sealed {
			return ""
		}
		if a.in.SecretClass != nil {
			if class, known := a.in.SecretClass(SecretRef{s.list, s.name}); known {
				return "class " + class
			}
		}
		return s.secret.Fingerprint
	}
	type shared struct {
		group
		many bool // accounts
	}
	groups := make(map[string]*shared, len(a.connections))
	for i := range a.connections {
		c := &a.connections[i]
		class := classOf(c)
		if class == "" {
			continue
		}
		g := groups[class]
		if g == nil {
			g = &shared{}
			groups[class] = g
		} else {
			one := g.examples[0]
			g.many = g.many || !strings.EqualFold(one.username, c.username) || !strings.EqualFold(one.host, c.host)
		}
		g.add(c, true)
	}
	for i := range a.connections {
		c := &a.connections[i]
		g := groups[classOf(c)]
		if g == nil || g.total < 2 {
			continue
		}
		detail := "the same as of " + g.beside(c)
		if g.many {
			detail += ", for different accounts"
		} else {
			detail += ", all for the same account"
		}
		met(c, "password", detail)
	}
}
