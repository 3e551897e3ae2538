package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/terminal"
	"github.com/mailferry/mailferry/schema"
)

// env is everything that a command takes from the process it runs in.
type env struct {
	stdout, stderr io.Writer
	stdin          func() ([]byte, error) // standard input: read once, since one command may look at it twice
	data           io.Writer              // standard output, where a file goes there; messages go to stderr then
	lookupenv      func(string) (string, bool)
	now            func() time.Time
	log            *slog.Logger // diagnostics; silent unless --verbose

	verbose bool             // --verbose was given
	args    []string         // the command line
	pending []schema.Warning // not shown yet: those of one kind become one line

	pass    schema.Secret            // of -p, once it was asked for
	asked   map[string]schema.Secret // passphrases of key files, once they were asked for
	exposed map[string]bool          // files that were warned of, since others can read them
}

func processEnv() *env {
	stdin := sync.OnceValues(func() ([]byte, error) { return readWhole(stdio, os.Stdin, maxFile) })
	return &env{stdin: stdin, stdout: os.Stdout, stderr: os.Stderr, lookupenv: os.LookupEnv, now: time.Now,
		log: slog.New(slog.DiscardHandler)}
}

// getenv reads a variable that is as good as unset where it is empty.
func (e *env) getenv(name string) string {
	if value, set := e.lookupenv(name); set {
		return value
	}
	return ""
}

// run runs one command line and returns the exit code. Every error is printed
// here, once, also that of a result that could not be printed.
func (e *env) run(ctx context.Context, args []string) int {
	printed := &checkedStdout{w: e.stdout}
	own := *e
	own.args, own.stdout, own.exposed, own.asked = args, printed, map[string]bool{}, map[string]schema.Secret{}
	err := own.command(ctx, args)
	own.showWarnings()
	own.tell(err)
	if err != nil && !printed.wrote && asksJSON(args) {
		_ = writeJSON(printed, "error", own.failureOf(err))
	}
	if printed.err != nil && !errors.Is(err, printed.err) {
		own.tell(printed.err)
		err = cmp.Or(err, printed.err)
	}
	return exitCode(err)
}

// checkedStdout is standard output, and remembers its first error: what prints
// need not look at each write.
type checkedStdout struct {
	w     io.Writer
	err   error
	wrote bool // a result, or the beginning of one
}

func (s *checkedStdout) Write(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	s.wrote = true
	n, err := s.w.Write(p)
	if _, nested := s.w.(*checkedStdout); err == nil || nested { // nested: a step of the demo
		s.err = err
		return n, err
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	s.err = schema.Hint(fmt.Errorf("standard output: %w", err),
		"the result is not printed whole; files that the command names are written")
	return n, s.err
}

func (e *env) command(ctx context.Context, args []string) error {
	app := e.app()
	if err := refuseSecretsInArgs(args); err != nil {
		return err
	}
	args = asFlags(args)
	if last := len(args) - 1; args[last] == askCompletion {
		for _, offer := range complete(app, args[1:last]) {
			e.print("%s", offer)
		}
		return nil
	}
	ordered, err := flagsFirst(app, args)
	if err != nil {
		return err
	}
	return app.RunContext(ctx, ordered)
}

// tell writes an error and its hint to stderr.
func (e *env) tell(err error) {
	if err == nil {
		return
	}
	for i, line := range schema.ErrorLines(err) {
		line = uninterrupted(line)
		e.line(map[bool]string{true: "mailferry: error: ", false: "mailferry:   "}[i == 0], line)
	}
	for _, hint := range e.hints(err) {
		e.line("mailferry: hint: ", hint)
	}
}

// uninterrupted replaces Go's words for Ctrl-C, which are nobody else's.
func uninterrupted(s string) string {
	return strings.ReplaceAll(s, context.Canceled.Error(), "interrupted")
}

// warn writes one line of what a person should know, at once.
func (e *env) warn(s string) { e.line("mailferry: warning: ", s) }

// say writes one line about what was done.
func (e *env) say(format string, args ...any) { e.line("mailferry: ", fmt.Sprintf(format, args...)) }

// line writes a line to stderr. On a terminal it wraps below its own text; else
// it stays one line, for who reads it by program.
func (e *env) line(mark, text string) {
	width := cmp.Or(terminal.Width(fileOf(e.stderr)), math.MaxInt)
	p := human.NewPrinter(e.stderr, human.Terminal{Width: width})
	p.Marked(0, mark, human.Plain, strings.TrimRight(text, "\n"))
	_ = p.Flush()
}

// oneLine makes visible what came from outside and would move the cursor or add
// lines.
func oneLine(s string) string { return human.Visible(strings.TrimRight(s, "\n")) }

// readSecret asks on the terminal without echo.
func (e *env) readSecret(ctx context.Context, prompt string) (schema.Secret, error) {
	e.showWarnings()
	t, err := terminal.Open()
	if err != nil {
		return schema.Secret{}, err
	}
	defer t.Close()
	return t.Secret(ctx, oneLine(prompt)+": ")
}

// confirm asks a question on the terminal until the answer is yes or no, in any
// case and length.
func (e *env) confirm(ctx context.Context, question string) (bool, error) {
	e.showWarnings()
	t, err := terminal.Open()
	if err != nil {
		return false, schema.Hint(err, "--yes answers yes to everything")
	}
	defer t.Close()
	for {
		answer, err := t.Line(ctx, oneLine(question)+" [yes/no] ")
		if err != nil {
			return false, err
		}
		answer = strings.ToLower(answer)
		switch {
		case answer == "":
		case strings.HasPrefix("yes", answer):
			return true, nil
		case strings.HasPrefix("no", answer):
			return false, nil
		}
	}
}

// agree is confirm where a no is an error.
func (e *env) agree(ctx context.Context, question string, no error) error {
	ok, err := e.confirm(ctx, question)
	if ok {
		return nil
	}
	return cmp.Or(err, no)
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(w io.Writer) bool {
	f := fileOf(w)
	return f != nil && term.IsTerminal(int(f.Fd()))
}

// fileOf returns the file that a stream writes to, or nil.
func fileOf(w io.Writer) *os.File {
	if s, ok := w.(*checkedStdout); ok {
		return fileOf(s.w)
	}
	f, _ := w.(*os.File)
	return f
}
