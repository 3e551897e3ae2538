package probe

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/mailserver"
)

const postfixMain = `compatibility_level = 3.6
queue_directory = DIR/queue
data_directory = DIR/data
maillog_file = /dev/stdout
myhostname = mail.example.com
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mydestination =
local_recipient_maps =
alias_maps =
smtpd_delay_reject = no
smtpd_sender_restrictions = check_sender_access inline:{{refused@example.com = REJECT not yours}}
smtpd_relay_restrictions = reject
smtpd_sasl_type = dovecot
smtpd_sasl_path = DIR/auth
smtpd_sasl_auth_enable = yes
smtpd_tls_auth_only = yes
smtpd_tls_security_level = may
smtpd_tls_cert_file = DIR/cert.pem
smtpd_tls_key_file = DIR/key.pem
`

const dovecotConf = `base_dir = DIR/dovecot
log_path = /dev/stderr
protocols =
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5
auth_failure_delay = 0
passdb {
  driver = static
  args = password=canary-Plover-18
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent
}
service auth {
  unix_listener DIR/auth {
    mode = 0666
  }
}
`

// Postfix with Dovecot's SASL, as sites have them: every way of speaking, and each
// sign-in method. Postfix starts as root alone: another user needs sudo.
func TestPostfixAndDovecotAreUnderstood(t *testing.T) {
	a := mailserver.NewAuthority()
	p := startPostfix(t, a)
	b := &bundle{}
	const password = "canary-Plover-18"
	b.connection("implicit", p.implicit, "SSL/TLS", "anna", password)
	b.connection("starttls", p.startTLS, "STARTTLS", "bert", password)
	b.connection("cram", p.cram, "STARTTLS", "cora", password)
	b.connection("clear", p.clear, "None", "dora", password)
	b.connection("wrong", p.startTLS, "STARTTLS", "emil", "canary-wrong")
	b.connection("disabled", p.disabled, "STARTTLS", "fred", password)
	b.connection("refused", p.startTLS, "STARTTLS", "bert", password)
	b.connection("relay", p.startTLS, "STARTTLS", "", "")
	r := b.login(t, a)
	for name, mode := range map[string]string{"implicit": "TLS at once", "starttls": "STARTTLS", "clear": "no TLS", "disabled": "STARTTLS"} {
		r.of(t, name, StepEncryption).want(t, Good, mode)
	}
	r.of(t, "implicit", StepSignIn).want(t, Good, `signed in as "anna" by PLAIN`)
	r.of(t, "starttls", StepSignIn).want(t, Good, `signed in as "bert" by LOGIN`)
	r.of(t, "cram", StepSignIn).want(t, Good, `signed in as "cora" by CRAM-MD5`)
	r.of(t, "clear", StepSignIn).want(t, Unknown, "over TLS alone")
	r.of(t, "wrong", StepSignIn).want(t, Failed, "535 5.7.8 Error: authentication failed")
	r.of(t, "disabled", StepSignIn).want(t, Failed, "no sign-in")
	r.of(t, "starttls", StepSender).want(t, Good, "starttls@example.com")
	r.of(t, "refused", StepSender).want(t, Failed, "554 5.7.1 <refused@example.com>: Sender address rejected: not yours")
	r.of(t, "relay", StepSender).want(t, Good, "relay@example.com")
	b.Connections = b.Connections[3:4]
	b.login(t, a, "clear").of(t, "clear", StepSignIn).want(t, Good, `signed in as "dora" by CRAM-MD5`)
}

// postfix is where a private Postfix listens.
type postfix struct{ implicit, startTLS, cram, disabled, clear int }

func startPostfix(t *testing.T, a *mailserver.Authority) *postfix {
	dir, err := os.MkdirTemp("", "postfix") // not below the test's own, which Postfix's user may not pass
	rig.OK(t, err)
	t.Cleanup(func() { _ = asRoot("rm", "-rf", dir).Run() })
	rig.OK(t, os.Chmod(dir, 0o755))
	write := func(name, content string) {
		content = strings.ReplaceAll(content, "DIR", dir)
		rig.OK(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	cert, key := mailserver.PEMOf(a.Issue(mailHost, month))
	write("cert.pem", string(cert))
	write("key.pem", string(key))
	p := &postfix{freePort(t), freePort(t), freePort(t), freePort(t), freePort(t)}
	services := ""
	for port, options := range map[int]string{
		p.implicit: "-o smtpd_tls_wrappermode=yes -o smtpd_sasl_mechanism_filter=plain",
		p.startTLS: "-o smtpd_sasl_mechanism_filter=login",
		p.cram:     "-o smtpd_sasl_mechanism_filter=cram-md5",
		p.disabled: "-o smtpd_sasl_auth_enable=no",
		p.clear:    "-o smtpd_tls_security_level=none -o smtpd_tls_auth_only=no",
	} {
		services += fmt.Sprintf("127.0.0.1:%d inet n - n - - smtpd %s\n", port, options)
	}
	write("main.cf", postfixMain)
	write("master.cf", services+`anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
cleanup unix n - n - 0 cleanup
pickup unix n - n 60 1 pickup
qmgr unix n - n 300 1 qmgr
postlog unix-dgram n - n - 1 postlogd
`)
	write("dovecot.conf", dovecotConf)
	rig.OK(t, os.Mkdir(filepath.Join(dir, "queue"), 0o755))
	rig.OK(t, os.Mkdir(filepath.Join(dir, "data"), 0o700))
	if out, err := asRoot("chown", "postfix", filepath.Join(dir, "data")).CombinedOutput(); err != nil {
		t.Fatalf("this test needs Debian's package postfix: %s", out)
	}
	if out, err := asRoot("chown", "-R", "root", filepath.Join(dir, "queue"), filepath.Join(dir, "main.cf"), filepath.Join(dir, "master.cf")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	serve(t, "starting up", []string{"doveadm", "-c", filepath.Join(dir, "dovecot.conf"), "stop"}, "dovecot", "-F", "-c", filepath.Join(dir, "dovecot.conf"))
	serve(t, "daemon started", []string{"postfix", "-c", dir, "stop"}, "postfix", "-c", dir, "start-fg")
	return p
}

// asRoot is a command that is run as root.
func asRoot(argv ...string) *exec.Cmd {
	if os.Getuid() != 0 {
		argv = append([]string{"sudo", "-n"}, argv...)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
	return cmd
}

// serve starts a server, returns once it says that it is ready, and stops it in
// its own way when the test ends.
func serve(t *testing.T, ready string, stop []string, argv ...string) {
	t.Helper()
	cmd := asRoot(argv...)
	said, err := os.CreateTemp(t.TempDir(), "log")
	rig.OK(t, err)
	r, w, err := os.Pipe()
	rig.OK(t, err)
	cmd.Stdout, cmd.Stderr = w, w
	rig.OK(t, cmd.Start())
	rig.OK(t, w.Close())
	t.Cleanup(func() {
		if out, err := asRoot(stop...).CombinedOutput(); err != nil {
			t.Errorf("%q: %v: %s", stop, err, out)
		}
		_ = cmd.Wait()
	})
	up := make(chan bool, 1)
	go func() {
		defer close(up)
		for lines := bufio.NewScanner(r); lines.Scan(); {
			_, _ = fmt.Fprintln(said, lines.Text())
			if strings.Contains(lines.Text(), ready) {
				up <- true
				break
			}
		}
		_, _ = io.Copy(said, r)
	}()
	if !<-up {
		raw, _ := os.ReadFile(said.Name())
		t.Fatalf("%s does not start:\n%s", argv[0], raw)
	}
	t.Cleanup(func() {
		if raw, _ := os.ReadFile(said.Name()); t.Failed() {
			t.Logf("%s", raw)
		}
	})
}

func freePort(t *testing.T) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	rig.OK(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
