package formprofile

import (
	"testing"

	"github.com/mailferry/mailferry/internal/page"
)

// A list that shows "Choose…", or nothing, is left so by a person too, unless the page says that
// something has to be chosen.
func TestWhatBecomesOfAnUntouchedField(t *testing.T) {
	list := page.Control{Label: "Encryption", Kind: page.KindCombobox}
	needed, marked := list, list
	needed.Required, marked.Label = true, "Encryption *"
	text := page.Control{Label: "Host", Kind: page.KindText, Required: true}
	for _, c := range []struct {
		control page.Control
		held    string
		choices []string
		want    Untouched
	}{
		{list, "None", []string{"None", "TLS"}, Untouched{Default: "None"}},
		{needed, "None", []string{"None", "TLS"}, Untouched{Default: "None"}},
		{list, "Choose…", []string{"None", "TLS"}, Untouched{}},
		{list, "", []string{"None", "TLS"}, Untouched{}},
		{needed, "Choose…", []string{"None", "TLS"}, Untouched{Refused: true}},
		{marked, "", []string{"None", "TLS"}, Untouched{Refused: true}},
		{text, "", nil, Untouched{Refused: true}},
	} {
		if got := untouched(&c.control, c.held, c.choices); got != c.want {
			t.Errorf("%+v that holds %q of %q: %+v, want %+v", c.control, c.held, c.choices, got, c.want)
		}
	}
}
