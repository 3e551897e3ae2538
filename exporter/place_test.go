package exporter_test

import (
	"slices"
	"testing"

	"github.com/mailferry/mailferry/exporter"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

// What the schema cannot refuse is located as what it refuses.
func TestWhatAProfileMeansIsLocatedByLineAndColumn(t *testing.T) {
	doc := []byte("{\n  \"format\": \"mailferry/profile/v1\", \"verified\": true,\n  \"connections\": {\"table\": \"T\", \"columns\": [\n" +
		"    {\"field\": \"näme\", \"column\": \"N\"},\n    {\"field\": \"connect_mode\", \"column\": \"M\", \"values\": \"modes\"},\n" +
		"    {\"field\": \"password\", \"column\": \"P\"}]}\n}")
	p := &schema.Profile{}
	rig.OK(t, schema.DecodeFile("profile", doc, p))
	err := schema.Locate(doc, exporter.CheckProfile(p))
	want := []string{
		`line 4, column 6: connections.columns[0].field: "näme" is no field of a connection`,
		`line 5, column 46: connections.columns[1].values: the profile has no value map named "modes"`,
		`line 6, column 5: connections.columns[2]: password is a secret: say "secret": "plain" or "opaque"`,
		`line 3, column 3: connections: no column is mapped to name`,
	}
	if got := schema.ErrorLines(err); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if len(schema.Hints(err)) != 2 {
		t.Errorf("hints: %q", schema.Hints(err))
	}
}
