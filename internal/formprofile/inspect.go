package formprofile

import (
	"context"
	"errors"
	"slices"

	"github.com/mailferry/mailferry/internal/page"
	"github.com/mailferry/mailferry/schema"
)

// Inspection is what the pages of a site show beside what the profile expects.
type Inspection struct {
	Kind     string      `json:"kind"` // "admin-pages"
	Address  string      `json:"address"`
	Side     string      `json:"side"`
	Verified bool        `json:"verified"` // as the profile says of itself
	Lists    []Inspected `json:"lists"`
}

// Inspected is one list.
type Inspected struct {
	List    schema.List `json:"list"`
	Heading string      `json:"heading"`
	Problem string      `json:"problem,omitzero"` // what could not be read, and why
	Rows    int         `json:"rows"`
	Columns []string    `json:"columns,omitzero"` // where the list has rows
	*Survey
}

// Fits reports whether everything that the profile expects is there.
func (i *Inspection) Fits() bool {
	for _, l := range i.Lists {
		if l.Problem != "" || l.Survey == nil ||
			slices.ContainsFunc(l.Fields, func(s Seen) bool { return s.Problem != "" }) || len(l.Missing) > 0 ||
			len(l.Unoffered) > 0 {
			return false
		}
	}
	return true
}

// Inspect reads both lists' columns and, in the form that Add opens, labels,
// kinds and choices. It changes nothing on the site and reads no item.
func (s *Site) Inspect(ctx context.Context) (*Inspection, error) {
	out := &Inspection{Kind: "admin-pages", Address: s.URL(), Side: s.options.Profile.Side,
		Verified: s.options.Profile.Verified}
	for _, l := range []schema.List{schema.Connections, schema.Credentials} {
		found := Inspected{List: l, Heading: s.options.Profile.List(l).Heading}
		err := s.inspect(ctx, l, &found)
		switch {
		case err != nil && s.origin == "",
			errors.Is(err, ErrSignedOut), ctx.Err() != nil: // "": the app was never there
			return nil, err
		case errors.Is(err, page.ErrTimeout), errors.Is(err, page.ErrAbsent), errors.Is(err, page.ErrAmbiguous),
			errors.Is(err, page.ErrDisabled), errors.Is(err, page.ErrIncomplete):
			found.Problem = page.Clean(err.Error())
			s.Forget()
		case err != nil:
			return nil, err
		}
		out.Lists = append(out.Lists, found)
	}
	return out, nil
}

func (s *Site) inspect(ctx context.Context, l schema.List, found *Inspected) error {
	rows, err := s.Rows(ctx, l)
	if err != nil && !errors.Is(err, page.ErrIncomplete) {
		return err
	}
	if err != nil {
		found.Problem = page.Clean(err.Error() + ": " + schema.HintOf(err))
	}
	if found.Rows = len(rows); found.Rows > 0 {
		found.Columns = rows[0].columns
	}
	return s.Do(ctx, func() (err error) {
		found.Survey, err = s.Survey(ctx, l)
		return err
	})
}
