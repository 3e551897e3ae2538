package importer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mailferry/mailferry/schema"
)

// Action is what an import would do with an item.
type Action string

// The actions.
const (
	ActionCreate    Action = "create"
	ActionChange    Action = "change"
	ActionUnchanged Action = "unchanged"
	ActionConflict  Action = "conflict"
	ActionBlocked   Action = "blocked"
)

func actions() []Action {
	return []Action{ActionCreate, ActionChange, ActionUnchanged, ActionConflict, ActionBlocked}
}

// PlanItem is what an import would do with one item, and why.
type PlanItem struct {
	List    schema.List `json:"list"`
	Name    string      `json:"name"`
	Action  Action      `json:"action"`
	After   string      `json:"after,omitzero"`   // the credential to be imported before
	Changes []Change    `json:"changes,omitzero"` // of a change or conflict, field by field
	Reasons []Reason    `json:"reasons,omitzero"` // of a conflict, or of what blocks
	Notes   []string    `json:"notes,omitzero"`
	Seen    string      `json:"seen,omitzero"` // digest of what Cloud showed under that name; "" nothing

	item       schema.Item
	remote     *Remote
	intent     *record // an earlier attempt whose end nobody saw
	credential *Reason // why a connection's credential is not there as Cloud is now
	sendSecret bool
}

// Plan is what imports would do with Cloud as it is. It holds no secret, and
// the values of settings only in Changes.
type Plan struct {
	Created        schema.Time `json:"created"`
	Cloud          string      `json:"cloud"`
	Rehearsal      bool        `json:"rehearsal,omitzero"`
	Bundle         string      `json:"bundle"`
	Digest         string      `json:"digest"`
	OnConflict     Policy      `json:"on_conflict"`
	RewriteSecrets bool        `json:"rewrite_secrets,omitzero"`
	Include        []string    `json:"include,omitzero"`
	Exclude        []string    `json:"exclude,omitzero"`
	Items          []PlanItem  `json:"items"` // credentials first, then connections, in the bundle's order
}

// Counts says how many items have each action.
func (p *Plan) Counts() map[Action]int {
	out := map[Action]int{}
	for _, it := range p.Items {
		out[it.Action]++
	}
	return out
}

// Changes reports whether an import would change anything, or could not.
func (p *Plan) Changes() bool {
	return slices.ContainsFunc(p.Items, func(it PlanItem) bool { return it.Action != ActionUnchanged })
}

// MakePlan reads Cloud and says what both imports would do, one after the
// other. It writes nothing: not to Cloud, not to the ledger.
func MakePlan(ctx context.Context, o Options) (*Plan, error) {
	if err := o.defaults(); err != nil {
		return nil, err
	}
	o.Cloud = ReadOnly(o.Cloud)
	led, err := readLedger(&o, false)
	if err != nil {
		return nil, err
	}
	p, err := newPlanner(&o, led)
	if err != nil {
		return nil, err
	}
	if err := p.refresh(ctx, schema.Lists()...); err != nil {
		return nil, err
	}
	return p.plan(ctx)
}

// planner decides what to do with each item. It is made once a run and looks at
// Cloud as often as it is asked to.
type planner struct {
	o        *Options
	led      *ledger
	items    map[itemKey]schema.Item // the bundle's
	views    map[itemKey]string      // theirs
	selected map[itemKey]bool
	again    map[itemKey]bool     // what a person says is not there, see [planner.unseen]
	kept     map[itemKey][]string // fields empty in the bundle, in which Cloud's form keeps its own default
	look     *look
}

func newPlanner(o *Options, led *ledger) (*planner, error) {
	p := &planner{o: o, led: led, items: o.Bundle.ByKey(), views: map[itemKey]string{}, selected: o.selected(),
		kept: map[itemKey][]string{}}
	for k, it := range p.items {
		v, err := view(it)
		if err != nil {
			return nil, err
		}
		p.views[k] = v
	}
	return p, nil
}

// refresh looks at Cloud and settles by that look what can be.
func (p *planner) refresh(ctx context.Context, lists ...schema.List) error {
	l, err := lookAt(ctx, p.o.Cloud, p.items, lists...)
	if err != nil {
		return err
	}
	p.look = l
	return p.settle()
}

// plan decides on every selected item.
func (p *planner) plan(ctx context.Context) (*Plan, error) {
	site := p.o.Cloud.Site()
	out := &Plan{
		Created: p.o.now(), Cloud: site.URL, Rehearsal: site.Rehearsal,
		Bundle: p.o.Bundle.Manifest.ID, Digest: p.o.Digest, OnConflict: p.o.Conflicts.Policy,
		RewriteSecrets: p.o.Conflicts.RewriteSecrets, Include: p.o.Select.Include, Exclude: p.o.Select.Exclude,
		Items: []PlanItem{},
	}
	planned := map[string]Action{} // credentials
	for it := range p.o.Bundle.All() {
		k := schema.KeyOf(it)
		if err := p.complete(ctx, k); err != nil {
			return nil, err
		}
		if !p.selected[k] {
			continue
		}
		pi, err := p.decide(ctx, p.items[k])
		if err != nil {
			return nil, err
		}
		if pi.List == schema.Credentials {
			planned[pi.Name] = pi.Action
		} else {
			p.holdBack(&pi, planned)
		}
		out.Items = append(out.Items, pi)
	}
	return out, nil
}

// complete puts the defaults of Cloud's form in the place of what an item leaves empty.
func (p *planner) complete(ctx context.Context, k itemKey) (err error) {
	there := p.look.exact[k]
	if len(there) > 1 || len(there) == 0 && !p.selected[k] {
		return nil
	}
	var remote schema.Item
	if len(there) == 1 {
		remote = there[0].Item
	}
	if p.items[k], p.kept[k], err = p.o.withDefaults(ctx, p.items[k], remote); err != nil || len(p.kept[k]) == 0 {
		return err
	}
	p.views[k], err = view(p.items[k])
	return err
}

// decide says what to do with an item as Cloud is now, its credential aside.
func (p *planner) decide(ctx context.Context, it schema.Item) (PlanItem, error) {
	k := schema.KeyOf(it)
	pi := PlanItem{List: k.List, Name: k.Name, item: it, intent: p.led.of(k).open}
	there := p.look.exact[k]
	_, need, missing := p.o.secretOf(it)
	switch len(there) {
	case 0:
		if near := p.look.near(it); len(near) > 0 {
			pi.hold(ActionConflict, NearConflict, "Cloud has %s, which is not %s: "+
				"only case, blanks or Unicode form differ",
				schema.Quotes(p.o.guard.AllQuotable(near)), schema.Quote(k.Name))
			return pi, nil
		}
		if p.unseen(k) && !p.again[k] {
			pi.hold(ActionBlocked, NotFound, "%s: %s", title(k), p.unfound(k))
			return pi, nil
		}
		pi.Action, pi.sendSecret = ActionCreate, need
		if when, ok := p.led.written(k); ok {
			pi.Notes = append(pi.Notes, "was imported on "+when.Time.Minute()+" and is gone from Cloud since")
		}
		if missing {
			pi.hold(ActionBlocked, SecretMissing, "%s: its %s is missing", title(k), secretLabel(k.List))
		}
		p.noteKept(&pi, nil)
		return pi, p.checkOffered(ctx, &pi, nil)
	case 1:
		pi.remote, pi.Seen = &there[0].Remote, there[0].view
	default:
		pi.Seen = fmt.Sprintf("%d of %s", len(there), there[0].view)
		pi.hold(ActionConflict, DoubleConflict, "Cloud has %d %s of the name %s",
			len(there), k.List, schema.Quote(k.Name))
		return pi, nil
	}
	pi.Changes = p.o.changes(pi.remote.Item, it)
	p.compareSecret(&pi, need && !missing)
	switch {
	case len(pi.Changes) == 0:
		pi.Action = ActionUnchanged
	case p.o.Conflicts.Policy != Overwrite:
		pi.hold(ActionConflict, Conflict, "%s is on Cloud with another %s", title(k), labels(pi.Changes))
	default:
		pi.Action = ActionChange
		if need && !pi.sendSecret {
			pi.Notes = append(pi.Notes, secretLabel(k.List)+" stays as Cloud has it")
		}
		p.noteKept(&pi, pi.Changes)
		return pi, p.checkOffered(ctx, &pi, pi.Changes)
	}
	return pi, nil
}

const cutOff = "an earlier run was cut off here; "

// compareSecret adds a change of the secret where there is evidence that Cloud
// has another one, or where it was asked for. have: the bundle has one to send.
func (p *planner) compareSecret(pi *PlanItem, have bool) {
	if !have {
		if pi.intent != nil {
			pi.Notes = append(pi.Notes, cutOff+"without the secret it stays unknown whether Cloud has it")
		}
		return
	}
	c := Change{Field: schema.SecretField(pi.List), Label: secretLabel(pi.List), Secret: true}
	switch w, _ := p.led.written(schema.KeyOf(pi.item)); {
	case pi.intent != nil && pi.intent.Action == string(ActionChange):
		c.From, c.To = "unknown: an earlier change was cut off", "the bundle's"
	case pi.intent != nil:
		// A create that was cut off: repeating it under its key shows whether Cloud has it.
		pi.Notes = append(pi.Notes, cutOff+"the import asks Cloud again under the same key")
		return
	case p.o.Conflicts.RewriteSecrets && p.o.Conflicts.Policy == Overwrite:
		c.From, c.To = "as Cloud has it", "the bundle's, again"
	case w.Secret == given:
		pi.Notes = append(pi.Notes, fmt.Sprintf("its %s was given on %s and is not comparable; "+
			"--on-conflict overwrite --rewrite-secrets sends it again", c.Label, w.Time.Minute()))
		return
	default:
		return
	}
	pi.Changes = append(pi.Changes, c)
	pi.sendSecret = true
}

// noteKept names the fields in which the page's own default stays. changes limits it to
// the fields that would be written; nil: all.
func (p *planner) noteKept(pi *PlanItem, changes []Change) {
	for _, name := range p.kept[schema.KeyOf(pi.item)] {
		if f, _ := schema.FieldByName(schema.CloudFormat, pi.List, name); changes == nil || touches(changes, name) {
			pi.Notes = append(pi.Notes,
				fmt.Sprintf("%s: the page's own default stays: %s", f.Label, schema.Text(pi.item, name)))
		}
	}
}

func touches(changes []Change, field string) bool {
	return slices.ContainsFunc(changes, func(c Change) bool { return c.Field == field })
}

// checkOffered blocks what Cloud's form does not take: a value that it has no place for or that
// a drop-down does not have, or none where one is needed. changes limits values to the fields that would be
// written; nil: all, of an item that is new.
func (p *planner) checkOffered(ctx context.Context, pi *PlanItem, changes []Change) error {
	for _, f := range schema.FieldsOf(pi.item) {
		value, ok := schema.Get(pi.item, f.Name)
		text, isText := value.(string)
		written := ok && value != false && (changes == nil || touches(changes, f.Name)) && (!f.Secret || pi.sendSecret)
		listed := written && isText && f.Name != "oauth2_credentials" // the gate looks after credentials: one may be created before
		empty := !ok && f.Type != schema.Boolean && !(f.Secret && changes != nil)
		if f.Name == "name" || !written && !empty {
			continue
		}
		offer, err := p.o.Cloud.Offered(ctx, pi.item, f.Name)
		if err != nil {
			return fmt.Errorf("asking Cloud what it offers for %s: %w", f.Label, err)
		}
		r := Reason{Code: NotOffered, Field: f.Name, Words: title(schema.KeyOf(pi.item)) + ": "}
		switch {
		case written && offer.Absent:
			r.Words += fmt.Sprintf("Cloud's form takes no %s for it", f.Label)
			r.hint = "drop it in the rules, as they drop host where the form has none"
		case !ok && offer.Needed && offer.Values == nil:
			r.Words += fmt.Sprintf("Cloud's form does not take an empty %s", f.Label)
			r.hint = "give it a value on Server, or in the sheet, and export anew"
		case !ok && offer.Needed, listed && offer.Values != nil && !slices.Contains(offer.Values, text):
			r.Words += fmt.Sprintf("Cloud does not offer %s as its %s, but %s%s", schema.Quote(text), f.Label,
				schema.Quotes(p.o.guard.AllQuotable(offer.Values)), ruleFor(p.o.Bundle, pi.List, f.Name, text))
		default:
			continue
		}
		pi.block(r)
	}
	return nil
}

// holdBack looks whether a connection's credential is on Cloud and the same, or
// will be once the plan's credentials are imported.
func (p *planner) holdBack(pi *PlanItem, planned map[string]Action) {
	name := credentialOf(pi.item)
	if name == "" {
		return
	}
	k := itemKey{List: schema.Credentials, Name: name}
	there, ours := p.look.exact[k], p.items[k]
	r := &Reason{Code: CredentialDiffers, List: k.List, Name: name}
	switch {
	case ours == nil:
		r.Code = CredentialMissing
		r.Words = title(k) + " is not in the bundle, so nobody can tell whether Cloud's is the same"
	case len(there) == 0:
		r.Code, r.Words = CredentialMissing, title(k)+" is not on Cloud"
	case len(there) > 1:
		r.Words = fmt.Sprintf("%s is on Cloud %d times", title(k), len(there))
	default:
		other := otherCredential(there[0].Item, ours)
		if other == "" {
			return
		}
		r.Words = title(k) + " on Cloud is another one: " + other
	}
	pi.credential = r
	switch a := planned[name]; {
	case pi.Action != ActionCreate && pi.Action != ActionChange && pi.Action != ActionBlocked:
	case a == ActionCreate || a == ActionChange:
		pi.After = name
	default:
		pi.block(*r)
	}
}

func (pi *PlanItem) block(r Reason) {
	if r.Name == "" {
		r.List, r.Name = pi.List, pi.Name
	}
	pi.Action = ActionBlocked
	pi.Reasons = append(pi.Reasons, r)
}

// hold says why an item is not written as things are.
func (pi *PlanItem) hold(a Action, code, format string, args ...any) {
	pi.block(Reason{Code: code, Words: fmt.Sprintf(format, args...)})
	pi.Action = a
}

// title names an item in a sentence.
func title(k itemKey) string { return k.List.One() + " " + schema.Quote(k.Name) }

func labels(changes []Change) string {
	var out []string
	for _, c := range changes {
		out = append(out, c.Label)
	}
	return strings.Join(out, ", ")
}

// secretLabel is how Cloud's form calls the secret of a list's items.
func secretLabel(l schema.List) string {
	f, _ := schema.FieldByName(schema.CloudFormat, l, schema.SecretField(l))
	return f.Label
}
