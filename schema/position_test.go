package schema_test

import (
	"slices"
	"testing"

	"github.com/mailferry/mailferry/schema"
)

func TestDocumentsOfPeopleAreLocatedByLineAndColumn(t *testing.T) {
	const good = "{\n  \"format\": \"mailferry/profile/v1\",\n  \"verified\": true,\n  \"connections\": {\"table\": \"T\", \"columns\": [\n    {\"field\": \"name\", \"column\": \"N\"}]}\n}"
	for _, c := range []struct {
		doc  string
		want []string
	}{
		{good, nil},
		{"{\n  \"$schema\": \"https://example.com/profile.schema.json\"," + good[1:], nil},
		{good[:len(good)-2] + ",\n  \"$schema\" : \"x\"\n}", nil},
		{"{\"format\": \"mailferry/profile/v1\", \"$schema\": \"x\", \"verified\": true, \"connections\": {\"table\": \"T\", \"columns\": []}}", nil},
		{"{\n  \"$schema\": 1," + good[1:], []string{`line 2, column 3: "$schema": must be of type string`}},
		{"{\n  \"format\": \"mailferry/profile/v1\",\n  \"verified\": \"ja\",\n  \"note\": 7,\n  \"connections\": {\"table\": \"Tä\", \"columns\": [{\"field\": 1}]}\n}", []string{
			"line 3, column 3: verified: must be of type boolean", "line 4, column 3: note: must be of type string",
			"line 5, column 47: connections.columns[0].field: must be of type string"}},
		{"{\n  \"format\": \"mailferry/profile/v1\",\n  \"verified\": true\n  \"connections\": {}\n}", []string{"line 4, column 3: not valid JSON (byte 59)"}},
		{"{\"a\": 1,\n \"a\": 2}", []string{"line 2, column 2: a: stands twice"}},
	} {
		var p schema.Profile
		err := schema.DecodeFile("profile", []byte(c.doc), &p)
		if c.want == nil {
			if err != nil || p.Connections.Table != "T" {
				t.Errorf("%s\n%v", c.doc, err)
			}
			continue
		}
		if err == nil {
			t.Errorf("no error for %s", c.doc)
			continue
		}
		if got := schema.ErrorLines(err); !slices.Equal(got, c.want) {
			t.Errorf("got %q\nwant %q", got, c.want)
		}
	}
}
