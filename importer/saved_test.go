package importer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

// approved makes a plan, saves it and opens it again, as a reader would.
func approved(t *testing.T, o Options) *SavedPlan {
	t.Helper()
	p := rig.Get(MakePlan(t.Context(), o)).Or(t)
	var file bytes.Buffer
	rig.OK(t, SavePlan(&file, p.Saved(), o.Conflicts.Keepers))
	saved := rig.Get(OpenPlan(&file, []age.Identity{operator(t)})).Or(t)
	return saved
}

func TestOnePlanServesBothImportsAndEveryRerun(t *testing.T) {
	m := newMemory()
	o := optionsFor(t, m, bundleOf(credential("C"), oauth("A", "C"), smtp("B")), schema.Credentials)
	o.Plan = approved(t, o)
	for _, list := range []schema.List{schema.Credentials, schema.Connections, schema.Credentials, schema.Connections} {
		o.List = list
		if rep, err := Run(t.Context(), o); err != nil || rep.Counts[Written] != len(rep.Items) {
			t.Fatalf("%s: %v, %v", list, err, rep.Counts)
		}
	}
	if m.writes != 3 {
		t.Errorf("%d writes", m.writes)
	}
}

func TestPlanGoesOnWhereAnswersWereLost(t *testing.T) {
	m := newMemory()
	o := optionsFor(t, m, bundleOf(smtp("A"), smtp("B")), schema.Connections)
	o.Plan, o.Jobs = approved(t, o), 1
	ctx, cancel := context.WithCancel(t.Context())
	m.after = func(Write) error {
		cancel()
		return MarkUnsettled(errors.New("cut off"))
	}
	rep, err := Run(ctx, o)
	var part *PartialError
	if !errors.As(err, &part) || rep.Counts[Written] != 1 || rep.Counts[NotTried] != 1 {
		t.Fatalf("%v, %v", err, rep.Counts)
	}
	m.after = nil
	if rep, err = Run(t.Context(), o); err != nil || rep.Counts[Written] != 2 || m.writes != 2 {
		t.Errorf("again: %v, %v, %d writes", err, rep.Counts, m.writes)
	}
}

func TestStalePlanIsRefusedByName(t *testing.T) {
	host := func(h string) *schema.CloudConnection { c := smtp("A"); c.Host = h; return c }
	for _, tt := range []struct {
		name   string
		bundle []schema.Item
		cloud  []schema.Item
		opts   func(*Options)
		then   func(*Options, *memory)
		want   string
	}{
		{"made meanwhile", []schema.Item{smtp("A")}, nil, nil, func(_ *Options, m *memory) { m.put(smtp("A")) }, `"A" is on Cloud now`},
		{"gone meanwhile", []schema.Item{smtp("A")}, []schema.Item{smtp("A")}, nil, func(_ *Options, m *memory) { m.lists = map[schema.List][]Remote{} }, `"A" is gone from Cloud`},
		{"changed meanwhile", []schema.Item{smtp("A")}, []schema.Item{smtp("A")}, nil,
			func(_ *Options, m *memory) { m.lists[schema.Connections][0].Item = host("x.example") }, `"A" has changed on Cloud`},
		{"changed before an overwrite", []schema.Item{smtp("A")}, []schema.Item{host("x.example")}, func(o *Options) { o.Conflicts.Policy = Overwrite },
			func(_ *Options, m *memory) { m.lists[schema.Connections][0].Item = host("y.example") }, `"A" has changed on Cloud`},
		{"a credential changed", []schema.Item{credential("C"), smtp("A")}, nil, nil, func(_ *Options, m *memory) { m.put(credential("C")) }, `credential "C" is on Cloud now`},
		{"another bundle", []schema.Item{smtp("A")}, nil, nil, func(o *Options, _ *memory) {
			o.Bundle = bundleOf(host("z.example"))
			o.Digest, _ = o.Bundle.Digest()
		}, "another bundle"},
		{"another Cloud", []schema.Item{smtp("A")}, nil, nil, func(_ *Options, m *memory) { m.site.URL = "https://else.example" }, "another Cloud"},
		{"another policy", []schema.Item{smtp("A")}, nil, nil, func(o *Options, _ *memory) { o.Conflicts.Policy = Overwrite }, "--on-conflict fail"},
		{"another selection", []schema.Item{smtp("A"), smtp("B")}, nil, nil, func(o *Options, _ *memory) { o.Select.Include = []string{"B"} }, "--include none"},
		{"a drop-down that changed", []schema.Item{smtp("A")}, nil, nil, func(_ *Options, m *memory) { m.offers["encryption"] = Offer{Values: []string{"TLS"}} }, "would be: blocked"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMemory()
			for _, it := range tt.cloud {
				m.put(it)
			}
			o := optionsFor(t, m, bundleOf(tt.bundle...), schema.Connections)
			if tt.opts != nil {
				tt.opts(&o)
			}
			o.Plan = approved(t, o)
			tt.then(&o, m)
			_, err := Run(t.Context(), o)
			var gate *GateError
			if !errors.As(err, &gate) || gate.Reasons[0].Code != PlanStale || !strings.Contains(strings.Join(gate.Lines(), "\n"), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if m.writes != 0 {
				t.Error("Cloud was written to")
			}
		})
	}
}

// Whoever knows a public key can seal a plan to it: what an import may do to
// Cloud is said on its own command line, the selection alone by the plan.
func TestPlanBringsItsSelectionAndNoAuthority(t *testing.T) {
	for _, tt := range []struct {
		name          string
		plan, run     Conflicts
		refused, hint string // "" where it is applied
	}{
		{"overwrite repeated", Conflicts{Policy: Overwrite}, Conflicts{Policy: Overwrite}, "", ""},
		{"all repeated", Conflicts{Policy: Overwrite, RewriteSecrets: true}, Conflicts{Policy: Overwrite, RewriteSecrets: true}, "", ""},
		{"overwrite not repeated", Conflicts{Policy: Overwrite}, Conflicts{}, "made with --on-conflict overwrite, this import with --on-conflict fail", "--on-conflict overwrite"},
		{"secrets not repeated", Conflicts{Policy: Overwrite, RewriteSecrets: true}, Conflicts{Policy: Overwrite},
			"made with --on-conflict overwrite --rewrite-secrets, this", "--on-conflict overwrite --rewrite-secrets"},
		{"nothing repeated", Conflicts{Policy: Overwrite, RewriteSecrets: true}, Conflicts{}, "this import with --on-conflict fail", "--on-conflict overwrite --rewrite-secrets"},
		{"more than the plan's", Conflicts{Policy: Overwrite}, Conflicts{Policy: Overwrite, RewriteSecrets: true}, "this import with --on-conflict overwrite --rewrite-secrets", "--on-conflict overwrite"},
		{"skip for overwrite", Conflicts{Policy: Overwrite}, Conflicts{Policy: Skip}, "this import with --on-conflict skip", "--on-conflict overwrite"},
		{"overwrite for skip", Conflicts{Policy: Skip}, Conflicts{Policy: Overwrite}, "made with --on-conflict skip,", "--on-conflict skip"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMemory()
			old := smtp("A")
			old.Host = "old.example"
			m.put(old)
			o := optionsFor(t, m, bundleOf(smtp("A"), smtp("B")), schema.Connections)
			keepers := o.Conflicts.Keepers
			o.Conflicts, o.Select.Exclude = tt.plan, []string{"B"}
			o.Conflicts.Keepers = keepers
			plan := approved(t, o)
			o.Conflicts, o.Select.Exclude, o.Plan = tt.run, nil, plan
			o.Conflicts.Keepers = keepers
			rep, err := Run(t.Context(), o)
			if tt.refused == "" {
				if err != nil || !reflect.DeepEqual(rep.Counts, map[Result]int{Written: 1}) || m.writes != 1 {
					t.Errorf("%v, %v", err, rep.Counts)
				}
				return
			}
			var gate *GateError
			if !errors.As(err, &gate) || len(gate.Reasons) != 1 || gate.Reasons[0].Code != PlanStale || !strings.Contains(err.Error(), tt.refused) || m.writes != 0 {
				t.Errorf("%d writes, %v, want %q", m.writes, err, tt.refused)
			}
			if hint := schema.HintOf(err); !strings.HasSuffix(hint, ": "+tt.hint) {
				t.Errorf("the hint is %q, want %q to paste", hint, tt.hint)
			}
		})
	}
}

// The digest that two people compare is of the document itself, whoever wrote
// it and however it is sealed.
func TestPlanDigestIsOfTheDocument(t *testing.T) {
	o := optionsFor(t, newMemory(), bundleOf(smtp("A")), schema.Connections)
	p := rig.Get(MakePlan(t.Context(), o)).Or(t)
	doc := rig.Get(schema.MarshalIndent(p.Saved())).Or(t)
	made := rig.Get(p.Saved().PlanDigest()).Or(t)
	for name, doc := range map[string][]byte{"as it was made": doc, "with other blanks": append([]byte("\n"), doc...)} {
		opened := rig.Get(OpenPlan(bytes.NewReader(sealTo(t, o.Conflicts.Keepers[0], doc)), []age.Identity{operator(t)})).Or(t)
		got, err := opened.PlanDigest()
		if sum := sha256.Sum256(doc); err != nil || got != hex.EncodeToString(sum[:]) || (got == made) != (name == "as it was made") {
			t.Errorf("%s: %s, %v", name, got, err)
		}
		o.Plan = opened
		if rep, err := DryRun(t.Context(), o); err != nil || rep.PlanDigest != got {
			t.Errorf("%s: the report names the plan %q: %v", name, rep.PlanDigest, err)
		}
	}
}

func sealTo(t *testing.T, to age.Recipient, doc []byte) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := age.Encrypt(&file, to)
	if err == nil {
		_, err = w.Write(doc)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func TestSavedPlanHoldsNoValues(t *testing.T) {
	m := newMemory()
	old := smtp("A")
	old.Host = "old.example"
	m.put(old)
	o := optionsFor(t, m, bundleOf(smtp("A")), schema.Connections)
	saved := approved(t, o)
	raw := rig.Get(schema.Marshal(saved)).Or(t)
	for _, value := range []string{"old.example", "smtp.corp.example", "mailer", "secret of"} {
		if bytes.Contains(raw, []byte(value)) {
			t.Errorf("%s stands in the plan: %s", value, raw)
		}
	}
	if saved.Items[0].Fields[0] != "host" {
		t.Errorf("the plan does not say which field: %s", raw)
	}
}

func TestOpenPlanRefusesWhatIsNoPlan(t *testing.T) {
	id := rig.Get(age.GenerateX25519Identity()).Or(t)
	seal := func(text string) []byte { return sealTo(t, id.Recipient(), []byte(text)) }
	item := func(members string) string {
		return `{"format":"mailferry/plan/v1","on_conflict":"fail","items":[{` + members + `}]}`
	}
	good := seal(`{"format":"mailferry/plan/v1"}`)
	other := rig.Get(age.GenerateX25519Identity()).Or(t)
	if _, err := OpenPlan(bytes.NewReader(good), []age.Identity{other}); err == nil || !strings.Contains(schema.HintOf(err), "the key that it was made with (plan -i)") {
		t.Errorf("with another key: %v (%s)", err, schema.HintOf(err))
	}
	for _, tt := range []struct {
		name string
		file []byte
		want string
	}{
		{"nothing", nil, "not a saved plan"},
		{"plain JSON", []byte(`{"format":"mailferry/plan/v1"}`), "not a saved plan"},
		{"cut off", good[:len(good)-5], "damaged"},
		{"a bundle", seal(`{"format":"mailferry/cloud-bundle/v1"}`), "is not mailferry/plan/v1"},
		{"a later plan", seal(`{"format":"mailferry/plan/v2"}`), "version"},
		{"an unknown field", seal(`{"format":"mailferry/plan/v1","secret":1}`), "secret"},
		{"no policy", seal(`{"format":"mailferry/plan/v1"}`), "on_conflict"},
		{"another policy", seal(`{"format":"mailferry/plan/v1","on_conflict":"\u001b[2J"}`), "on_conflict: not one of"},
		{"no list", seal(item(`"name":"A","action":"create"`)), "items[0].list"},
		{"another list", seal(item(`"list":"\u001b]0;x\u0007","name":"A","action":"create"`)), "items[0].list"},
		{"another action", seal(item(`"list":"connections","name":"A","action":"\u202e"`)), "items[0].action"},
		{"no name", seal(item(`"list":"connections","action":"create"`)), "items[0].name"},
		{"an item twice", seal(item(`"list":"connections","name":"A","action":"create"},{"list":"connections","name":"A","action":"blocked"`)), "items[1].name"},
		{"another field", seal(item(`"list":"connections","name":"A","action":"change","fields":["host","\r\n"]`)), "items[0].fields"},
		{"two values", seal(`{"format":"mailferry/plan/v1"} {}`), "not a saved plan"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := OpenPlan(bytes.NewReader(tt.file), []age.Identity{id}); err == nil || !strings.Contains(err.Error(), tt.want) || strings.ContainsAny(err.Error(), "\x1b\a\r\n\u202e") {
				t.Errorf("got %q, want %q", err, tt.want)
			}
		})
	}
}
