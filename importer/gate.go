package importer

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mailferry/mailferry/schema"
)

// Codes of a [Reason], for machines. They are stable.
const (
	CredentialMissing = "credential-missing" // an OAuth2 credential that connections name is not on Cloud
	CredentialDiffers = "credential-differs" // Cloud has another one under its name
	SecretMissing     = "secret-missing"     // neither the bundle nor --secrets has it
	NotOffered        = "value-not-offered"  // Cloud's drop-down has no such value
	Conflict          = "conflict"           // Cloud has it otherwise
	NearConflict      = "near-conflict"      // Cloud has one whose name differs in case, blanks or Unicode form only
	DoubleConflict    = "double-conflict"    // Cloud has several of that name
	NotFound          = "not-found"          // an earlier create may have reached Cloud, and Cloud does not show it
	AgainNeedless     = "again-needless"     // LedgerOptions.Again names what must not, or need not, be written again
	PlanStale         = "plan-stale"         // Cloud, the bundle or the options are no longer what the plan saw
	AnotherSite       = "another-site"       // the pages of Cloud lead to another site than the one given
	ListIncomplete    = "list-incomplete"    // a list of Cloud seems to go on where it could not be followed
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
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

func (e *PartialError) Unwrap() error { return e.Cause }

// gate decides whether Run may write at all. It returns a *GateError or nil.
func (o *Options) gate(p *Plan) error {
	var out []Reason
	credential := map[string]int{} // name → place in out
	for i := range p.Items {
		it := &p.Items[i]
		if it.List != o.List {
			continue
		}
		if it.credential != nil && !o.Select.ReadyOnly {
			at, seen := credential[it.credential.Name]
			if !seen {
				at = len(out)
				credential[it.credential.Name] = at
				out = append(out, *it.credential)
			}
			out[at].Waiting = append(out[at].Waiting, it.Name)
		}
		switch it.Action {
		case ActionConflict:
			if o.Conflicts.Policy != Skip {
				out = append(out, it.Reasons...)
			}
		case ActionBlocked:
			for _, r := range it.Reasons {
				if !o.Select.ReadyOnly && r.Code != NotFound && (it.credential == nil || r.Code != it.credential.Code) {
					out = append(out, r)
				}
			}
		}
	}
	return shut(out)
}

// shut makes a gate's error with what the person can do about its first reason.
func shut(reasons []Reason) error {
	if len(reasons) == 0 {
		return nil
	}
	err := &GateError{Reasons: reasons}
	if hint := reasons[0].hint; hint != "" {
		return schema.Hint(err, "%s", hint)
	}
	switch reasons[0].Code {
	case CredentialMissing, CredentialDiffers:
		return schema.Hint(err, "run mailferry import credentials first; --ready-only imports what does not wait")
	case SecretMissing:
		return schema.Hint(err, "give it with --secrets F; --ready-only imports the rest")
	case Conflict:
		return schema.Hint(err, "--on-conflict skip leaves Cloud's as they are, overwrite changes them")
	case NearConflict, DoubleConflict:
		return schema.Hint(err, "a person has to say on Cloud which one is meant; --on-conflict skip leaves them")
	case NotOffered:
		return schema.Hint(err, "edit the rules (mailferry transform --print-rules) and transform again with --rules; --ready-only imports the rest")
	case AgainNeedless:
		return schema.Hint(err, "leave it out of --again")
	case PlanStale:
		return schema.Hint(err, "make a new plan and look at it")
	}
	return err
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

// joinWords lists labels as a sentence does.
func joinWords(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
