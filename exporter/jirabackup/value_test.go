package jirabackup

import (
	"fmt"
	"strings"
	"testing"
)

// values reads the values of a single row, <v> standing for strings or those of a kind.
func values(t *testing.T, row string, kind ...string) []value {
	t.Helper()
	doc := head + `<data tableName="T">`
	for i := range strings.Count(row, "<v") {
		doc += fmt.Sprintf(`<column name="C%d"/>`, i)
	}
	kind = append(kind, "string")
	row = strings.NewReplacer("<v", "<"+kind[0], "</v", "</"+kind[0]).Replace(row)
	var got []value
	_, err := readDocument(inMemory([]byte(doc+"<row>"+row+"</row></data></backup>"), window), []string{"T"}, func(_ string, _ []string, values []value) error {
		got = append(got, values...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestTextLosesBothItsEscapings(t *testing.T) {
	for xml, want := range map[string]string{
		`CORP\\mailer`:                     `CORP\mailer`,
		`\\\\server\\u0041`:                `\\server\u0041`,
		`a\u0000b\u001F\uFFFE`:             "a\x00b\x1F\uFFFE",
		`\ud83d\ude00\uD83D\uDE00`:         "😀😀",
		`lone \ and \n and \u12 \uzzzz`:    `lone \ and \n and \u12 \uzzzz`,
		`end \`:                            `end \`,
		`&lt;&gt;&amp;&quot;&apos;`:        `<>&"'`,
		`&#65;&#x42;&#x1F600;&#0067;`:      "AB😀C",
		`&#92;&#92;`:                       `\`,
		`&amp;lt;`:                         `&lt;`,
		"a\r\nb\rc\n\td":                   "a\nb\nc\n\td",
		`a&#13;b`:                          "a\rb",
		`<![CDATA[<&amp;]]>]]&gt;`:         `<&amp;]]>`,
		"a<!-- b -->c<?d?>e":               "ace",
		" kept ":                           " kept ",
		"é™😀":                              "é™😀",
		`\<![CDATA[\]]>`:                   `\`,
		`<![CDATA[]]]]><![CDATA[>` + `]]>`: `]]>`,
	} {
		if got := values(t, "<v>"+xml+"</v>"); got[0].Text != want {
			t.Errorf("%s is %q, want %q", xml, got[0].Text, want)
		}
	}
}

func TestNullIsNotTheEmptyString(t *testing.T) {
	got := values(t, `<v></v><v/><v xsi:nil="true"/><v xsi:nil="1"></v><v xsi:nil="false"></v><v nil="true"></v>`+
		`<v xmlns:n="http://www.w3.org/2001/XMLSchema-instance" n:nil="true"/>`)
	for i, want := range []bool{false, false, true, true, false, false, true} {
		if got[i].Null != want || got[i].binary || got[i].Text != "" {
			t.Errorf("value %d is %v with text %q, want NULL %t", i, got[i], got[i].Text, want)
		}
	}
}

func TestKindsOfValues(t *testing.T) {
	for _, tt := range []struct{ kind, content, text string }{
		{"boolean", "true", "true"},
		{"boolean", "false", "false"},
		{"integer", " 0\n", "0"},
		{"integer", "-25", "-25"},
		{"integer", "123456789012345678901234567890", "123456789012345678901234567890"},
		{"double", "41.24", "41.24"},
		{"double", "587.0", "587"},
		{"timestamp", "2008-05-28T00:00:00.000Z", "2008-05-28T00:00:00.000Z"},
		{"timestamp", "2008-05-28T00:00:00.0", "2008-05-28T00:00:00.0"},
		{"string", " true ", " true "},
		{"string", "587.0", "587.0"},
		{"binary", "AAEC/w==", ""},
	} {
		got := values(t, "<v>"+tt.content+"</v>", tt.kind)[0]
		if isBinary := tt.kind == "binary"; got.Text != tt.text || got.Null != isBinary || got.binary != isBinary {
			t.Errorf("%s %q is %+v", tt.kind, tt.content, got)
		}
	}
}
