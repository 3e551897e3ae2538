package schema

import (
	"encoding/json"
	"strings"
	"testing"
)

// The categories of the public suites of JSON's grammar: what a parser must take,
// must refuse, and may do either with, where this one has decided.
var (
	grammarTaken = []string{
		`null`, `true`, `false`, `0`, `-0`, `12`, `-1`, `0.5`, `1e3`, `1E+3`, `1.5e-3`, `""`, `" "`, `"a"`, ` [] `, "\t\r\n{}\n", `[[[]]]`,
		`[1,"a",null,{}]`, `{"":0}`, `{"a":{"b":[]}}`, `"\"\\\/\b\f\n\r\t"`, `"\u0041"`, `"\u00e9\u20AC"`, `"\ud83d\ude00"`, `"\u0000"`,
		"\"\x7f\"", "\"\u2028\u2029\"", "\"\ufeff\"", "\"\U0010ffff\"", `"\uDBFF\uDFFF"`, `"\\u0061"`, `{"a":1,"A":2}`, `123456789012345678901234567890`,
		`[0,-0,0.0,-0.0]`, `{"a\u0000b":0}`,
	}
	grammarRefused = []string{
		``, ` `, `nul`, `TRUE`, `True`, `nan`, `NaN`, `Infinity`, `-Infinity`, `undefined`, `+1`, `01`, `-01`, `00`, `1.`, `.5`, `-.5`, `1e`, `1e+`, `1.e1`,
		`-`, `--1`, `0x1`, `1_000`, `1,000`, `"`, `"a`, `a"`, `'a'`, `"\x41"`, `"\a"`, `"\'"`, `"\u12"`, `"\u12g4"`, `"\U00000041"`, "\"\n\"", "\"\t\"", "\"\x00\"", "\"\x1f\"",
		`[`, `]`, `[1`, `[1,`, `[,1]`, `[1,]`, `[1,,2]`, `[1 2]`, `[1;2]`, `[]]`, `[1}`, `{`, `}`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{,}`, `{"a" 1}`,
		`{"a",1}`, `{a:1}`, `{'a':1}`, `{1:1}`, `{null:1}`, `{"a":1 "b":2}`, `{"a":1]`, `{"a"::1}`, `{"a":}`, `{:1}`, `// c` + "\n1", `/* c */1`, `1/* c */`, `#1`,
		`1 1`, `{}{}`, `[][]`, `{}x`, "1\x00", "\x001", `\u0031`, "\u00a01", "\u20281", "\v1", "\f1", `{"a":1}#`, `*`, `<null>`, `[*]`, `["a":1]`, "\x0c[]",
	}
	grammarDecided = map[string]bool{ // taken?
		"\ufeff{}": false, "\xff\xfe1\x00": false, "\"\xff\"": false, "\"\xc0\x80\"": false, "\"\xed\xa0\x80\"": false, "\"\xf4\x90\x80\x80\"": false, "\"\xe2\x82\"": false,
		`"\ud800"`: false, `"\udc00"`: false, `"\ud800\ud800"`: false, `"\ud800a"`: false, `"\udc00\ud800"`: false, `{"a":1,"a":1}`: false, `{"a":1,"\u0061":2}`: false, `{"":0,"":0}`: false,
		`1e400`: false, `-1e400`: false, `1e-400`: true, strings.Repeat("1", maxNumber): true, strings.Repeat("1", maxNumber+1): false,
		strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth): true, strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1): false, strings.Repeat("[", 100_000): false,
	}
)

func TestTheGrammarOfJSONIsHeldTo(t *testing.T) {
	takes := func(doc string, want bool) {
		t.Helper()
		var v any
		err := Strict([]byte(doc), &v)
		if (err == nil) != want {
			t.Errorf("%.60q: taken %v, want %v: %v", doc, err == nil, want, err)
		}
		if err != nil && strings.ContainsAny(err.Error(), "\n\x00\x1b") {
			t.Errorf("%.60q: %q is not one plain line", doc, err)
		}
	}
	for _, doc := range grammarTaken {
		takes(doc, true)
		if !json.Valid([]byte(doc)) {
			t.Errorf("%q: another reader refuses it", doc)
		}
	}
	for _, doc := range grammarRefused {
		takes(doc, false)
		if json.Valid([]byte(doc)) {
			t.Errorf("%q: another reader takes it", doc)
		}
	}
	for doc, want := range grammarDecided {
		takes(doc, want)
	}
	t.Logf("%d taken, %d refused, %d decided", len(grammarTaken), len(grammarRefused), len(grammarDecided))
}
