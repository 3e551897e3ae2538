package adminpage_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/samples/cloud"
)

func TestTheSameBundleByPageAndByRESTGivesTheSameCloud(t *testing.T) {
	b := bundleWith(5)
	want := newSite(t, cloud.Options{}, cloud.PageOptions{})
	importBoth(t, want.byREST(t), b)
	for _, query := range []string{
		"labels=for&list=all&form=page&toast=status",
		"labels=wrap&list=paged&form=dialog&toast=alert&password=bullets",
		"labels=labelledby&list=lazy&form=page&toast=cover&slow=600ms",
		"labels=aria&form=dialog&toast=none&reorder=true",
	} {
		t.Run("variant "+query, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, cloud.Options{}, cloud.PageOptions{})
			importBoth(t, s.byPage(t, query), b)
			if have, want := s.content(t), want.content(t); !slices.Equal(have, want) {
				t.Errorf("by page:\n%s\nby REST:\n%s", strings.Join(have, "\n"), strings.Join(want, "\n"))
			}
			if c := s.pages.Counts(); c.Deletes+c.Tests+c.Decoys != 0 || c.Saves != len(b.Connections)+len(b.Credentials) {
				t.Errorf("pressed: %+v", c)
			}
		})
	}
}
