package jirabackup

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// plainRows are rows as Jira's exporter writes them, enough of them that the
// quick way through skipped rows is taken.
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
		"nested":      "<row>" + fake + "</row>",
	} {
		t.Run(name, func(t *testing.T) {
			for _, chunk := range []int{1, 50, chunkSize} {
				got, err := readAll(t, []byte(inSkipped(row)), chunk, wantedTable)
				if err != nil {
					t.Fatal(err)
				}
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
		for _, chunk := range []int{1, chunkSize} {
			if _, err := readAll(t, []byte(doc[:n]), chunk, wantedTable); err == nil {
				t.Errorf("cut after %q, it is read", doc[:n])
			}
		}
	}
}

func TestBrokenDocumentIsAnErrorAlsoWhereSkipped(t *testing.T) {
	tests := []struct{ row, want string }{
		{"<row><string>a</integer></row>", "</integer> where <string> is open"},
		{"<row><string>a</string></data>", "</data> where <row> is open"},
		{"<row><string>a</row>", "</row> where <string> is open"},
		{"</row>", "</row> where <data> is open"},
		{"<row><string>&nbsp;</string></row>", "entity &nbsp; is none of the five"},
		{"<row><string>a & b</string></row>", "ampersand begins no reference"},
		{"<row><string>&#xD800;</string></row>", "reference &#xD800; is no character"},
		{"<row><string>&#0;</string></row>", "reference &#0; is no character"},
		{"<row><string>a]]>b</string></row>", "]]> outside a CDATA section"},
		{"<row><string>\xFF</string></row>", "byte 0xFF is not UTF-8"},
		{"<row><string>\xED\xA0\x80</string></row>", "is not UTF-8"},
		{"<row><string>\x0B</string></row>", "character U+000B is not allowed"},
		{"<!-- \x01 -->", "character U+0001 is not allowed"},
		{"<row><string>\uFFFE</string></row>", "character U+FFFE is not allowed"},
		{"<row><string a='1' a='2'>x</string></row>", "attribute a stands twice"},
		{"<row><string a='1'b='2'>x</string></row>", "no white space before an attribute"},
		{"<row><string a=1>x</string></row>", "value of attribute a is not in quotes"},
		{"<row><string a='<'>x</string></row>", "< inside a tag"},
		{"<row><string x:nil='true'/></row>", "attribute x:nil: prefix is not declared"},
		{"<row><x:string/></row>", "prefix is not declared"},
		{"<row>< string/></row>", "is no name"},
		{"<row><></></row>", "a tag without a name"},
		{"<!-- a -- b -->", "-- inside a comment"},
		{"<!DOCTYPE a>", "has a DTD, which is refused"},
		{"<!ELEMENT a>", "neither a comment nor a CDATA section"},
		{"<?xml version='1.0'?>", "may only stand at the start"},
		{"<other/>", "<other> stands where only rows may"},
		{"<column name='D'/>", "<column> stands where only rows may"},
		{"<row>" + strings.Repeat("<a>", maxDepth), "nested more than 64 deep"},
		{"<row><a " + strings.Repeat("b", headroom+2*chunkSize), "markup is longer than"},
	}
	for _, tt := range tests {
		for _, chunk := range []int{1, 64, chunkSize} {
			if len(tt.row) > headroom && chunk == 1 {
				continue // a tag is looked at again with each chunk
			}
			_, err := readAll(t, []byte(inSkipped(tt.row)), chunk)
			wantError(t, err, tt.want)
			wantError(t, err, "activeobjects.xml: ")
			if _, err := readAll(t, []byte(inSkipped(tt.row)), chunk, "AO_544E33_OTHER"); err == nil {
				t.Errorf("%s is read where wanted", tt.row)
			}
		}
	}
}

func TestJunkAroundTheRootIsAnError(t *testing.T) {
	good := goodDocument()
	for doc, want := range map[string]string{
		"":                    "the document has no root element",
		"  ":                  "the document has no root element",
		good + "junk":         "text outside the root element",
		good + "&#32;":        "text outside the root element",
		good + "<a/>":         "<a> stands behind the root element",
		good + "</a>":         "end tag outside the root element",
		good + "<!--":         "ends inside a comment",
		good + "<![CDATA[]]>": "CDATA section outside the root element",
		good + "\x00":         "U+0000 is not allowed",
		"<!DOCTYPE backup [<!ENTITY a 'b'>]>" + head: "has a DTD, which is refused",
		"<!-- -->" + good:                               "may only stand at the start",
		`<backup xmlns="other"/>`:                       "root element is <backup>, not <backup> of",
		`<backup xmlns="http://www.atlassian.com/ao/">`: "root element is <backup>, not <backup> of",
	} {
		for _, chunk := range []int{1, chunkSize} {
			_, err := readAll(t, []byte(doc), chunk, wantedTable)
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
		{"<row><string>s3cret<b/></string></row>", "<b> inside a value"},
		{"<row><integer>s3cret</integer></row>", `: is no integer`},
		{"<row><integer></integer></row>", "is an empty integer"},
		{"<row><integer>--1</integer></row>", "is no integer"},
		{"<row><boolean>TRUE</boolean></row>", "is neither true nor false"},
		{"<row><string xsi:nil='true'>s3cret</string></row>", "text in <string>"},
		{"<row><string xsi:nil='s3cret'/></row>", "nil is neither true nor false"},
		{"<row><string>s3cret\\ud83d</string></row>", "holds half a surrogate pair"},
		{"<row><string>" + strings.Repeat("s3cret", maxValue/6+1) + "</string></row>", "value is longer than 16 MiB"},
		{"<row>" + strings.Repeat("<string>"+strings.Repeat("s3cret", maxRow/16)+"</string>", 3) + "</row>", "values are longer than 32 MiB together"},
	}
	for _, tt := range tests {
		_, err := readAll(t, []byte(inSkipped(tt.row)), chunkSize, "AO_544E33_OTHER")
		wantError(t, err, tt.want)
		wantError(t, err, `table "AO_544E33_OTHER" row 4: `)
		wantError(t, err, "line 19, byte ")
		if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("error shows a value: %v", err)
		}
	}
}

func TestContentsTellWhatIsThere(t *testing.T) {
	doc := head + `<database><meta key="database.name" value="Oracle"/></database>` +
		`<table name="AO_1_B"><column name="X" sqlType="12"/><column name="Y"/><foreignKey/></table>` +
		`<table name="AO_1_EMPTY"/>` +
		`<data tableName="AO_1_A"><column name="Z"/>` + strings.Repeat("<row><string>z</string></row>", 5) + `</data>` +
		`<data tableName="AO_1_B"><column name="Y"/><column name="X"/></data><future><data tableName="no"/></future></backup>`
	for _, chunk := range []int{1, chunkSize} {
		c, err := inMemory(t, []byte(doc), chunk).Inspect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if c.Encoding != "UTF-8" || c.Size != int64(len(doc)) || c.Database() != "Oracle" {
			t.Errorf("encoding %s, %d bytes, database %s", c.Encoding, c.Size, c.Database())
		}
		var got []string
		for _, table := range c.Tables {
			got = append(got, fmt.Sprintf("%s %v %q %d", table.Name, table.Declared, table.Columns, table.Rows))
		}
		want := []string{`AO_1_B [{X 12} {Y 0}] ["Y" "X"] 0`, `AO_1_EMPTY [] [] 0`, `AO_1_A [] ["Z"] 5`}
		if !slices.Equal(got, want) {
			t.Errorf("tables are %q, want %q", got, want)
		}
		if b, ok := c.Table("AO_1_B"); !ok || b.Columns == nil {
			t.Error("a table without rows lost its columns")
		}
		if b, ok := c.Table("AO_1_EMPTY"); !ok || b.Columns != nil {
			t.Error("a table without data has columns of data")
		}
		if _, ok := c.Table("ao_1_b"); ok {
			t.Error("table names are not exact")
		}
	}
}

func TestWhatStandsTwiceOrHasNoNameIsRefused(t *testing.T) {
	for inside, want := range map[string]string{
		`<data tableName="A"/><data tableName="A"/>`:                      `data of table "A" stands twice`,
		`<table name="A"/><table name="A"/>`:                              `table "A" is declared twice`,
		`<table name="A"><column name="X"/><column name="X"/></table>`:    `table "A" has two columns "X"`,
		`<data tableName="A"><column name="X"/><column name="X"/></data>`: `table "A" has two columns "X"`,
		`<data/>`:              "<data> has no attribute tableName",
		`<data tableName=""/>`: "attribute tableName of <data> is empty",
		`<table name="A"><column name="X" sqlType="text"/></table>`:               "sqlType is no number",
		`<database><meta key="a" value="b"/><meta key="a" value="b"/></database>`: `<meta> "a" stands twice`,
		`<database><meta key="a"/></database>`:                                    "<meta> has no attribute value",
	} {
		_, err := readAll(t, []byte(head+inside+"</backup>"), chunkSize)
		wantError(t, err, want)
	}
	var many strings.Builder
	for i := range maxContents / itemCost / 2 {
		fmt.Fprintf(&many, `<table name="T%d"/>`, i)
	}
	_, err := readAll(t, []byte(head+many.String()+"</backup>"), chunkSize)
	wantError(t, err, "names of tables and columns take more than 16 MiB")
}

func TestErrorOfTheCallerEndsReadingAsItIs(t *testing.T) {
	stop := errors.New("enough")
	for _, chunk := range []int{1, chunkSize} {
		rows := 0
		_, err := inMemory(t, []byte(goodDocument()), chunk).Read(t.Context(), []string{"AO_544E33_OTHER"}, func(string, []string, []Value) error {
			rows++
			return stop
		})
		if err != stop || rows != 1 {
			t.Errorf("error is %v after %d rows, want %v after 1", err, rows, stop)
		}
	}
}
