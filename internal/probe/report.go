package probe

import (
	"io"
	"net"
	"slices"
	"strconv"

	"github.com/mailferry/mailferry/internal/findings"
	"github.com/mailferry/mailferry/schema"
)

// Format is the format of JSON reports; probe-report.schema.json describes it.
const Format = "mailferry/probe-report/v1"

// State is what came of something that was tried.
type State string

// The states, best first.
const (
	Good    State = "good"
	Note    State = "note"    // nothing to try here, or something to know
	Unknown State = "unknown" // not tried, or the answer does not say
	Warning State = "warning" // works, and may not be meant
	Failed  State = "error"
)

func states() []State { return []State{Good, Note, Unknown, Warning, Failed} }

// AtLeast reports whether s is as bad as t, or worse.
func (s State) AtLeast(t State) bool {
	return slices.Index(states(), s) >= slices.Index(states(), t)
}

// The steps of checks.
const (
	StepServer      = "server" // of a connection: what is wrong with its server
	StepName        = "name"
	StepConnect     = "connect"
	StepGreeting    = "greeting"
	StepHello       = "hello"
	StepTLS         = "tls"
	StepCertificate = "certificate"
	StepEncryption  = "encryption"
	StepSignIn      = "sign-in"
	StepSender      = "sender"
	StepEndpoint    = "endpoint"
	StepTenant      = "tenant"
	StepSecret      = "client-secret"
)

// timeUp is why something was not tried.
const timeUp = "the time of the whole run was up"

// Check is one thing that was tried. Text may quote a server, cleaned and cut.
type Check struct {
	Step  string `json:"step"`
	State State  `json:"state"`
	Text  string `json:"text"`
}

// checks are of one server, connection or credential; state is the worst.
type checks []Check

func (c *checks) add(step string, s State, text string) { *c = append(*c, Check{step, s, text}) }

func (c checks) state() State { return c.worst().State }

// worst is the first of the worst checks.
func (c checks) worst() Check {
	out := Check{State: Good}
	for _, check := range c {
		if !out.State.AtLeast(check.State) {
			out = check
		}
	}
	return out
}

// Protocols of a Server.
const (
	SMTP  = "smtp"
	HTTPS = "https"
)

// Mode is how a mail server speaks on a port.
type Mode string

// The modes; "" where none was seen.
const (
	Implicit Mode = "implicit" // TLS from the first byte
	StartTLS Mode = "starttls"
	Clear    Mode = "none"
)

// Server is one host and port.
type Server struct {
	Host       string   `json:"host"` // as the bundle has it: hostile text
	Port       int      `json:"port"`
	Protocol   string   `json:"protocol"`
	State      State    `json:"state"`
	Addresses  []string `json:"addresses,omitzero"` // A and AAAA
	Reached    string   `json:"reached,omitzero"`   // the address that answered
	Mode       Mode     `json:"mode,omitzero"`
	Greeting   string   `json:"greeting,omitzero"`
	Extensions []string `json:"extensions,omitzero"` // of EHLO, as far as they are registered
	// Sign-in methods that are offered before TLS, and within.
	MethodsClear []string `json:"methods_clear,omitzero"`
	MethodsTLS   []string `json:"methods_tls,omitzero"`
	TLS          *TLS     `json:"tls,omitzero"`
	Checks       checks   `json:"checks"`

	name     string // as it goes over the network
	tlsFirst bool   // settings and port suggest TLS from the first byte
	unfit    bool   // STARTTLS failed, or something was sent between it and TLS
	dead     bool   // it broke off while somebody signed in: nobody does there again
}

func (s *Server) add(step string, state State, text string) { s.Checks.add(step, state, text) }

// Address is host:port, for people.
func (s *Server) Address() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// methods are those that are offered where one signs in: within TLS, if there is any.
func (s *Server) methods() []string {
	if s.Mode == Clear {
		return s.MethodsClear
	}
	return s.MethodsTLS
}

// TLS is what a handshake showed.
type TLS struct {
	Version  string        `json:"version"`
	Trusted  bool          `json:"trusted"` // chain, name and dates
	DaysLeft int           `json:"days_left"`
	Chain    []Certificate `json:"chain"` // the server's own first

	old bool // below TLS 1.2: no secret is sent over it
}

// Certificate is one of a chain.
type Certificate struct {
	Subject  string      `json:"subject"`
	Issuer   string      `json:"issuer"`
	Names    []string    `json:"names,omitzero"`
	NotAfter schema.Time `json:"not_after"`
}

// Result is what came of a connection or credential.
type Result struct {
	Name   string `json:"name"`
	State  State  `json:"state"`
	Host   string `json:"host,omitzero"`
	Port   int    `json:"port,omitzero"`
	Checks checks `json:"checks"`

	terms     findings.Terms
	server    *Server
	endpoints []endpoint
}

func (r *Result) add(step string, s State, text string) { r.Checks.add(step, s, text) }

// Report is what Run found. Servers are those of connections first.
type Report struct {
	Format      string        `json:"format"`
	Created     schema.Time   `json:"created"`
	Tool        string        `json:"tool"`
	Bundle      string        `json:"bundle"` // the file's base name
	Digest      string        `json:"digest"`
	Login       bool          `json:"login"`
	Summary     map[State]int `json:"summary"` // of connections and credentials
	Connections []*Result     `json:"connections"`
	Credentials []*Result     `json:"credentials"`
	Servers     []*Server     `json:"servers"`
}

// Reaches reports whether a connection, credential or server is as bad as s, or worse.
func (r *Report) Reaches(s State) bool {
	return slices.ContainsFunc(slices.Concat(r.Connections, r.Credentials), func(res *Result) bool { return res.State.AtLeast(s) })
}

// JSON writes the report as one document.
func JSON(w io.Writer, r *Report) error {
	doc, err := schema.MarshalIndent(r)
	if err != nil {
		return err
	}
	_, err = w.Write(doc)
	return err
}

// finish settles the states and counts them.
func (r *Report) finish() {
	r.Summary = map[State]int{}
	for _, s := range states() {
		r.Summary[s] = 0
	}
	for _, s := range r.Servers {
		s.State = s.Checks.state()
	}
	for _, res := range slices.Concat(r.Connections, r.Credentials) {
		res.State = res.Checks.state()
		r.Summary[res.State]++
	}
}
