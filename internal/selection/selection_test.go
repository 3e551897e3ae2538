package selection

import (
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

func TestSelection(t *testing.T) {
	for _, c := range []struct {
		include, exclude []string
		name             string
		want             bool
		others           string // further names, separated by bars
	}{
		{nil, nil, "anything", true, ""},
		{[]string{"*desk*"}, nil, "Service desk 1", true, ""},
		{[]string{"*desk*"}, nil, "Service Desk", false, "desk"},
		{[]string{"desk"}, nil, "Service desk", false, "desk"},
		{[]string{"a", "b*"}, nil, "bc", true, "a"},
		{nil, []string{"HR*"}, "HR Recruiting", false, ""},
		{nil, []string{"HR*"}, "IT", true, "HR"},
		{[]string{"HR*"}, []string{"HR"}, "HR", false, ""},
		{[]string{"IT*"}, nil, "IT/Alerts/Night", true, ""},
		{[]string{"IT/*"}, nil, "IT/Alerts", true, ""},
		{[]string{"?T"}, nil, "ÄT", true, ""},
		{[]string{"a**c"}, nil, "abc", true, ""},
		{[]string{"*ab"}, nil, "aab", true, ""},
		{[]string{"*"}, nil, "", true, ""},
		{[]string{"?"}, nil, "", false, "x"},
		{[]string{"a?c*"}, nil, "a\nc\n", true, ""},
		{[]string{"*.*"}, nil, "ab", false, "a.b"},

		// Brackets and backslashes are letters.
		{nil, []string{"[TEST] *"}, "[TEST] Mail", false, ""},
		{nil, []string{"[TEST] *"}, "T Mail", true, "[TEST] Mail"},
		{[]string{"*[x]"}, nil, "A [x]", true, ""},
		{[]string{"["}, nil, "[", true, ""},
		{[]string{`CORP\*`}, nil, `CORP\mail`, true, ""},
		{[]string{`\*`}, nil, "*", false, `\x`},

		// What is a name, or how one begins, is no pattern.
		{nil, []string{"Sales *"}, "Sales Desk", true, "Sales *"},
		{nil, []string{"Sales *"}, "Sales *", false, "Sales Desk"},
		{nil, []string{"Why? *"}, "Why? Mail", false, "Whys Mail"},
		{nil, []string{"Why? *"}, "Whys Mail", true, "Why? Mail"},
		{nil, []string{"Why? *"}, "Whys Mail", false, ""},
	} {
		names := append(strings.Split(c.others, "|"), c.name)
		s := rig.Get(New(c.include, c.exclude, names)).Or(t)
		if s.Has(c.name) != c.want {
			t.Errorf("include %q exclude %q: %q is %v", c.include, c.exclude, c.name, !c.want)
		}
	}
}

func TestAPatternThatMatchesNothingIsAnError(t *testing.T) {
	_, err := New([]string{"*desk*", "Desk"}, []string{"[A-Z]*"}, []string{"Help desk", "IT"})
	want := `no connection is selected by --include "Desk"; no connection is left out by --exclude "[A-Z]*"`
	if err == nil || err.Error() != want || !strings.Contains(schema.HintOf(err), "'*desk*'") {
		t.Errorf("got %v\nwant %s", err, want)
	}
}
