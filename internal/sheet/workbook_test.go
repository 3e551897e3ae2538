package sheet

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

// testdata holds what LibreOffice 7.4 wrote: workbooks, and sheets in other locales.
func testdata(t *testing.T, name string) []byte {
	t.Helper()
	raw := rig.Get(os.ReadFile(filepath.Join("testdata", name))).Or(t)
	return raw
}

func parseAll(raw []byte, encoding string) (all []*Items, warnings []string, err error) {
	all, err = Parse(raw, schema.ServerFormat, Options{Encoding: encoding, Warn: func(w schema.Warning) { warnings = append(warnings, w.String()) }})
	return all, warnings, err
}

func TestAWorkbookIsReadCellByCell(t *testing.T) {
	all, warnings, err := parseAll(testdata(t, "fine.xlsx"), "")
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 || all[0].Tab != "Connections" || all[1].Tab != "Credentials" || len(all[0].Rows) != 2 {
		t.Fatalf("%+v", all)
	}
	got, _ := all[0].Rows[0].Item.(*schema.ServerConnection)
	want := schema.ServerConnection{Name: "Büro 📮", Description: "zweiZeilen; „Zitat“", FromAddress: "buero@example.com", ConnectMode: "SMTP",
		Encryption: "STARTTLS", Username: `CORP\mailer`, Host: "mail.example.com", Port: 587, Debug: true}
	if fmt.Sprintf("%+v", *got) != fmt.Sprintf("%+v", want) || all[0].Rows[0].Secret.Reveal() != `007;"x"` || all[0].Rows[1].Row != 4 {
		t.Errorf("got %+v in row %d", *got, all[0].Rows[1].Row)
	}
	if c, _ := all[1].Rows[0].Item.(*schema.ServerCredential); c.CallbackURL != "https://jira.example.com/cb" {
		t.Errorf("Redirect URI is not read as Callback URL: %+v", c)
	}
	if !slices.ContainsFunc(warnings, func(s string) bool { return strings.HasPrefix(s, `tab "Notes": not read: row 1: is not a header`) }) {
		t.Errorf("%q", warnings)
	}
}

func TestWhatASpreadsheetMadeOfACellIsSeen(t *testing.T) {
	_, warnings, err := parseAll(testdata(t, "mangled.xlsx"), "")
	want := []string{
		`tab "Connections": row 2, Password (G2): holds a date or another number with a form of its own, not the text that was typed`,
		`tab "Connections": row 3, Port (I3): not between 1 and 65535`,
		`tab "Connections": row 3, Debug (J3): neither true nor false (yes/no, on/off, 1/0)`,
	}
	if got := schema.ErrorLines(err); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	for _, cell := range []string{"row 3, Username (F3)", "row 3, Password (G3)"} {
		if !slices.ContainsFunc(warnings, func(s string) bool { return strings.Contains(s, cell+": is kept as a number") }) {
			t.Errorf("%s: %q", cell, warnings)
		}
	}
}

func TestWhatAWorkbookKeepsAsNoTextIsSeen(t *testing.T) {
	row := func(c, d string) string {
		return `<row r="2">` + label("A2", "Desk") + label("B2", "SMTP") + c + d + `</row>`
	}
	_, warnings, err := cells(t, row(`<c r="C2" t="b"><v>1</v></c>`, `<c r="D2" t="b"><v>0</v></c>`), "")
	for _, cell := range []string{"row 2, Username (C2)", "row 2, Password (D2)"} {
		if !slices.ContainsFunc(warnings, func(s string) bool { return strings.Contains(s, cell+": is kept as true or false") }) {
			t.Errorf("%s: %v, %q", cell, err, warnings)
		}
	}
	// Whatever the text, t="e" is an error: no spreadsheet's language has to be known.
	_, warnings, err = cells(t, row(`<c r="C2" t="e"><v>Hunter-2</v></c>`, `<c r="D2" t="e"><v>Hunter-2</v></c>`), "")
	if err == nil || err.Error() != `tab "Connections": row 2, Password (D2): shows the error of a formula, not a value` {
		t.Errorf("%v", err)
	}
	if !slices.ContainsFunc(warnings, func(s string) bool {
		return strings.Contains(s, "row 2, Username (C2): shows the error of a formula, not a value")
	}) {
		t.Errorf("%q", warnings)
	}
}

func TestADoubtfulSecretIsToldApart(t *testing.T) {
	doubts := map[string]bool{}
	_, _ = Parse(testdata(t, "mangled.xlsx"), schema.ServerFormat, Options{Warn: func(w schema.Warning) { doubts[w.Name] = w.Doubt }})
	if doubts["row 3, Username (F3)"] || !doubts["row 3, Password (G3)"] {
		t.Errorf("%v", doubts)
	}
}

func TestASheetOfAnotherLocaleNeedsItsCodePageForSecretsAlone(t *testing.T) {
	raw := testdata(t, "windows-1251.csv")
	_, _, err := parseAll(raw, "")
	if err == nil || !strings.Contains(err.Error(), "row 2, Password: has letters beyond ASCII, and the file's encoding is a guess") ||
		!strings.Contains(schema.HintOf(err), "--encoding windows-1251") {
		t.Errorf("%v", err)
	}
	all, _, err := parseAll(raw, "windows-1251")
	if err != nil || all[0].Rows[0].Item.ItemName() != "Отдел" || all[0].Rows[0].Secret.Reveal() != "Пароль-7" {
		t.Errorf("%v %+v", err, all)
	}
	if _, _, err := parseAll(raw, "windows-12519"); err == nil || !strings.Contains(err.Error(), "no encoding is called") {
		t.Errorf("%v", err)
	}
	if _, _, err := parseAll(raw, "utf-8"); err == nil || !strings.Contains(err.Error(), `has bytes that "utf-8" does not have`) {
		t.Errorf("%v", err)
	}
	if all, _, err := parseAll(testdata(t, "utf-16-tabs.csv"), "cp850"); err != nil || all[0].Rows[0].Item.ItemName() != "Büro 📮" {
		t.Errorf("a byte order mark does not settle the encoding: %v", err)
	}
	if all, _, err := parseAll([]byte(head+"B\x81ro,,,,SMTP,,u,p\x84ss,h,25,,\n"), "cp850"); err != nil || all[0].Rows[0].Secret.Reveal() != "päss" {
		t.Errorf("a code page of DOS: %v", err)
	}
}

func TestACodePageIsForTheFilesThatAreInIt(t *testing.T) {
	row := func(secret string) []byte { return []byte(head + "Desk,,,,SMTP,,u," + secret + ",h,25,,\n") }
	for _, c := range []struct {
		raw              []byte
		page, want, said string
	}{
		{row("Größe"), "windows-1252", "Größe", "read as UTF-8, which all of it is, not as windows-1252"},
		{row("Größe"), "cp850", "Größe", "read as UTF-8, which all of it is, not as cp850"},
		{row("пароль"), "koi8-r", "пароль", "read as UTF-8, which all of it is, not as koi8-r"},
		{row("Größe"), "UTF-8", "Größe", ""},
		{row("Gr\xf6\xdfe"), "windows-1252", "Größe", "read as windows-1252"},
		{row("hunter2"), "windows-1252", "hunter2", "read as windows-1252"},
		{row("\x1b$B%Q%9\x1b(B"), "iso-2022-jp", "パス", "read as iso-2022-jp"},
		{row("\x83p\x83X"), "shift_jis", "パス", "read as shift_jis"},
		{row("Größe"), "euc-jp", "Größe", "read as UTF-8, which all of it is, not as euc-jp"}, // which lacks the bytes
	} {
		all, warnings, err := parseAll(c.raw, c.page)
		if err != nil || all[0].Rows[0].Secret.Reveal() != c.want {
			t.Errorf("%q as %s is read otherwise: %v", c.raw, c.page, err)
		}
		if said := strings.Join(warnings, "; "); said != c.said {
			t.Errorf("%q as %s: said %q, want %q", c.raw, c.page, said, c.said)
		}
	}
	if _, _, err := parseAll(row("Größe"), "gbk"); err == nil || !strings.Contains(err.Error(), `may be UTF-8 as well as "gbk"`) {
		t.Errorf("%v", err)
	}
}

func TestTheSeparatorsLineIsReadInAllItsForms(t *testing.T) {
	for line, want := range map[string]bool{"sep=;": true, "SEP=;": true, `"sep=;"`: true, `"sep=;";;`: true, "sep=;;;;;": true, "sep=": true, `"sep=";;;`: true, "sep=|": false, "sep=;x": false} {
		for _, end := range []string{"\n", "\r\n", "\r"} {
			_, _, err := parse([]byte(line + end + "Name;Protocol;Host" + end + "A;SMTP;h" + end))
			if (err == nil) != want {
				t.Errorf("%q: %v", line+end, err)
			}
		}
	}
	if s, _ := mustParse(t, []byte("sep=\\t\nName\tConnect Mode:\tHost *\nA\tSMTP\th\n")); connection(t, s, 0).Host != "h" {
		t.Error("labels with a colon or a star are not known")
	}
}

func TestAnUnknownColumnMayBeKept(t *testing.T) {
	_, _, err := parse([]byte("Name,Connect Mode,owner\nA,SMTP,x\n"))
	if h := schema.HintOf(err); !strings.Contains(h, `label it "Extra: owner"; else leave it out`) {
		t.Errorf("%v, hint %q", err, h)
	}
	for _, label := range []string{"SMTP Password", "Kennwort", "smtppasswd", "Client-Secret", "Password (SMTP)", "mot de passe", "Пароль", "パスワード"} {
		_, _, err := parse([]byte("Name,Connect Mode," + label + "\nA,SMTP,x\n"))
		if h := schema.HintOf(err); !strings.Contains(h, `in the column "Password"`) || strings.Contains(h, "Extra") {
			t.Errorf("%v, hint %q", err, h)
		}
		_, _, err = parse([]byte("Name,Connect Mode,extra: " + label + "\nA,SMTP,x\n"))
		if err == nil || !strings.Contains(err.Error(), "looks like a column of secrets") {
			t.Errorf("Extra: %s: %v", label, err)
		}
	}
	for _, label := range []string{"Secretary", "Bypass", "Compass heading", "Spwdr"} {
		if _, _, err := parse([]byte("Name,Connect Mode,Extra: " + label + "\nA,SMTP,x\n")); err != nil {
			t.Errorf("Extra: %s: %v", label, err)
		}
	}
}

func TestTheWorkbookTemplateReadsBackOnceItHasRows(t *testing.T) {
	raw := rig.Get(WorkbookTemplate(schema.ServerFormat)).Or(t)
	if _, _, err := parseAll(raw, ""); err == nil || !strings.Contains(err.Error(), "has a header and no rows") {
		t.Errorf("empty: %v", err)
	}
	f := rig.Get(excelize.OpenReader(bytes.NewReader(raw))).Or(t)
	for _, tab := range []string{"Connections", "Credentials"} {
		dvs, err := f.GetDataValidations(tab)
		if want := map[string]int{"Connections": 2}[tab]; err != nil || len(dvs) != want {
			t.Errorf("%s: %d drop-downs, %v", tab, len(dvs), err)
		}
		style, err := f.GetCellStyle(tab, "G2")
		if s, err2 := f.GetStyle(style); err != nil || err2 != nil || s.NumFmt != 49 {
			t.Errorf("%s: cells are no text: %v %v", tab, err, err2)
		}
	}
	for cell, v := range map[string]string{"A2": "Desk", "E2": "SMTP", "H2": "0123", "J2": "587", "K2": "true"} {
		rig.OK(t, f.SetCellStr("Connections", cell, v))
	}
	var out bytes.Buffer
	rig.OK(t, f.Write(&out))
	all, warnings, err := parseAll(out.Bytes(), "")
	if err != nil || len(all) != 1 || all[0].Rows[0].Secret.Reveal() != "0123" || connection(t, all[0], 0).Port != 587 {
		t.Errorf("%v %+v", err, all)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], `tab "Credentials": not read: has a header and no rows`) {
		t.Errorf("%q", warnings)
	}
}

// changed is fine.xlsx with the part of its first tab in other words.
func changed(t *testing.T, part string, write func(w io.Writer)) []byte {
	t.Helper()
	raw := testdata(t, "fine.xlsx")
	r := rig.Get(zip.NewReader(bytes.NewReader(raw), int64(len(raw)))).Or(t)
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range r.File {
		to := rig.Get(w.Create(f.Name)).Or(t)
		if f.Name == part {
			write(to)
			continue
		}
		from := rig.Get(f.Open()).Or(t)
		rig.Get(io.Copy(to, from)).Or(t)
	}
	rig.OK(t, w.Close())
	return out.Bytes()
}

const part1, begin1, end1 = "xl/worksheets/sheet1.xml", `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`, `</sheetData></worksheet>`

func label(cell, text string) string {
	return `<c r="` + cell + `" t="inlineStr"><is><t>` + text + `</t></is></c>`
}

// cells parses a tab with Name, Connect Mode, Username and Password in its first row,
// and the rows below, as a workbook has them; after stands behind all rows.
func cells(t *testing.T, rows, after string) (all []*Items, warnings []string, err error) {
	t.Helper()
	header := `<row r="1">` + label("A1", "Name") + label("B1", "Connect Mode") + label("C1", "Username") + label("D1", "Password") + `</row>`
	return parseAll(changed(t, part1, func(w io.Writer) {
		fmt.Fprint(w, begin1, header, rows, strings.Replace(end1, "</worksheet>", after+"</worksheet>", 1))
	}), "")
}

func TestACellWithoutItsResultIsAnError(t *testing.T) {
	desk := label("A2", "Desk") + label("B2", "SMTP") + label("C2", "u")
	for _, c := range []struct{ rows, want string }{
		{`<row r="2">` + desk + `<c r="D2"><f>F2</f></c></row>`, "row 2, Password (D2)"},
		{`<row r="2">` + desk + `<c r="D2"><f>F2</f><v/></c></row>`, "row 2, Password (D2)"},
		{`<row r="2">` + desk + `<c r="D2" t="str"><f>F2</f></c></row>`, "row 2, Password (D2)"},
		{`<row r="2">` + desk + `</row><row r="3"><c r="A3"><f>A2</f><v></v></c></row>`, "row 3, Name (A3)"},
		{`<row r="2">` + label("A2", "Desk") + label("B2", "SMTP") + `<c r="C2"><f>F2</f></c>` + label("D2", "p") + `</row>`, "row 2, Username (C2)"},
		{`<row r="2">` + desk + `<c r="D2" t="str"><f>F2</f><v>p</v></c></row>`, ""},
		{`<row r="2">` + desk + `<c r="D2" t="str"><f>F2</f><v></v></c></row>`, ""}, // whose result is no text
		{`<row r="2">` + desk + `<c r="D2" t="inlineStr"><f>F2</f><is><t>p</t></is></c></row>`, ""},
	} {
		_, _, err := cells(t, c.rows, "")
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want+": holds a formula whose result is not stored")) {
			t.Errorf("%s: %v, want %s", c.rows, err, c.want)
		}
	}
}

func TestMergedCellsAreAnErrorWhereAValueIsLost(t *testing.T) {
	rows := ""
	for r := 2; r <= 4; r++ {
		n := fmt.Sprint(r)
		rows += `<row r="` + n + `">` + label("A"+n, "Desk"+n) + label("B"+n, "SMTP") + `</row>`
	}
	rows += `<row r="6">` + label("A6", "Desk6") + label("B6", "SMTP") + `</row>`
	for ref, want := range map[string]bool{
		"D2:D4": true, "C3:D3": true, "D4:D6": true, "D1:D2": true, "A1:XFD1048576": true, "$D$2:$D$3": true,
		"D2": false, "D2:F2": false, "D4:D5": false, "E2:F4": false, "C1:D1": false, "A7:D9": false, "D5:D5": false, "A5:D5": false, "": false, "x:y": false,
	} {
		_, _, err := cells(t, rows, `<mergeCells count="1"><mergeCell ref="`+ref+`"/></mergeCells>`)
		if got := err != nil && strings.Contains(err.Error(), `tab "Connections": `+ref+": merged cells"); got != want || !want && err != nil {
			t.Errorf("%s: %v", ref, err)
		}
	}
}

func TestAHostileWorkbookIsRefused(t *testing.T) {
	header := `<row r="1">` + label("A1", "Name") + label("B1", "Connect Mode") + `</row>`
	for name, c := range map[string]struct {
		write func(w io.Writer)
		want  string
	}{
		"a bomb": {func(w io.Writer) {
			fmt.Fprint(w, begin1, header)
			blank := bytes.Repeat([]byte(" "), 1<<20)
			for range 65 {
				_, _ = w.Write(blank)
			}
			fmt.Fprint(w, end1)
		}, "a workbook larger than 64 MiB unzipped"},
		"many elements": {func(w io.Writer) {
			fmt.Fprint(w, begin1, header, strings.Repeat("<row/>", maxTags), end1)
		}, "a workbook of more than 2000000 elements"},
		"a far column": {func(w io.Writer) {
			fmt.Fprint(w, begin1, header, `<row r="2">`, label("XFD2", "x"), `</row>`, end1)
		}, "has more than 256 columns"},
		"a long cell": {func(w io.Writer) {
			fmt.Fprint(w, begin1, header, `<row r="2">`, label("A2", strings.Repeat("x", MaxCell+1)), `</row>`, end1)
		}, "row 2, Name (A2): longer than"},
		"broken": {func(w io.Writer) { fmt.Fprint(w, begin1, header, `<row r="2"><c`) }, "tab \"Connections\""},
	} {
		_, _, err := parseAll(changed(t, part1, c.write), "")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// LibreOffice writes the last row of all where a column has a format.
	all, _, err := parseAll(changed(t, part1, func(w io.Writer) {
		fmt.Fprint(w, begin1, header, `<row r="2">`, label("A2", "Desk"), label("B2", "SMTP"), `</row><row r="1048576"/>`, end1)
	}), "")
	if err != nil || len(all) != 2 || len(all[0].Rows) != 1 {
		t.Errorf("with a last row: %v", err)
	}
}
