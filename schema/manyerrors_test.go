package schema_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/mailferry/mailferry/schema"
)

func TestEveryErrorHasALine(t *testing.T) {
	var inner, outer schema.Errors
	if inner.Err() != nil {
		t.Fatal("no error is one")
	}
	inner.Add(nil)
	inner.Add(schema.Hint(errors.New("row 2: a"), "mend it"))
	if err := inner.Err(); err.Error() != "row 2: a" {
		t.Errorf("the only one: %v", err)
	}
	inner.Add(errors.New("row 3: b"))
	outer.Add(fmt.Errorf("one.csv: %w", inner.Err()))
	outer.Add(schema.Hint(errors.New("two.csv: c"), "mend it"))
	outer.Add(schema.Hint(errors.New("three.csv: d"), "or that"))
	err := outer.Err()
	if got := schema.ErrorLines(err); !slices.Equal(got, []string{"one.csv: row 2: a", "one.csv: row 3: b", "two.csv: c", "three.csv: d"}) {
		t.Errorf("%q", got)
	}
	if got := schema.Hints(err); !slices.Equal(got, []string{"mend it", "or that"}) {
		t.Errorf("%q", got)
	}
	for range 30 {
		outer.Add(errors.New("e"))
	}
	var whole schema.Errors
	whole.Add(fmt.Errorf("all: %w", outer.Err()))
	whole.Add(errors.New("f"))
	if got := schema.ErrorLines(whole.Err()); len(got) != schema.MostErrors+1 || got[schema.MostErrors] != "and 15 more" {
		t.Errorf("within another: %d lines, the last %q", len(got), got[len(got)-1])
	}
	if got := schema.ErrorLines(outer.Err()); len(got) != schema.MostErrors+1 || got[schema.MostErrors] != "and 14 more" {
		t.Errorf("%d lines, the last %q", len(got), got[len(got)-1])
	}
}
