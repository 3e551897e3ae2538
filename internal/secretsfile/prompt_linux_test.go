package secretsfile

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/terminal"
	"github.com/mailferry/mailferry/schema"
)

// pseudoterminal returns a terminal and the end at which its person sits.
func pseudoterminal(t *testing.T) (person *os.File, tty *terminal.Terminal) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = person.Close() })
	fd := int(person.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	tty = &terminal.Terminal{}
	for _, f := range []**os.File{&tty.In, &tty.Out} {
		if *f, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = tty.Close() })
	return person, tty
}

func echoes(t *testing.T, f *os.File) bool {
	t.Helper()
	state := rig.Get(unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)).Or(t)
	return state.Lflag&unix.ECHO != 0
}

// untilHidden returns once the terminal no longer shows what is typed.
func untilHidden(t *testing.T, f *os.File) {
	t.Helper()
	for echoes(t, f) {
		if t.Context().Err() != nil {
			t.Fatal("the terminal went on showing what is typed")
		}
		runtime.Gosched()
	}
}

type result struct {
	secrets schema.Secrets
	err     error
}

func ask(ctx context.Context, tty *terminal.Terminal, wanted []schema.SecretKey) <-chan result {
	done := make(chan result, 1)
	go func() {
		secrets, err := Prompt(ctx, tty, wanted)
		done <- result{secrets, err}
	}()
	return done
}

func TestPromptHidesWhatIsTypedAndSkipsEmptyAnswers(t *testing.T) {
	person, tty := pseudoterminal(t)
	done := ask(t.Context(), tty, []schema.SecretKey{{List: schema.Connections, Name: "Desk\u202E"}, {List: schema.Connections, Name: "Relay"}, {List: schema.Credentials, Name: "Azure"}})
	screen := bufio.NewReader(person)
	var seen strings.Builder
	for _, typed := range []string{"hunter2\n", "\n", "pass wörd \n"} {
		question := rig.Get(screen.ReadString(':')).Or(t)
		seen.WriteString(question)
		untilHidden(t, tty.In)
		rig.Get(io.WriteString(person, typed)).Or(t)
		// The line end that follows says that the answer was taken.
		shown, err := screen.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		seen.WriteString(shown)
	}
	r := <-done
	if r.err != nil {
		t.Fatal(r.err)
	}
	desk, azure := r.secrets[schema.SecretKey{List: schema.Connections, Name: "Desk\u202E"}], r.secrets[schema.SecretKey{List: schema.Credentials, Name: "Azure"}]
	if len(r.secrets) != 2 || desk.Reveal() != "hunter2" || azure.Reveal() != "pass wörd " {
		t.Errorf("got %+v", r.secrets)
	}
	if s := seen.String(); strings.Contains(s, "hunter2") || strings.Contains(s, "\u202E") ||
		!strings.Contains(s, `[1/3] Password of connection "Desk\u202e"`) || !strings.Contains(s, `[3/3] Client Secret of credential "Azure"`) {
		t.Errorf("the screen shows %q", s)
	}
	if !echoes(t, tty.In) {
		t.Error("the terminal still hides what is typed")
	}
}

func TestPromptRestoresTheTerminalWhenInterrupted(t *testing.T) {
	tests := []struct {
		name string
		stop func(t *testing.T, cancel context.CancelFunc)
	}{
		{"cancelled", func(_ *testing.T, cancel context.CancelFunc) { cancel() }},
		{"Ctrl-C", func(t *testing.T, _ context.CancelFunc) {
			if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, tty := pseudoterminal(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			done := ask(ctx, tty, []schema.SecretKey{{List: schema.Connections, Name: "Desk"}})
			untilHidden(t, tty.In)
			tt.stop(t, cancel)
			if r := <-done; !errors.Is(r.err, context.Canceled) || r.secrets != nil {
				t.Errorf("got %+v", r)
			}
			if !echoes(t, tty.In) {
				t.Error("the terminal still hides what is typed")
			}
		})
	}
}

func TestPromptRefusesWhatIsNoTerminal(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	_, err = Prompt(t.Context(), &terminal.Terminal{In: f, Out: f}, []schema.SecretKey{{List: schema.Connections, Name: "Desk"}})
	if err == nil || schema.HintOf(err) == "" {
		t.Errorf("got %v", err)
	}
}
