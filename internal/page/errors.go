package page

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
)

// The reasons that callers tell apart with [errors.Is]. The text of an error that wraps one of
// them is meant for people and names the page's own words.
var (
	// ErrGone says that what was being worked on is no longer there: the browser was closed or
	// killed, the tab crashed, or the page moved on to another one, as it does when a session
	// ends. Nothing is known of what the site did with a half-filled form.
	ErrGone = errors.New("the page is gone")
	// ErrAbsent says that nothing on the page carries the name asked for. The text lists what is there.
	ErrAbsent = errors.New("not on the page")
	// ErrAmbiguous says that the name fits more than one thing, so that choosing either would
	// be a guess.
	ErrAmbiguous = errors.New("more than one fits")
	// ErrDisabled says that the page shows the control but does not let it be used.
	ErrDisabled = errors.New("disabled on the page")
	// ErrTimeout says that what was waited for did not appear in time. The text says what the
	// page shows instead.
	ErrTimeout = errors.New("waited in vain")
	// ErrRefused says that the page changed what was entered, or did not take it.
	ErrRefused = errors.New("not taken by the page")

	// ErrIncomplete says that a list is not known to have been read to its end: it shows signs
	// of going on and nothing was found to press, or the page tells of another number of rows.
	// The text names what it saw.
	ErrIncomplete = errors.New("not read to its end")

	// errFlooded says that the page opens dialogs without end. The browser is not worked any more.
	errFlooded = errors.New("too many dialogs")
)

// NotOfferedError says that a list does not hold the value asked for. Choices are the texts
// that it does hold, in the page's order.
type NotOfferedError struct {
	Label   string
	Want    string
	Choices []string
}

func (e *NotOfferedError) Error() string {
	return fmt.Sprintf("%s does not offer %q; it offers: %s", quoteLabel(e.Label), Clean(e.Want), listNames(e.Choices))
}

// worded is an error whose whole text is for people, while kind stays reachable for errors.Is.
type worded struct {
	text string
	kind error
}

func (e *worded) Error() string { return e.text }
func (e *worded) Unwrap() error { return e.kind }

func failure(kind error, format string, args ...any) error {
	return &worded{text: fmt.Sprintf(format, args...), kind: kind}
}

func listNames(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	var shown []string
	for _, name := range names[:min(len(names), maxListed)] {
		shown = append(shown, cmp.Or(Clean(name), "(no name)"))
	}
	text := strings.Join(shown, ", ")
	if extra := len(names) - len(shown); extra > 0 {
		text += fmt.Sprintf(" and %d more", extra)
	}
	return text
}

func quoteLabel(label string) string { return fmt.Sprintf("field %q", Clean(label)) }
