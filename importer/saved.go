package importer

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"filippo.io/age"

	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

// PlanFormat is the format of a saved plan.
const PlanFormat = "mailferry/plan/v1"

// SavedPlan is a plan to be approved and applied later. It says what would be
// done and by which digests of Cloud and bundle; it holds no values, so that an
// import takes them from the bundle alone.
//
// Whoever knows the public key that a plan is sealed to can write one, so that
// it carries no authority: an import takes its selection from it and holds
// everything else against what it would do anyway.
type SavedPlan struct {
	Format         string      `json:"format,omitzero"`
	Created        schema.Time `json:"created"`
	Cloud          string      `json:"cloud"`
	Bundle         string      `json:"bundle"`
	Digest         string      `json:"digest"`
	OnConflict     Policy      `json:"on_conflict"`
	RewriteSecrets bool        `json:"rewrite_secrets"`
	Include        []string    `json:"include"`
	Exclude        []string    `json:"exclude"`
	Items          []SavedItem `json:"items"`

	opened string // digest of the document that it was read from; "" for one made here
}

// SavedItem is one item of a saved plan.
type SavedItem struct {
	List   schema.List `json:"list"`
	Name   string      `json:"name"`
	Action Action      `json:"action"`
	Fields []string    `json:"fields,omitzero"` // that a change would touch
	Seen   string      `json:"seen,omitzero"`   // digest of what Cloud showed; "" nothing
}

// Saved returns what is saved of a plan.
func (p *Plan) Saved() *SavedPlan {
	s := &SavedPlan{Format: PlanFormat, Created: p.Created, Cloud: sameSite(p.Cloud),
		Bundle: p.Bundle, Digest: p.Digest,
		OnConflict: p.OnConflict, RewriteSecrets: p.RewriteSecrets, Include: p.Include, Exclude: p.Exclude,
		Items: []SavedItem{}}
	for _, it := range p.Items {
		s.Items = append(s.Items, SavedItem{it.List, it.Name, it.Action, fieldNames(it.Changes), it.Seen})
	}
	return s
}

func fieldNames(changes []Change) []string {
	var out []string
	for _, c := range changes {
		out = append(out, c.Field)
	}
	return out
}

// PlanDigest is the SHA-256 of the plan's document in lower-case hex, as
// `age -d -i KEY PLAN | sha256sum` prints it. Whoever approved a plan compares
// it with the one that the import names.
func (s *SavedPlan) PlanDigest() (string, error) {
	if s.opened != "" {
		return s.opened, nil
	}
	raw, err := schema.MarshalIndent(s)
	return digestOf(raw), err
}

func digestOf(document []byte) string {
	sum := sha256.Sum256(document)
	return hex.EncodeToString(sum[:])
}

// SavePlan writes the plan as an armored age file that only those recipients
// open.
func SavePlan(w io.Writer, s *SavedPlan, to []age.Recipient) error {
	raw, err := schema.MarshalIndent(s)
	if err != nil {
		return err
	}
	file, err := sealed.Encrypt(raw, to)
	if err != nil {
		return err
	}
	_, err = w.Write(file)
	return err
}

// OpenPlan reads a saved plan, to the end before any of it is looked at.
func OpenPlan(r io.Reader, ids []age.Identity) (*SavedPlan, error) {
	raw, err := sealed.Decrypt(r, schema.MaxDocument, ids...)
	if wrong := (*sealed.WrongKeyError)(nil); errors.As(err, &wrong) {
		return nil, schema.Hint(errors.New("the plan is sealed to other keys"),
			"a plan opens with the key that it was made with (plan -i): import with that one, or make a plan with yours")
	}
	if err != nil {
		return nil, errors.New("this is not a saved plan, or it is damaged")
	}
	var head struct {
		Format string `json:"format"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return nil, errors.New("this is not a saved plan")
	}
	if err := schema.CheckFormat(head.Format, PlanFormat); err != nil {
		return nil, err
	}
	s := &SavedPlan{opened: digestOf(raw)}
	if err := schema.Strict(raw, s); err != nil {
		return nil, err
	}
	return s, s.check()
}

// check refuses what no plan of ours says: whoever knows the key that a plan is
// sealed to can write one. Error texts name places, never what stands there.
func (s *SavedPlan) check() error {
	if _, err := ParsePolicy(string(s.OnConflict)); err != nil || s.OnConflict == "" {
		return errors.New("on_conflict: not one of fail, skip, overwrite")
	}
	if len(s.Items) > 2*schema.MaxItems {
		return fmt.Errorf("items: more than %d", 2*schema.MaxItems)
	}
	seen := map[itemKey]bool{}
	for i, it := range s.Items {
		at := func(field, words string) error { return fmt.Errorf("items[%d].%s: %s", i, field, words) }
		if it.List != schema.Credentials && it.List != schema.Connections {
			return at("list", "not one of credentials, connections")
		}
		if !slices.Contains(actions(), it.Action) {
			return at("action", "not one of create, change, unchanged, conflict, blocked")
		}
		k := itemKey{List: it.List, Name: it.Name}
		if it.Name == "" || seen[k] {
			return at("name", "missing, or stands twice")
		}
		seen[k] = true
		for _, f := range it.Fields {
			if _, known := schema.FieldByName(schema.CloudFormat, it.List, f); !known {
				return at("fields", "one that Cloud does not have")
			}
		}
	}
	return nil
}

// adopt takes the plan's selection where none is given, and names what was given
// otherwise than the plan was made with. What may be done to Cloud is never
// read from the plan.
func (o *Options) adopt() []Reason {
	p := o.Plan
	if p == nil {
		return nil
	}
	var out []Reason
	moved := func(was, is string) {
		out = append(out, Reason{Code: PlanStale,
			Words: fmt.Sprintf("the plan was made with %s, this import with %s", was, is),
			hint: "--include and --exclude come from the plan; if it is the one that was approved, give: " +
				writeFlags(p.OnConflict, p.RewriteSecrets)})
	}
	was := writeFlags(p.OnConflict, p.RewriteSecrets)
	if is := writeFlags(cmp.Or(o.Conflicts.Policy, Fail), o.Conflicts.RewriteSecrets); was != is {
		moved(was, is)
	}
	for _, x := range []struct {
		flag string
		mine *[]string
		plan []string
	}{{"--include", &o.Select.Include, p.Include}, {"--exclude", &o.Select.Exclude, p.Exclude}} {
		if len(*x.mine) == 0 {
			*x.mine = x.plan
		}
		if !slices.Equal(*x.mine, x.plan) {
			moved(x.flag+" "+cmp.Or(schema.Quotes(x.plan), "none"), schema.Quotes(*x.mine))
		}
	}
	return out
}

// writeFlags are the flags that say what may be done to what Cloud has.
func writeFlags(policy Policy, rewriteSecrets bool) string {
	flags := "--on-conflict " + string(policy)
	if rewriteSecrets {
		flags += " --rewrite-secrets"
	}
	return flags
}

// moved names what is no longer as the saved plan saw it. What the ledger wrote
// under that same plan has not moved.
func (p *planner) moved(s *SavedPlan, id string, now *Plan) []Reason {
	var out []Reason
	add := func(list schema.List, name, words string) {
		out = append(out, Reason{Code: PlanStale, List: list, Name: name, Words: words})
	}
	if got := sameSite(now.Cloud); got != sameSite(s.Cloud) {
		add("", "", fmt.Sprintf("the plan is for another Cloud: %s, not %s", schema.Quote(s.Cloud),
			schema.Quote(got)))
	}
	if now.Bundle != s.Bundle || now.Digest != s.Digest {
		add("", "", "the plan is for another bundle, or the bundle has changed since")
	}
	if len(out) > 0 {
		return out
	}
	saw := make(map[itemKey]SavedItem, len(s.Items))
	for _, it := range s.Items {
		saw[itemKey{List: it.List, Name: it.Name}] = it
	}
	for i := range now.Items {
		it := &now.Items[i]
		k := schema.KeyOf(it.item)
		was, planned := saw[k]
		delete(saw, k)
		title := title(k)
		switch {
		case !planned:
			add(k.List, k.Name, title+" is not in the plan")
		case p.oursUnder(id, it):
		case was.Seen != it.Seen && it.Seen == "":
			add(k.List, k.Name, title+" is gone from Cloud since the plan was made")
		case was.Seen != it.Seen && was.Seen == "":
			add(k.List, k.Name, title+" is on Cloud now and was not when the plan was made")
		case was.Seen != it.Seen:
			add(k.List, k.Name, title+" has changed on Cloud since the plan was made")
		case was.Action != it.Action:
			add(k.List, k.Name, fmt.Sprintf("%s would be: %s; the plan says: %s", title, it.Action, was.Action))
		case !slices.Equal(was.Fields, fieldNames(it.Changes)):
			add(k.List, k.Name, fmt.Sprintf("%s would change other fields than the plan says (%s)", title,
				strings.Join(was.Fields, ", ")))
		}
	}
	for k := range saw {
		add(k.List, k.Name, title(k)+" is in the plan and not in this import")
	}
	return out
}

// oursUnder reports whether an item is on Cloud as this plan's own import left
// it, or was left open by one that was cut off.
func (p *planner) oursUnder(id string, it *PlanItem) bool {
	k := schema.KeyOf(it.item)
	if it.intent != nil && it.intent.Plan == id {
		return true
	}
	w, ok := p.led.written(k)
	return ok && w.Plan == id && (it.Seen == w.Item || it.unfound())
}
