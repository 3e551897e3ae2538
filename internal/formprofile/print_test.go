package formprofile_test

import (
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/formprofile"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

func TestTheSideFollowsTheHost(t *testing.T) {
	for host, want := range map[string]string{
		"corp.atlassian.net": schema.CloudSide, "Corp.Atlassian.NET": schema.CloudSide,
		"jira.corp.example": schema.ServerSide, "atlassian.net.corp.example": schema.ServerSide, "notatlassian.net": schema.ServerSide,
	} {
		if got := formprofile.SideOf(host); got != want {
			t.Errorf("%s: %s", host, got)
		}
	}
}

// What a page shows is hostile text.
func TestAnInspectionIsPrintedWithoutMovingTheCursor(t *testing.T) {
	i := formprofile.Inspection{Address: "page+https://jira.corp.example/", Side: schema.ServerSide,
		Lists: []formprofile.Inspected{{Heading: "Connections\x1b[2J", Rows: 1, Problem: "no row\x1b[1A opens"}}}
	var out strings.Builder
	p := human.NewPrinter(&out, human.Terminal{})
	i.Print(p)
	rig.OK(t, p.Flush())
	for _, want := range []string{"(unverified)", "Connections‹U+001B›[2J  1 row\n", "not read", "the pages are not as the profile says"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in %s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Errorf("%q", out.String())
	}
}
