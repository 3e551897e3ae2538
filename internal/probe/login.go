package probe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"slices"
	"strings"

	"github.com/mailferry/mailferry/schema"
)

// signIn tries one user and password, once, and then the senders of the
// connections that use it.
func (r *run) signIn(ctx context.Context, h *host, l *attempt) {
	on, unprotected, why := r.choose(l)
	if why == "" {
		why = h.admit(ctx, l)
	}
	if why != "" {
		l.all(StepSignIn, Unknown, why)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, sessionTime)
	defer cancel()
	s, err := r.open(ctx, on.server, unprotected || l.secret.IsZero())
	if err != nil {
		on.server.dead = broke(err)
		l.all(StepSignIn, Unknown, "not tried: "+r.explain(err))
		return
	}
	defer s.quit()
	if l.secret.IsZero() {
		l.all(StepSignIn, Note, "no user and no password: nobody signs in")
	} else if !r.authenticate(h, l, s, on) {
		return
	}
	r.senders(l, s)
}

// choose takes the connection on whose port to sign in: one that protects the
// password, or else one that somebody named.
func (r *run) choose(l *attempt) (on *Result, unprotected bool, why string) {
	why = "not tried: the server cannot be used"
	for _, c := range l.of {
		switch s := c.server; {
		case s.Mode == "" || s.unfit:
		case s.dead:
			why = "not tried: the server broke off before"
		case l.secret.IsZero():
			return c, false, ""
		case s.TLS == nil:
			why = "not tried: a password is sent over TLS alone, and the server has none"
		case s.TLS.old:
			why = "not tried: a password is sent over TLS 1.2 or later alone, and the server speaks " + s.TLS.Version
		case s.TLS.Trusted:
			if on == nil || on.server.methods() == nil {
				on = c
			}
		default:
			why = "not tried: a password is sent to nobody whose certificate is not trusted"
		}
	}
	if on != nil {
		return on, false, ""
	}
	for _, c := range l.of {
		if c.server.Mode != "" && !c.server.dead && slices.Contains(r.Unprotected, c.Name) {
			return c, true, ""
		}
	}
	return nil, false, why
}

// open opens a session in the way that the look has found. Where it has found TLS,
// nothing goes on without.
func (r *run) open(ctx context.Context, server *Server, lax bool) (*session, error) {
	config := r.tlsConfig(server, !lax)
	s, err := r.dial(ctx, server, server.Mode == Implicit, config)
	if err == nil && server.Mode == StartTLS {
		var injected bool
		injected, err = s.startTLS(config)
		if injected {
			err = errors.New("answers were put between STARTTLS and TLS")
		}
		if err != nil {
			s.close()
		}
	}
	return s, err
}

// broke reports whether an error is the end of a connection and no answer: who comes
// next would wait for the same.
func broke(err error) bool {
	var network net.Error
	return errors.Is(err, errFlood) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.As(err, &network)
}

// authenticate signs in once. What is not accepted is not tried again, and no other
// password of that user either.
func (r *run) authenticate(h *host, l *attempt, s *session, on *Result) bool {
	how, auth := r.mechanism(l, s)
	if auth == nil {
		l.all(StepSignIn, Failed,
			fmt.Sprintf("no sign-in by password is offered on port %d: %s", on.Port, cmp.Or(how, "nothing")))
		return false
	}
	h.refused[l.account()] = true
	s.conn.next()
	err := s.Auth(auth)
	where := fmt.Sprintf("%s by %s on port %d", schema.Quote(l.user), how, on.Port)
	var said *textproto.Error
	switch {
	case err == nil:
		h.refused[l.account()] = false
		l.all(StepSignIn, Good, "signed in as "+where)
		return true
	case errors.As(err, &said) && said.Code >= 500:
		l.all(StepSignIn, Failed, "refused: "+where+": "+r.reply(said))
	case errors.As(err, &said):
		l.all(StepSignIn, Unknown, "cannot be told: "+where+": "+r.reply(said))
	default:
		on.server.dead = broke(err)
		l.all(StepSignIn, Unknown, "cannot be told: "+where+": "+r.explain(err))
	}
	return false
}

// mechanism takes the sign-in method that the mail app would: PLAIN, LOGIN, or else
// CRAM-MD5, which comes first where the password would be readable. Without one it
// returns what is offered.
func (r *run) mechanism(l *attempt, s *session) (string, smtp.Auth) {
	offered := r.methods(s.Client)
	order := []string{"PLAIN", "LOGIN", "CRAM-MD5"}
	if s.state == nil {
		order = []string{"CRAM-MD5", "PLAIN", "LOGIN"}
	}
	for _, m := range order {
		if !slices.Contains(offered, m) {
			continue
		}
		switch m {
		case "PLAIN":
			return m, allowed{smtp.PlainAuth("", l.user, l.secret.Reveal(), "")}
		case "LOGIN":
			return m, &loginAuth{user: l.user, password: l.secret}
		default:
			return m, smtp.CRAMMD5Auth(l.user, l.secret.Reveal())
		}
	}
	return strings.Join(offered, ", "), nil
}

// allowed is PLAIN where this package has decided about TLS: net/smtp knows it
// only of connections that it has turned to TLS itself.
type allowed struct{ smtp.Auth }

func (a allowed) Start(*smtp.ServerInfo) (string, []byte, error) {
	return a.Auth.Start(&smtp.ServerInfo{TLS: true})
}

// loginAuth is LOGIN, which net/smtp lacks: the server asks twice, in words of its own.
type loginAuth struct {
	user     string
	password schema.Secret
	asked    int
}

func (a *loginAuth) Start(*smtp.ServerInfo) (string, []byte, error) { return "LOGIN", nil, nil }

func (a *loginAuth) Next(_ []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	a.asked++
	switch a.asked {
	case 1:
		return []byte(a.user), nil
	case 2:
		return []byte(a.password.Reveal()), nil
	}
	return nil, errors.New("the server asks for more than a user and a password")
}

// senders names each sender to the server, and takes it back: no mail is sent.
func (r *run) senders(l *attempt, s *session) {
	seen := map[string]Check{}
	for _, c := range l.of {
		check, known := seen[c.terms.From]
		if !known {
			check = r.sender(s, c.terms.From)
			seen[c.terms.From] = check
		}
		c.add(check.Step, check.State, check.Text)
	}
}

func (r *run) sender(s *session, from string) Check {
	check := func(state State, text string) Check { return Check{StepSender, state, text} }
	address, err := mail.ParseAddress(from)
	switch {
	case from == "":
		return check(Note, "no sender address")
	case err != nil:
		return check(Failed, "the sender address "+schema.Quote(from)+" is none")
	}
	s.conn.next()
	err = s.Mail(address.Address)
	var said *textproto.Error
	switch {
	case err == nil:
		s.conn.next()
		_ = s.Reset() // what fails here shows at the next sender
		return check(Good, "the server takes the sender "+schema.Quote(address.Address)+
			", as far as it says so before a recipient is named")
	case errors.As(err, &said) && said.Code >= 500:
		return check(Failed, "the server refuses the sender "+schema.Quote(address.Address)+": "+r.reply(said))
	}
	return check(Unknown, "cannot be told of the sender "+schema.Quote(address.Address)+": "+r.explain(err))
}
