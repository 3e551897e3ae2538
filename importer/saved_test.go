package importer

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/mailferry/mailferry/schema"
)

// approved makes a plan, saves it and opens it again, as a reader would.
func approved(t *testing.T, o Options) *SavedPlan {
	t.Helper()
	p, err := MakePlan(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := SavePlan(&file, p, o.Recipients); err != nil {
		t.Fatal(err)
	}
	saved, err := OpenPlan(&file, o.Identities)
	if err != nil {
		t.Fatal(err)
	}
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
		{"changed before an overwrite", []schema.Item{smtp("A")}, []schema.Item{host("x.example")}, func(o *Options) { o.OnConflict = Overwrite },
			func(_ *Options, m *memory) { m.lists[schema.Connections][0].Item = host("y.example") }, `"A" has changed on Cloud`},
		{"a credential changed", []schema.Item{credential("C"), smtp("A")}, nil, nil, func(_ *Options, m *memory) { m.put(credential("C")) }, `credential "C" is on Cloud now`},
		{"another bundle", []schema.Item{smtp("A")}, nil, nil, func(o *Options, _ *memory) {
			o.Bundle = bundleOf(host("z.example"))
			o.Digest, _ = o.Bundle.Digest()
		}, "another bundle"},
		{"another Cloud", []schema.Item{smtp("A")}, nil, nil, func(_ *Options, m *memory) { m.site.URL = "https://else.example" }, "another Cloud"},
		{"another policy", []schema.Item{smtp("A")}, nil, nil, func(o *Options, _ *memory) { o.OnConflict = Overwrite }, "--on-conflict fail"},
		{"another selection", []schema.Item{smtp("A"), smtp("B")}, nil, nil, func(o *Options, _ *memory) { o.Include = []string{"B"} }, "--include none"},
		{"a drop-down that changed", []schema.Item{smtp("A")}, nil, nil, func(_ *Options, m *memory) { m.offers["encryption"] = []string{"TLS"} }, "would be: blocked"},
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

func TestPlanBringsItsOptionsAlong(t *testing.T) {
	m := newMemory()
	old := smtp("A")
	old.Host = "old.example"
	m.put(old)
	o := optionsFor(t, m, bundleOf(smtp("A"), smtp("B")), schema.Connections)
	o.OnConflict, o.Exclude = Overwrite, []string{"B"}
	plan := approved(t, o)
	o.OnConflict, o.Exclude, o.Plan = "", nil, plan
	rep, err := Run(t.Context(), o)
	if err != nil || !reflect.DeepEqual(rep.Counts, map[Result]int{Written: 1}) || m.writes != 1 {
		t.Errorf("%v, %v", err, rep.Counts)
	}
}

func TestSavedPlanHoldsNoValues(t *testing.T) {
	m := newMemory()
	old := smtp("A")
	old.Host = "old.example"
	m.put(old)
	o := optionsFor(t, m, bundleOf(smtp("A")), schema.Connections)
	saved := approved(t, o)
	raw, err := schema.Marshal(saved)
	if err != nil {
		t.Fatal(err)
	}
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
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	seal := func(text string) []byte {
		var b bytes.Buffer
		w, err := age.Encrypt(&b, id.Recipient())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	item := func(members string) string {
		return `{"format":"mailferry/plan/v1","on_conflict":"fail","items":[{` + members + `}]}`
	}
	good := seal(`{"format":"mailferry/plan/v1"}`)
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
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
