package findings

import (
	"slices"
	"strings"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
)

// group is the items that share something, two or more.
type group []*subject

// beside names a few of the others and says how many there are.
func (g group) beside(s *subject) string {
	var names []string
	for _, o := range g[:min(len(g), 4)] {
		if o != s {
			names = append(names, o.name)
		}
	}
	return human.Few(names, len(g)-1)
}

// shared groups items by a key; those with the key "" share nothing.
func shared(items []*subject, key func(*subject) string) map[string]group {
	groups := map[string]group{}
	for _, s := range items {
		if k := key(s); k != "" {
			groups[k] = append(groups[k], s)
		}
	}
	for k, g := range groups {
		if len(g) == 1 {
			delete(groups, k)
		}
	}
	return groups
}

func duplicateNames(a *audit, found add) {
	for _, l := range lists {
		for _, g := range shared(a.subjects[l], func(s *subject) string { return "=" + human.FoldName(s.name) }) {
			for _, s := range g {
				found(s, "name", "beside "+g.beside(s))
			}
		}
	}
}

func lookalikeNames(a *audit, found add) {
	for _, l := range lists {
		for _, g := range shared(a.subjects[l], func(s *subject) string { return "=" + human.Skeleton(human.FoldName(s.name)) }) {
			// Names that look alike and are not near: one example of each near name.
			examples := map[string]string{}
			var nears []string
			for _, s := range g {
				if near := human.FoldName(s.name); examples[near] == "" {
					examples[near] = s.name
					nears = append(nears, near)
				}
			}
			for _, s := range g {
				var names []string
				for _, near := range nears[:min(len(nears), 4)] {
					if near != human.FoldName(s.name) {
						names = append(names, examples[near])
					}
				}
				if len(names) > 0 {
					found(s, "name", "looks like "+human.Few(names, len(nears)-1))
				}
			}
		}
	}
}

// passwordShared groups by fingerprint, which shows equal secrets as equal
// within one key, or by what a recipient knows.
func passwordShared(a *audit, found add) {
	class := func(s *subject) string {
		if s.secret == nil || s.secret.State != schema.Sealed {
			return ""
		}
		if a.in.SecretClass != nil {
			if class, known := a.in.SecretClass(schema.SecretKey{List: s.list, Name: s.name}); known {
				return class
			}
		}
		return s.secret.Fingerprint
	}
	for _, g := range shared(a.subjects[schema.Connections], class) {
		accounts := ", all for the same account"
		if slices.ContainsFunc(g, func(s *subject) bool {
			return !strings.EqualFold(s.username, g[0].username) || !strings.EqualFold(s.host, g[0].host)
		}) {
			accounts = ", for different accounts"
		}
		for _, s := range g {
			found(s, "password", "the same as of "+g.beside(s)+accounts)
		}
	}
}
