package report_test

import (
	"bytes"
	"encoding/csv"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/go-json-experiment/json"
	"github.com/mattn/go-runewidth"

	"github.com/mailferry/mailferry/internal/findings"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/report"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

func TestJSONIsWhatItsSchemaPromises(t *testing.T) {
	var out bytes.Buffer
	r := sampleReport(t)
	r.Bundles = append(r.Bundles, audited(t, "empty.age", &schema.Bundle{Format: schema.CloudFormat, Manifest: serverBundle().Manifest}, nil))
	r.Bundles[1].Signatures = []report.Signature{{File: "x.statement", State: "invalid", Why: "the signature is not good"}}
	rig.OK(t, report.JSON(&out, r))
	var doc struct {
		Bundles []struct {
			Digest   string
			Findings []struct{ ID, Severity, Why, Do, Place, Item, Label string }
			Road     []report.Link
		}
		Format, Created, Tool, Policy string
		Summary                       struct{ Errors, Excepted, Connections int }
	}
	var generic map[string]any
	if err := schema.DecodeFile("audit-report", out.Bytes(), &generic); err != nil {
		t.Fatalf("%v\n%s", err, out.Bytes())
	}
	rig.OK(t, json.Unmarshal(out.Bytes(), &doc, json.MatchCaseInsensitiveNames(true)))
	if doc.Summary.Connections != 6 || doc.Summary.Excepted != 1 || doc.Summary.Errors != findings.Count(r.Bundles[0].Findings).Errors+findings.Count(r.Bundles[1].Findings).Errors {
		t.Errorf("summary %+v", doc.Summary)
	}
	i := slices.IndexFunc(doc.Bundles[0].Findings, func(f struct{ ID, Severity, Why, Do, Place, Item, Label string }) bool { return f.ID == "host-private" })
	if i < 0 || doc.Bundles[0].Findings[i].Place != "connections[1].host" || doc.Bundles[0].Findings[i].Label != "Host" {
		t.Errorf("findings %+v", doc.Bundles[0].Findings)
	}
}

func TestTheRoadTellsClaimsFromSignatures(t *testing.T) {
	b := sampleReport(t).Bundles[0]
	var got []string
	for _, l := range report.Road(b.Bundle, b.Signatures) {
		got = append(got, strings.Join([]string{l.Step, l.Time.Format("02T15:04:05"), l.Signer, l.Decision, strings.Join(l.Unsigned, "+"), l.Remark}, " "))
	}
	want := []string{
		"export 26T09:12:05 ivan@corp.example  tool+note ",
		"rekey 27T16:40:31   step+time+tool+note ",
		"review 28T08:00:00 anna@corp.example approve  ",
		"review 28T09:00:00  approve step+time nobody listed signs with this key",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the road is %q\nwant %q", got, want)
	}
}

func TestTextFitsTheTerminalAndSteersNothing(t *testing.T) {
	for _, width := range []int{40, 60, 80, 132} {
		var out bytes.Buffer
		rig.OK(t, report.Text(&out, sampleReport(t), human.Terminal{Width: width}))
		for line := range strings.Lines(out.String()) {
			line = strings.TrimSuffix(line, "\n")
			if w := runewidth.StringWidth(line); w > width {
				t.Errorf("width %d: a line of %d: %q", width, w, line)
			}
			for _, r := range line {
				if !unicode.IsPrint(r) {
					t.Errorf("%U reaches the terminal in %q", r, line)
				}
			}
		}
		flat := strings.Join(strings.Fields(out.String()), " ")
		for _, want := range []string{
			sampleReport(t).Bundles[0].Digest, "7 errors", "1 excepted", "‹U+202E›", "‹U+001B›", "‹U+0000›", "‹U+200B›", "10.20.0.25",
			"excepted until 2026-05-31", "signed by ivan@corp.example", "unsigned claim", "missing: the password column",
		} {
			if !strings.Contains(flat, want) && !strings.Contains(strings.ReplaceAll(flat, " ", ""), strings.ReplaceAll(want, " ", "")) {
				t.Errorf("width %d: lacks %q", width, want)
			}
		}
	}
}

func TestAReaderWithoutALabelLeavesNoBlankLine(t *testing.T) {
	b := serverBundle()
	b.Manifest.Recipients = []schema.KeyHolder{{Key: "age1nameless"}}
	var out bytes.Buffer
	rig.OK(t, report.Text(&out, &report.Report{Bundles: []*report.Bundle{audited(t, "b.age", b, nil)}}, human.Terminal{Width: 50}))
	lines := strings.Split(out.String(), "\n")
	i := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, "age1nameless") })
	if i < 1 || strings.TrimSpace(lines[i-1]) == "" {
		t.Errorf("the key stands at line %d of\n%s", i, out.String())
	}
}

func TestColourOnlyWhenTold(t *testing.T) {
	var plain, coloured bytes.Buffer
	rig.OK(t, report.Text(&plain, sampleReport(t), human.Terminal{}))
	rig.OK(t, report.Text(&coloured, sampleReport(t), human.Terminal{Colour: true}))
	if strings.Contains(plain.String(), "\x1b") || !strings.Contains(coloured.String(), "\x1b[31m") {
		t.Error("colours are not as told")
	}
}

func TestCSVHoldsNoFormula(t *testing.T) {
	var out bytes.Buffer
	r := sampleReport(t)
	r.Bundles[0].File = "=cmd|' /C calc'!A0"
	r.Bundles[0].Bundle.Connections[1].(*schema.ServerConnection).Name = formula
	r.Bundles[0] = audited(t, r.Bundles[0].File, r.Bundles[0].Bundle, nil)
	rig.OK(t, report.CSV(&out, r))
	text, ok := strings.CutPrefix(out.String(), "\uFEFF")
	if !ok {
		t.Error("no byte order mark: spreadsheets guess the encoding")
	}
	rows := rig.Get(csv.NewReader(strings.NewReader(text)).ReadAll()).Or(t)
	if len(rows) != 1+len(r.Bundles[0].Findings) {
		t.Errorf("%d lines for %d findings", len(rows), len(r.Bundles[0].Findings))
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
				t.Errorf("a spreadsheet would run %q", cell)
			}
		}
	}
	if !slices.ContainsFunc(rows, func(row []string) bool { return row[6] == "'"+formula }) {
		t.Error("the hostile name is not there, guarded")
	}
}

// failing fails after a while, as a full disk does.
type failing struct{ left int }

func (f *failing) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, io.ErrShortWrite
	}
	return len(b), nil
}

func TestAFullDiskIsTold(t *testing.T) {
	r := sampleReport(t)
	for name, write := range map[string]func(io.Writer) error{
		"text": func(w io.Writer) error { return report.Text(w, r, human.Terminal{}) },
		"html": func(w io.Writer) error { return report.HTML(w, r) },
		"json": func(w io.Writer) error { return report.JSON(w, r) },
		"csv":  func(w io.Writer) error { return report.CSV(w, r) },
	} {
		if err := write(&failing{100}); err == nil {
			t.Errorf("%s: nothing was written and nobody knows", name)
		}
	}
}
