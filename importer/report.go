package importer

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
)

// Result is what became of one item.
type Result string

// The results.
const (
	Written  Result = "written"   // on Cloud, put there by this import: this run, or an earlier one
	Same     Result = "unchanged" // was on Cloud with every visible field equal
	Skipped  Result = "skipped"   // Cloud's own was left as it is
	Failed   Result = "failed"    // not on Cloud as the bundle has it; Words says why
	Waits    Result = "blocked"   // held back; Words says by what
	Open     Result = "unsettled" // nobody saw the end of the request; a rerun settles it
	Unfound  Result = "not found" // may be on Cloud, whose list does not show it: a person has to look
	NotTried Result = "not tried" // the run ended before its turn
)

// ItemReport is what became of one item.
type ItemReport struct {
	List     schema.List `json:"list"`
	Name     string      `json:"name"`
	ID       string      `json:"id,omitzero"` // Cloud's
	Result   Result      `json:"result"`
	Earlier  bool        `json:"earlier,omitzero"` // written by an earlier run of this import
	When     schema.Time `json:"when,omitzero"`    // of writing
	Words    string      `json:"words,omitzero"`   // Cloud's own where it refused, made harmless
	Changes  []Change    `json:"changes,omitzero"` // of a change, or of what was skipped
	Replaced string      `json:"replaced,omitzero"`
	Notes    []string    `json:"notes,omitzero"`

	item schema.Item
}

// Task is one thing that is left for a person.
type Task struct {
	Do    string   `json:"do"`    // authorise, register, test, passwords, dispose
	Words string   `json:"words"` // a sentence
	Names []string `json:"names,omitzero"`
}

// Report is the end report of an import. It holds no secret.
type Report struct {
	Cloud      string         `json:"cloud"`
	Rehearsal  bool           `json:"rehearsal,omitzero"` // in a sample Cloud
	DryRun     bool           `json:"dry_run,omitzero"`   // nothing was written
	Bundle     string         `json:"bundle"`
	Digest     string         `json:"digest"`
	List       schema.List    `json:"list"`
	PlanDigest string         `json:"plan_digest,omitzero"` // of the saved plan that was applied
	Started    schema.Time    `json:"started"`
	Finished   schema.Time    `json:"finished"`
	Ledger     string         `json:"ledger"`
	Counts     map[Result]int `json:"counts"`
	Items      []ItemReport   `json:"items"` // in the bundle's order
	Notes      []string       `json:"notes,omitzero"`
	Tasks      []Task         `json:"tasks"`

	waits []Reason // of what is blocked
}

// left counts items that a rerun, or a person first, has to see to.
func (r *Report) left() int {
	return r.Counts[Failed] + r.Counts[Waits] + r.Counts[Open] + r.Counts[Unfound] + r.Counts[NotTried]
}

// wroteAny reports whether this run put anything on Cloud, or may have.
func (r *Report) wroteAny() bool {
	return slices.ContainsFunc(r.Items, func(it ItemReport) bool {
		return it.Result == Open || it.Result == Unfound || it.Result == Written && !it.Earlier
	})
}

func (r *run) report(plan *Plan) *Report {
	out := &Report{
		Cloud: plan.Cloud, Rehearsal: plan.Rehearsal, Bundle: plan.Bundle, Digest: plan.Digest,
		List: r.o.List, PlanDigest: r.plan,
		Started: r.started, Finished: r.o.now(), Ledger: r.o.Ledger.Path,
		Counts: map[Result]int{}, Items: []ItemReport{}, Notes: r.led.notes, Tasks: []Task{},
	}
	out.waits = waiting(plan, r.o.List)
	for _, pi := range plan.Items {
		if res := r.results[schema.KeyOf(pi.item)]; res != nil {
			out.Counts[res.Result]++
			out.Items = append(out.Items, *res)
		}
	}
	for _, in := range r.led.opens() {
		if in.List != r.o.List {
			out.Notes = append(out.Notes, fmt.Sprintf(
				"an earlier import of %s was cut off at %s; run it again to settle that", in.List,
				schema.Quote(in.Name)))
		}
	}
	out.Tasks = out.tasks(r.o.Bundle)
	return out
}

// tasks lists what no program can do, for the items that are on Cloud now.
func (r *Report) tasks(b *schema.Bundle) []Task {
	var out []Task
	var there, oauth []string
	register := func(c *schema.CloudCredential) {
		out = append(out, Task{Do: "register", Names: []string{c.Name}, Words: fmt.Sprintf(
			"register Cloud's redirect URI with %s for client ID %s: the one of Server does not serve Cloud",
			schema.Quote(cmp.Or(c.ServiceProvider, "its provider")), schema.Quote(c.ClientID))})
	}
	used := map[string]bool{}
	for _, it := range r.Items {
		if it.Result != Written && it.Result != Same {
			continue
		}
		there = append(there, it.Name)
		switch item := it.item.(type) {
		case *schema.CloudCredential:
			register(item)
		case *schema.CloudConnection:
			if item.OAuth2Credentials != "" {
				oauth = append(oauth, it.Name)
				used[item.OAuth2Credentials] = true
			}
		}
	}
	if len(there) == 0 {
		return []Task{}
	}
	for _, it := range b.Credentials {
		if c, ok := it.(*schema.CloudCredential); ok && used[c.Name] {
			register(c)
		}
	}
	if len(oauth) > 0 {
		out = append(out, Task{Do: "authorise", Names: oauth,
			Words: "authorise each of these on Cloud, signed in as its mailbox: tokens do not travel"})
	}
	if r.List == schema.Connections {
		out = append(out, Task{Do: "test", Names: there, Words: "send a test mail from each of these"},
			Task{Do: "passwords",
				Words: "change the passwords and client secrets once the move is done: they have been in a file"},
			Task{Do: "dispose", Words: "dispose of the bundles, of the sheets and backups that they came from, " +
				"and of the keys that open them"})
	}
	return out
}

// HowToGoOn is the sentence for a run that left something; "" otherwise.
func (r *Report) HowToGoOn(err error) string {
	var part *PartialError
	if !errors.As(err, &part) {
		return ""
	}
	const twice = "what is written is not written twice"
	var how, needs, flags []string
	for _, w := range r.waits {
		if do := w.remedy(); do != "" && !slices.Contains(needs, do) {
			needs = append(needs, do)
		}
	}
	blocked := strings.Join(needs, "; ")
	switch {
	case part.Cause == nil && part.Left == r.Counts[Unfound]:
	case part.Cause == nil && part.Left == r.Counts[Waits] && blocked != "":
		how = append(how, blocked, "then run this again: "+twice)
	default:
		how = append(how, "run the same command again to go on", twice)
		if r.Counts[Waits] > 0 && blocked != "" {
			how = append(how, "for what is blocked: "+blocked)
		}
	}
	for _, it := range r.Items { // for a person to answer for, ready to paste
		if it.Result == Unfound {
			flags = append(flags, "--again "+human.Pasted(it.Name))
		}
	}
	if len(flags) > 0 {
		how = append(how, "look at Cloud for what was not found", "for what is not there, and for that alone, "+
			"run the same command again with "+strings.Join(flags, " "))
	}
	return strings.Join(how, "; ")
}
