package sealed

import (
	"strings"
	"testing"

	"github.com/mailferry/mailferry/schema"
)

func TestAnApprovalTakesBackItsSignersRejectionsAndThoseNamed(t *testing.T) {
	c := newCast(t, "anna ANNA\nben BEN")
	rejects := func(who, site string, hour int) Evidence {
		return c.says(who, func(b *schema.StatementBody) {
			b.Decision, b.For, b.Time = schema.DecisionReject, site, testTime(hour)
		})
	}
	named := func(name string, e Evidence) Evidence { e.File = name; return e }
	anyCloud, oneCloud, bens := rejects("ANNA", "", 1), rejects("ANNA", "https://a.example", 2), rejects("BEN", "", 3)
	older := c.says("ANNA", func(b *schema.StatementBody) { b.Decision, b.Digest = schema.DecisionReject, hexOf("e", 64) })
	forged := rejects("ANNA", "", 4)
	forged.Statement.Signature = anyCloud.Statement.Signature
	all := []Evidence{named("any", anyCloud), named("one", oneCloud), bens, older, forged, c.says("ANNA", nil)}
	for name, tc := range map[string]struct {
		site         string
		named        []Evidence
		takes, leave string
		err          string
	}{
		"for any Cloud":            {"", nil, "any one", "", ""},
		"for the Cloud of one":     {"https://a.example", nil, "one", "any", ""},
		"for another Cloud":        {"https://b.example", nil, "", "any one", ""},
		"another key's, named":     {"", []Evidence{named("bens", bens)}, "bens any one", "", ""},
		"named and beside":         {"", []Evidence{named("any", anyCloud)}, "any one", "", ""},
		"named, but not covered":   {"https://b.example", []Evidence{named("f", anyCloud)}, "", "", "f: is for any Cloud, which an approval for https://b.example does not cover"},
		"named, another content's": {"", []Evidence{named("f", older)}, "", "", "f: is no rejection of this content"},
		"named, an approval":       {"", []Evidence{c.says("BEN", nil)}, "", "", "BEN: is no rejection of this content"},
		"named, forged":            {"", []Evidence{named("f", forged)}, "", "", "f: the signature does not match"},
	} {
		t.Run(name, func(t *testing.T) {
			body := c.subject.Body(schema.RoleReviewer, schema.DecisionApprove, testTime(9))
			body.For = tc.site
			left, err := Supersede(&body, c.signers["ANNA"], all, tc.named)
			if tc.err != "" {
				wantError(t, err, tc.err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var takes []string
			for _, id := range body.Supersedes {
				for file, e := range map[string]Evidence{"any": anyCloud, "one": oneCloud, "bens": bens} {
					if s, err := CheckStatement(e.Statement); err == nil && s.ID == id {
						takes = append(takes, file)
					}
				}
			}
			if got := strings.Join(takes, " "); got != tc.takes || len(takes) != len(body.Supersedes) {
				t.Errorf("takes back %q of %d, want %q", got, len(body.Supersedes), tc.takes)
			}
			if got := strings.Join(left, " "); got != tc.leave {
				t.Errorf("leaves %q, want %q", got, tc.leave)
			}
			if _, err := SignStatement(body, c.signers["ANNA"]); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestNothingIsSignedByAClockThatIsOff(t *testing.T) {
	c := newCast(t, "anna ANNA\nben BEN")
	at := func(who string, hour int) Evidence {
		return c.says(who, func(b *schema.StatementBody) { b.Time = testTime(hour) })
	}
	ahead := at("ANNA", 2)
	now := testTime(1).Time
	wantError(t, CheckClock([]Evidence{at("ANNA", 0), ahead}, nil, c.signers["ANNA"], now), `statement "ANNA" of the same key is dated 2026-03-10T14:00:00Z, ahead of this computer's clock`)
	forged := ahead
	forged.Statement.Signature = at("ANNA", 0).Statement.Signature
	embedded := ahead
	embedded.File = ""
	for name, err := range map[string]error{
		"within the allowance": CheckClock([]Evidence{ahead}, nil, c.signers["ANNA"], testTime(2).Add(-schema.ClockAhead)),
		"another's clock":      CheckClock([]Evidence{at("BEN", 2)}, nil, c.signers["ANNA"], now),
		"not signed":           CheckClock([]Evidence{forged}, nil, c.signers["ANNA"], now),
		"in the bundle":        CheckClock([]Evidence{embedded}, nil, c.signers["ANNA"], now),
		"looked at":            CheckClock([]Evidence{ahead}, []Evidence{ahead}, c.signers["ANNA"], now),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
