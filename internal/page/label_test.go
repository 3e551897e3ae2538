package page

import (
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/rig"
)

func TestLabelsThatMeanTheSameAreEqual(t *testing.T) {
	for _, same := range [][]string{
		{"SMTP Port", "smtp port", "  SMTP \u00a0Port ", "SMTP Port *", "* SMTP Port", "SMTP Port:", "SMTP Port*:", "SMTP Port (required)", "SMTP Port required", "SMTP\u200b Port :"},
		{"Übertragung", "U\u0308bertragung", "ÜBERTRAGUNG*"},
		{"Required", "required *"},
		{"*", " * "},
	} {
		for _, label := range same {
			if human.FoldLabel(label) != human.FoldLabel(same[0]) {
				t.Errorf("%q folds to %q, %q to %q", label, human.FoldLabel(label), same[0], human.FoldLabel(same[0]))
			}
		}
	}
	for _, pair := range [][2]string{{"Host", "Hosts"}, {"Name", "User name"}, {"Port", "SMTP Port"}, {"", "*"}} {
		if human.FoldLabel(pair[0]) == human.FoldLabel(pair[1]) {
			t.Errorf("%q and %q are the same", pair[0], pair[1])
		}
	}
}

func TestCleanTextIsHarmlessAndBounded(t *testing.T) {
	for text, want := range map[string]string{
		"plain":                         "plain",
		" a \t b\r\n\n c ":              "a b c",
		"red \x1b[31malert\x07\x00":     "red [31malert",
		"right\u202eto\u2066left\u200b": "righttoleft",
		"bad \xff bytes":                "bad bytes",
		"":                              "",
	} {
		if got := Clean(text); got != want {
			t.Errorf("Clean(%q) = %q, want %q", text, got, want)
		}
	}
	if got := Clean(strings.Repeat("é", 10_000)); utf8.RuneCountInString(got) != 300 || !strings.HasSuffix(got, "…") {
		t.Errorf("%d characters", utf8.RuneCountInString(got))
	}
}

func TestHostileTreesAreBounded(t *testing.T) {
	text := func(s string) wireValue { return wireValue{Value: s} }
	chain := &wireTree{}
	for i := range 50_000 {
		chain.Nodes = append(chain.Nodes, wireNode{ID: "x" + strconv.Itoa(i), Role: text("generic"), Children: []string{"x" + strconv.Itoa(i+1)}, Backend: 1})
	}
	deep := &document{}
	rig.OK(t, deep.build(chain))
	depth := 0
	for at := deep.root; len(at.children) > 0; at = at.children[0] {
		depth++
	}
	if depth > maxDepth {
		t.Errorf("depth %d", depth)
	}
	loop := &wireTree{Nodes: []wireNode{{ID: "1", Role: text("generic"), Children: []string{"2", "1"}}, {ID: "2", Role: text("generic"), Children: []string{"1"}}}}
	rig.OK(t, (&document{}).build(loop))
	fails(t, (&document{}).build(&wireTree{}), nil, "no content")
	fails(t, (&document{}).build(&wireTree{Nodes: make([]wireNode, maxNodes+1)}), nil, "too large")
}
