package findings

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/transform"
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

// rank is 0 for the worst.
func (s Severity) rank() int { return slices.Index(Severities(), s) }

// Rule is one line of the table: what is looked for, why it matters and what
// to do. ID is stable: policies and other programs refer to it.
type Rule struct {
	ID       string
	Severity Severity // in a table, unless a policy says otherwise; of a finding, what the policy says
	Title    string
	Why      string
	Do       string
}

// Finding is what one rule found at one place.
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

// Input is what an audit looks at. Only Bundle and Now are needed.
type Input struct {
	Bundle *schema.Bundle
	Policy *Policy
	Now    time.Time // decides which exceptions have expired
	Notes  []transform.Note

	// Secret, of a recipient, shows shared passwords also where fingerprints of
	// different keys cannot. Names are those of the bundle. nil for reviewers.
	Secret func(schema.SecretKey) schema.Secret
	// Unreferenced, of a recipient, are sealed secrets that nothing refers to.
	Unreferenced []schema.SecretKey
}

// Audit applies every rule that the policy does not switch off. Findings are in
// the order of the bundle: what concerns the whole first, then credentials, then
// connections, worst first within each, then in the table's order. It takes time in
// proportion to the bundle's size.
func Audit(in Input) []Finding {
	a := newAudit(in)
	a.bundle()
	for _, l := range lists {
		fields := schema.Fields(in.Bundle.Format, l)
		for _, s := range a.subjects[l] {
			a.item(s, fields)
		}
	}
	a.accept()
	slices.SortStableFunc(a.found, func(x, y Finding) int {
		return cmp.Or(comparePlaces(x, y), x.Severity.rank()-y.Severity.rank(), a.order[x.ID]-a.order[y.ID])
	})
	return a.found
}

func comparePlaces(x, y Finding) int {
	return cmp.Or(slices.Index(lists, x.List)-slices.Index(lists, y.List), x.Index-y.Index)
}

// Of returns those of one item, or of the bundle as a whole where l is "", from
// what Audit returned.
func Of(found []Finding, l schema.List, index int) []Finding {
	at := Finding{List: l, Index: index}
	from, _ := slices.BinarySearchFunc(found, at, comparePlaces)
	to := from
	for to < len(found) && comparePlaces(found[to], at) == 0 {
		to++
	}
	return found[from:to]
}

// Tally counts findings by severity. Those that a policy accepts count as
// Excepted only.
type Tally struct {
	Errors   int `json:"errors"`
	Warnings int `json:"warnings"`
	Notes    int `json:"notes"`
	Excepted int `json:"excepted"`
}

// Count tallies findings.
func Count(list []Finding) Tally {
	var t Tally
	for _, f := range list {
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
	return t
}

// Reaches reports whether anything counted is as bad as s, or worse: what
// --fail-on asks.
func (t Tally) Reaches(s Severity) bool {
	return t.Errors > 0 || t.Warnings > 0 && s != Error || t.Notes > 0 && s == Note
}
