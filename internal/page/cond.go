package page

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mailferry/mailferry/internal/human"
)

// Cond is something that a page can show. Conds look at the whole scope, also at what lies
// behind an open dialog.
type Cond struct {
	text string
	test func(*Look) bool
}

// Heading is a heading, or the name of an open dialog, with one of the names.
func Heading(names ...string) Cond {
	return named("heading", names, func(v *Look, want string) bool {
		return slices.ContainsFunc(headings(v.full), sameAs(want))
	})
}

// HasButton is a button, link, tab or menu item with one of the names.
func HasButton(names ...string) Cond {
	return named("button", names, func(v *Look, want string) bool {
		return slices.ContainsFunc(namesOf(pressables(v.full)), sameAs(want))
	})
}

// HasField is a field with one of the labels.
func HasField(labels ...string) Cond {
	return named("field", labels, func(v *Look, want string) bool {
		return slices.ContainsFunc(fields(v.full), func(f *field) bool { return f.matches(want) })
	})
}

func sameAs(want string) func(string) bool {
	return func(have string) bool { return human.FoldLabel(have) == want }
}

func named(kind string, names []string, shows func(v *Look, want string) bool) Cond {
	var any []Cond
	for _, name := range names {
		want := human.FoldLabel(name)
		any = append(any, Cond{fmt.Sprintf("the %s %q", kind, Clean(name)), func(v *Look) bool { return shows(v, want) }})
	}
	return AnyOf(any...)
}

// Text is a piece of text anywhere, whatever its case; what fields hold does not count.
func Text(part string) Cond {
	want := strings.ToLower(human.Squeeze(part))
	return Cond{fmt.Sprintf("the text %q", Clean(part)), func(v *Look) bool {
		return want != "" && v.full.shows(want)
	}}
}

// shows looks for the folded text in each node's own pieces of text, joined as they stand
// beside each other.
func (n *node) shows(want string) bool {
	found := false
	n.each(func(at *node) bool {
		if found || holdsTypedText(at) {
			return false
		}
		joined := ""
		for _, child := range at.children {
			if !holdsTypedText(child) {
				joined += child.name
			}
		}
		for _, text := range []string{joined, at.name} {
			found = found || strings.Contains(strings.ToLower(human.Squeeze(text)), want)
		}
		return !found
	})
	return found
}

// HasTable is a table, grid or list that [Scope.Rows] would read.
func HasTable(columns ...string) Cond {
	text := "a table or list"
	if len(columns) > 0 {
		text = "a table with the columns " + listNames(columns)
	}
	return Cond{text, func(v *Look) bool {
		_, err := v.table(columns)
		return err == nil
	}}
}

// Not is the absence of what c looks for.
func Not(c Cond) Cond {
	return Cond{"no longer " + c.text, func(v *Look) bool { return !c.test(v) }}
}

// AnyOf is at least one of several.
func AnyOf(conds ...Cond) Cond {
	return Cond{join(conds, " or "), func(v *Look) bool { return slices.ContainsFunc(conds, func(c Cond) bool { return c.test(v) }) }}
}

func allOf(conds []Cond) Cond {
	return Cond{join(conds, " and "), func(v *Look) bool { return !slices.ContainsFunc(conds, func(c Cond) bool { return !c.test(v) }) }}
}

func join(conds []Cond, word string) string {
	texts := make([]string, len(conds))
	for i, c := range conds {
		texts[i] = c.text
	}
	return strings.Join(texts, word)
}

// WaitFor waits until the scope shows all conds. After [Options.Timeout] it gives up with
// [ErrTimeout], in words that say what was waited for and what is there instead.
func (s *Scope) WaitFor(ctx context.Context, conds ...Cond) error { return s.wait(ctx, allOf(conds)) }

// Shows reports whether the scope shows all conds.
func (l *Look) Shows(conds ...Cond) bool { return allOf(conds).test(l) }

// wait polls the scope. A page that is being replaced gives errors that mean "not yet".
func (s *Scope) wait(ctx context.Context, c Cond) error {
	return watch(ctx, s.page.browser.options.Timeout, c.text, func() (*Look, bool, error) {
		v, err := s.Look(ctx)
		return v, err == nil && c.test(v), err
	})
}

// watch calls look until it is done, and says after limit what it saw last.
func watch(ctx context.Context, limit time.Duration, what string, look func() (v *Look, done bool, err error)) error {
	var last *Look
	var broken error
	err := poll(ctx, limit, func() (done bool, err error) {
		v, done, err := look()
		if broken = err; err == nil {
			last = v
		}
		return done, ignoreTransient(err)
	})
	switch {
	case !errors.Is(err, ErrTimeout):
		return err
	case last == nil:
		return failure(ErrTimeout, "waited %s for %s in vain: %v", limit, what, cmp.Or(broken, err))
	}
	return failure(ErrTimeout, "waited %s for %s in vain; %s", limit, what, last.outline())
}

// settle waits until the target has drawn what it has to draw and no request is under way that
// might change it.
func (p *Page) settle(ctx context.Context, s *session) error {
	return p.settleWithin(ctx, s, min(settleTime, p.browser.options.Timeout))
}

// Settle waits until the page and every frame in it have drawn what they have to draw and their
// requests are answered, or for a few seconds.
func (s *Scope) Settle(ctx context.Context) error {
	return s.settle(ctx, min(settleTime, s.page.browser.options.Timeout))
}

// Answered is Settle for as long as the page is waited for.
func (s *Scope) Answered(ctx context.Context) error {
	return s.settle(ctx, s.page.browser.options.Timeout)
}

func (s *Scope) settle(ctx context.Context, limit time.Duration) error {
	p := s.page
	if err := p.settleWithin(ctx, p.tab, limit); err != nil {
		return err
	}
	if _, err := p.listDocuments(ctx); err != nil {
		return ignoreTransient(err)
	}
	for _, s := range p.frames {
		if err := p.settleWithin(ctx, s, limit); err != nil && s.gone.Err() == nil {
			return err
		}
	}
	return nil
}

// jsFrames waits until the page has drawn what it has to draw. A window that is not visible
// draws nothing, hence the second way out.
const jsFrames = `new Promise(done => {
	const late = setTimeout(() => done(true), 250);
	let left = 2;
	const next = () => { if (--left) requestAnimationFrame(next); else { clearTimeout(late); setTimeout(() => done(true)); } };
	requestAnimationFrame(next);
})`

func (p *Page) settleWithin(ctx context.Context, s *session, limit time.Duration) error {
	for deadline := time.Now().Add(limit); ; {
		var drawn bool
		if err := s.evaluate(ctx, jsFrames, &drawn); err != nil {
			return ignoreTransient(err)
		}
		if !s.busy(limit) || time.Now().After(deadline) {
			return nil
		}
	}
}
