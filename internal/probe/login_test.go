package probe

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mailferry/mailferry/internal/rig/mailserver"
	"github.com/mailferry/mailferry/schema"
)

func (b *bundle) login(t *testing.T, a *mailserver.Authority, unprotected ...string) *Report {
	t.Helper()
	o := b.options(a)
	o.Login, o.Unprotected = true, unprotected
	return b.try(t, o)
}

func TestSignInByEachMethod(t *testing.T) {
	a := mailserver.NewAuthority()
	cert := a.Issue(mailHost, month)
	for _, method := range []string{"PLAIN", "LOGIN"} {
		m := &mailserver.Server{Cert: &cert, Methods: []string{"XOAUTH2", method}, Password: canary}
		b := &bundle{}
		b.connection("right", start(t, m), "STARTTLS", "user", canary)
		b.connection("wrong", start(t, m), "STARTTLS", "other", "canary-wrong")
		r := b.login(t, a)
		r.of(t, "right", StepSignIn).want(t, Good, `signed in as "user" by `+method)
		r.of(t, "right", StepSender).want(t, Good, "right@example.com")
		r.of(t, "wrong", StepSignIn).want(t, Failed, "refused")
		r.of(t, "wrong", StepSignIn).want(t, Failed, "535")
		if want := []string{"other:canary-wrong", "right@example.com", "user:" + canary}; !slices.Equal(m.Seen(), want) {
			t.Errorf("the server saw %q, want %q", m.Seen(), want)
		}
	}
	m := &mailserver.Server{Cert: &cert, Methods: []string{"XOAUTH2"}, Password: canary}
	b := &bundle{}
	b.connection("oauth alone", start(t, m), "STARTTLS", "user", canary)
	b.connection("none", start(t, &mailserver.Server{Cert: &cert}), "STARTTLS", "other", canary)
	r := b.login(t, a)
	r.of(t, "oauth alone", StepSignIn).want(t, Failed, "no sign-in by password is offered")
	r.of(t, "oauth alone", StepSignIn).want(t, Failed, "XOAUTH2")
	r.of(t, "none", StepSignIn).want(t, Failed, "no sign-in")
}

func TestEachPasswordIsTriedOnceAndNoneAfterARefusal(t *testing.T) {
	a := mailserver.NewAuthority()
	cert := a.Issue(mailHost, month)
	m := &mailserver.Server{Cert: &cert, Methods: []string{"PLAIN"}, Password: canary}
	one, two := start(t, m), start(t, m)
	b := &bundle{}
	b.connection("a", one, "STARTTLS", "user", canary)
	b.connection("b", one, "STARTTLS", "user", canary)
	b.connection("c", two, "STARTTLS", "user", canary).Host = strings.ToUpper(mailHost)
	b.connection("d", one, "STARTTLS", "locked", "canary-bad-1")
	b.connection("e", two, "STARTTLS", "locked", "canary-bad-2")
	b.connection("f", two, "STARTTLS", "Locked", canary)
	b.connection("g", two, "STARTTLS", "locked", "canary-bad-1")
	r := b.login(t, a)
	for _, name := range []string{"a", "b", "c"} {
		r.of(t, name, StepSignIn).want(t, Good, "signed in")
		r.of(t, name, StepSender).want(t, Good, name+"@example.com")
	}
	r.of(t, "d", StepSignIn).want(t, Failed, "refused")
	r.of(t, "e", StepSignIn).want(t, Unknown, "lock the account")
	r.of(t, "f", StepSignIn).want(t, Unknown, "lock the account")
	r.of(t, "g", StepSignIn).want(t, Failed, "refused")
	if want := []string{"a@example.com", "b@example.com", "c@example.com", "locked:canary-bad-1", "user:" + canary}; !slices.Equal(m.Seen(), want) {
		t.Errorf("the server saw %q, want %q", m.Seen(), want)
	}
}

func TestAHostIsOneHoweverItIsWritten(t *testing.T) {
	a := mailserver.NewAuthority()
	for _, hosts := range [][]string{
		{"::1", "[::1]", "0:0:0:0:0:0:0:1", "::0001", "0::1.", "::0.0.0.1"},
		{"192.0.2.1", "[192.0.2.1]", "192.0.2.1.", "::ffff:192.0.2.1", "::FFFF:c000:201", "１９２.0.2.1"},
		{mailHost, "MAIL.example.com", mailHost + ".", "mail.example.com。", "ｍail.example。com"},
		{"xn--bcher-kva.example", "bücher.example", "BÜCHER.example.", "bu\u0308cher.example", "XN--BCHER-KVA.example"},
	} {
		cert := a.Issue(hosts[0], month)
		m := &mailserver.Server{Cert: &cert, Methods: []string{"PLAIN"}, Password: canary}
		port, b := start(t, m), &bundle{}
		for i, host := range hosts {
			b.connection(host, port, "STARTTLS", "user", fmt.Sprint("canary-bad-", i)).Host = host
		}
		r := b.login(t, a)
		r.of(t, hosts[0], StepSignIn).want(t, Failed, "refused")
		for _, host := range hosts[1:] {
			r.of(t, host, StepSignIn).want(t, Unknown, "lock the account")
		}
		if len(m.Seen()) != 1 || len(r.Servers) != 1 {
			t.Errorf("%d sign-ins at %d servers", len(m.Seen()), len(r.Servers))
		}
	}
}

func TestATemporaryRefusalIsUnknown(t *testing.T) {
	a := mailserver.NewAuthority()
	cert := a.Issue(mailHost, month)
	b := &bundle{}
	b.connection("a", start(t, &mailserver.Server{Cert: &cert, Methods: []string{"PLAIN"}, Temporary: true}), "STARTTLS", "user", canary)
	b.login(t, a).of(t, "a", StepSignIn).want(t, Unknown, "454")
}

func TestPasswordsTravelProtectedUnlessTheConnectionIsNamed(t *testing.T) {
	a := mailserver.NewAuthority()
	self := (*mailserver.Authority)(nil).Issue(mailHost, month)
	clear := &mailserver.Server{Insecure: true, Methods: []string{"PLAIN"}, Password: canary}
	untrusted := &mailserver.Server{Cert: &self, Methods: []string{"PLAIN"}, Password: canary}
	make := func() *bundle {
		b := &bundle{}
		b.connection("clear", start(t, clear), "None", "user", canary)
		b.connection("untrusted", start(t, untrusted), "STARTTLS", "other", canary)
		return b
	}
	r := make().login(t, a)
	r.of(t, "clear", StepSignIn).want(t, Unknown, "over TLS alone")
	r.of(t, "untrusted", StepSignIn).want(t, Unknown, "not trusted")
	if clear.Seen() != nil || untrusted.Seen() != nil {
		t.Error("a password was sent")
	}
	r = make().login(t, a, "clear")
	r.of(t, "clear", StepSignIn).want(t, Good, "signed in")
	r.of(t, "untrusted", StepSignIn).want(t, Unknown, "not trusted")
	make().login(t, a, "untrusted").of(t, "untrusted", StepSignIn).want(t, Good, "signed in")
}

func TestARefusedSenderIsShown(t *testing.T) {
	a := mailserver.NewAuthority()
	cert := a.Issue(mailHost, month)
	m := &mailserver.Server{Cert: &cert, Methods: []string{"PLAIN"}, Password: canary, Refuses: "b@example.com"}
	port := start(t, m)
	b := &bundle{}
	b.connection("a", port, "STARTTLS", "user", canary)
	b.connection("b", port, "STARTTLS", "user", canary)
	b.connection("c", port, "STARTTLS", "user", canary).FromAddress = "nobody> SIZE=1\r\nRCPT TO:<x@example.com"
	b.connection("d", port, "STARTTLS", "user", canary).FromAddress = ""
	b.connection("relay", port, "None", "", "").FromAddress = "b@example.com"
	r := b.login(t, a)
	r.of(t, "a", StepSender).want(t, Good, "takes the sender")
	r.of(t, "b", StepSender).want(t, Failed, "refuses the sender \"b@example.com\": 550 5.7.60 SendAsDenied")
	r.of(t, "c", StepSender).want(t, Failed, "is none")
	r.of(t, "d", StepSender).want(t, Note, "no sender")
	r.of(t, "relay", StepSender).want(t, Failed, "SendAsDenied")
}

func TestWhatCannotBeSignedInForIsSaid(t *testing.T) {
	b := &bundle{}
	port := start(t, &mailserver.Server{Insecure: true})
	b.connection("oauth", port, "None", "user", "").OAuth2Credentials = "google"
	b.connection("missing", port, "None", "user", "").Password = &schema.Marker{State: schema.Missing, Reason: "none"}
	b.connection("unreached", port, "None", "user", "")
	b.connection("userless", port, "None", "user", canary).Username = ""
	b.connection("passwordless", port, "None", "user", "").Password = nil
	r := b.login(t, nil)
	r.of(t, "oauth", StepSignIn).want(t, Note, "authorised on Cloud first")
	if last := r.Connections[0].Checks; last[len(last)-1].Text != "with this Encryption the server offers no sign-in by OAuth2" {
		t.Errorf("%+v", last)
	}
	r.of(t, "missing", StepSignIn).want(t, Unknown, "missing")
	r.of(t, "unreached", StepSignIn).want(t, Unknown, "your key does not open")
	r.of(t, "userless", StepSignIn).want(t, Failed, "no user name")
	r.of(t, "passwordless", StepSignIn).want(t, Unknown, "no password")
}

// Servers that were good when they were looked at, and are not when one signs in.
func TestNothingIsSentToAServerThatChanges(t *testing.T) {
	a := mailserver.NewAuthority()
	cert := a.Issue(mailHost, month)
	for name, second := range map[string]func(c net.Conn, r *bufio.Reader){
		"STARTTLS stripped": func(c net.Conn, r *bufio.Reader) {
			fmt.Fprint(c, "220 hi\r\n")
			until(r, "EHLO")
			fmt.Fprint(c, "250-x\r\n250 AUTH PLAIN\r\n")
			until(r, "STARTTLS")
			fmt.Fprint(c, "502 what\r\n")
		},
		"answers injected": func(c net.Conn, r *bufio.Reader) {
			fmt.Fprint(c, "220 hi\r\n")
			until(r, "EHLO")
			fmt.Fprint(c, "250-x\r\n250 STARTTLS\r\n")
			until(r, "STARTTLS")
			fmt.Fprint(c, "220 go\r\n235 welcome\r\n")
			within := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}})
			talk(within, "AUTH PLAIN", nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var came atomic.Int32
			sent := make(chan string, 10)
			port := scripted(t, func(c net.Conn) {
				r := bufio.NewReader(c)
				if came.Add(1) == 1 {
					startTLSOn(c, r, cert, "AUTH PLAIN", nil)
					return
				}
				second(c, bufio.NewReader(&tee{c, sent}))
			})
			b := &bundle{}
			b.connection("one", port, "STARTTLS", "user", canary)
			b.login(t, a).of(t, "one", StepSignIn).want(t, Unknown, "not tried")
			close(sent)
			for line := range sent {
				if strings.Contains(line, "AUTH") {
					t.Errorf("sent %q", line)
				}
			}
		})
	}
}

// A port that answers oddly, or ends a connection, says nothing of another.
func TestWhatOnePortDoesIsNotPutOnAnother(t *testing.T) {
	a := mailserver.NewAuthority()
	cert := a.Issue(mailHost, month)
	healthy := start(t, &mailserver.Server{Cert: &cert, Methods: []string{"PLAIN"}, Password: canary})
	for answer, next := range map[string]string{
		"334 more":       "cannot be told",
		"334 ?":          "cannot be told",
		"what":           "cannot be told",
		"421 come later": "cannot be told",
		"":               "not tried: the server broke off before", // hangs up
	} {
		port := scripted(t, func(c net.Conn) {
			startTLSOn(c, bufio.NewReader(c), cert, "AUTH PLAIN", func(string) string {
				if answer == "" {
					_ = c.Close()
				}
				return answer
			})
		})
		b := &bundle{}
		b.connection("odd", port, "STARTTLS", "first", canary)
		b.connection("next", port, "STARTTLS", "second", canary)
		b.connection("healthy", healthy, "STARTTLS", "third", canary)
		r := b.login(t, a)
		r.of(t, "odd", StepSignIn).want(t, Unknown, "cannot be told")
		r.of(t, "next", StepSignIn).want(t, Unknown, next)
		r.of(t, "healthy", StepSignIn).want(t, Good, "signed in")
	}
	old := scripted(t, func(c net.Conn) {
		//nolint:gosec // an old server
		within := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert},
			MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
		fmt.Fprint(within, "220 hi\r\n")
		talk(within, "AUTH PLAIN", func(string) string { return "235 ok" })
	})
	b := &bundle{}
	b.connection("old", old, "SSL", "user", canary)
	b.connection("same user", healthy, "STARTTLS", "user", canary)
	b.connection("old alone", old, "SSL", "first", canary)
	b.connection("healthy", healthy, "STARTTLS", "second", canary)
	r := b.login(t, a)
	for _, name := range []string{"old", "same user", "healthy"} {
		r.of(t, name, StepSignIn).want(t, Good, fmt.Sprint("on port ", healthy))
	}
	r.of(t, "old alone", StepSignIn).want(t, Unknown, "over TLS 1.2 or later alone, and the server speaks TLS 1.1")
	b.login(t, a, "old alone").of(t, "old alone", StepSignIn).want(t, Good, "signed in")
}

// tee repeats what is read of a connection.
type tee struct {
	net.Conn
	sent chan string
}

func (r *tee) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	if n > 0 {
		select {
		case r.sent <- string(p[:n]):
		default:
		}
	}
	return n, err
}

// startTLSOn speaks up to TLS, and then by talk.
func startTLSOn(c net.Conn, r *bufio.Reader, cert tls.Certificate, offers string, answer func(string) string) {
	fmt.Fprint(c, "220 hi\r\n")
	until(r, "EHLO")
	fmt.Fprint(c, "250-x\r\n250-Size 1\r\n250 StartTLS\r\n") // in any case: RFC 5321, 2.4
	if until(r, "STARTTLS") {
		fmt.Fprint(c, "220 go\r\n")
		talk(tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}}), offers, answer)
	}
}

// talk answers EHLO with an offer, and all else as the test has it.
func talk(c net.Conn, offers string, answer func(string) string) {
	r := bufio.NewReader(c)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		if strings.HasPrefix(line, "EHLO") {
			fmt.Fprintf(c, "250-x\r\n250-%s\r\n250 HELP\r\n", strings.ReplaceAll(offers, "\n", "\r\n250-"))
		} else if answer != nil {
			fmt.Fprint(c, answer(strings.TrimSpace(line))+"\r\n")
		}
	}
}

func TestOffersAreReadHoweverTheyAreWritten(t *testing.T) {
	a := mailserver.NewAuthority()
	cert := a.Issue(mailHost, month)
	for offers, want := range map[string]string{
		"AUTH LOGIN PLAIN":                      "LOGIN PLAIN",
		"auth login plain":                      "LOGIN PLAIN",
		"AUTH=LOGIN PLAIN":                      "LOGIN PLAIN",
		"Auth\tLOGIN  PLAIN ":                   "LOGIN PLAIN",
		"AUTH XOAUTH2 PLAIN\nAUTH=PLAIN":        "XOAUTH2 PLAIN",
		"AUTH XOAUTH2\nSIZE 1\nauth = cram-md5": "XOAUTH2 CRAM-MD5",
		"X-EXPS=NTLM\nAUTHX LOGIN\nAUTH PLAIN":  "PLAIN",
		"":                                      "",
	} {
		for _, implicit := range []bool{false, true} {
			port := scripted(t, func(c net.Conn) {
				answer := func(line string) string {
					switch verb, _, _ := strings.Cut(line, " "); {
					case verb == "AUTH" && strings.HasSuffix(line, "CRAM-MD5"), verb == "AUTH" && strings.HasSuffix(line, "LOGIN"):
						return "334 "
					case verb == "MAIL" && !strings.HasSuffix(line, " SMTPUTF8"):
						return "553 what is this sender"
					case verb == "MAIL", verb == "RSET":
						return "250 ok"
					}
					return "235 ok"
				}
				if offers := offers + "\nsmtputf8"; implicit {
					within := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}})
					fmt.Fprint(within, "220 hi\r\n")
					talk(within, offers, answer)
				} else {
					startTLSOn(c, bufio.NewReader(c), cert, offers, answer)
				}
			})
			b := &bundle{}
			encryption := map[bool]string{true: "SSL", false: "STARTTLS"}[implicit]
			b.connection("one", port, encryption, "user", canary).FromAddress = "jürg@example.com"
			r := b.login(t, a)
			r.of(t, "one", StepEncryption).want(t, Good, "as Encryption says")
			if got := strings.Join(r.Servers[0].MethodsTLS, " "); got != want {
				t.Errorf("%q: got %q, want %q", offers, got, want)
			}
			if want == "" {
				r.of(t, "one", StepSignIn).want(t, Failed, "nothing")
				continue
			}
			r.of(t, "one", StepSignIn).want(t, Good, "signed in")
			r.of(t, "one", StepSender).want(t, Good, "takes the sender")
		}
	}
}

func TestAServerThatRepeatsThePasswordIsNotQuoted(t *testing.T) {
	a := mailserver.NewAuthority()
	cert := a.Issue(mailHost, month)
	for name, echo := range map[string]func(line, password string) string{
		"as it is":      func(_, p string) string { return "535 no such password: " + p },
		"as it was got": func(line, _ string) string { return "535 not " + line },
		"in capitals":   func(_, p string) string { return "535 " + strings.ToUpper(p) },
		"encoded":       func(_, p string) string { return "535 " + base64.StdEncoding.EncodeToString([]byte(p)) },
		"in part":       func(_, p string) string { return "535 begins with " + p[:12] },
		"in lines":      func(_, p string) string { return "535-no\r\n535 " + p },
		"in hex":        func(_, p string) string { return "535 5.7.8 " + hex.EncodeToString([]byte(p)) },
		"in pieces": func(_, p string) string {
			return "535-5.7.8 " + p[:7] + "\r\n535-5.7.8 " + p[7:11] + "\r\n535-5.7.8 " + p[11:] + "\r\n535 5.7.8 bad"
		},
		"in pieces behind words": func(_, p string) string {
			return "535-one is " + p[:7] + "\r\n535-another is " + p[7:11] + "\r\n535 the last one is " + p[11:]
		},
		"malformed": func(_, p string) string { return p },
		"as a code": func(_, p string) string { return "454 " + p },
	} {
		t.Run(name, func(t *testing.T) {
			b := &bundle{}
			b.connection("one", scripted(t, func(c net.Conn) {
				startTLSOn(c, bufio.NewReader(c), cert, "AUTH PLAIN", func(line string) string { return echo(line, canary) })
			}), "STARTTLS", "user", canary)
			r := b.login(t, a) // holds the report against the secrets
			got := r.of(t, "one", StepSignIn)
			unseen := name == "malformed" || name == "in pieces behind words" // the first of those gives nothing away
			if got.State == Good || !unseen && !strings.Contains(got.Text, schema.RepeatsSecret) ||
				strings.Contains(got.Text, canary[11:]) {
				t.Errorf("%+v", got)
			}
		})
	}
	t.Run("in its offers and its certificate", func(t *testing.T) {
		cert := a.Issue("canary-Plover-18.example.com", month)
		b := &bundle{}
		b.connection("one", scripted(t, func(c net.Conn) {
			startTLSOn(c, bufio.NewReader(c), cert, "AUTH PLAIN canary-Plover-18", nil)
		}), "STARTTLS", "user", "canary-plover-18")
		b.login(t, a)
	})
}

func TestAnEndlessSignInEnds(t *testing.T) {
	a := mailserver.NewAuthority()
	cert := a.Issue(mailHost, month)
	b := &bundle{}
	var asked atomic.Int32
	b.connection("one", scripted(t, func(c net.Conn) {
		startTLSOn(c, bufio.NewReader(c), cert, "AUTH LOGIN", func(string) string { asked.Add(1); return "334 " })
	}), "STARTTLS", "user", canary)
	b.login(t, a).of(t, "one", StepSignIn).want(t, Unknown, "asks for more")
	if asked.Load() > 10 { // AUTH, two answers, a star, and the ends
		t.Errorf("asked %d times", asked.Load())
	}
}
