// Package terminal asks a person at the terminal, whatever stdin and stdout are.
package terminal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/term"

	"github.com/mailferry/mailferry/schema"
)

// ErrNone says that the process belongs to no terminal.
var ErrNone = errors.New("there is no terminal to ask at")

// Terminal is where a person types and reads.
type Terminal struct {
	In, Out *os.File
	left    bool // an interrupted read is still waiting on In
}

// Open opens the terminal that the process belongs to. The caller closes it.
func Open() (*Terminal, error) {
	in, out := "/dev/tty", "/dev/tty"
	if runtime.GOOS == "windows" {
		in, out = "CONIN$", "CONOUT$"
	}
	t := &Terminal{}
	var err error
	if t.In, err = os.OpenFile(in, os.O_RDWR, 0); err != nil {
		return nil, ErrNone
	}
	if t.Out, err = os.OpenFile(out, os.O_RDWR, 0); err != nil {
		_ = t.In.Close()
		return nil, ErrNone
	}
	return t, nil
}

// Close closes the terminal. Its input stays open as long as an interrupted read
// waits on it: that read ends by setting the terminal's mode through the file's
// number, which must not by then mean another file.
func (t *Terminal) Close() error {
	if t.left {
		return t.Out.Close()
	}
	return errors.Join(t.In.Close(), t.Out.Close())
}

// Width is that of a terminal in columns, or 0 where it does not say, or f is none.
func Width(f *os.File) int {
	if f == nil {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// Secret asks a question and reads the answer without showing it. The terminal is
// as it was afterwards: after the answer, when ctx ends, and when the person
// presses Ctrl-C or Ctrl-\ or hangs up, which is an error that wraps
// [context.Canceled]. A terminal takes lines of up to some 4000 bytes.
func (t *Terminal) Secret(ctx context.Context, question string) (schema.Secret, error) {
	fd := int(t.In.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return schema.Secret{}, ErrNone
	}
	defer func() { _ = term.Restore(fd, before) }()
	line, err := t.ask(ctx, question, func() (string, error) {
		line, err := term.ReadPassword(int(t.In.Fd()))
		return string(line), err
	})
	_, _ = fmt.Fprintln(t.Out) // the Enter that was typed is not shown either
	return schema.NewSecret(line), err
}

// Line asks a question and reads the answer, without blanks around it. Ctrl-C is
// an error that wraps [context.Canceled].
func (t *Terminal) Line(ctx context.Context, question string) (string, error) {
	line, err := t.ask(ctx, question, t.line)
	return strings.TrimSpace(line), err
}

// line reads byte by byte, so that what is typed ahead stays for the next
// question.
func (t *Terminal) line() (string, error) {
	const most = 4096 // bytes: as many as a terminal hands on of a line
	var line []byte
	one := make([]byte, 1)
	for len(line) < most {
		n, err := t.In.Read(one)
		if n == 1 && one[0] == '\n' || err != nil && len(line) > 0 {
			break
		}
		if err != nil {
			return "", err
		}
		line = append(line, one[:n]...)
	}
	return string(line), nil
}

// ask writes the question and waits for read. A read from a terminal cannot be
// interrupted everywhere, so when ctx ends it is left behind; the process is
// about to end.
func (t *Terminal) ask(ctx context.Context, question string, read func() (string, error)) (string, error) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	defer stop()
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("asking at the terminal: %w", err)
	}
	if _, err := fmt.Fprint(t.Out, question); err != nil {
		return "", fmt.Errorf("asking at the terminal: %w", err)
	}
	type answer struct {
		line string
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		line, err := read()
		runtime.KeepAlive(t)
		got <- answer{line, err}
	}()
	select {
	case a := <-got:
		if a.err != nil {
			return "", fmt.Errorf("asking at the terminal: %w", a.err)
		}
		return a.line, nil
	case <-ctx.Done():
		t.left = true
		return "", fmt.Errorf("asking at the terminal: %w", ctx.Err())
	}
}
