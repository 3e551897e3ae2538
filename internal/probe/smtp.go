package probe

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/smtp"
	"net/textproto"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// stepError says at which step a session ended.
type stepError struct {
	step string
	err  error
}

func (e *stepError) Error() string { return e.err.Error() }
func (e *stepError) Unwrap() error { return e.err }

func stepOf(err error) string {
	var at *stepError
	if errors.As(err, &at) {
		return at.step
	}
	return ""
}

// strangerError says that what speaks is no mail server, and how it begins.
type strangerError struct{ first []byte }

func (e *strangerError) Error() string {
	line, _, _ := strings.Cut(string(e.first), "\n")
	return "this is no mail server: " + line
}

var errFlood = errors.New("sends without end")

// bounded is a connection of which each step takes so long and reads so much. It
// keeps the beginning of what it reads first, for the greeting.
type bounded struct {
	net.Conn
	until time.Time // no step ends later
	left  int
	first []byte
}

// next begins a step.
func (b *bounded) next() {
	b.left = maxAnswer
	at := time.Now().Add(stepTime)
	if at.After(b.until) {
		at = b.until
	}
	_ = b.SetDeadline(at) // an error shows at the next read
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errFlood
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	b.first = append(b.first, p[:min(n, maxGreeting-len(b.first))]...)
	return n, err
}

// session is a connection to a mail server after its greeting.
type session struct {
	*smtp.Client
	conn  *bounded
	state *tls.ConnectionState // once within TLS
	stop  func() bool
}

// dial opens a session: TCP, TLS where implicit, and the greeting.
func (r *run) dial(ctx context.Context, s *Server, implicit bool, config *tls.Config) (*session, error) {
	until, _ := ctx.Deadline()
	connecting, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	tcp, err := r.Options.dial(connecting, "tcp", net.JoinHostPort(s.name, strconv.Itoa(s.Port)))
	if err != nil {
		return nil, &stepError{StepConnect, err}
	}
	out := &session{conn: &bounded{Conn: tcp, until: until}}
	out.stop = context.AfterFunc(ctx, func() { _ = tcp.Close() })
	if implicit {
		if err := out.secure(config); err != nil {
			out.close()
			return nil, &stepError{StepTLS, err}
		}
	}
	out.conn.next()
	text := textproto.NewConn(out.conn)
	if _, _, err := text.ReadResponse(220); err != nil {
		out.close()
		if first := out.conn.first; len(first) > 0 && (first[0] < '0' || first[0] > '9') {
			err = &strangerError{first}
		}
		return nil, &stepError{StepGreeting, err}
	}
	if err := out.hello(text); err != nil {
		out.close()
		return nil, &stepError{StepHello, err}
	}
	return out, nil
}

// secure turns a connection to TLS.
func (s *session) secure(config *tls.Config) error {
	within := tls.Client(s.conn.Conn, config)
	s.conn.Conn = within
	s.conn.next()
	if err := within.Handshake(); err != nil {
		return err
	}
	state := within.ConnectionState()
	s.state = &state
	return nil
}

// hello says who is there and hears what is offered. net/smtp knows keywords in
// capitals alone and the last line of each; RFC 5321 (2.4) has them in any case, and
// old servers repeat AUTH as AUTH=. So it is told the answer in words that it knows.
func (s *session) hello(text *textproto.Conn) error {
	s.conn.next()
	ask := func(verb string) (string, error) {
		if err := text.PrintfLine("%s %s", verb, literal(s.conn.LocalAddr())); err != nil {
			return "", err
		}
		_, answer, err := text.ReadResponse(250)
		return answer, err
	}
	answer, err := ask("EHLO")
	if err != nil {
		answer = "" // that to HELO offers nothing
		if _, err = ask("HELO"); err != nil {
			return err
		}
	}
	offers := map[string][]string{}
	for _, line := range strings.Split(strings.ToUpper(answer), "\n")[1:] {
		words := strings.FieldsFunc(line, func(r rune) bool { return r == '=' || unicode.IsSpace(r) })
		if len(words) > 0 {
			offers[words[0]] = append(offers[words[0]], words[1:]...)
		}
	}
	var told strings.Builder
	for keyword, words := range offers {
		fmt.Fprintf(&told, "250-%s %s\n", keyword, strings.Join(words, " "))
	}
	s.Client = &smtp.Client{Text: &textproto.Conn{
		Reader: textproto.Reader{R: bufio.NewReader(strings.NewReader("250-\n" + told.String() + "250 \n"))},
		Writer: textproto.Writer{W: bufio.NewWriter(io.Discard)},
	}}
	err = s.Hello("localhost")
	s.Text = text
	return err
}

// startTLS turns to TLS. Whatever came behind the answer and before TLS was not
// sent by who speaks within it: it is dropped with its reader, and injected says
// that there was something.
func (s *session) startTLS(config *tls.Config) (injected bool, err error) {
	s.conn.next()
	if err = s.Text.PrintfLine("STARTTLS"); err == nil {
		_, _, err = s.Text.ReadResponse(220)
	}
	injected = s.Text.R.Buffered() > 0
	if err == nil {
		err = s.secure(config)
	}
	if err == nil {
		err = s.hello(textproto.NewConn(s.conn))
	}
	if err != nil {
		err = &stepError{StepTLS, err}
	}
	return injected, err
}

func (s *session) close() {
	s.stop()
	_ = s.conn.Close()
}

// quit ends a session politely, and waits for no answer.
func (s *session) quit() {
	s.conn.next()
	_, _ = s.Text.Cmd("QUIT")
	s.close()
}

// literal is this machine as a server sees it: a name of its own may be nobody's
// business, and some servers want an address that is there.
func literal(a net.Addr) string {
	t, ok := a.(*net.TCPAddr)
	switch {
	case !ok:
		return "[127.0.0.1]"
	case t.IP.To4() == nil:
		return "[IPv6:" + t.IP.String() + "]"
	}
	return "[" + t.IP.String() + "]"
}

// lookSMTP finds out how a port speaks, and what it offers.
func (r *run) lookSMTP(ctx context.Context, s *Server) {
	config := r.tlsConfig(s, false)
	implicit := s.tlsFirst
	session, err := r.dial(ctx, s, implicit, config)
	if err != nil && otherwise(err) {
		if again, err2 := r.dial(ctx, s, !implicit, config); err2 == nil {
			session, err, implicit = again, nil, !implicit
		}
	}
	if err != nil {
		s.add(stepOf(err), Failed, r.explain(err))
		return
	}
	defer session.quit()
	s.Reached = session.conn.RemoteAddr().String()
	s.Greeting = r.greeting(session.conn.first)
	s.Mode = Clear
	if implicit {
		s.Mode = Implicit
	}
	s.Extensions = extensions(session.Client)
	if implicit {
		s.MethodsTLS = r.methods(session.Client)
		r.certificate(s, session.state)
		return
	}
	s.MethodsClear = r.methods(session.Client)
	r.lookStartTLS(s, session, config)
}

// lookStartTLS turns to TLS where it is offered, and looks again.
func (r *run) lookStartTLS(s *Server, session *session, config *tls.Config) {
	if offers, _ := session.Extension("STARTTLS"); !offers {
		s.add(StepTLS, Note, "no STARTTLS is offered")
		return
	}
	s.Mode = StartTLS
	injected, err := session.startTLS(config)
	if session.state != nil {
		r.certificate(s, session.state)
	}
	if s.unfit = injected || err != nil; injected {
		s.add(StepTLS, Failed, "answers were put between STARTTLS and TLS, by the server or by somebody on the way; "+
			"they were dropped (CVE-2011-0411)")
	}
	if err != nil {
		s.add(StepTLS, Failed, "offers STARTTLS, and it fails: "+r.explain(err))
		return
	}
	s.Extensions, s.MethodsTLS = extensions(session.Client), r.methods(session.Client)
}

// otherwise reports whether the other way of speaking may be what the port wants:
// a server for TLS waits for the client, one for the clear speaks first.
func otherwise(err error) bool {
	var said *textproto.Error
	return (stepOf(err) == StepGreeting || stepOf(err) == StepTLS) && !errors.As(err, &said)
}

// explain says what ended a step.
func (r *run) explain(err error) string {
	var said *textproto.Error
	var strange *strangerError
	var record tls.RecordHeaderError
	var timeout net.Error
	switch {
	case errors.Is(err, errFlood):
		return errFlood.Error()
	case errors.As(err, &said):
		return "answered " + r.reply(said)
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, os.ErrDeadlineExceeded),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, net.ErrClosed):
		what := map[string]string{StepConnect: "connection", StepGreeting: "greeting",
			StepTLS: "handshake"}[stepOf(err)]
		return "no " + cmp.Or(what, "answer") + " in time"
	case errors.As(err, &strange):
		return r.words(strange.Error())
	case errors.As(err, &record):
		return "no TLS is spoken here"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the server hung up"
	}
	var op *net.OpError
	if errors.As(err, &op) { // without the addresses in front
		err = op.Err
	}
	return r.words(err.Error())
}

// reply is a server's answer, for people.
func (r *run) reply(e *textproto.Error) string { return strconv.Itoa(e.Code) + " " + r.words(e.Msg) }

// greeting is the first line that a server said, without its code.
func (r *run) greeting(first []byte) string {
	line, _, _ := strings.Cut(string(first), "\n")
	return r.words(line[min(len("220 "), len(line)):])
}

// registered are the extensions worth naming. Others are not shown: the list would
// be the server's to fill.
var registered = []string{"STARTTLS", "AUTH", "SIZE", "8BITMIME", "SMTPUTF8", "PIPELINING", "CHUNKING", "BINARYMIME",
	"DSN", "ENHANCEDSTATUSCODES", "REQUIRETLS", "DELIVERBY", "LIMITS"}

func extensions(c *smtp.Client) []string {
	var out []string
	for _, name := range registered {
		if offers, _ := c.Extension(name); offers {
			out = append(out, name)
		}
	}
	return out
}

var method = regexp.MustCompile(`^[A-Z0-9_-]{1,20}$`)

// methods are the sign-in methods of a server, up to a limit.
func (r *run) methods(c *smtp.Client) []string {
	_, list := c.Extension("AUTH")
	var out []string
	for _, m := range strings.Fields(list) {
		if m = r.words(m); method.MatchString(m) && len(out) < maxMethods && !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	return out
}
