package findings

import (
	"crypto/sha256"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/mailferry/mailferry/internal/address"
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
			names = append(names, o.Name)
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

func (a *audit) duplicateNames(items []*subject) {
	for _, g := range shared(items, func(s *subject) string { return "=" + human.FoldName(s.Name) }) {
		for _, s := range g {
			a.say("duplicate-name", s, "name", "beside %s", g.beside(s))
		}
	}
}

func (a *audit) lookalikeNames(items []*subject) {
	for _, g := range shared(items, func(s *subject) string { return "=" + human.LooseSkeleton(human.FoldName(s.Name)) }) {
		// Names that look alike and are not near: one example of each near name.
		examples := map[string]string{}
		var nears []string
		for _, s := range g {
			if near := human.FoldName(s.Name); examples[near] == "" {
				examples[near] = s.Name
				nears = append(nears, near)
			}
		}
		for _, s := range g {
			var names []string
			for _, near := range nears[:min(len(nears), 4)] {
				if near != human.FoldName(s.Name) {
					names = append(names, examples[near])
				}
			}
			if len(names) > 0 {
				a.say("lookalike-name", s, "name", "looks like %s", human.Few(names, len(nears)-1))
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
func (a *audit) lookalikeHosts() {
	type use struct {
		*subject
		field string
	}
	uses := map[string][]use{} // by host and by each domain above it, in lower case
	alike := map[string][]string{}
	enter := func(host string, by ...use) {
		key := strings.ToLower(host)
		if _, known := uses[key]; !known {
			k := human.LooseSkeleton(host)
			alike[k] = append(alike[k], key)
		}
		uses[key] = append(uses[key], by...)
	}
	for _, h := range knownHosts {
		enter(h)
	}
	for _, l := range lists {
		for _, s := range a.subjects[l] {
			for _, at := range a.hostsOf(s) {
				for host := decodeIDN(at.text); strings.Contains(host, "."); _, host, _ = strings.Cut(host, ".") {
					enter(host, use{s, at.field})
				}
			}
		}
	}
	said := map[use]bool{}
	for _, look := range slices.Sorted(maps.Keys(alike)) {
		hosts := alike[look]
		best := hosts[0] // known ones are in front
		for _, h := range hosts {
			if !slices.Contains(knownHosts, best) && len(uses[h]) > len(uses[best]) {
				best = h
			}
		}
		for _, h := range hosts {
			for _, u := range uses[h] {
				if h != best && !said[u] {
					said[u] = true
					a.say("lookalike-host", u.subject, u.field, "%s looks like %s", schema.Quote(h), schema.Quote(best))
				}
			}
		}
	}
}

// hostsOf are the host names in an item, but for IP addresses and those that
// lookalike-character speaks of.
func (a *audit) hostsOf(s *subject) []value {
	all := []value{{"host", s.Host}}
	for _, e := range []value{{a.fields.from, s.From}, {"username", s.Username}} {
		if at := strings.LastIndexByte(e.text, '@'); at >= 0 {
			all = append(all, value{e.field, strings.TrimRight(e.text[at+1:], "> ")})
		}
	}
	for _, e := range s.endpoints() {
		if u, err := url.Parse(e.text); err == nil {
			all = append(all, value{e.field, u.Hostname()})
		}
	}
	var out []value
	for _, h := range all {
		h.text = strings.TrimSuffix(strings.TrimSpace(h.text), ".")
		if _, ip := address.IP(h.text); h.text != "" && !ip && lookalike(h.text, schema.Technical) == "" {
			out = append(out, h)
		}
	}
	return out
}

// sharedPasswords groups by fingerprint, which shows equal secrets as equal
// within one key, or by what a recipient knows.
func (a *audit) sharedPasswords() {
	class := func(s *subject) string {
		if s.Secret == nil || s.Secret.State != schema.Sealed {
			return ""
		}
		if a.in.Secret != nil {
			if secret := a.in.Secret(schema.KeyOf(s.Item)); !secret.IsZero() {
				sum := sha256.Sum256([]byte(secret.Reveal())) // of this map alone
				return string(sum[:])
			}
		}
		return s.Secret.Fingerprint
	}
	for _, g := range shared(a.subjects[schema.Connections], class) {
		for _, s := range g {
			a.say("password-shared", s, "password", "the same as of %s", g.beside(s))
		}
	}
}
