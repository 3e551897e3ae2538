package findings

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/mailferry/mailferry/schema"
)

// group collects items that share something; a few of them are kept by name,
// so that a bundle of equal items costs no more than one of different ones.
type group struct {
	total    int
	examples []*subject // of different name keys, at most four
}

func (g *group) add(s *subject, different bool) {
	g.total++
	if different && len(g.examples) < 4 {
		g.examples = append(g.examples, s)
	}
}

// others names the examples beside s.
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
			key := nearKey(list[i].name)
			if groups[key] == nil {
				groups[key] = &group{}
			}
			groups[key].add(&list[i], true)
		}
		for i := range list {
			if g := groups[nearKey(list[i].name)]; g.total > 1 {
				met(&list[i], "name", "beside "+few(g.others(&list[i]), g.total-1))
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
			near := nearKey(list[i].name)
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
			g := groups[skeleton(nearKey(list[i].name))]
			if len(g.keys) < 2 {
				continue
			}
			var names []string
			for _, e := range g.examples {
				if nearKey(e.name) != nearKey(list[i].name) {
					names = append(names, e.name)
				}
			}
			met(&list[i], "name", "looks like "+few(names, len(g.keys)-1))
		}
	}
}

// nearKey is equal for names that differ only by case, blanks or Unicode form.
func nearKey(name string) string {
	return strings.Join(strings.Fields(strings.ToLower(norm.NFC.String(name))), "")
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
		detail := "the same as of " + few(g.others(c), g.total-1)
		if g.many {
			detail += ", for different accounts"
		} else {
			detail += ", all for the same account"
		}
		met(c, "password", detail)
	}
}
