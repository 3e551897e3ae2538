package findings

import (
	"cmp"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/mailferry/mailferry/schema"
)

// Severity says how much a finding matters.
type Severity string

// The severities, worst first. Off stands in policies only.
const (
	Error   Severity = "error"   // mail will not go out, or something is exposed
	Warning Severity = "warning" // likely a mistake, or a risk that somebody should accept
	Note    Severity = "note"    // something to know or to do
	Off     Severity = "off"
)

// Severities lists them, worst first.
func Severities() []Severity { return []Severity{Error, Warning, Note} }

// AtLeast reports whether s is as bad as t, or worse.
func (s Severity) AtLeast(t Severity) bool {
	return s != Off && s.rank() <= t.rank()
}

// Rule is one line of the table: what is looked for, why it matters and what
// to do. ID is stable: policies and other programs refer to it.
type Rule struct {
	ID       string
	Severity Severity // in a table, unless a policy says otherwise; of a finding, what the policy says
	Title    string
	Why      string
	Do       string

	check check                    // of items, or
	note  func(TransformNote) bool // of what the transform tells
}

// Finding is one rule met at one place.
type Finding struct {
	*Rule
	List     schema.List // "" where the finding is about the bundle as a whole
	Index    int         // in List
	Field    string      // of the item; may be ""
	Origin   bool        // Field is Server's, in a cloud bundle's origin
	Item     string      // the item's name as it is: hostile text
	Detail   string      // what was found there; quotes values with escapes, never a secret
	Excepted *Exception  // set where the policy accepts this finding
}

// Place is where the finding is, in the document's own terms: connections[3].host,
// or "" for the bundle as a whole.
func (f Finding) Place() string {
	if f.List == "" {
		return f.Field
	}
	place := string(f.List) + "[" + strconv.Itoa(f.Index) + "]"
	if f.Origin {
		place = "origin." + place
	}
	if f.Field == "" {
		return place
	}
	return place + "." + f.Field
}

// NoteKind is what happened to a value on its way to Cloud.
type NoteKind string

// Kinds of notes.
const (
	Dropped    NoteKind = "dropped"    // Cloud has no place for it
	Unmapped   NoteKind = "unmapped"   // no rule says what it is on Cloud; carried as it is
	Unverified NoteKind = "unverified" // mapped by a rule that nobody has seen work
	Remapped   NoteKind = "remapped"   // given another word, where the word decides about safety: encryption
)

// TransformNote is one remark of a transform's report, in Server's terms.
type TransformNote struct {
	Kind  NoteKind
	List  schema.List
	Name  string // the item's name on Server
	Field string // Server's field, or extra.KEY
	What  string // the value: hostile text
	Text  string // the reason or remark
}

// SecretRef names a sealed secret: that of the list's item of that name.
type SecretRef struct {
	List schema.List
	Name string
}

// Input is what an audit looks at. Only Bundle and Now are needed.
type Input struct {
	Bundle *schema.Bundle
	Policy *Policy
	Now    time.Time // decides which exceptions have expired

	// Notes tells a transform's remarks, one by one: there may be several for
	// every item. It is called once, or not at all.
	Notes func(told func(TransformNote))

	// SecretClass, of a recipient, returns a text that is equal for equal
	// secrets and is no fingerprint, such as a keyed hash under a key made for
	// this run; it shows
	// shared passwords also where fingerprints of different keys cannot. nil
	// for reviewers.
	SecretClass func(SecretRef) (class string, known bool)
	// Unreferenced, of a recipient, are sealed secrets that nothing refers to.
	Unreferenced []SecretRef
}

// Findings are what an audit found, in the order of the bundle: what concerns
// the whole first, then credentials, then connections, worst first within each.
// There may be several for every item, so each is written out where it is asked
// for. The zero Findings are none.
type Findings struct {
	bundle   *schema.Bundle
	rules    []Rule
	met      []met
	excepted map[exceptionKey]*Exception
}

// Audit applies every rule that the policy does not switch off. It takes time in
// proportion to the bundle's size.
func Audit(in Input) Findings {
	a := newAudit(in)
	for i := range a.rules {
		r := &a.rules[i]
		if r.Severity == Off || r.check == nil {
			continue
		}
		r.check(a, func(s *subject, field, detail string) { a.note(i, s, field, detail) })
	}
	a.listen()
	excepted := a.except()
	slices.SortStableFunc(a.met, func(x, y met) int {
		return cmp.Or(int(x.list-y.list), int(x.index-y.index), a.rules[x.rule].Severity.rank()-a.rules[y.rule].Severity.rank(), int(x.rule-y.rule))
	})
	return Findings{in.Bundle, a.rules, a.met, excepted}
}

// Len is how many there are.
func (f Findings) Len() int { return len(f.met) }

// All goes through them in order.
func (f Findings) All() iter.Seq[Finding] {
	return func(yield func(Finding) bool) {
		for _, m := range f.met {
			if !yield(f.finding(m)) {
				return
			}
		}
	}
}

// Of returns those of one item, or of the bundle as a whole where l is "".
func (f Findings) Of(l schema.List, index int) []Finding {
	side := int8(slices.Index(lists[:], l))
	at, _ := slices.BinarySearchFunc(f.met, met{list: side, index: int32(index)}, func(x, y met) int {
		return cmp.Or(int(x.list-y.list), int(x.index-y.index))
	})
	var out []Finding
	for ; at < len(f.met) && f.met[at].list == side && f.met[at].index == int32(index); at++ {
		out = append(out, f.finding(f.met[at]))
	}
	return out
}

// finding says in full what was met.
func (f Findings) finding(m met) Finding {
	out := Finding{Rule: &f.rules[m.rule], Field: m.field, Detail: m.detail}
	if m.list >= 0 {
		out.List, out.Index = lists[m.list], int(m.index)
		out.Item, out.Origin = f.bundle.Items(out.List)[m.index].ItemName(), isOrigins(f.bundle, out.List, m.field)
	}
	out.Excepted = f.excepted[exceptionKey{out.ID, out.List, out.Item}]
	return out
}

// rank is 0 for the worst.
func (s Severity) rank() int {
	switch s {
	case Error:
		return 0
	case Warning:
		return 1
	default:
		return 2
	}
}

// Tally counts findings by severity. Those that a policy accepts count as
// Excepted only.
type Tally struct {
	Errors   int `json:"errors"`
	Warnings int `json:"warnings"`
	Notes    int `json:"notes"`
	Excepted int `json:"excepted"`
}

// Add counts one more finding.
func (t *Tally) Add(f Finding) {
	switch {
	case f.Excepted != nil:
		t.Excepted++
	case f.Severity == Error:
		t.Errors++
	case f.Severity == Warning:
		t.Warnings++
	default:
		t.Notes++
	}
}

// Count tallies findings.
func Count(list iter.Seq[Finding]) Tally {
	var t Tally
	for f := range list {
		t.Add(f)
	}
	return t
}

// Reaches reports whether anything counted is as bad as s, or worse: what
// --fail-on asks.
func (t Tally) Reaches(s Severity) bool {
	return t.Errors > 0 && Error.AtLeast(s) || t.Warnings > 0 && Warning.AtLeast(s) || t.Notes > 0 && Note.AtLeast(s)
}
