package sealed_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

// team is a bundle of two labelled recipients and a reviewer, opened by one of
// them.
type team struct{ ops, old, rev, stranger party }

func newTeam(t *testing.T) (m team, to sealed.Holders) {
	t.Helper()
	m = team{newParty(t, false), newParty(t, false), newParty(t, false), newParty(t, false)}
	m.ops.pub.Label, m.old.pub.Label, m.rev.pub.Label = "ops", "old", "audit"
	return m, sealed.Holders{Recipients: []sealed.Recipient{m.ops.pub, m.old.pub}, Reviewers: []sealed.Recipient{m.rev.pub}}
}

func opened(t *testing.T, to sealed.Holders, by party) *sealed.Opened {
	t.Helper()
	o := rig.Get(open(bundle(t, to, false), by)).Or(t)
	return o
}

func labels(list []sealed.Recipient) string {
	var out []string
	for _, r := range list {
		out = append(out, r.Label)
	}
	return strings.Join(out, " ")
}

func TestRekeyKeepsTheListedLessTheRemovedWithTheAdded(t *testing.T) {
	m, to := newTeam(t)
	o := opened(t, to, m.ops)
	m.stranger.pub.Label = "new"
	for _, c := range []struct {
		name                           string
		rekey                          sealed.Rekey
		recipients, reviewers, changes string
	}{
		{"nothing", sealed.Rekey{}, "ops old", "audit", "ops keeps recipient, old keeps recipient, audit keeps reviewer"},
		{"by label", sealed.Rekey{Remove: []string{"old"}}, "ops", "audit", "ops keeps recipient, old loses recipient, audit keeps reviewer"},
		{"by key", sealed.Rekey{Remove: []string{m.rev.pub.Key}}, "ops old", "", "ops keeps recipient, old keeps recipient, audit loses reviewer"},
		{"exchange", sealed.Rekey{Remove: []string{"old"}, AddRecipients: []sealed.Recipient{m.stranger.pub}}, "ops new", "audit",
			"ops keeps recipient, old loses recipient, audit keeps reviewer, new gains recipient"},
		{"promotion", sealed.Rekey{Remove: []string{"audit"}, AddRecipients: []sealed.Recipient{m.rev.pub}}, "ops old audit", "",
			"ops keeps recipient, old keeps recipient, audit loses reviewer, audit gains recipient"},
	} {
		to, changes, err := o.Rekey(sealed.Keys{}, c.rekey)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var got []string
		for _, ch := range changes {
			got = append(got, ch.Label+" "+ch.Change+" "+ch.Sight)
		}
		if labels(to.Recipients) != c.recipients || labels(to.Reviewers) != c.reviewers || strings.Join(got, ", ") != c.changes {
			t.Errorf("%s: recipients %s, reviewers %s, changes %s", c.name, labels(to.Recipients), labels(to.Reviewers), strings.Join(got, ", "))
		}
	}
}

func TestRekeyRefusesWhatNobodyCanMean(t *testing.T) {
	m, to := newTeam(t)
	o := opened(t, to, m.ops)
	_, _, err := o.Rekey(sealed.Keys{}, sealed.Rekey{Remove: []string{"ops", "odl"}})
	if unlisted := (*sealed.NotListedError)(nil); !errors.As(err, &unlisted) || unlisted.Name != "odl" {
		t.Errorf("a label that is not listed: %v", err)
	}
	if _, _, err := o.Rekey(sealed.Keys{}, sealed.Rekey{Remove: []string{"ops", "old"}}); err == nil {
		t.Error("nobody is left, and that is accepted")
	}
	if _, _, err := o.Rekey(sealed.Keys{}, sealed.Rekey{AddRecipients: []sealed.Recipient{m.rev.pub}}); err == nil {
		t.Error("a reviewer is made a recipient beside, and that is accepted")
	}
	if _, _, err := o.Rekey(sealed.Keys{}, sealed.Rekey{Remove: []string{""}}); err == nil {
		t.Error("an empty label removes those without one")
	}

	pass := schema.NewSecret("correct horse")
	id := rig.Get(sealed.PassphraseIdentity(pass)).Or(t)
	locked := opened(t, sealed.Holders{Passphrase: pass}, party{id: id})
	if _, _, err := locked.Rekey(sealed.Keys{}, sealed.Rekey{}); err == nil {
		t.Error("a passphrase is rekeyed")
	}
}

// The list is a claim: one longer than the file opens to is false.
func TestRekeyTakesNoFalseList(t *testing.T) {
	m, to := newTeam(t)
	o := opened(t, to, m.ops)
	o.Bundle.Manifest.Recipients = append(o.Bundle.Manifest.Recipients, schema.KeyHolder{Key: m.stranger.pub.Key})
	if to, _, err := o.Rekey(sealed.Keys{}, sealed.Rekey{}); !errors.Is(err, sealed.ErrHolderList) || len(to.Recipients) > 0 {
		t.Errorf("%v %v", to.Recipients, err)
	}
}

func TestARecipientKeptIsVouchedForByItsIdentityOrByName(t *testing.T) {
	m, to := newTeam(t)
	o := opened(t, to, m.ops)
	_, changes, err := o.Rekey(sealed.Keys{}, sealed.Rekey{AddRecipients: []sealed.Recipient{m.stranger.pub}})
	if err != nil {
		t.Fatal(err)
	}
	if got := o.Unvouched(changes, nil); !slices.Equal(got, []schema.KeyHolder{{Label: "old", Key: m.old.pub.Key}}) {
		t.Errorf("not vouched for: %v", got) // not the key at hand, the reviewer and the one added
	}
	if got := o.Unvouched(changes, []sealed.Recipient{m.old.pub}); len(got) > 0 {
		t.Errorf("not vouched for although named: %v", got)
	}
}

func TestResealForLetsNoRecipientInThatWouldSeeNoSecret(t *testing.T) {
	m, to := newTeam(t)
	other := sealed.Holders{Recipients: []sealed.Recipient{m.stranger.pub}}
	byReviewer := opened(t, to, m.rev)
	if err := byReviewer.ResealFor(other); err == nil || !strings.Contains(err.Error(), m.stranger.pub.Key[:40]) {
		t.Errorf("with a reviewer's key: %v", err)
	}
	if err := byReviewer.ResealFor(sealed.Holders{Passphrase: schema.NewSecret("correct horse")}); err == nil {
		t.Error("with a reviewer's key the secrets pass for a passphrase")
	}
	before := slices.Clone(byReviewer.Bundle.Sealed)
	if err := byReviewer.ResealFor(sealed.Holders{Recipients: to.Recipients[:1]}); err != nil || !slices.Equal(before, byReviewer.Bundle.Sealed) {
		t.Errorf("sealed parts do not pass as they are: %v", err)
	}

	o := opened(t, to, m.ops)
	rig.OK(t, o.ResealFor(other))
	again, err := open(write(t, o.Bundle, other), m.stranger)
	if err != nil || again.Secret(schema.Connections, "Desk").Reveal() != deskSecret {
		t.Errorf("the recipient does not get the secrets: %v", err)
	}
}

func TestLostAreTheListedThatAFileDoesNotOpenTo(t *testing.T) {
	m, to := newTeam(t)
	o := opened(t, to, m.ops)
	got := sealed.Holders{Recipients: []sealed.Recipient{m.ops.pub}, Reviewers: []sealed.Recipient{m.stranger.pub}}.Lost(o.Bundle.Manifest)
	want := []schema.KeyHolder{{Label: "old", Key: m.old.pub.Key}, {Label: "audit", Key: m.rev.pub.Key}}
	if !slices.Equal(got, want) || len(o.Bundle.Manifest.Recipients) != 2 {
		t.Errorf("%v", got)
	}
	if got := to.Lost(o.Bundle.Manifest); len(got) > 0 {
		t.Errorf("of the same readers: %v", got)
	}
}
