// Package crash lets a test binary be a process of its own, which the test
// starts, reads the output of and kills: only a process that really died shows
// what a crash leaves behind.
package crash

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
)

// variable is set in a process that Start started.
const variable = "MAILFERRY_TEST_PROCESS"

// Main is for TestMain. In a process that Start started it runs the child, with
// the task that the test gave it and the output that the test reads; elsewhere the tests.
func Main[T any](m *testing.M, child func(task T, out io.Writer) error) {
	if os.Getenv(variable) == "" {
		os.Exit(m.Run())
	}
	var task T
	err := json.NewDecoder(os.Stdin).Decode(&task)
	if err == nil {
		err = child(task, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Process is the test binary, started once more.
type Process struct {
	Out *bufio.Reader // read it to its end before Wait
	PID int

	cmd   *exec.Cmd
	words bytes.Buffer // its last ones, on stderr
}

// Start starts a process and gives its child a task. It is killed when
// ctx ends.
func Start(ctx context.Context, task any) (*Process, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	in, err := json.Marshal(task)
	if err != nil {
		return nil, err
	}
	p := &Process{cmd: exec.CommandContext(ctx, exe)}
	p.cmd.Env = append(os.Environ(), variable+"=1")
	p.cmd.Stdin, p.cmd.Stderr = bytes.NewReader(in), &p.words
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	p.Out, p.PID = bufio.NewReader(out), p.cmd.Process.Pid
	return p, nil
}

// Kill kills the process as a power cut would. One that has ended already stays
// as it is.
func (p *Process) Kill() { _ = p.cmd.Process.Kill() }

// Die kills the process that calls it, as Kill does: no code can answer.
func Die() {
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	if err == nil {
		select {} // the signal is on its way
	}
	panic(err)
}

// Wait waits for the end and reports whether the process was killed, by Kill or by
// itself. The error of one that failed has its last words.
func (p *Process) Wait() (killed bool, err error) {
	err = p.cmd.Wait()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && !exit.Exited():
		return true, nil
	case err != nil:
		return false, fmt.Errorf("%w: %s", err, p.words.String())
	}
	return false, nil
}
