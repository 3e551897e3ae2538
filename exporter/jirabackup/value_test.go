package jirabackup

import (
	"fmt"
	"strings"
	"testing"
)

// values reads the values of a single row.
func values(t *testing.T, row string) []Value {
	t.Helper()
	doc := head + `<data tableName="T">`
	for i := range strings.Count(row, "<v") {
		doc += fmt.Sprintf(`<column name="C%d"/>`, i)
	}
	row = strings.NewReplacer("<v", "<string", "</v", "</string").Replace(row)
	var got []Value
	_, err := inMemory(t, []byte(doc+"<row>"+row+"</row></data></backup>"), chunkSize).Read(t.Context(), []string{"T"}, func(_ string, _ []string, values []Value) error {
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
		if got := values(t, "<v>"+xml+"</v>"); got[0].Text() != want {
			t.Errorf("%s is %q, want %q", xml, got[0].Text(), want)
		}
	}
}

func TestNullIsNotTheEmptyString(t *testing.T) {
	got := values(t, `<v></v><v/><v xsi:nil="true"/><v xsi:nil="1"></v><v xsi:nil="false"></v><v nil="true"></v>`+
		`<v xmlns:n="http://www.w3.org/2001/XMLSchema-instance" n:nil="true"/><v xmlns:xsi="other" xsi:nil="true"/>`)
	for i, want := range []bool{false, false, true, true, false, false, true, false} {
		if got[i].Null != want || got[i].Kind != String || got[i].Text() != "" {
			t.Errorf("value %d is %v with text %q, want NULL %t", i, got[i], got[i].Text(), want)
		}
	}
}

func TestKindsOfValues(t *testing.T) {
	tests := []struct {
		kind           Kind
		content, text  string
		isTrue, isBool bool
	}{
		{Boolean, "true", "true", true, true},
		{Boolean, "false", "false", false, true},
		{Integer, "1", "1", true, true},
		{Integer, " 0\n", "0", false, true},
		{Integer, "-25", "-25", false, false},
		{Integer, "123456789012345678901234567890", "123456789012345678901234567890", false, false},
		{Double, "41.24", "41.24", false, false},
		{Timestamp, "2008-05-28T00:00:00.000Z", "2008-05-28T00:00:00.000Z", false, false},
		{String, "true", "true", false, false},
		{Binary, "AAEC/w==", "", false, false},
	}
	for _, tt := range tests {
		doc := head + `<data tableName="T"><column name="C"/><row><` + tt.kind.String() + `>` + tt.content + `</` + tt.kind.String() + `></row></data></backup>`
		_, err := inMemory(t, []byte(doc), 3).Read(t.Context(), []string{"T"}, func(_ string, _ []string, values []Value) error {
			v := values[0]
			isTrue, err := v.Bool()
			if v.Kind != tt.kind || v.Text() != tt.text || isTrue != tt.isTrue || (err == nil) != tt.isBool {
				t.Errorf("%v %q is %v, text %q, boolean %t, %v", tt.kind, tt.content, v, v.Text(), isTrue, err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	if _, err := (Value{Kind: Boolean, Null: true}).Bool(); err == nil {
		t.Error("NULL is a boolean")
	}
}

func TestValueDoesNotPrintItsContent(t *testing.T) {
	v := Value{Kind: String, text: "s3cret"}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		for _, a := range []any{v, &v, []Value{v}, struct{ V Value }{v}} {
			if got := fmt.Sprintf(format, a); strings.Contains(got, "s3cret") || strings.Contains(got, fmt.Sprintf("%x", "s3cret")) {
				t.Errorf("%s shows %s", format, got)
			}
		}
	}
}
