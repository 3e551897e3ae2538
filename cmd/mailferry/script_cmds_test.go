package main

import (
	"crypto/tls"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/mailferry/mailferry/internal/rig/mailserver"
)

// exitcode N mailferry ARGS… runs mailferry, holds its exit code against N and
// leaves stdout and stderr to the lines that follow. Every script says which
// exit code it expects: "! exec" would take any failure.
func exitcode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exitcode N command…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if err != nil {
		exit, ok := err.(*exec.ExitError)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// keys NAME… makes NAME.key for each and sets $NAME to its recipient.
// The scripts run side by side and the command line's library has state of its
// own, so that it is not run in this process.
func keys(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		identity, recipient, err := newKeyPair(false)
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(name+".key"), []byte(identity.Reveal()+"\n"), 0o600))
		ts.Setenv(name, recipient)
	}
}

// setvar NAME FILE sets $NAME to what the file holds, without blanks around it.
func setvar(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
}

// lacks FILE TEXT… fails where the file holds one of the texts.
func lacks(ts *testscript.TestScript, _ bool, args []string) {
	content := ts.ReadFile(args[0])
	for _, text := range args[1:] {
		if strings.Contains(content, text) {
			ts.Fatalf("%s holds %q", args[0], text)
		}
	}
}

// patch FILE OLD NEW replaces the first OLD in a file, which must be there. In
// both, \n stands for a line's end.
func patch(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	content := ts.ReadFile(args[0])
	lines := strings.NewReplacer(`\n`, "\n")
	before, after := lines.Replace(args[1]), lines.Replace(args[2])
	if !strings.Contains(content, before) {
		ts.Fatalf("%s does not hold %q", args[0], before)
	}
	ts.Check(os.WriteFile(path, []byte(strings.Replace(content, before, after, 1)), 0o600))
}

// mailhost starts mail servers on this machine: one that turns to TLS by STARTTLS
// at port $STARTTLS, one that has none at $CLEAR, and one with a certificate for
// another name at $STRANGER. Each lets everybody in whose password is made-up-right
// and refuses the sender refused@example.com. ca.pem is whom mailferry trusts.
func mailhost(ts *testscript.TestScript, _ bool, _ []string) {
	a := mailserver.NewAuthority()
	ts.Check(os.WriteFile(ts.MkAbs("ca.pem"), a.PEM(), 0o600))
	ts.Setenv("SSL_CERT_FILE", ts.MkAbs("ca.pem"))
	right, wrong := a.Issue("127.0.0.1", 2000*time.Hour), a.Issue("other.example.com", 2000*time.Hour)
	for name, cert := range map[string]*tls.Certificate{"STARTTLS": &right, "CLEAR": nil, "STRANGER": &wrong} {
		s := &mailserver.Server{Cert: cert, Insecure: cert == nil, Methods: []string{"PLAIN", "LOGIN"}, Password: "made-up-right", Refuses: "refused@example.com"}
		port, stop := s.Start()
		ts.Defer(stop)
		ts.Setenv(name, strconv.Itoa(port))
	}
}
