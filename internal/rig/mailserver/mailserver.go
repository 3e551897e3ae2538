// Package mailserver is a mail server of go-smtp's for tests, with certificates of
// every kind.
package mailserver

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"slices"
	"sync"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Server lets a user in by one password and takes each sender but one. It takes no
// mail. The zero Server has no TLS and no sign-in.
type Server struct {
	Cert      *tls.Certificate // STARTTLS is offered where there is one
	Implicit  bool             // TLS from the first byte instead
	Insecure  bool             // sign-in without TLS
	Methods   []string         // PLAIN, LOGIN, and words without a meaning
	Password  string           // of every user
	Refuses   string           // this sender
	Temporary bool             // answers each sign-in with 454
	Echo      bool             // repeats each password, and refuses it

	mu   sync.Mutex
	seen []string
}

// Start listens on a port of 127.0.0.1 until stop is called.
func (s *Server) Start() (port int, stop func()) {
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{s}, nil }))
	srv.Domain, srv.AllowInsecureAuth, srv.ErrorLog = "mail.example.com", s.Insecure, log.New(io.Discard, "", 0)
	if s.Cert != nil {
		srv.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*s.Cert}}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	port = l.Addr().(*net.TCPAddr).Port
	if s.Implicit {
		l = tls.NewListener(l, srv.TLSConfig)
	}
	go func() { _ = srv.Serve(l) }()
	return port, func() { _ = srv.Close() }
}

// Seen is what came, sorted: USER:PASSWORD of each sign-in, and the senders.
func (s *Server) Seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(slices.Values(s.seen))
}

func (s *Server) saw(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, what)
}

func (s *Server) judge(user, password string) error {
	s.saw(user + ":" + password)
	switch {
	case s.Echo:
		return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8},
			Message: "no such password: " + password}
	case s.Temporary:
		return &smtp.SMTPError{Code: 454, EnhancedCode: smtp.EnhancedCode{4, 7, 0}, Message: "later"}
	case password != s.Password:
		return smtp.ErrAuthFailed
	}
	return nil
}

type session struct{ *Server }

var errNoMail = errors.New("no mail is to be sent")

func (session) Reset()                               {}
func (session) Logout() error                        { return nil }
func (session) Rcpt(string, *smtp.RcptOptions) error { return errNoMail }
func (session) Data(io.Reader) error                 { return errNoMail }
func (s session) AuthMechanisms() []string           { return s.Methods }

func (s session) Mail(from string, _ *smtp.MailOptions) error {
	s.saw(from)
	if from == s.Refuses {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 60}, Message: "SendAsDenied"}
	}
	return nil
}

func (s session) Auth(method string) (sasl.Server, error) {
	if method == "LOGIN" {
		return &login{judge: s.judge}, nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error { return s.judge(user, password) }), nil
}

// login is LOGIN, which go-sasl has for clients alone.
type login struct {
	judge func(user, password string) error
	user  string
	asked int
}

func (l *login) Next(response []byte) (challenge []byte, done bool, err error) {
	l.asked++
	switch l.asked {
	case 1:
		return []byte("Benutzername:"), false, nil
	case 2:
		l.user = string(response)
		return []byte("Kennwort:"), false, nil
	}
	return nil, true, l.judge(l.user, string(response))
}
