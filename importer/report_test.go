package importer

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

func atNoon() time.Time { return time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC) }

const hostile = "<script>alert(1)</script>\u202e\x1b[31m"

// reported imports what gives nearly every result.
func reported(t *testing.T) *Report {
	t.Helper()
	m := newMemory()
	m.site.Rehearsal = true
	m.put(credential("Google"))
	other := smtp("Sales")
	other.SMTPPort, other.Description = 25, hostile
	m.put(other)
	m.put(smtp("Old"))
	m.before = func(w Write) error {
		if w.Item.ItemName() == "Bad" {
			return &RefusedError{Code: 422, Words: "the host is not allowed"}
		}
		return nil
	}
	missing := smtp("Waiting")
	missing.Password = &schema.Marker{State: schema.Missing}
	o := optionsFor(t, m, bundleOf(credential("Google"), oauth("Support", "Google"), smtp("Sales"), smtp("Old"), smtp("Bad"), missing, smtp(hostile)), schema.Connections)
	o.Conflicts.Policy, o.Select.ReadyOnly, o.Watch.Now = Skip, true, atNoon
	o.Secrets.Sealed = func(schema.List, string) schema.Secret { return schema.NewSecret("one that no text repeats") }
	rep, err := Run(t.Context(), o)
	if part := (*PartialError)(nil); err == nil || !asPartial(err, &part) || part.Left != 2 {
		t.Fatalf("got %v", err)
	}
	return rep
}

func asPartial(err error, to **PartialError) bool {
	p, ok := err.(*PartialError)
	*to = p
	return ok
}

func TestReportText(t *testing.T) {
	var b strings.Builder
	rig.OK(t, reported(t).Text(&b, 78))
	want := `Import of connections into https://cloud.example (rehearsal: a sample Cloud,
which proves the bundle and the run, not the vendor's pages)

  written    Support
  skipped    Sales: Cloud's own stays
               Description: <script>alert(1)</script>‹U+202E›‹U+001B›[31m →
               (empty)
               SMTP Port: 25 → 587
  unchanged  Old
  failed     Bad: the host is not allowed
  blocked    Waiting: connection "Waiting": its Password is missing
  written    <script>alert(1)</script>‹U+202E›‹U+001B›[31m

2 written, 1 unchanged, 1 skipped, 1 failed, 1 blocked

Left for a person
  [ ] register Cloud's redirect URI with "Google" for client ID "id-Google":
      the one of Server does not serve Cloud: Google
  [ ] authorise each of these on Cloud, signed in as its mailbox: tokens do
      not travel: Support
  [ ] send a test mail from each of these: Support, Old,
      <script>alert(1)</script>‹U+202E›‹U+001B›[31m
  [ ] change the passwords and client secrets once the move is done: they have
      been in a file
  [ ] dispose of the bundles, of the sheets and backups that they came from,
      and of the keys that open them
`
	if got := b.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestReportJSONIsStable(t *testing.T) {
	raw := rig.Get(schema.MarshalIndent(reported(t))).Or(t)
	var got struct {
		Cloud, List, Started string
		Rehearsal            bool
		Counts               map[string]int
		Items                []struct{ Name, Result, Words string }
		Tasks                []struct{ Do string }
	}
	rig.OK(t, json.Unmarshal(raw, &got))
	if strings.Contains(string(raw), "secret of") {
		t.Error("a secret stands in the report")
	}
	if !got.Rehearsal || got.List != "connections" || got.Started != "2026-01-31T12:00:00Z" || got.Counts["written"] != 2 ||
		got.Items[3].Result != "failed" || got.Items[3].Words != "the host is not allowed" || len(got.Tasks) != 5 {
		t.Errorf("%s", raw)
	}
}

func TestReportHTMLNeedsNothingAndRunsNothing(t *testing.T) {
	var b strings.Builder
	rig.OK(t, reported(t).HTML(&b))
	page := b.String()
	for _, never := range []string{"<script", "http://", "src=", "href=\"h", "url(", "\x1b", "\u202e", "secret of"} {
		if strings.Contains(page, never) {
			t.Errorf("the page has %q", never)
		}
	}
	for _, want := range []string{"default-src &#39;none&#39;", "&lt;script&gt;", "the host is not allowed", "Rehearsal:", "send a test mail"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// A re-exported bundle has a ledger of its own; the one of the import before is
// good for a drift report alone, and says nothing of secrets under another key.
func TestDriftTakesTheLedgerOfAnEarlierBundle(t *testing.T) {
	m := newMemory()
	o := optionsFor(t, m, bundleOf(smtp("A"), smtp("B")), schema.Connections)
	rig.Get(Run(t.Context(), o)).Or(t)
	exported := smtp("B")
	exported.Password.Fingerprint = "00000001:" + strings.Repeat("0", 64)
	later := *bundleOf(smtp("A"), exported)
	later.Manifest.ID = strings.Repeat("e", 32)
	o.Bundle = &later
	d, err := Drift(t.Context(), o)
	if err != nil || d.Items[0].Secret != SecretAsImported || d.Items[1].Secret != SecretNotComparable || d.Differs() {
		t.Errorf("%v, %+v", err, d)
	}
	var text strings.Builder
	if err := d.Text(&text, 200); err != nil || !strings.Contains(text.String(), "B: Password not comparable with what was imported on ") {
		t.Errorf("%v\n%s", err, text.String())
	}
	if _, err := MakePlan(t.Context(), o); err == nil {
		t.Error("a plan took the ledger of another bundle")
	}
	m.site.URL = "page+https://cloud.example/apps"
	d, err = Drift(t.Context(), o)
	if err != nil || d.Items[0].Secret != SecretAsImported || len(d.Notes) != 1 || !strings.Contains(d.Notes[0], "an import into ") {
		t.Errorf("by the other way in: %v, %+v", err, d)
	}
	m.site.URL = "https://other.example"
	if _, err := Drift(t.Context(), o); err == nil {
		t.Error("drift took the ledger of another Cloud")
	}
}

// What a rerun or a dry run says is true of this run, in every form.
func TestReportsTellThisRunFromEarlierOnes(t *testing.T) {
	m := newMemory()
	o := optionsFor(t, m, bundleOf(smtp("A"), smtp("B")), schema.Connections)
	said := func(run func(context.Context, Options) (*Report, error)) (*Report, string) {
		rep := rig.Get(run(t.Context(), o)).Or(t)
		var text, page strings.Builder
		rig.OK(t, errors.Join(rep.Text(&text, 200), rep.HTML(&page)))
		if !IsReport([]byte(page.String())) || !o.IsReport([]byte(page.String())) {
			t.Error("the page is not known for this import's")
		}
		other := o
		other.List = schema.Credentials
		if other.IsReport([]byte(page.String())) {
			t.Error("the page is taken for another import's")
		}
		return rep, text.String() + page.String()
	}
	for _, c := range []struct {
		run       func(context.Context, Options) (*Report, error)
		want, not string
	}{
		{DryRun, "2 would be written", "written by|already there"},
		{Run, "2 written", "would|already there"},
		{Run, "0 written, 2 by an earlier run", "would|2 written"},
		{DryRun, "0 would be written, 2 by an earlier run", "would write"},
	} {
		rep, text := said(c.run)
		if strings.Count(text, c.want) != 2 {
			t.Errorf("%q is not said in text and page: %s", c.want, text)
		}
		for not := range strings.SplitSeq(c.not, "|") {
			if strings.Contains(text, not) {
				t.Errorf("%q is said: %s", not, text)
			}
		}
		if rep.Items[0].Earlier != (strings.Count(text, "already there since ") == 4) {
			t.Errorf("already there: %s", text)
		}
	}
}

func TestNothingLeftIsNotPartlyDone(t *testing.T) {
	if err := (&PartialError{Cause: errors.New("cannot look")}).Error(); strings.Contains(err, "partly") || strings.Contains(err, "0 left") {
		t.Error(err)
	}
}

func TestOfManyNamesAlikeOnCloudTenAreTold(t *testing.T) {
	m := newMemory()
	for n := range 40 {
		m.put(smtp("Support" + strings.Repeat(" ", n+1)))
	}
	own := smtp("Support   ") // is the bundle's, so no mistake
	d := rig.Get(Drift(t.Context(), optionsFor(t, m, bundleOf(own, smtp("Support"), smtp("support")), schema.Connections))).Or(t)
	for _, it := range d.Items[1:] {
		if len(it.Near) != 10 || slices.Contains(it.Near, own.Name) {
			t.Errorf("%s: near %q", it.Name, it.Near)
		}
	}
}

func TestPlanText(t *testing.T) {
	m := newMemory()
	old := smtp("Sales")
	old.SMTPPort = 25
	m.put(old)
	m.put(smtp("büro"))
	o := optionsFor(t, m, bundleOf(credential("Google"), oauth("Support", "Google"), smtp("Sales"), smtp("Büro")), schema.Connections)
	o.Conflicts.Policy, o.Watch.Now = Overwrite, atNoon
	p := rig.Get(MakePlan(t.Context(), o)).Or(t)
	var b strings.Builder
	rig.OK(t, p.Text(&b, 200))
	want := `Plan for https://cloud.example

credentials
  create     Google

connections
  create     Support: after credential Google
  change     Sales
               SMTP Port: 25 → 587
               Password stays as Cloud has it
  conflict   Büro
               Cloud has "büro", which is not "Büro": only case, blanks or Unicode form differ

2 create, 1 change, 1 conflict
`
	if got := b.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if !p.Changes() {
		t.Error("a plan with changes says that there are none")
	}
}

func TestDriftFitsANarrowTerminal(t *testing.T) {
	long := strings.Repeat("顧客対応窓口", 8)
	d := &DriftReport{Cloud: "https://cloud.example", Items: []DriftItem{{List: schema.Connections, Name: long, State: Drifted,
		Changes: []Change{{Label: "Description", From: long, To: "a " + long}}}}}
	var b strings.Builder
	rig.OK(t, d.Text(&b, 50))
	for line := range strings.Lines(b.String()) {
		if n := runewidth.StringWidth(strings.TrimSpace(line)); n > 50 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if got := strings.Count(strings.Join(strings.Fields(b.String()), ""), long); got != 3 {
		t.Errorf("the name stands there %d times of 3:\n%s", got, b.String())
	}
}

func TestWhatIsBlockedIsToldHowToGoOn(t *testing.T) {
	missing := smtp("Waiting")
	missing.Password = &schema.Marker{State: schema.Missing}
	m := newMemory()
	o := optionsFor(t, m, bundleOf(credential("C"), smtp("S"), missing), schema.Connections)
	o.Select.ReadyOnly = true
	rep, err := Run(t.Context(), o)
	if how := rep.HowToGoOn(err); !strings.HasPrefix(how, "give what is missing with --secrets FILE, or fill the server bundle") {
		t.Errorf("a secret is missing: %q", how)
	}
	o = optionsFor(t, newMemory(), bundleOf(credential("C"), oauth("A", "C"), smtp("S")), schema.Connections)
	o.Select.ReadyOnly = true
	rep, err = Run(t.Context(), o)
	if how := rep.HowToGoOn(err); !strings.HasPrefix(how, "run mailferry import credentials first; then run this again") {
		t.Errorf("a credential is missing: %v, %q", err, how)
	}
	rep = reported(t)
	if how := rep.HowToGoOn(&PartialError{Left: 2}); !strings.HasPrefix(how, "run the same command again") || !strings.Contains(how, "for what is blocked: give what is missing with --secrets FILE") {
		t.Errorf("one failed and one is blocked: %q", how)
	}
}

func TestDriftComparesEveryFieldAndLeavesOthersAlone(t *testing.T) {
	m := newMemory()
	o := optionsFor(t, m, bundleOf(smtp("Same"), smtp("Drifted"), smtp("Gone")), schema.Connections)
	o.Watch.Now = atNoon
	rig.Get(Run(t.Context(), o)).Or(t)
	d, err := Drift(t.Context(), o)
	if err != nil || d.Differs() {
		t.Fatalf("right after the import: %v, %+v", err, d)
	}
	var kept []Remote
	for _, r := range m.lists[schema.Connections] {
		switch r.Item.ItemName() {
		case "Gone":
			continue
		case "Drifted":
			c := smtp("Drifted")
			c.Debug, c.Username = true, "somebody"
			r.Item = bare(c)
		}
		kept = append(kept, r)
	}
	m.lists[schema.Connections] = append(kept, Remote{"99", bare(smtp("Theirs"))})
	if d, err = Drift(t.Context(), o); err != nil || !d.Differs() {
		t.Fatalf("%v, %+v", err, d)
	}
	var b strings.Builder
	rig.OK(t, d.Text(&b, 200))
	want := `The bundle and https://cloud.example

connections
  same       Same: Password as imported on 2026-01-31 12:00 UTC
  drift      Drifted: Password as imported on 2026-01-31 12:00 UTC
               Username: Cloud has somebody, the bundle mailer
               Debug: Cloud has true, the bundle false
  missing    Gone
  not ours   Theirs

there are differences
`
	if got := b.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}

	o.Ledger.Path = ""
	o.Select.Include = []string{"Same"}
	if d, err = Drift(t.Context(), o); err != nil || d.Differs() || d.Items[0].Secret != SecretUnknown {
		t.Errorf("without a ledger: %v, %+v", err, d)
	}
}

// Adding a field to the schema is enough for it to be compared: every visible
// field of both lists is changed once and has to be named.
func TestEveryVisibleFieldIsCompared(t *testing.T) {
	for _, it := range []schema.Item{credential("C"), smtp("A")} {
		for _, f := range schema.FieldsOf(it) {
			if f.Secret {
				continue
			}
			other := bare(it)
			var v any
			switch f.Type {
			case schema.Integer:
				v = 4711
			case schema.Boolean:
				v = true
			default:
				v = "something else"
			}
			rig.OK(t, schema.Set(other, f.Name, v))
			got := compare(other, it)
			if len(got) != 1 || got[0].Field != f.Name {
				t.Errorf("%s: %+v", f.Name, got)
			}
		}
	}
}
