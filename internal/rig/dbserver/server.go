//go:build unix

package dbserver

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Names and passwords on every server.
const (
	Database = "jira"
	User     = "jira_reader" // may SELECT from what is created with Exec
	Password = "s3cr3t-of-the-reader"
)

// Server is a running server with an empty database.
type Server struct {
	Port   int
	Socket string // the folder (PostgreSQL) or file (MariaDB) of its socket
	CA     string // a PEM file with the authority that signed its certificate
	scheme string
	in     string // the database that statements run in
	open   func(ctx context.Context, database string) (*session, error)
}

// session is a connection of the database's owner.
type session struct {
	exec  func(ctx context.Context, sql string) error
	close func()
}

// URL is the address for User, with parameters such as "sslmode=disable".
func (s *Server) URL(parameters ...string) string { return s.URLAt(s.Port, parameters...) }

// URLAt is URL with another port of the loopback interface, such as a proxy's.
func (s *Server) URLAt(port int, parameters ...string) string {
	u := fmt.Sprintf("%s://%s@127.0.0.1:%d/%s", s.scheme, User, port, Database)
	if len(parameters) > 0 {
		u += "?" + strings.Join(parameters, "&")
	}
	return u
}

// Exec runs statements as the owner of the database.
func (s *Server) Exec(t testing.TB, statements ...string) {
	t.Helper()
	s.Hold(t, statements...)()
}

// ExecIn is Exec in another database of the server.
func (s *Server) ExecIn(t testing.TB, database string, statements ...string) {
	t.Helper()
	other := *s
	other.in = database
	other.Exec(t, statements...)
}

// Hold is Exec in a session that stays open, with the locks that it holds, until
// the function that it returns is called.
func (s *Server) Hold(t testing.TB, statements ...string) (release func()) {
	t.Helper()
	ctx := context.Background()
	owner, err := s.open(ctx, s.in)
	if err != nil {
		t.Fatalf("%s: %v", s.scheme, err)
	}
	for _, sql := range statements {
		if err := owner.exec(ctx, sql); err != nil {
			owner.close()
			t.Fatalf("%s: %v\n%.500s", s.scheme, err, sql)
		}
	}
	return owner.close
}

// folder makes a folder that the server's user owns.
func folder(t testing.TB) (string, *syscall.Credential) {
	dir := t.TempDir()
	if os.Getuid() != 0 {
		return dir, nil
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(nobody.Uid)
	gid, _ := strconv.Atoi(nobody.Gid)
	if err := os.Chown(dir, uid, gid); err != nil {
		t.Fatal(err)
	}
	// The test's own folder is the parent, which nobody but its owner may pass.
	if err := os.Chmod(filepath.Dir(dir), 0o711); err != nil {
		t.Fatal(err)
	}
	return dir, &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// find looks where Debian puts a server's programs, then in PATH.
func find(t testing.TB, name, pkg string, patterns ...string) string {
	t.Helper()
	for _, p := range patterns {
		if found, _ := filepath.Glob(p); len(found) > 0 {
			return found[len(found)-1]
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("this test needs %s: install Debian's package %s", name, pkg)
	}
	return path
}

func run(t testing.TB, cred *syscall.Credential, dir string, argv ...string) {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", argv[0], err, out)
	}
}

// serve starts a server and returns once its log says ready. The shell in
// between sees its standard input end when the test ends, or its process dies,
// and takes the server along.
func serve(t testing.TB, cred *syscall.Credential, dir, ready string, argv ...string) {
	t.Helper()
	const script = `"$@" & server=$!
		exec 3<&0; (read -r _ <&3; kill -QUIT $server) & watcher=$!
		wait $server; kill $watcher; wait`
	cmd := exec.Command("/bin/sh", append([]string{"-c", script, "sh"}, argv...)...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	up, ended := make(chan bool, 1), make(chan struct{})
	var said strings.Builder
	go func() {
		defer close(ended)
		lines := bufio.NewScanner(log)
		for started := false; lines.Scan(); {
			if started {
				continue
			}
			said.WriteString(lines.Text() + "\n")
			if started = strings.Contains(lines.Text(), ready); started {
				up <- true
			}
		}
		_, _ = io.Copy(io.Discard, log)
		close(up)
	}()
	t.Cleanup(func() {
		_ = stdin.Close()
		<-ended
		_ = cmd.Wait()
	})
	if !<-up {
		t.Fatalf("%s does not start:\n%s", argv[0], said.String())
	}
}

// freePort finds a port of the loopback interface that nobody listens on.
func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
