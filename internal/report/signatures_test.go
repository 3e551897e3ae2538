package report_test

import (
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/report"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

func TestASignatureCoversWhatItsSignerSaw(t *testing.T) {
	added := []sealed.ReaderAdded{{Sight: "recipient", Key: "age1new"}}
	for _, c := range []struct {
		name    string
		of      sealed.StatementVerdict
		isCloud bool
		want    string
	}{
		{"a review", sealed.StatementVerdict{State: sealed.StateCounts, Role: schema.RoleReviewer}, true, "content recipients reviewers"},
		{"a reader was added since", sealed.StatementVerdict{State: sealed.StateCounts, Role: schema.RoleReviewer, ReadersAdded: added}, true, "content"},
		{"a review of the server bundle", sealed.StatementVerdict{State: sealed.StateOrigin, Role: schema.RoleReviewer}, true, "origin"},
		{"the exporter's, in a cloud bundle", sealed.StatementVerdict{State: sealed.StateCounts, Role: schema.RoleExporter}, true, "origin"},
		{"the exporter's, beside the server bundle", sealed.StatementVerdict{State: sealed.StateCounts, Role: schema.RoleExporter}, false, "content recipients reviewers"},
		{"an invalid one", sealed.StatementVerdict{State: sealed.StateInvalid}, true, ""},
		{"about another content", sealed.StatementVerdict{State: sealed.StateOtherContent, Role: schema.RoleExporter}, true, ""},
	} {
		c.of.File, c.of.Signer = "folder/x.statement", []string{"anna@corp.example", "root"}
		got := report.Signatures(&sealed.Verdict{Statements: []*sealed.StatementVerdict{&c.of}}, c.isCloud)
		if len(got) != 1 || strings.Join(got[0].Covers, " ") != c.want || got[0].Covers == nil {
			t.Errorf("%s: %+v", c.name, got)
			continue
		}
		if got[0].File != "x.statement" || got[0].Signer != "anna@corp.example" || got[0].State != string(c.of.State) {
			t.Errorf("%s: %+v", c.name, got[0])
		}
	}
}

func TestAnEmbeddedSignatureHasNoFileAndOneSetAsideIsNone(t *testing.T) {
	got := report.Signatures(&sealed.Verdict{Statements: []*sealed.StatementVerdict{
		{State: sealed.StateAside, File: "old.void"}, {State: sealed.StateUnlisted, Role: schema.RoleReviewer}}}, true)
	if len(got) != 1 || got[0].File != "" || got[0].Signer != "" {
		t.Errorf("%+v", got)
	}
}
