package adminpage_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/rig/adminsite"
	"github.com/mailferry/mailferry/schema"
)

// asks puts a question over the form once Save was pressed, and hides the form behind it.
const asks = `let sure = false;
addEventListener('submit', e => {
	if (sure) { sure = false; return; }
	e.preventDefault();
	e.stopImmediatePropagation();
	const form = e.target, over = form.closest('[role=dialog]'), d = document.createElement('div');
	const shut = () => { d.remove(); over.inert = false; };
	Object.assign(d, {role: 'alertdialog', ariaModal: 'true', ariaLabel: 'One moment', innerHTML: 'QUESTION'});
	for (const b of d.querySelectorAll('button')) b.onclick = () => { shut(); if (b.id) { sure = true; form.requestSubmit(); } };
	over.inert = true;
	document.body.append(d);
}, true);`

// A question that Save leads to is answered where yes means no more than Save did. Another is the
// page's refusal, though a form that it hides looks like one that let go.
func TestAQuestionAfterSave(t *testing.T) {
	b := passwords(1)
	for question, written := range map[string]bool{
		"<p>Save this item?</p><button>No</button><button id=yes>Yes, save</button>":                           true,
		"<p>Save changes?</p><button>Cancel</button><button id=yes>Confirm</button>":                           false,
		"<p>Save changes?</p><button id=yes>Don’t save</button><button>Cancel</button>":                        false,
		"<p>One of that name exists already.</p><button>Cancel</button><button id=yes>Save anyway</button>":    false,
		"<p>Who are you?</p><input aria-label=Password><button>Cancel</button><button id=yes>Save it</button>": false,
	} {
		t.Run(question, func(t *testing.T) {
			t.Parallel()
			s := newAround(t, adminsite.Options{}, strings.Replace(asks, "QUESTION", question, 1))
			rep, err := importer.Run(t.Context(), options(t, s.byPage(t, "form=dialog"), b, schema.Connections))
			if written {
				if err != nil || rep.Counts[importer.Written] != 1 || s.pages.Counts().Saves != 1 {
					t.Errorf("%v, %+v, pressed: %+v", err, rep, s.pages.Counts())
				}
				return
			}
			var partly *importer.PartialError
			if !errors.As(err, &partly) || s.pages.Counts().Saves != 0 {
				t.Fatalf("%v, pressed: %+v", err, s.pages.Counts())
			}
			says, _, _ := strings.Cut(strings.TrimPrefix(question, "<p>"), "<")
			for _, it := range rep.Items {
				if it.Result != importer.Failed || !strings.Contains(it.Words, "the page asks: One moment "+says) {
					t.Errorf("%s: %s %q", it.Name, it.Result, it.Words)
				}
			}
		})
	}
}
