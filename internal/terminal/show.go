package terminal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/signal"
	"strings"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"

	"github.com/mailferry/mailferry/schema"
)

// The alternate screen has no scroll-back, and what was there before comes back
// after it. A terminal that has none passes over the sequences.
const alternate, ordinary = "\x1b[?1049h", "\x1b[?1049l"

// Show shows a text, one line or more, until the person presses Enter, and
// clears it then. It is cleared too when ctx ends and at each signal that would
// end or stop the process, Ctrl-C and Ctrl-Z among them: that is an error that
// wraps [context.Canceled]. Nothing is shown by a process in the background,
// which would be stopped with the text on the screen.
func (t *Terminal) Show(ctx context.Context, text string) error {
	_, err := t.show(ctx, text, "Press Enter to clear. ", map[byte]string{'\r': Next, '\n': Next})
	return err
}

// Turns of a page.
const (
	Next = "next"
	Back = "back"
	End  = "end"
)

// Turn is [Terminal.Show] for one of several pages: the person says where to go on.
func (t *Terminal) Turn(ctx context.Context, text string) (string, error) {
	const backspace, del = 0x08, 0x7f
	return t.show(ctx, text, "Enter: next, b: back, q: end. ", map[byte]string{
		'\r': Next, '\n': Next, ' ': Next, 'n': Next, 'N': Next,
		'b': Back, 'B': Back, backspace: Back, del: Back, 'q': End, 'Q': End})
}

func (t *Terminal) show(ctx context.Context, text, question string, keys map[byte]string) (string, error) {
	fd := int(t.In.Fd())
	if !foreground(fd) {
		return "", schema.Hint(errors.New("another program has the terminal"),
			"run it in the foreground: with fg, or without &")
	}
	if !Escapes(t.Out) {
		return "", schema.Hint(errors.New("this terminal cannot be cleared, so nothing is shown"),
			"Windows Terminal can, and the console of Windows 10 and later")
	}
	ctx, stop := signal.NotifyContext(ctx, interruptions()...)
	defer stop()
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("showing at the terminal: %w", err)
	}
	// What is typed does not show, not even before it is read: it would wrap too.
	before, err := term.MakeRaw(fd)
	if err != nil {
		return "", ErrNone
	}
	width := func() int { return cmp.Or(Width(t.Out), 80) }
	shown := width()
	defer func() {
		// A window that is narrower or wider by now may have wrapped it anew.
		all := text + "\n" + question
		up := max(rows(all, shown), rows(all, width())) - 1
		_, _ = fmt.Fprintf(t.Out, "\r\x1b[%dA\x1b[J%s", up, ordinary)
		stop() // in the background the next line stops the process, and caught it would be tried forever
		_ = term.Restore(fd, before)
	}()
	return t.ask(ctx, alternate+strings.ReplaceAll(text, "\n", "\r\n")+"\r\n"+question,
		func() (string, error) { return t.key(keys) })
}

// key waits for one of some keys at a raw terminal, at which keys send no signals.
func (t *Terminal) key(known map[byte]string) (string, error) {
	key := make([]byte, 1)
	for {
		if _, err := t.In.Read(key); err != nil {
			return "", err
		}
		if what, ok := known[key[0]]; ok {
			return what, nil
		}
		switch key[0] {
		case 'C' & 0x1f, 'D' & 0x1f, 'Z' & 0x1f, '\\' & 0x1f:
			return "", context.Canceled
		}
	}
}

// rows is how many rows of a terminal a text takes.
func rows(text string, width int) int {
	n, column := 1, 0
	for _, r := range text {
		wide := runewidth.RuneWidth(r)
		if r == '\n' || column+wide > width {
			n, column = n+1, 0
		}
		if r != '\n' {
			column += wide
		}
	}
	return n
}
