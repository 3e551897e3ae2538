package importer

import (
	"errors"
	"fmt"

	"github.com/mailferry/mailferry/schema"
)

// Codes of a [Reason], for machines. They are stable.
const (
	CredentialMissing = "credential-missing" // a credential that connections name is not on Cloud
	CredentialDiffers = "credential-differs" // Cloud has another one under its name
	SecretMissing     = "secret-missing"     // neither the bundle nor --secrets has it
	NotOffered        = "value-not-offered"  // Cloud's drop-down has no such value
	Conflict          = "conflict"           // Cloud has it otherwise
	NearConflict      = "near-conflict"      // Cloud's name for it differs in case, blanks or Unicode form
	DoubleConflict    = "double-conflict"    // Cloud has several of that name
	NotFound          = "not-found"          // Cloud does not show what an earlier create may have made
	AgainNeedless     = "again-needless"     // of LedgerOptions.Again: must not, or need not, be written again
	PlanStale         = "plan-stale"         // Cloud, bundle or options are no longer what the plan saw
	AnotherSite       = "another-site"       // the pages of Cloud lead to another site than the one given
	ListIncomplete    = "list-incomplete"    // a list of Cloud goes on where it could not be followed
)

// Reason says why an item cannot be imported as things are.
type Reason struct {
	Code    string      `json:"code"`
	List    schema.List `json:"list,omitzero"`
	Name    string      `json:"name,omitzero"`
	Field   string      `json:"field,omitzero"`
	Words   string      `json:"words"`            // for people; names in it are quoted
	Waiting []string    `json:"waiting,omitzero"` // connections that wait for it

	hint string // what to do, where the code alone does not say it
}

// GateError says that a gate is shut: nothing was written. Exit code 4.
type GateError struct {
	Reasons []Reason `json:"reasons"`
}

func (e *GateError) Error() string {
	s := "nothing was written: " + e.Reasons[0].Words
	if n := len(e.Reasons) - 1; n > 0 {
		s += fmt.Sprintf(" (and %d more)", n)
	}
	return s
}

// Lines returns every reason, one a line, with the connections that wait.
func (e *GateError) Lines() []string {
	var out []string
	for _, r := range e.Reasons {
		line := r.Words
		if len(r.Waiting) > 0 {
			line += "; waiting for it: " + schema.Quotes(r.Waiting)
		}
		out = append(out, line)
	}
	return out
}

// PartialError says that a run did not do all of its work. The report says
// exactly what was done, and running again goes on. Exit code 5.
type PartialError struct {
	Left  int   // items that are not on Cloud as the bundle has them
	Cause error // what stopped the run, or nil where items failed by themselves
}

func (e *PartialError) Error() string {
	s := fmt.Sprintf("partly done: %d left", e.Left)
	if e.Left == 0 {
		s = "nothing is left to write, and the run did not end well"
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

func (e *PartialError) Unwrap() error { return e.Cause }

// gate decides whether Run may write at all. It returns a *GateError or nil.
func (o *Options) gate(p *Plan) error {
	return shut(held(p, o.List, func(it *PlanItem, r *Reason) bool {
		if it.Action == ActionConflict && r != it.credential {
			return o.Conflicts.Policy != Skip
		}
		return !o.Select.ReadyOnly && r.Code != NotFound
	}))
}

// waiting lists why items of a list have to wait.
func waiting(p *Plan, list schema.List) []Reason {
	return held(p, list, func(it *PlanItem, _ *Reason) bool {
		return it.Action == ActionBlocked || it.After != ""
	})
}

// held lists those reasons of a list's items that count: a credential once,
// with all connections that wait for it.
func held(p *Plan, list schema.List, counts func(*PlanItem, *Reason) bool) []Reason {
	var out []Reason
	credential := map[string]int{} // name → place in out
	for i := range p.Items {
		it := &p.Items[i]
		if it.List != list {
			continue
		}
		if r := it.credential; r != nil && counts(it, r) {
			at, seen := credential[r.Name]
			if !seen {
				at = len(out)
				credential[r.Name] = at
				out = append(out, *r)
			}
			out[at].Waiting = append(out[at].Waiting, it.Name)
		}
		for j := range it.Reasons {
			if r := &it.Reasons[j]; (it.credential == nil || r.Code != it.credential.Code) && counts(it, r) {
				out = append(out, *r)
			}
		}
	}
	return out
}

// remedy is what a person can do about a reason.
func (r *Reason) remedy() string {
	if r.hint != "" {
		return r.hint
	}
	return map[string]string{
		CredentialMissing: "run mailferry import credentials first",
		CredentialDiffers: "run mailferry import credentials first",
		SecretMissing:     "give what is missing with --secrets FILE, or fill the server bundle and transform it again",
		NotOffered:        "edit the rules (mailferry transform --print-rules) and transform again with --rules",
		Conflict:          "--on-conflict skip leaves Cloud's as they are, overwrite changes them",
		NearConflict:      "a person has to say on Cloud which one is meant; --on-conflict skip leaves them",
		DoubleConflict:    "a person has to say on Cloud which one is meant; --on-conflict skip leaves them",
		AgainNeedless:     "leave it out of --again",
		PlanStale:         "make a new plan and look at it",
	}[r.Code]
}

// shut makes a gate's error with what the person can do about its first reason.
func shut(reasons []Reason) error {
	if len(reasons) == 0 {
		return nil
	}
	err := &GateError{Reasons: reasons}
	hint := reasons[0].remedy()
	switch reasons[0].Code {
	case CredentialMissing, CredentialDiffers, SecretMissing, NotOffered:
		hint += "; --ready-only imports the rest"
	}
	if hint == "" {
		return err
	}
	return schema.Hint(err, "%s", hint)
}

// unwritten makes of an error before the first write a gate's where it is an
// [UnfitError].
func unwritten(err error) error {
	var unfit *UnfitError
	if !errors.As(err, &unfit) {
		return err
	}
	return shut([]Reason{{Code: unfit.Code, Words: err.Error(), hint: schema.HintOf(err)}})
}
