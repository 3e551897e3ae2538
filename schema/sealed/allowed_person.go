package sealed

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/mailferry/mailferry/internal/human"
)

// Person is a connected set of principals and keys in allowed_signers: two
// names with one key are one person, and so are two keys with one name, or with
// names that differ only by case, look-alike letters or Unicode form. Every line
// connects, whatever its namespaces and dates, because an outdated key still
// says whose it was; wildcards never do.
type Person struct {
	Principals []string `json:"principals"`
	Keys       []string `json:"keys"` // SHA256:… fingerprints
}

// String names the person by the principals.
func (p Person) String() string { return strings.Join(p.Principals, ", ") }

// spelling is a person as some of the principals spell it: look-alikes are one
// person and two spellings. Nil is nobody.
type spelling struct{ person *Person }

// People lists everybody whom the file names.
func (a *AllowedSigners) People() []*Person {
	if a == nil {
		return nil
	}
	return a.people
}

// spellingOf is whom a principal or key blob stands for.
func (a *AllowedSigners) spellingOf(name string) *spelling {
	if a == nil {
		return nil
	}
	return a.names[name]
}

// sets are disjoint sets of names, each with the name of its parent.
type sets map[string]string

// root is the one name that stands for the set of n.
func (s sets) root(n string) string {
	for {
		p, ok := s[n]
		if !ok || p == n {
			s[n] = n
			return n
		}
		s[n] = s[p]
		n = s[n]
	}
}

func (s sets) join(m, n string) { s[s.root(m)] = s.root(n) }

// looks are what principals that look alike have in common: one at least. They
// share sets with principals and key blobs, and begin as neither can.
func looks(principal string) []string {
	const look = "\x01"
	return []string{look + human.Skeleton(principal),
		look + human.Skeleton(strings.ToLower(strings.ToUpper(principal)))}
}

// connect finds the connected sets: look-alikes are brought together in people, and
// apart in spellings. Principals and key blobs share one map: a blob begins with
// a length in binary, which no principal can.
func (a *AllowedSigners) connect(file string) {
	spelt, folded := sets{}, sets{}
	for l, p := range a.named() {
		spelt.join(p, string(l.key.Marshal()))
		folded.join(p, string(l.key.Marshal()))
		for _, look := range looks(p) {
			folded.join(p, look)
		}
	}
	a.names = map[string]*spelling{}
	people, spellings := map[string]*Person{}, map[string]*spelling{} // by the root of the set
	isKey := func(n string) int { return min(len(a.byKey[n]), 1) }
	nodes := slices.SortedFunc(maps.Keys(spelt), func(m, n string) int {
		return cmp.Or(isKey(m)-isKey(n), cmp.Compare(m, n)) // so that people come in the order of their names
	})
	for _, n := range nodes {
		p := people[folded.root(n)]
		if p == nil {
			p = &Person{}
			people[folded.root(n)], a.people = p, append(a.people, p)
		}
		if spellings[spelt.root(n)] == nil {
			spellings[spelt.root(n)] = &spelling{p}
		}
		a.names[n] = spellings[spelt.root(n)]
		if lines, isKey := a.byKey[n]; isKey {
			p.Keys = append(p.Keys, ssh.FingerprintSHA256(a.lines[lines[0]].key))
		} else {
			p.Principals = append(p.Principals, n)
		}
	}
	a.warnLookAlikes(file)
}

// named yields each principal that names somebody, with its line.
func (a *AllowedSigners) named() iter.Seq2[allowedLine, string] {
	return func(yield func(allowedLine, string) bool) {
		for _, l := range a.lines {
			if l.authority {
				continue
			}
			for _, p := range l.literals {
				if !yield(l, p) {
					return
				}
			}
		}
	}
}

// warnLookAlikes warns of people who are one only because their names look alike:
// somebody may have taken a second name in order to count twice.
func (a *AllowedSigners) warnLookAlikes(file string) {
	first := map[string]string{}
	warned := map[[2]string]bool{}
	for l, p := range a.named() {
		for _, look := range looks(p) {
			q, known := first[look]
			if !known {
				first[look] = p
				continue
			}
			if a.names[p] != a.names[q] && !warned[[2]string{p, q}] {
				warned[[2]string{p, q}] = true
				a.Warnings = append(a.Warnings,
					fmt.Sprintf("%s:%d: %+q and %+q differ only by case, look-alike letters or Unicode form, "+
						"and count as one person", file, l.number, q, p))
			}
		}
	}
}

// standing is what the file says of one key at a statement's time and now.
type standing struct {
	by         *spelling // nil: the key is nobody's here
	principals []string  // whom the key may sign as now, or might have
	why        string    // why it does not count; empty when it does
	listed     bool      // may sign statements, dates aside
	early      bool      // not valid yet, rather than no longer
	validOnce  bool      // valid at the statement's time or now
}

// standingOf looks a key up. A key counts while it is valid: some line has to
// hold at the time that the statement names, and some line now. The statement's
// time alone would let the holder of an outdated key date it back; now alone
// would let a key speak for a time before it was trusted.
func (a *AllowedSigners) standingOf(key ssh.PublicKey, then, now time.Time) standing {
	var s standing
	if a == nil {
		s.why = "no allowed signers were given"
		return s
	}
	blob := key.Marshal()
	lines := a.byKey[string(blob)]
	s.by = a.names[string(blob)]
	switch {
	case len(lines) == 0:
		s.why = "the key is not among the allowed signers"
		return s
	case s.by == nil:
		s.why = "the key stands with wildcard principals only, which name nobody"
		return s
	}
	var listed, validNow []allowedLine
	validThen := false
	for _, i := range lines {
		l := a.lines[i]
		if len(l.literals) == 0 || !l.allows() {
			continue
		}
		listed = append(listed, l)
		validThen = validThen || l.validAt(then)
		if l.validAt(now) {
			validNow = append(validNow, l)
		}
	}
	s.listed, s.validOnce = len(listed) > 0, validThen || len(validNow) > 0
	switch {
	case !s.listed:
		s.why = fmt.Sprintf("the key is allowed in other namespaces than %s only", StatementNamespace)
		return s
	case len(validNow) == 0 || !validThen:
		s.why, s.early = datesWhy(listed, then, now)
	default:
		listed = validNow
	}
	for _, l := range listed {
		s.principals = append(s.principals, l.literals...)
	}
	slices.Sort(s.principals)
	s.principals = slices.Compact(s.principals)
	return s
}

// datesWhy explains by the line that was valid longest.
func datesWhy(lines []allowedLine, then, now time.Time) (why string, early bool) {
	last := slices.MaxFunc(lines, func(a, b allowedLine) int {
		return cmp.Or(a.validBefore.Compare(b.validBefore), -a.validAfter.Compare(b.validAfter))
	})
	bound, word := last.validAfter, "from"
	late := now.After(last.validBefore) || then.After(last.validBefore)
	if late {
		bound, word = last.validBefore, "until"
	}
	return fmt.Sprintf("the key was valid %s %s, and has to be when the statement is dated and now", word,
		bound.UTC().Format(time.RFC3339)), !late
}
