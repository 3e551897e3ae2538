package sealed

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// Person is a connected set of principals and keys in allowed_signers: two
// names with one key are one person, and so are two keys with one name. Every
// line connects, whatever its namespaces and dates, because an outdated key
// still says whose it was; wildcards never do.
type Person struct {
	Principals []string `json:"principals"`
	Keys       []string `json:"keys"` // SHA256:… fingerprints
}

// String names the person by the principals.
func (p Person) String() string { return strings.Join(p.Principals, ", ") }

// People lists everybody whom the file names.
func (a *AllowedSigners) People() []Person {
	if a == nil {
		return nil
	}
	return a.people
}

// connect finds the connected sets. Principals and key blobs share one map: a
// blob begins with a length in binary, which no principal can.
func (a *AllowedSigners) connect() {
	parent := map[string]string{}
	root := func(n string) string {
		for {
			p, ok := parent[n]
			if !ok || p == n {
				parent[n] = n
				return n
			}
			parent[n] = parent[p]
			n = parent[n]
		}
	}
	for _, l := range a.lines {
		if l.authority {
			continue
		}
		for _, p := range l.literals {
			parent[root(p)] = root(string(l.key.Marshal()))
		}
	}
	a.personOf = map[string]int{}
	byRoot := map[string]int{}
	nodes := slices.SortedFunc(maps.Keys(parent), func(m, n string) int {
		_, mKey := a.byKey[m]
		_, nKey := a.byKey[n]
		if mKey != nKey {
			if nKey {
				return -1 // principals first, so that people come in the order of their names
			}
			return 1
		}
		return cmp.Compare(m, n)
	})
	for _, n := range nodes {
		r := root(n)
		i, known := byRoot[r]
		if !known {
			i = len(a.people)
			byRoot[r] = i
			a.people = append(a.people, Person{})
		}
		a.personOf[n] = i
		p := &a.people[i]
		if lines, isKey := a.byKey[n]; isKey {
			p.Keys = append(p.Keys, ssh.FingerprintSHA256(a.lines[lines[0]].key))
		} else {
			p.Principals = append(p.Principals, n)
		}
	}
}

// person returns the index of the person of a key or principal, or -1.
func (a *AllowedSigners) person(name string) int {
	if a == nil {
		return -1
	}
	if i, ok := a.personOf[name]; ok {
		return i
	}
	return -1
}

// standing is what the file says of one key at a statement's time and now.
type standing struct {
	person     int      // -1: the key is nobody's here
	principals []string // whom the key may sign as now, or might have
	why        string   // why it does not count; empty when it does
	listed     bool     // may sign statements, dates aside
	early      bool     // not valid yet, rather than no longer
	validOnce  bool     // valid at the statement's time or now
}

// standingOf looks a key up. A key counts while it is valid: some line has to
// hold at the time that the statement names, and some line now. The statement's
// time alone would let the holder of an outdated key date it back; now alone
// would let a key speak for a time before it was trusted.
func (a *AllowedSigners) standingOf(key ssh.PublicKey, then, now time.Time) standing {
	s := standing{person: -1}
	if a == nil {
		s.why = "no allowed signers were given"
		return s
	}
	blob := string(key.Marshal())
	lines := a.byKey[blob]
	s.person = a.person(blob)
	switch {
	case len(lines) == 0:
		s.why = "the key is not among the allowed signers"
		return s
	case s.person < 0:
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
		if a.validBefore.IsZero() != b.validBefore.IsZero() {
			if a.validBefore.IsZero() {
				return 1
			}
			return -1
		}
		return cmp.Or(a.validBefore.Compare(b.validBefore), -a.validAfter.Compare(b.validAfter))
	})
	stamp := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	switch {
	case !last.validBefore.IsZero() && now.After(last.validBefore):
		return "the key was valid until " + stamp(last.validBefore), false
	case !last.validBefore.IsZero() && then.After(last.validBefore):
		return "the statement is dated after " + stamp(last.validBefore) + ", until when the key is valid", false
	case now.Before(last.validAfter):
		return "the key is valid from " + stamp(last.validAfter), true
	default:
		return "the statement is dated before " + stamp(last.validAfter) + ", from when the key is valid", true
	}
}
