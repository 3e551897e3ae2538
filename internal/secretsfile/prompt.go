package secretsfile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"golang.org/x/term"

	"github.com/mailferry/mailferry/schema"
)

// Wanted is a connection or credential whose secret a person is asked for.
type Wanted struct {
	List schema.List
	Name string
}

// Terminal is where a person types and reads, whatever stdin and stdout are.
type Terminal struct {
	In, Out *os.File
	left    bool // an interrupted read is still waiting on In
}

// OpenTerminal opens the terminal that the process belongs to. The caller closes
// it.
func OpenTerminal() (*Terminal, error) {
	in, out := "/dev/tty", "/dev/tty"
	if runtime.GOOS == "windows" {
		in, out = "CONIN$", "CONOUT$"
	}
	t := &Terminal{}
	var err error
	if t.In, err = os.OpenFile(in, os.O_RDWR, 0); err == nil {
		if t.Out, err = os.OpenFile(out, os.O_RDWR, 0); err != nil {
			_ = t.In.Close()
		}
	}
	if err != nil {
		return nil, schema.Hint(fmt.Errorf("no terminal to ask at: %w", err), "give the secrets in a file")
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

// Prompt asks for one secret after the other without showing what is typed. An
// empty answer leaves that secret out of the result. The terminal is as it was
// when Prompt returns: after the last answer, when ctx ends, and when the person
// presses Ctrl-C, which is an error that wraps [context.Canceled]. A terminal
// takes lines of up to some 4000 bytes; what is longer needs a file.
func Prompt(ctx context.Context, t *Terminal, wanted []Wanted) ([]Entry, error) {
	fd := int(t.In.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return nil, schema.Hint(errors.New("the input is no terminal to ask at"), "give the secrets in a file")
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	defer func() { _ = term.Restore(fd, before) }()

	var entries []Entry
	for i, w := range wanted {
		if _, err := fmt.Fprintf(t.Out, "[%d/%d] %s of %s %s (Enter alone skips it): ",
			i+1, len(wanted), label(w.List), w.List.One(), schema.Quote(w.Name)); err != nil {
			return nil, fmt.Errorf("ask at the terminal: %w", err)
		}
		secret, err := t.hidden(ctx)
		_, _ = fmt.Fprintln(t.Out) // the Enter that was typed is not shown either
		if err != nil {
			return nil, err
		}
		if len(secret.Reveal()) > schema.MaxSecret {
			return nil, fmt.Errorf("the secret of %s %s is longer than %d bytes", w.List.One(), schema.Quote(w.Name), schema.MaxSecret)
		}
		if !secret.IsZero() {
			entries = append(entries, Entry{w.List, w.Name, secret})
		}
	}
	return entries, nil
}

func label(l schema.List) string {
	f, _ := schema.FieldByName(schema.ServerFormat, l, schema.SecretField(l))
	return f.Label
}

// hidden reads a line without echo. A read from a terminal cannot be interrupted
// everywhere, so when ctx ends it is left behind; the process is about to end.
func (t *Terminal) hidden(ctx context.Context) (schema.Secret, error) {
	type answer struct {
		secret schema.Secret
		err    error
	}
	if err := ctx.Err(); err != nil {
		return schema.Secret{}, fmt.Errorf("asking for secrets: %w", err)
	}
	got := make(chan answer, 1)
	go func() {
		line, err := term.ReadPassword(int(t.In.Fd()))
		runtime.KeepAlive(t)
		got <- answer{schema.NewSecret(string(line)), err}
	}()
	select {
	case a := <-got:
		if a.err != nil {
			return schema.Secret{}, fmt.Errorf("asking for secrets: %w", a.err)
		}
		return a.secret, nil
	case <-ctx.Done():
		t.left = true
		return schema.Secret{}, fmt.Errorf("asking for secrets: %w", ctx.Err())
	}
}
