package page

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mailferry/mailferry/internal/human"
)

// Cond is something that a page can show. Conds look at the whole scope, also at what lies
// behind an open dialog.
type Cond struct {
	text string
	test func(*view) bool
}

// String says in words what is looked for.
func (c Cond) String() string { return c.text }

// Heading is a heading, or the name of an open dialog.
func Heading(name string) Cond {
	want := human.FoldLabel(name)
	return Cond{fmt.Sprintf("the heading %q", Clean(name)), func(v *view) bool {
		for _, have := range headings(v.full) {
			if human.FoldLabel(have) == want {
				return true
			}
		}
		return false
	}}
}

// Text is a piece of text anywhere, whatever its case; what fields hold does not count.
func Text(part string) Cond {
	want := strings.ToLower(human.Squeeze(part))
	return Cond{fmt.Sprintf("the text %q", Clean(part)), func(v *view) bool {
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
		var joined strings.Builder
		for _, child := range at.children {
			if child.is("StaticText") {
				joined.WriteString(child.name)
			} else if !holdsTypedText(child) {
				joined.WriteString(child.name)
			}
		}
		found = strings.Contains(strings.ToLower(human.Squeeze(joined.String())), want) ||
			strings.Contains(strings.ToLower(human.Squeeze(at.name)), want)
		return !found
	})
	return found
}

// HasField is a field with the label.
func HasField(label string) Cond {
	want := human.FoldLabel(label)
	return Cond{fmt.Sprintf("the field %q", Clean(label)), func(v *view) bool {
		for _, f := range fields(v.full) {
			if f.matches(want) {
				return true
			}
		}
		return false
	}}
}

// HasButton is a button, link, tab or menu item with the name.
func HasButton(name string) Cond {
	want := human.FoldLabel(name)
	return Cond{fmt.Sprintf("the button %q", Clean(name)), func(v *view) bool {
		for _, n := range pressables(v.full) {
			if human.FoldLabel(n.name) == want {
				return true
			}
		}
		return false
	}}
}

// HasTable is a table, grid or list that [Scope.Rows] would read.
func HasTable(columns ...string) Cond {
	text := "a table or list"
	if len(columns) > 0 {
		text = "a table with the columns " + listNames(columns)
	}
	return Cond{text, func(v *view) bool {
		_, err := v.table(columns)
		return err == nil
	}}
}

// Not is the absence of what c looks for.
func Not(c Cond) Cond {
	return Cond{"no longer " + c.text, func(v *view) bool { return !c.test(v) }}
}

// AnyOf is at least one of several.
func AnyOf(conds ...Cond) Cond {
	return Cond{strings.Join(words(conds), " or "), func(v *view) bool {
		for _, c := range conds {
			if c.test(v) {
				return true
			}
		}
		return false
	}}
}

func all(conds []Cond, v *view) bool {
	for _, c := range conds {
		if !c.test(v) {
			return false
		}
	}
	return true
}

func words(conds []Cond) []string {
	texts := make([]string, len(conds))
	for i, c := range conds {
		texts[i] = c.text
	}
	return texts
}

func describe(conds []Cond) string { return strings.Join(words(conds), " and ") }

// WaitFor waits until the scope shows all conds. After [Options.Timeout] it gives up with
// [ErrTimeout], in words that say what was waited for and what is there instead.
func (s *Scope) WaitFor(ctx context.Context, conds ...Cond) error {
	return s.wait(ctx, describe(conds), func(v *view) bool { return all(conds, v) })
}

// WaitAny waits until the scope shows at least one of conds and returns the index of the first
// that holds: after Save, say, either the list again or an error message.
func (s *Scope) WaitAny(ctx context.Context, conds ...Cond) (int, error) {
	which := -1
	err := s.wait(ctx, strings.Join(words(conds), " or "), func(v *view) bool {
		for i, c := range conds {
			if c.test(v) {
				which = i
				return true
			}
		}
		return false
	})
	return which, err
}

// Shows reports whether the scope shows all conds at this moment.
func (s *Scope) Shows(ctx context.Context, conds ...Cond) (bool, error) {
	v, err := s.look(ctx)
	if err != nil {
		return false, err
	}
	return all(conds, v), nil
}

// wait polls the scope. A page that is being replaced gives errors that mean "not yet".
func (s *Scope) wait(ctx context.Context, what string, test func(*view) bool) error {
	return s.waitFor(ctx, s.page.browser.options.Timeout, what, test)
}

func (s *Scope) waitFor(ctx context.Context, limit time.Duration, what string, test func(*view) bool) error {
	return watch(ctx, limit, what, func() (*view, bool, error) {
		v, err := s.look(ctx)
		return v, err == nil && test(v), err
	})
}

// watch calls look until it is done, and says after limit what it saw last.
func watch(ctx context.Context, limit time.Duration, what string, look func() (v *view, done bool, err error)) error {
	var last *view
	var broken error
	err := poll(ctx, limit, func() (bool, error) {
		v, done, err := look()
		if err != nil {
			broken = err
			return false, ignoreTransient(err)
		}
		last, broken = v, nil
		return done, nil
	})
	if err == nil || !errors.Is(err, ErrTimeout) {
		return err
	}
	if last == nil {
		if broken == nil {
			broken = err
		}
		return failure(ErrTimeout, "waited %s for %s in vain: %v", limit, what, broken)
	}
	return failure(ErrTimeout, "waited %s for %s in vain; %s", limit, what, last.outline())
}

// settleTime is how long a page may go on drawing and loading before it is taken as it is.
const settleTime = 3 * time.Second

// settle waits until the target has drawn what it has to draw and no request is under way that
// might change it.
func (p *Page) settle(ctx context.Context, s *session) error {
	return p.settleWithin(ctx, s, min(settleTime, p.browser.options.Timeout))
}

// settleAll is settle for the page and every frame in it.
func (p *Page) settleAll(ctx context.Context) error {
	if err := p.settle(ctx, p.tab); err != nil {
		return err
	}
	if _, err := p.listDocuments(ctx); err != nil {
		return ignoreTransient(err)
	}
	for _, s := range p.frames {
		if err := p.settle(ctx, s); err != nil && s.gone.Err() == nil {
			return err
		}
	}
	return nil
}

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
