package probe

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/mailserver"
)

func textOf(w io.Writer, r *Report) error { return Text(w, r, human.Terminal{}) }

const month = 31 * 24 * time.Hour

func TestEncryptionIsHeldAgainstWhatTheServerSpeaks(t *testing.T) {
	a := mailserver.NewAuthority()
	cert := a.Issue(mailHost, 3*month)
	ports := map[Mode]int{
		Implicit: start(t, &mailserver.Server{Cert: &cert, Implicit: true, Methods: []string{"PLAIN"}}),
		StartTLS: start(t, &mailserver.Server{Cert: &cert, Methods: []string{"PLAIN"}}),
		Clear:    start(t, &mailserver.Server{Insecure: true, Methods: []string{"PLAIN"}}),
	}
	b := &bundle{}
	var later []func(*Report)
	for _, c := range []struct {
		encryption string
		mode       Mode
		state      State
		text       string
	}{
		{"SSL/TLS", Implicit, Good, "as Encryption says"},
		{"SSL/TLS", StartTLS, Failed, "offers STARTTLS"},
		{"SSL/TLS", Clear, Failed, "has no TLS"},
		{"STARTTLS", Implicit, Failed, "speaks TLS at once"},
		{"STARTTLS", StartTLS, Good, "as Encryption says"},
		{"STARTTLS", Clear, Failed, "has no TLS"},
		{"None", Implicit, Failed, "speaks TLS at once"},
		{"None", StartTLS, Warning, `offers STARTTLS on`},
		{"", StartTLS, Warning, "Encryption is empty"},
		{"None", Clear, Good, "as Encryption says"},
		{"TLS", StartTLS, Note, `Encryption is "TLS"`},
		{"TLS", Clear, Warning, "has no TLS"},
	} {
		name := fmt.Sprintf("%s and %s", c.encryption, c.mode)
		b.connection(name, ports[c.mode], c.encryption, "", "")
		later = append(later, func(r *Report) { r.of(t, name, StepEncryption).want(t, c.state, c.text) })
	}
	r := b.try(t, b.options(a))
	for _, look := range later {
		look(r)
	}
	for _, s := range r.Servers {
		if s.Port != ports[s.Mode] || s.Mode != Clear && (!s.TLS.Trusted || s.TLS.Version != "TLS 1.3" || s.TLS.DaysLeft < 90) {
			t.Errorf("the server is %+v", s)
		}
	}
}

// A port that says nothing waits for TLS, whatever the settings say.
func TestTLSIsFoundBehindSilence(t *testing.T) {
	a := mailserver.NewAuthority()
	cert := a.Issue(mailHost, month)
	synctest.Test(t, func(t *testing.T) {
		b := &bundle{}
		b.connection("one", 2525, "STARTTLS", "", "")
		o := b.options(a)
		o.dial = func(context.Context, string, string) (net.Conn, error) {
			c, s := net.Pipe()
			go func() {
				within := tls.Server(s, &tls.Config{Certificates: []tls.Certificate{cert}})
				defer within.Close()
				if _, err := io.WriteString(within, "220 hi\r\n"); err != nil {
					return
				}
				if until(bufio.NewReader(within), "EHLO") {
					fmt.Fprint(within, "250 x\r\n")
				}
				_, _ = io.Copy(io.Discard, within)
			}()
			return c, nil
		}
		r, err := Run(t.Context(), o)
		rig.OK(t, err)
		r.of(t, "one", StepEncryption).want(t, Failed, "the server speaks TLS at once")
	})
}

func TestSignInMethodsAreToldBeforeAndWithinTLS(t *testing.T) {
	a := mailserver.NewAuthority()
	cert := a.Issue(mailHost, 3*month)
	b := &bundle{}
	b.connection("one", start(t, &mailserver.Server{Cert: &cert, Methods: []string{"PLAIN", "LOGIN"}}), "None", "user", canary)
	r := b.try(t, b.options(a))
	s := r.Servers[0]
	if s.MethodsClear != nil || !slices.Equal(s.MethodsTLS, []string{"PLAIN", "LOGIN"}) || !slices.Contains(s.Extensions, "8BITMIME") {
		t.Errorf("the server is %+v", s)
	}
	if !strings.Contains(s.Greeting, mailHost) || !strings.HasPrefix(s.Reached, "127.0.0.1:") {
		t.Errorf("greeting %q, reached %q", s.Greeting, s.Reached)
	}
	r.of(t, "one", StepSignIn).want(t, Failed, "offers no sign-in")
}

func TestCertificatesAreJudged(t *testing.T) {
	a, others := mailserver.NewAuthority(), mailserver.NewAuthority()
	for name, c := range map[string]struct {
		cert  tls.Certificate
		state State
		text  string
	}{
		"right":      {a.Issue(mailHost, 3*month), Good, "good for 92 days more"},
		"soon over":  {a.Issue(mailHost, 5*24*time.Hour), Warning, "days more"},
		"expired":    {a.Issue(mailHost, -time.Hour), Failed, "expired on"},
		"self":       {(*mailserver.Authority)(nil).Issue(mailHost, month), Failed, "is signed by itself"},
		"stranger":   {others.Issue(mailHost, month), Failed, "is signed by CN=Test CA, whom this machine does not trust"},
		"wrong name": {a.Issue("other.example", 3*month), Failed, "is for \"other.example\", not for this host"},
		"all wrong":  {others.Issue("other.example", -time.Hour), Failed, "not for this host, and is signed by"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, implicit := range []bool{true, false} {
				m := &mailserver.Server{Cert: &c.cert, Implicit: implicit, Methods: []string{"PLAIN"}, Password: canary}
				b := &bundle{}
				b.connection("one", start(t, m), map[bool]string{true: "SSL", false: "STARTTLS"}[implicit], "user", canary)
				o := b.options(a)
				o.Login = true
				r := b.try(t, o)
				i := slices.IndexFunc(r.Servers[0].Checks, func(c Check) bool { return c.Step == StepCertificate })
				r.Servers[0].Checks[i].want(t, c.state, c.text)
				if c.state != Failed {
					r.of(t, "one", StepSignIn).want(t, Good, "signed in")
					continue
				}
				if r.Connections[0].State != Failed {
					t.Errorf("the connection is %s", r.Connections[0].State)
				}
				r.of(t, "one", StepSignIn).want(t, Unknown, "not trusted")
				if m.Seen() != nil {
					t.Error("something was sent to a server that is not trusted")
				}
			}
		})
	}
}

// A setting that names no encryption leads nobody to the certificate.
func TestAnUnusedCertificateIsNoFault(t *testing.T) {
	cert := (*mailserver.Authority)(nil).Issue(mailHost, month)
	b := &bundle{}
	b.connection("one", start(t, &mailserver.Server{Cert: &cert}), "None", "", "")
	if r := b.try(t, b.options(mailserver.NewAuthority())); r.Connections[0].State != Warning || r.Servers[0].State != Failed {
		t.Errorf("connection %+v, server %+v", r.Connections[0], r.Servers[0])
	}
}

func TestHostsThatAreNotThere(t *testing.T) {
	b := &bundle{}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	rig.OK(t, err)
	b.connection("closed", closed.Addr().(*net.TCPAddr).Port, "STARTTLS", "", "")
	rig.OK(t, closed.Close())
	b.connection("portless", 0, "STARTTLS", "", "")
	b.connection("hostless", 25, "STARTTLS", "", "").Host = ""
	oauth := b.connection("oauth", 0, "", "", "")
	oauth.Host, oauth.ConnectMode = "", "Google OAuth2"
	r := b.try(t, b.options(nil))
	r.of(t, "closed", StepServer).want(t, Failed, "refused")
	r.of(t, "portless", StepServer).want(t, Failed, "no port")
	r.of(t, "hostless", StepServer).want(t, Failed, "no host")
	r.of(t, "oauth", StepSignIn).want(t, Note, "must be authorised on Cloud first")
	b = &bundle{}
	b.connection("unknown", 25, "", "", "").Host = "nobody.invalid"
	o := b.options(nil)
	o.lookup = nil
	b.try(t, o).of(t, "unknown", StepServer).want(t, Failed, "")
}

// until waits for a line of the client's.
func until(r *bufio.Reader, word string) bool {
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return false
		}
		if strings.HasPrefix(line, word) {
			return true
		}
	}
}

// offerTLS offers STARTTLS, waits for it, and answers.
func offerTLS(c net.Conn, answer string) {
	fmt.Fprint(c, "220 hi\r\n")
	r := bufio.NewReader(c)
	until(r, "EHLO")
	fmt.Fprint(c, "250-x\r\n250 STARTTLS\r\n")
	until(r, "STARTTLS")
	fmt.Fprint(c, answer+"\r\n")
}

func TestHostileServersAreToldOfAndBounded(t *testing.T) {
	a := mailserver.NewAuthority()
	cert := a.Issue(mailHost, month)
	endless := func(c net.Conn, line string) {
		line = strings.Repeat(line, 100)
		for {
			if _, err := io.WriteString(c, line); err != nil {
				return
			}
		}
	}
	for name, c := range map[string]struct {
		port int
		text string
	}{
		"a flood":         {scripted(t, func(c net.Conn) { endless(c, "x") }), "no mail server: xxxx"},
		"an endless line": {scripted(t, func(c net.Conn) { endless(c, "220-still greeting\r\n") }), "sends without end"},
		"an endless EHLO": {scripted(t, func(c net.Conn) {
			fmt.Fprint(c, "220 hello\r\n")
			if until(bufio.NewReader(c), "EHLO") {
				endless(c, "250-X\r\n")
			}
		}), "sends without end"},
		"no SMTP":   {scripted(t, func(c net.Conn) { fmt.Fprint(c, "SSH-2.0-OpenSSH_9.2\r\n") }), "no mail server: SSH-2.0"},
		"a refusal": {scripted(t, func(c net.Conn) { fmt.Fprint(c, "554 go \x1b[2J\u202e away\r\n") }), "answered 554 go ‹U+001B›[2J‹U+202E› away"},
		"a hang-up": {scripted(t, func(net.Conn) {}), "hung up"},
		"a lame TLS": {scripted(t, func(c net.Conn) {
			offerTLS(c, "454 later")
		}), "offers STARTTLS, and it fails: answered 454 later"},
		"a hang-up within TLS": {scripted(t, func(c net.Conn) {
			offerTLS(c, "220 go")
			until(bufio.NewReader(tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}})), "EHLO")
		}), "offers STARTTLS, and it fails: the server hung up"},
		"TLS garbage": {scripted(t, func(c net.Conn) {
			offerTLS(c, "220 go")
			endless(c, "garbage\r\n")
		}), "STARTTLS"},
	} {
		t.Run(name, func(t *testing.T) {
			b := &bundle{}
			b.connection("one", c.port, "STARTTLS", "user", canary)
			o := b.options(a)
			o.Login = true
			r := b.try(t, o)
			r.of(t, "one", StepServer).want(t, Failed, c.text)
			r.of(t, "one", StepSignIn).want(t, Unknown, "not tried: the server cannot be used")
			if last := r.Connections[0].Checks; last[len(last)-1].State == Failed {
				t.Errorf("what was not seen is said to be missing: %+v", last)
			}
		})
	}
	t.Run("answers injected before TLS", func(t *testing.T) {
		b := &bundle{}
		b.connection("one", injecting(t, cert), "STARTTLS", "user", canary)
		o := b.options(a)
		o.Login = true
		r := b.try(t, o)
		r.of(t, "one", StepServer).want(t, Failed, "CVE-2011-0411")
		r.of(t, "one", StepSignIn).want(t, Unknown, "not tried")
		if s := r.Servers[0]; !slices.Equal(s.MethodsTLS, []string{"PLAIN"}) {
			t.Errorf("what was injected is believed: %+v", s)
		}
	})
}

// injecting is a server in front of which somebody puts an answer to EHLO behind
// that to STARTTLS, in one segment.
func injecting(t *testing.T, cert tls.Certificate) int {
	return scripted(t, func(c net.Conn) {
		fmt.Fprint(c, "220 hi\r\n")
		r := bufio.NewReader(c)
		until(r, "EHLO")
		fmt.Fprint(c, "250-x\r\n250 STARTTLS\r\n")
		until(r, "STARTTLS")
		fmt.Fprint(c, "220 go\r\n250-x\r\n250 AUTH INJECTED\r\n")
		within := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}})
		r = bufio.NewReader(within)
		for until(r, "EHLO") {
			fmt.Fprint(within, "250-x\r\n250 AUTH PLAIN\r\n")
		}
	})
}

// Two hundred connections on twenty hosts that do not answer, whatever the way in
// which they do not, and on however many ports.
func TestDeadHostsEndWithinAMinute(t *testing.T) {
	silent := func(context.Context, string, string) (net.Conn, error) {
		c, _ := net.Pipe()
		return c, nil
	}
	for name, dial := range map[string]func(context.Context, string, string) (net.Conn, error){
		"no connection": func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() },
		"no greeting":   silent,
		"a drip": func(context.Context, string, string) (net.Conn, error) {
			c, s := net.Pipe()
			go func() {
				for {
					if _, err := io.WriteString(s, "2"); err != nil {
						return
					}
					time.Sleep(time.Second)
				}
			}()
			return c, nil
		},
	} {
		for _, ports := range []int{1, 10} {
			t.Run(fmt.Sprintf("%s, %d ports", name, ports), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := &bundle{}
					for i := range 200 {
						b.connection(fmt.Sprintf("c%d", i), 587+i%ports, "STARTTLS", "user", canary).Host = fmt.Sprintf("host%d.example", i/10)
					}
					o := b.options(nil)
					o.dial, o.Login = dial, true
					start := time.Now()
					r, err := Run(t.Context(), o)
					rig.OK(t, err)
					if took := time.Since(start); took > time.Minute {
						t.Errorf("took %s", took)
					}
					if r.Summary[Failed] != 200 || len(r.Servers) != 20*ports {
						t.Errorf("%v, %d servers", r.Summary, len(r.Servers))
					}
				})
			})
		}
	}
}

func TestARunThatIsStoppedIsAnError(t *testing.T) {
	b := &bundle{}
	b.connection("one", 25, "", "", "")
	o := b.options(nil)
	ctx, cancel := context.WithCancel(t.Context())
	o.dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if _, err := Run(ctx, o); err == nil {
		t.Error("it went on")
	}
}

func TestASelectionNarrowsConnectionsAndTheirCredentials(t *testing.T) {
	b := &bundle{}
	for _, name := range []string{"a", "b"} {
		c := b.connection(name, 0, "", "", "")
		c.Host, c.OAuth2Credentials = "", "of "+name
		b.credential("of "+name, canary, "", "")
	}
	o := b.options(nil)
	o.Include = []string{"b"}
	r := b.try(t, o)
	if len(r.Connections) != 1 || len(r.Credentials) != 1 || r.Credentials[0].Name != "of b" {
		t.Errorf("%+v, %+v", r.Connections, r.Credentials)
	}
	o.Exclude = []string{"b"}
	if _, err := Run(t.Context(), o); err == nil {
		t.Error("nothing is selected, and nothing is said")
	}
}

func TestProgressCountsHosts(t *testing.T) {
	b := &bundle{}
	for _, h := range []string{"a.example", "b.example", "A.example."} {
		b.connection(h, 25, "", "", "").Host = h
	}
	o := b.options(nil)
	o.dial = func(context.Context, string, string) (net.Conn, error) { return nil, net.ErrClosed }
	var seen []int
	o.Progress = func(done, total int) { seen = append(seen, done, total) }
	if _, err := Run(t.Context(), o); err != nil || !slices.Equal(seen, []int{1, 2, 2, 2}) {
		t.Errorf("%v, %v", seen, err)
	}
}
