package sheet

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
	"golang.org/x/text/encoding/charmap"
)

const head = "Name,Description,From Address,Prefix,Connect Mode,Encryption,Username,Password,Host,Port,Debug,OAuth2 Credentials\n"

// parse reads a sheet in Server's terms and returns its warnings beside it.
func parse(raw []byte) (*Items, []string, error) {
	var warnings []string
	all, err := Parse(raw, schema.ServerFormat, Options{Warn: func(w schema.Warning) { warnings = append(warnings, w.String()) }})
	if err != nil {
		return nil, warnings, err
	}
	return all[0], warnings, nil
}

func mustParse(t *testing.T, raw []byte) (*Items, []string) {
	t.Helper()
	s, warnings, err := parse(raw)
	if err != nil {
		t.Fatalf("Parse: %v (hint: %s)", err, schema.HintOf(err))
	}
	return s, warnings
}

func connection(t *testing.T, s *Items, i int) *schema.ServerConnection {
	t.Helper()
	c, ok := s.Rows[i].Item.(*schema.ServerConnection)
	if !ok {
		t.Fatalf("row %d is a %T", s.Rows[i].Row, s.Rows[i].Item)
	}
	return c
}

func TestEveryFieldIsKeptExactly(t *testing.T) {
	s, warnings := mustParse(t, []byte(head+
		`Büro 📮,"two`+"\r\n"+`lines, a ""quote""",büro@example.com,[B],SMTP,STARTTLS,CORP\mailer,"p;w""d",mail.example.com, 587 , Yes ,'=Google`+"\n"))
	want := schema.ServerConnection{
		Name: "Büro 📮", Description: "two\r\nlines, a \"quote\"", FromAddress: "büro@example.com", Prefix: "[B]", ConnectMode: "SMTP",
		Encryption: "STARTTLS", Username: `CORP\mailer`, Host: "mail.example.com", Port: 587, Debug: true, OAuth2Credentials: "'=Google",
	}
	got := connection(t, s, 0)
	if fmt.Sprintf("%+v", *got) != fmt.Sprintf("%+v", want) {
		t.Errorf("got  %+v\nwant %+v", *got, want)
	}
	if s.Rows[0].Secret.Reveal() != `p;w"d` {
		t.Error("the password is not what the cell holds")
	}
	if s.List != schema.Connections || len(warnings) != 0 {
		t.Errorf("list %s, warnings %q", s.List, warnings)
	}
}

func TestHeaderComesInAnyOrderCaseAndBlanks(t *testing.T) {
	s, _ := mustParse(t, []byte("  PORT ,connect   mode,\u00a0Host,NAME,extra:  shared_Mailbox\n25,SMTP,relay.example.com,Relay,yes\n"))
	c := connection(t, s, 0)
	if c.Name != "Relay" || c.Port != 25 || c.Host != "relay.example.com" || c.Extra["shared_Mailbox"] != "yes" {
		t.Errorf("got %+v", c)
	}
}

func TestListIsToldByHeader(t *testing.T) {
	tests := []struct {
		name, format, sheet string
		want                schema.List
	}{
		{"server connections", schema.ServerFormat, "Name,Connect Mode\nA,SMTP\n", schema.Connections},
		{"server credentials", schema.ServerFormat, "Name,Client ID,Client Secret\nA,1,s\n", schema.Credentials},
		{"cloud connections share a label with credentials", schema.CloudFormat, "Name,Service provider,From Email Address\nA,General SMTP service,a@example.com\n", schema.Connections},
		{"cloud credentials", schema.CloudFormat, "Name,Service Provider,Client ID\nA,Google,1\n", schema.Credentials},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			all := rig.Get(Parse([]byte(tt.sheet), tt.format, Options{Warn: func(schema.Warning) {}})).Or(t)
			s := all[0]
			if s.List != tt.want || s.Rows[0].Item.List() != tt.want || s.Rows[0].Item.ItemName() != "A" {
				t.Errorf("got %s with %+v", s.List, s.Rows[0].Item)
			}
		})
	}
}

func utf16Bytes(order binary.AppendByteOrder, text string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, u)
	}
	return out
}

func TestEncodingsAndDelimitersAreToldAndSaid(t *testing.T) {
	text := strings.ReplaceAll("Name;Connect Mode;Host\nMünchen – Süd;SMTP;mail.example.com\n", "\n", "\r\n")
	emoji := strings.Replace(text, "Süd", "Süd 📮", 1)
	latin := rig.Get(charmap.Windows1252.NewEncoder().Bytes([]byte(text))).Or(t)
	tests := []struct {
		name string
		raw  []byte
		want string // the name read
		said []string
	}{
		{"UTF-8", []byte(emoji), "München – Süd 📮", []string{"semicolons"}},
		{"UTF-8 with mark", []byte("\uFEFF" + emoji), "München – Süd 📮", []string{"semicolons"}},
		{"tabs", []byte(strings.ReplaceAll(emoji, ";", "\t")), "München – Süd 📮", []string{"tabs"}},
		{"commas", []byte(strings.ReplaceAll(emoji, ";", ",")), "München – Süd 📮", nil},
		{"old Mac line ends", []byte(strings.ReplaceAll(emoji, "\r\n", "\r")), "München – Süd 📮", []string{"semicolons"}},
		{"sep= line", []byte("sep=;\r\n" + emoji), "München – Süd 📮", []string{"semicolons"}},
		{"UTF-16 LE with mark", utf16Bytes(binary.LittleEndian, "\uFEFF"+emoji), "München – Süd 📮", []string{"read as UTF-16 little-endian", "semicolons"}},
		{"UTF-16 BE with mark", utf16Bytes(binary.BigEndian, "\uFEFF"+emoji), "München – Süd 📮", []string{"read as UTF-16 big-endian", "semicolons"}},
		{"Windows-1252", latin, "München – Süd", []string{"Windows-1252", "semicolons"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, warnings := mustParse(t, tt.raw)
			if got := s.Rows[0].Item.ItemName(); got != tt.want {
				t.Errorf("name %q, want %q", got, tt.want)
			}
			for _, w := range tt.said {
				if !slices.ContainsFunc(warnings, func(s string) bool { return strings.Contains(s, w) }) {
					t.Errorf("nothing says %q: %q", w, warnings)
				}
			}
			if len(tt.said) == 0 && slices.ContainsFunc(warnings, func(s string) bool { return !strings.HasPrefix(s, "no column") }) {
				t.Errorf("said of a plain file: %q", warnings)
			}
		})
	}
}

func TestBadSheetsAreOneClearError(t *testing.T) {
	const row = "A,,,,SMTP,,,,,,,\n"
	tests := []struct {
		name, sheet string
		want, hint  string
	}{
		{"empty", "", "empty", ""},
		{"blank lines only", "\r\n \r\n", "empty", ""},
		{"header only", head, "has a header and no rows", ""},
		{"header and blank rows", head + ",,,,,,,,,,,\n\n", "has a header and no rows", ""},
		{"not a sheet", "PK\x03\x04\x00\x00", "contains a NUL character: this is no text file", "workbook"},
		{"NUL in a cell", head + "A\x00,,,,SMTP,,,,,,,\n", "contains a NUL character: this is no text file", "workbook"},
		{"no header", "Support,hunter2,SMTP\n", "row 1: is not a header: 0 of its 3 cells are known labels", "Connect Mode"},
		{"missing column", "Name,Host\nA,h\n", `row 1: the column "Connect Mode" is missing`, "the labels of connections are: Name"},
		{"unknown column", strings.Replace(head, "Host", "Hostname", 1) + row, `row 1: unknown column "Hostname"`, `did you mean "Host"?`},
		{"misspelt column", strings.Replace(head, "Encryption", "Encrpytion", 1) + row, `row 1: unknown column "Encrpytion"`, `did you mean "Encryption"?`},
		{"misspelt required column", "Name,Conect Mode,Host\nA,SMTP,h\n", `row 1: unknown column "Conect Mode"; row 1: the column "Connect Mode" is missing`, `did you mean "Connect Mode"?`},
		{"Cloud's label on Server's sheet", strings.Replace(head, "From Address", "From Email Address", 1) + row, `unknown column "From Email Address"`, `did you mean "From Address"?`},
		{"column twice", "Name,Connect Mode,Host,host\nA,SMTP,a,b\n", `row 1: "Host" stands twice (column C and column D)`, ""},
		{"either list", "Name,Foo\nA,b\n", "row 1: the labels do not tell whether these are credentials or connections", ""},
		{"row too long", head + row + "A,b,c,d,SMTP,f,g,h,i,25,,l,m\n", "row 3: has 13 cells and the header 12", "quotes"},
		{"row too short", head + "A,b\n", "row 2: has 2 cells and the header 12", "quotes"},
		{"value without a label", "Name,,Connect Mode\nA,x,SMTP\n", "row 2, column B: has a value and no label in the header", ""},
		{"port with a letter", head + row + "\n\n" + strings.Replace(strings.Replace(row, "SMTP,,,,,,", "SMTP,,,,,58x,", 1), "A", "B", 1), "row 5, Port: not a whole number", ""},
		{"port 0", head + "A,,,,SMTP,,,,,0,,\n", "row 2, Port: not between 1 and 65535", ""},
		{"port 70000", head + "A,,,,SMTP,,,,,70000,,\n", "row 2, Port: not between 1 and 65535", ""},
		{"debug", head + "A,,,,SMTP,,,,,,maybe,\n", "row 2, Debug: neither true nor false (yes/no, on/off, 1/0)", ""},
		{"no name", head + " ,,,,SMTP,,,,,,,\n", "row 2, Name: empty", ""},
		{"no mode", head + "A,,,,,,,,,,,\n", "row 2, Connect Mode: empty", ""},
		{"name twice", head + row + "B,,,,SMTP,,,,,,,\n" + row, `row 4, Name: "A" is already the name of row 2`, ""},
		{"bare quote", head + `A,,,,SMTP,,,hun"ter2,,,,` + "\n", "row 2, Password: a quote stands in a cell that does not begin with one", "doubled"},
		{"text after a quote", head + `A,,,,SMTP,,,"hun"ter2,,,,` + "\n", "row 2, Password: goes on after its closing quote", "doubled"},
		{"open quote", head + `A,,,,SMTP,,,"hunter2,,,,` + "\n", "row 2, Password: begins with a quote and is never closed", ""},
		{"long secret", head + "A,,,,SMTP,,," + strings.Repeat("x", schema.MaxSecret+1) + ",,,,\n", "row 2, Password: longer than 16384 bytes", ""},
		{"long cell", head + "A," + strings.Repeat("x", MaxCell+1) + ",,,SMTP,,,,,,,\n", "row 2, Description: longer than 262144 bytes", ""},
		{"many columns", strings.Repeat("Name,", MaxColumns+1) + "\n", "row 1: has more than 256 columns", ""},
		{"half a surrogate", "\xff\xfeN\x00\x3d\xd8", "is UTF-16 with half a character in it, or one that stands for a lost one", ""},
		{"odd UTF-16", "\xff\xfeN\x00a", "is UTF-16 with half a character in it, or one that stands for a lost one", ""},
		{"broken UTF-8 behind a mark", "\xef\xbb\xbfName\xff", "begins as UTF-8 (with a byte order mark) and is not valid UTF-8 further down", ""},
		{"yet another encoding", "Name\x81\n", "is neither UTF-8 nor UTF-16 nor Windows-1252 (byte 4)", "CSV UTF-8"},
		{"foreign sep= line", "sep=|\nName|Connect Mode\n", "the sep= line: names a delimiter that is neither comma nor semicolon nor tab", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, warnings, err := parse([]byte(tt.sheet))
			if err == nil || s != nil {
				t.Fatalf("no error; got %+v", s)
			}
			if !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got  %q\nwant %q", err, tt.want)
			}
			if h := schema.HintOf(err); !strings.Contains(h, tt.hint) {
				t.Errorf("hint %q does not contain %q", h, tt.hint)
			}
			var inv *schema.Problem
			if !errors.As(err, &inv) {
				t.Errorf("a %T is no *schema.Problem", err)
			}
			if all := err.Error() + schema.HintOf(err) + fmt.Sprint(warnings) + fmt.Sprintf("%+v", inv); strings.Contains(all, "hunter2") || strings.Contains(all, `hun"ter2`) {
				t.Errorf("tells a value: %s", all)
			}
		})
	}
}

func TestProblemsAreCollectedAndBounded(t *testing.T) {
	var b bytes.Buffer
	b.WriteString(head)
	for i := range 500 {
		fmt.Fprintf(&b, "A%d,,,,SMTP,,,,,x,,\n", i)
	}
	_, _, err := parse(b.Bytes())
	if lines := schema.ErrorLines(err); len(lines) != schema.MostErrors+1 || lines[19] != "row 21, Port: not a whole number" || lines[20] != "and 480 more" {
		t.Errorf("%q", lines)
	}
}

func TestBlankRowsAreSkippedAndCounted(t *testing.T) {
	s, _ := mustParse(t, []byte("\n\nName,Connect Mode,Description,,\n\n,,\nA,SMTP,\"x\ny\",,\n  ,\t,\nB,SMTP,,\n"))
	if len(s.Rows) != 2 || s.Rows[0].Row != 6 || s.Rows[1].Row != 8 {
		t.Errorf("got %+v", s.Rows)
	}
}

func TestExcelsHandiworkIsWarnedOf(t *testing.T) {
	tests := []struct {
		cell string
		want bool
	}{
		{"1.2E+15", true}, {"1,23457E+14", true}, {"1E+20", true}, {"01.02.2024", true}, {"1/2/24", true}, {"2024-02-01", true},
		{"2-Jan", true}, {"02. Mrz", true}, {"Jan-24", true}, {"März 24", false}, {"Mär 24", true}, {"#####", true}, {"#NAME?", true}, {"#N/A", true},
		{"#N/D", true}, {"#Н/Д", true}, {"#¡VALOR!", true}, {"#¿NOMBRE?", true}, {"#DEĞER!", true}, {"#ССЫЛ!", true}, {"#GETTING_DATA", true},
		{"Err:502", true}, {"Err:508", true}, {"2024/02/01", true}, {"2024/2/1 12:30", true}, {"1-2-2024", true}, {"1. 2. 2024", true}, {"2024.02.01.", true},
		{"01-févr", true}, {"2-янв", true}, {"12. Ağu", true}, {"1-mai", true}, {"déc.-24", true}, {"2024年2月1日", true}, {"2月1日", true},
		{"#FF00AA", false}, {"#Winter24!", false}, {"#n/a", false}, {"#SECRET", false}, {"#HUNTER-2!", false}, {"Err:5021", false}, {"Port:502", false},
		{"1-desk", false}, {"desk-24", false}, {"2-team", false}, {"10.1.2.3", false}, {"1/2", false}, {"+49/30/1234", false}, {"1-2-3-4", false}, {"2月組", false},
		{"#DIV/0!", true}, {"#WERT!", true}, {"#REF!", true}, {"lost \uFFFD", true}, {" edge", true},
		{"mail.example.com", false}, {"10.0.0.25", false}, {"smtp-2.example.com", false}, {"#1 desk", false}, {"##", false},
		{"Since 01.02.2024", false}, {"1E5X", false}, {"587", false}, {"2-January-team", false}, {"user1e", false},
	}
	for _, tt := range tests {
		t.Run(tt.cell, func(t *testing.T) {
			_, warnings := mustParse(t, []byte(head+"A,,,,SMTP,,"+`"`+tt.cell+`"`+",,,,,\n"))
			if got := len(warnings) == 1 && strings.HasPrefix(warnings[0], "row 2, Username: "); got != tt.want {
				t.Errorf("warned %v, want %v: %q", got, tt.want, warnings)
			}
		})
	}
}

func TestMangledSecretIsWarnedOfWithoutSayingHow(t *testing.T) {
	var said []string
	for _, secret := range []string{"1.23457E+14", "01.02.2024", "#NAME?"} {
		_, warnings := mustParse(t, []byte(head+"A,,,,SMTP,,u,"+secret+",,,,\n"))
		if len(warnings) != 1 || !strings.HasPrefix(warnings[0], "row 2, Password: ") || strings.Contains(warnings[0], secret) {
			t.Errorf("%q: %q", secret, warnings)
		}
		said = append(said, warnings...)
	}
	if len(slices.Compact(said)) != 1 {
		t.Errorf("the warnings tell secrets apart: %q", said)
	}
}

func TestAbsentColumnsAreSaid(t *testing.T) {
	_, warnings := mustParse(t, []byte("Name,Connect Mode,Host,Port,Username,Password,Encryption,From Address,OAuth2 Credentials\nA,SMTP,h,25,,,,,\n"))
	if want := []string{"no column for Description, Prefix, Debug: taken as empty in every row"}; !slices.Equal(warnings, want) {
		t.Errorf("got %q", warnings)
	}
}

func FuzzParseNeverPanicsAndKeepsRowsInOrder(f *testing.F) {
	f.Add([]byte(head + "A,,,,SMTP,,,,,25,,\n"))
	f.Add(utf16Bytes(binary.LittleEndian, "\uFEFF"+head+"A,,,,SMTP,,,,,25,,\n"))
	f.Add([]byte("sep=;\nName;Connect Mode\n\"a\n\"\"b\";SMTP"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, warnings, err := parse(raw)
		if (err == nil) == (s == nil) {
			t.Fatalf("sheet %v and error %v", s, err)
		}
		if err != nil {
			warnings = append(warnings, err.Error())
		}
		for _, said := range warnings {
			if strings.ContainsFunc(said, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Fatalf("%q", said)
			}
		}
		if s == nil {
			return
		}
		written, last := [][]string{labelList(s.Columns)}, 0
		for _, r := range s.Rows {
			if r.Row <= last || r.Item.ItemName() == "" {
				t.Fatalf("row %d after %d, name %q", r.Row, last, r.Item.ItemName())
			}
			last = r.Row
			var cells []string
			for _, c := range s.Columns {
				if c.Secret {
					cells = append(cells, r.Secret.Reveal())
				} else {
					cells = append(cells, schema.Text(r.Item, c.Name))
				}
			}
			written = append(written, cells)
		}
		var b bytes.Buffer
		rig.OK(t, csv.NewWriter(&b).WriteAll(written))
		again, _, err := parse(append([]byte("\uFEFF"), b.Bytes()...))
		if err != nil || len(again.Rows) != len(s.Rows) {
			t.Fatalf("%q is refused: %v", b.Bytes(), err)
		}
		for i, r := range again.Rows {
			if len(schema.Differences(r.Item, s.Rows[i].Item)) > 0 || !r.Secret.Equal(s.Rows[i].Secret) {
				t.Errorf("%q is read back otherwise", b.Bytes())
			}
		}
	})
}
