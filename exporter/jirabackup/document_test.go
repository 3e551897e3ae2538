package jirabackup

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
)

// plainRows are rows as Jira's exporter writes them, which the sieve knows at a
// glance.
func plainRows(n int) string {
	row := "    <row>\n      <integer>1</integer>\n      <string>a &lt;b&gt; c</string>\n      <string xsi:nil=\"true\"/>\n    </row>\n"
	return strings.Repeat(row, n)
}

const (
	head = `<?xml version='1.0' encoding='UTF-8'?>` + "\n" +
		`<backup xmlns="http://www.atlassian.com/ao" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` + "\n"
	three = `<column name="A"/><column name="B"/><column name="C"/>` + "\n"
)

// inSkipped puts a row between plain ones of a table that nobody wants, and a
// wanted one behind them.
func inSkipped(row string) string {
	return head + `<data tableName="AO_544E33_OTHER">` + three + plainRows(3) + row + plainRows(3) + "</data>\n" +
		`<data tableName="` + wantedTable + `">` + three + plainRows(1) + "</data>\n</backup>\n"
}

// handMade are documents for the fuzzer to start from.
func handMade() []string {
	docs := []string{"", "<", "<backup", head, head + "</backup>"}
	for _, row := range oddRows() {
		docs = append(docs, inSkipped(row))
	}
	return docs
}

func oddRows() []string {
	return []string{
		"",
		"<row><string><![CDATA[</string></row></data><data tableName=\"X\">]]></string></row>",
		"<!-- </data> --><row><string a=\"</data>\">x</string></row>",
		"<?x </data>?><row><string>a]]>b</string></row>",
		"<row><string>&nbsp;</string></row>",
		"<row><string>]]</string>></row>",
		"<row><string>a</string><integer xsi:nil=\"true\"/></row>",
		"<row><string>a</integer></row>",
		"<row><string>a</string>",
		"<row></row><row/>",
		"<row><string>\xFF</string></row>",
		"<row><string>\x0B</string></row>",
		"<row><string a='1' a='2'>x</string></row>",
	}
}

func TestLookAlikesInSkippedTablesFoolNobody(t *testing.T) {
	const fake = `<data tableName="` + wantedTable + `"><column name="A"/><row><string>fake</string></row></data>`
	for name, row := range map[string]string{
		"text":        "<row><string>" + strings.ReplaceAll(fake, "<", "&lt;") + "</string></row>",
		"CDATA":       "<row><string><![CDATA[</string></row></data>" + fake + "]]></string></row>",
		"comment":     "<!-- </data>" + fake + " --><row><string><!-- </string></row></data>" + fake + " --></string></row>",
		"instruction": "<?x </data>" + fake + "?><row/>",
		"attribute":   `<row a="/>" b='/>&lt;/row>&lt;/data>'/><row a='` + strings.ReplaceAll(fake, "<", "&lt;") + `'/>`,
	} {
		t.Run(name, func(t *testing.T) {
			for _, chunk := range []int{1, 50, window} {
				got := rig.Get(readAll([]byte(inSkipped(row)), chunk, wantedTable)).Or(t)
				if len(got.rows) != 1 || !strings.Contains(got.rows[0], "a <b> c") {
					t.Errorf("chunks of %d: rows are %q", chunk, got.rows)
				}
			}
		})
	}
}

func TestDocumentCutAnywhereIsAnError(t *testing.T) {
	doc := strings.TrimSpace(inSkipped("<!-- c --><row><string><![CDATA[x]]></string><?p?></row>"))
	for n := range doc {
		for _, chunk := range []int{1, window} {
			if _, err := readAll([]byte(doc[:n]), chunk, wantedTable); err == nil {
				t.Errorf("cut after %q, it is read", doc[:n])
			}
		}
	}
}

// faultyRows are rows that are not well-formed, of a table with three columns.
func faultyRows() []string {
	var rows []string
	for _, value := range []string{
		"<string>a</integer>",
		"<string>&nbsp;</string>",
		"<string>a & b</string>",
		"<string>&#xD800;</string>",
		"<string>&#0;</string>",
		"<string>a]]>b</string>",
		"<string>\xFF</string>",
		"<string>\xED\xA0\x80</string>",
		"<string>\x0B</string>",
		"<string>\uFFFE</string>",
		"<string>a\\ud83d</string>",
		"<string a='1' a='2'>x</string>",
		"<string a=1>x</string>",
		"<string a='<'>x</string>",
		"<string x:nil='true'/>",
		"<x:string/>",
		"<string><!-- a -- b --></string>",
		"< string/>",
		"<></>",
		"<string>",
	} {
		rows = append(rows, "<row>"+value+"<string/><string/></row>")
	}
	return append(rows, "<row>"+strings.Repeat("<string>", maxDepth)+"</row>", "<row><string/><string/></row>")
}

// The archive's checksum vouches for the rows of other apps; half a surrogate
// pair in one of them must not keep anybody from reading the app's own.
func TestFaultsInRowsThatAreNotWantedDoNotMatter(t *testing.T) {
	for _, row := range faultyRows() {
		for _, chunk := range []int{1, 64, window} {
			got, err := readAll([]byte(inSkipped(row)), chunk, wantedTable)
			if err != nil || len(got.rows) != 1 || !strings.Contains(got.rows[0], "a <b> c") || !strings.Contains(fmt.Sprint(got.tables), "rows 7") {
				t.Errorf("%q in another table: %+v, %v", row, got, err)
			}
			_, err = readAll([]byte(inSkipped(row)), chunk, "AO_544E33_OTHER")
			if err == nil || !strings.Contains(err.Error(), `activeobjects.xml: table "AO_544E33_OTHER" row 4: `) {
				t.Errorf("%q where wanted: %v", row, err)
			}
		}
	}
}

func TestBrokenDocumentIsAnErrorAlsoInATableThatIsNotWanted(t *testing.T) {
	tests := []struct{ row, want string }{
		{"<row><string>a</string></data>", "a row inside of a row"},
		{"<row><data tableName='X'><row a='1'/></data></row>", "a row inside of a row"},
		{"</row>", "not well-formed XML"},
		{"<row a='1' a='2'/>", "an attribute stands twice"},
		{"<!-- a -- b -->", "not well-formed XML"},
		{"<!DOCTYPE a>", "has a DTD, which is refused"},
		{"<row><!ELEMENT a></row>", "has a DTD, which is refused"},
		{"<?xml version='1.0'?>", "may only stand at the start"},
		{"<?xml version='1.0' encoding='ISO-8859-1'?>", "may only stand at the start"},
		{"<other/>", "<other> stands where only rows may"},
		{"<column name='D'/>", "<column> stands where only rows may"},
		{"<row xmlns='urn:other'/>", "<row> stands where only rows may"},
		{"<row a=''>" + strings.Repeat("<a>", maxDepth), "nested more than 64 deep"},
		{"<row " + strings.Repeat("b", maxMarkup+1), "a tag is longer than 1 MiB"},
		{"<row" + strings.Repeat(" a=''", maxAttributes+1) + "/>", "more than 64 attributes"},
		{"<!-- " + strings.Repeat("> ", maxToken/2), "longer than 16 MiB"},
		{"<row><string><!-- ", "cut short"},
		{"<row><string><![CDATA[", "cut short"},
		{"<row><string><?x ", "cut short"},
		{"<row><string a='", "a row inside of a row"},
	}
	for _, tt := range tests {
		for _, chunk := range []int{1, 64, window} {
			_, err := readAll([]byte(inSkipped(tt.row)), chunk)
			wantError(t, err, tt.want)
			wantError(t, err, "activeobjects.xml: ")
			if _, err := readAll([]byte(inSkipped(tt.row)), chunk, "AO_544E33_OTHER"); err == nil {
				t.Errorf("%.100s is read where wanted", tt.row)
			}
		}
	}
}

func TestJunkAroundTheRootIsAnError(t *testing.T) {
	good := goodDocument()
	for doc, want := range map[string]string{
		"":                     "the document has no root element",
		"  ":                   "the document has no root element",
		good + "junk":          "something stands behind the root element",
		good + "<![CDATA[x]]>": "something stands behind the root element",
		good + "<a/>":          "something stands behind the root element",
		good + "</a>":          "unexpected end element </a>",
		good + "<!--":          "unexpected EOF",
		good + "\x00":          "illegal character code U+0000",
		"<!DOCTYPE backup [<!ENTITY a 'b'>]>" + head: "has a DTD, which is refused",
		"<!-- -->" + good:                               "may only stand at the start",
		`<backup xmlns="urn:other"/>`:                   "root element is <backup>, not <backup> of",
		`<backup xmlns="http://www.atlassian.com/ao/">`: "root element is <backup>, not <backup> of",
	} {
		for _, chunk := range []int{1, window} {
			_, err := readAll([]byte(doc), chunk, wantedTable)
			wantError(t, err, want)
		}
	}
}

func TestWantedRowsMustFitTheirColumns(t *testing.T) {
	tests := []struct{ row, want string }{
		{"<row><string>s3cret</string></row>", `: 1 values for 3 columns`},
		{"<row><string/><string/><string/><string/></row>", ": more values than the table's 3 columns"},
		{"<row>s3cret</row>", "text in <row>, where only elements may stand"},
		{"<row><text>s3cret</text></row>", `: <text> is no kind of value`},
		{"<row><string>s3cret<b/></string></row>", "an element inside a value"},
		{"<row><integer>s3cret</integer><string/><string/></row>", `: is no integer`},
		{"<row><integer></integer><string/><string/></row>", "is an empty integer"},
		{"<row><integer>--1</integer><string/><string/></row>", "is no integer"},
		{"<row><boolean>TRUE</boolean><string/><string/></row>", "is neither true nor false"},
		{"<row><string xsi:nil='true'>s3cret</string></row>", "nil is true, but there is text"},
		{"<row><string xsi:nil='s3cret'/></row>", "nil is neither true nor false"},
		{"<row><string>s3cret\\ud83d</string><string/><string/></row>", "holds half a surrogate pair"},
		{"<row><string>" + strings.Repeat("s3cret", maxToken/6+1) + "</string></row>", "longer than 16 MiB"},
		{"<row>" + strings.Repeat("<string>"+strings.Repeat("s3cret", maxRow/16)+"</string>", 3) + "</row>", "values are longer than 32 MiB together"},
	}
	for _, tt := range tests {
		_, err := readAll([]byte(inSkipped(tt.row)), window, "AO_544E33_OTHER")
		wantError(t, err, tt.want)
		wantError(t, err, `table "AO_544E33_OTHER" row 4: `)
		wantError(t, err, "byte ")
		if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("error shows a value: %v", err)
		}
	}
}

func TestContentsTellWhatIsThere(t *testing.T) {
	doc := head + `<database><meta key="database.name" value="Oracle"/></database>` +
		`<table name="AO_1_B"><column name="X" sqlType="12"/><column name="Y"/><foreignKey/></table>` +
		`<table name="AO_1_EMPTY"/><table name="AO_1_C"><column name="W"/></table>` +
		`<data tableName="AO_1_A"><column name="Z"/>` + strings.Repeat("<row><string>z</string></row>", 5) + `</data>` +
		`<data tableName="AO_1_B"><column name="Y"/><column name="X"/></data><future><data tableName="no"/></future><data tableName="AO_1_C"/></backup>`
	for _, chunk := range []int{1, window} {
		c := rig.Get(readDocument(inMemory([]byte(doc), chunk), nil, nil)).Or(t)
		if c.encoding != "UTF-8" || c.meta["database.name"] != "Oracle" {
			t.Errorf("encoding %s, database %v", c.encoding, c.meta)
		}
		var got []string
		for _, table := range c.tables {
			got = append(got, fmt.Sprintf("%s %q %d", table.name, table.columns, table.rows))
		}
		want := []string{`AO_1_B ["Y" "X"] 0`, `AO_1_EMPTY [] 0`, `AO_1_C ["W"] 0`, `AO_1_A ["Z"] 5`}
		if !slices.Equal(got, want) {
			t.Errorf("tables are %q, want %q", got, want)
		}
		if _, ok := c.table("ao_1_B"); !ok {
			t.Error("the case of a table's name matters")
		}
	}
}

func TestWhatStandsTwiceOrHasNoNameIsRefused(t *testing.T) {
	for inside, want := range map[string]string{
		`<data tableName="A"/><data tableName="A"/>`:                      `<data> "A" stands twice`,
		`<table name="A"/><table name="A"/>`:                              `<table> "A" stands twice`,
		`<table name="A"><column name="X"/><column name="X"/></table>`:    `<column> "X" stands twice`,
		`<data tableName="A"><column name="X"/><column name="X"/></data>`: `<column> "X" stands twice`,
		`<data/>`:              "<data> has no attribute tableName",
		`<data tableName=""/>`: "attribute tableName of <data> is empty",
		`<database><meta key="a" value="b"/><meta key="a" value="b"/></database>`: `<meta> "a" stands twice`,
		`<database><meta key="a"/></database>`:                                    "<meta> has no attribute value",
	} {
		_, err := readAll([]byte(head+inside+"</backup>"), window)
		wantError(t, err, want)
	}
	var many strings.Builder
	for i := range maxContents / nameCost {
		fmt.Fprintf(&many, `<table name="T%d"/>`, i)
	}
	_, err := readAll([]byte(head+many.String()+"</backup>"), window)
	wantError(t, err, "names of tables and columns take more than 32 MiB")
}

func TestErrorOfTheCallerEndsReadingAsItIs(t *testing.T) {
	stop := errors.New("enough")
	for _, chunk := range []int{1, window} {
		rows := 0
		_, err := readDocument(inMemory([]byte(goodDocument()), chunk), []string{"AO_544E33_OTHER"}, func(string, []string, []value) error {
			rows++
			return stop
		})
		var refused *rowError
		if !errors.As(err, &refused) || refused.error != stop || rows != 1 {
			t.Errorf("error is %v after %d rows, want %v after 1", err, rows, stop)
		}
	}
}
