package exporter_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/exporter"
)

func TestContentsAreNarrowedToTablesNamedInAnyCase(t *testing.T) {
	for _, c := range []struct {
		names []string
		want  []string
		err   string
	}{
		{nil, []string{"AO_544E33_A", "ao_544e33_b"}, ""},
		{[]string{"ao_544E33_a", "AO_544E33_A"}, []string{"AO_544E33_A"}, ""},
		{[]string{"AO_544E33_B"}, []string{"ao_544e33_b"}, ""},
		{[]string{"AO_544E33_A", "nosuch"}, nil, `there is no table "nosuch"; of the app there are: "AO_544E33_A", "ao_544e33_b"`},
	} {
		contents := exporter.Contents{Tables: []exporter.Table{{Name: "AO_544E33_A"}, {Name: "ao_544e33_b"}}}
		err := contents.Only(c.names)
		if c.err != "" {
			if err == nil || !strings.HasPrefix(err.Error(), c.err) || len(contents.Tables) != 2 {
				t.Errorf("%q: %v", c.names, err)
			}
			continue
		}
		var got []string
		for _, table := range contents.Tables {
			got = append(got, table.Name)
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q: %q %v", c.names, got, err)
		}
	}
}
