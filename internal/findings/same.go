package findings

import (
	"net/url"
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
		for _, g := range shared(a.subjects[l], func(s *subject) string { return "=" + human.LooseSkeleton(human.FoldName(s.name)) }) {
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

// knownHosts are the domains of the mail and sign-in services that connections go
// to most, and that look-alikes are therefore made of.
var knownHosts = []string{"office365.com", "outlook.com", "microsoft.com", "microsoftonline.com", "windows.net",
	"gmail.com", "googlemail.com", "google.com", "googleapis.com"}

// lookalikeHosts finds hosts that look like another one of the bundle, or like a
// known one, and are not. Of two it names the one that fewer items use.
func lookalikeHosts(a *audit, found add) {
	type use struct {
		*subject
		field string
	}
	uses := map[string][]use{} // by host and by each domain above it, in lower case
	alike := map[string][]string{}
	enter := func(host string) {
		if uses[strings.ToLower(host)] == nil {
			k := human.LooseSkeleton(host)
			alike[k] = append(alike[k], strings.ToLower(host))
		}
	}
	for _, h := range knownHosts {
		enter(h)
		uses[h] = []use{}
	}
	for _, l := range lists {
		for _, s := range a.subjects[l] {
			for _, at := range hostsOf(a, s) {
				for host := decodeIDN(at.value); strings.Contains(host, "."); _, host, _ = strings.Cut(host, ".") {
					enter(host)
					uses[strings.ToLower(host)] = append(uses[strings.ToLower(host)], use{s, at.field})
				}
			}
		}
	}
	said := map[use]bool{}
	for _, hosts := range alike {
		best := hosts[0]
		for _, h := range hosts {
			if !slices.Contains(knownHosts, best) && (slices.Contains(knownHosts, h) || len(uses[h]) > len(uses[best])) {
				best = h
			}
		}
		for _, h := range hosts {
			for _, u := range uses[h] {
				if h != best && !said[u] {
					said[u] = true
					found(u.subject, u.field, schema.Quote(h)+" looks like "+schema.Quote(best))
				}
			}
		}
	}
}

// hostsOf are the host names in an item, but for IP addresses and those that
// lookalike-character speaks of.
func hostsOf(a *audit, s *subject) []text {
	var out []text
	add := func(field, host string) {
		host = strings.TrimSuffix(strings.TrimSpace(host), ".")
		if _, ip := address(host); host != "" && !ip && lookalikeCharacter(text{value: host, kind: schema.Technical}) == "" {
			out = append(out, text{field: field, value: host})
		}
	}
	add("host", s.host)
	for _, e := range []text{{field: a.fields.from, value: s.from}, {field: "username", value: s.username}} {
		if at := strings.LastIndexByte(e.value, '@'); at >= 0 {
			add(e.field, strings.TrimRight(e.value[at+1:], "> "))
		}
	}
	for _, e := range []text{{field: "authorization_endpoint", value: s.authorization}, {field: "token_endpoint", value: s.token}} {
		if u, err := url.Parse(e.value); err == nil {
			add(e.field, u.Hostname())
		}
	}
	return out
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
