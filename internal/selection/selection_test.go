package selection

import "testing"

func TestSelection(t *testing.T) {
	for _, c := range []struct {
		include, exclude []string
		name             string
		want             bool
	}{
		{nil, nil, "anything", true},
		{[]string{"*desk*"}, nil, "Service desk 1", true},
		{[]string{"*desk*"}, nil, "Service Desk", false},
		{[]string{"desk"}, nil, "Service desk", false},
		{[]string{"a", "b*"}, nil, "bc", true},
		{nil, []string{"HR*"}, "HR Recruiting", false},
		{nil, []string{"HR*"}, "IT", true},
		{[]string{"HR*"}, []string{"HR"}, "HR", false},
		{[]string{"IT*"}, nil, "IT/Alerts/Night", true},
		{[]string{"IT/*"}, nil, "IT/Alerts", true},
		{[]string{"?T"}, nil, "ÄT", true},
		{[]string{"[A-C]x"}, nil, "Bx", true},
		{[]string{`\*`}, nil, "*", true},
		{[]string{`\*`}, nil, "x", false},
	} {
		s, err := New(c.include, c.exclude)
		if err != nil {
			t.Fatal(err)
		}
		if s.Has(c.name) != c.want {
			t.Errorf("include %q exclude %q: %q is %v", c.include, c.exclude, c.name, !c.want)
		}
	}
}

func TestAPatternLeftOpenIsAnError(t *testing.T) {
	for _, p := range []string{"[a", `a\`, "[]"} {
		if _, err := New([]string{p}, nil); err == nil {
			t.Errorf("%q is taken as an include pattern", p)
		}
		if _, err := New(nil, []string{p}); err == nil {
			t.Errorf("%q is taken as an exclude pattern", p)
		}
	}
}
