package probe

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"

	"golang.org/x/time/rate"

	"github.com/mailferry/mailferry/internal/findings"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
)

// attempt is what is tried at a host with one secret, once, and the connections or
// credentials that it is of.
type attempt struct {
	*kind
	user   string        // or client id
	secret schema.Secret // the zero Secret: there is nothing to try but the sender
	at     string        // of a client the token endpoint, of senders alone the port
	server *Server       // of the token endpoint
	of     []*Result
}

// kind is a kind of attempts, in words.
type kind struct{ step, secret, who, name string }

var (
	signIn   = &kind{StepSignIn, "password", "user", "user name"}
	getToken = &kind{StepSecret, "client secret", "client", "client id"}
)

// account is equal for users, or clients, that a host may take for one, whatever the
// token endpoint's address.
func (a *attempt) account() string { return a.who + " " + human.FoldName(a.user) }

func (a *attempt) all(step string, state State, text string) {
	for _, res := range a.of {
		res.add(step, state, text)
	}
}

// plan lists what is to be tried, each thing once.
func (r *run) plan() {
	used := map[string]bool{}
	for _, it := range r.Bundle.Connections {
		if !r.sel.Has(it.ItemName()) {
			continue
		}
		c := &Result{terms: findings.TermsOf(it), Name: it.ItemName()}
		c.Host, c.Port = c.terms.Host, c.terms.Port
		r.report.Connections = append(r.report.Connections, c)
		used[c.terms.Credential] = true
		switch {
		case c.Host == "" && c.terms.UsesOAuth2():
			c.add(StepServer, Note, "no host is set: the app uses the provider's own")
			c.authoriseFirst()
			continue
		case c.Host == "":
			c.add(StepServer, Failed, "no host: nothing can be tried")
			continue
		case c.Port < 1 || c.Port > 65535:
			c.add(StepServer, Failed, "no port: nothing can be tried")
			continue
		}
		c.server = r.server(c.Host, c.Port, SMTP)
		// Encryption, or else the port, may stand for TLS from the first byte.
		if findings.Encryption(c.terms.Encryption) == findings.ImplicitTLS || c.Port == 465 {
			c.server.tlsFirst = true
		}
		if r.Login {
			r.planLogin(c)
		}
	}
	for _, it := range r.Bundle.Credentials {
		if r.sel.All() || used[it.ItemName()] {
			r.planCredential(it)
		}
	}
}

func (r *Result) authoriseFirst() {
	r.add(StepSignIn, Note, "must be authorised on Cloud first: tokens do not travel")
}

// server is the one for a host and port.
func (r *run) server(name string, port int, protocol string) *Server {
	h := r.host(name)
	key := protocol + " " + strconv.Itoa(port) + " " + h.name
	if s := r.servers[key]; s != nil {
		return s
	}
	s := &Server{Host: name, Port: port, Protocol: protocol, name: h.name}
	r.servers[key] = s
	r.report.Servers = append(r.report.Servers, s)
	h.servers = append(h.servers, s)
	return s
}

func (r *run) host(name string) *host {
	name = wireName(name)
	h := r.byHost[name]
	if h == nil {
		h = &host{name: name, pace: rate.NewLimiter(pace, 1), refused: map[string]bool{}}
		r.byHost[name] = h
		r.hosts = append(r.hosts, h)
	}
	return h
}

// planLogin plans a connection's sign-in, or says why nobody can sign in.
func (r *run) planLogin(c *Result) {
	user := c.terms.Username
	switch {
	case c.terms.UsesOAuth2():
		c.authoriseFirst()
	case c.terms.Secret == nil && user != "":
		c.add(StepSignIn, Unknown, "not tried: a user name and no password")
	case c.terms.Secret == nil:
		r.host(c.Host).attempt(attempt{kind: signIn, at: strconv.Itoa(c.Port)}, c)
	default:
		r.planSecret(r.host(c.Host), attempt{kind: signIn, user: user}, c)
	}
}

// planSecret plans what is tried with the secret of an item, or says why nothing is.
func (r *run) planSecret(h *host, a attempt, res *Result) {
	m := res.terms.Secret
	if m == nil || m.State == schema.Missing {
		res.add(a.step, Unknown, "not tried: the "+a.kind.secret+" is missing in the bundle")
		return
	}
	a.secret = r.Secret(res.terms.Item.List(), res.Name)
	switch {
	case a.secret.IsZero():
		res.add(a.step, Unknown, "not tried: your key does not open the "+a.kind.secret)
	case a.user == "":
		res.add(a.step, Failed, "a "+a.kind.secret+" and no "+a.name+": nobody can sign in")
	default:
		h.attempt(a, res)
	}
}

// attempt puts an item to those with the same user and secret.
func (h *host) attempt(a attempt, res *Result) {
	i := slices.IndexFunc(h.attempts, func(b *attempt) bool {
		return a.kind == b.kind && a.at == b.at && a.user == b.user && a.secret.Equal(b.secret)
	})
	if i < 0 {
		i, h.attempts = len(h.attempts), append(h.attempts, &a)
	}
	h.attempts[i].of = append(h.attempts[i].of, res)
}

// planCredential looks at the endpoints of a credential, and tries its secret.
func (r *run) planCredential(it schema.Item) {
	res := &Result{terms: findings.TermsOf(it), Name: it.ItemName()}
	r.report.Credentials = append(r.report.Credentials, res)
	authorization := r.endpoint(res, "authorization endpoint", res.terms.Authorization)
	token := r.endpoint(res, "token endpoint", res.terms.Token)
	if authorization != nil && token != nil {
		res.sameTenant(authorization, token)
	}
	if r.Login && token != nil {
		server := res.endpoints[len(res.endpoints)-1].server
		a := attempt{kind: getToken, user: schema.Text(it, "client_id"), at: token.String(), server: server}
		r.planSecret(r.host(server.Host), a, res)
	}
}

// endpoint reads an address of a credential, and has its server looked at. nil
// where there is none, or none that is tried.
func (r *run) endpoint(res *Result, what, address string) *url.URL {
	if address == "" {
		res.add(StepEndpoint, Note, "no "+what+" is set: the app uses the provider's own")
		return nil
	}
	if wrong := findings.EndpointFault(address); wrong != "" {
		res.add(StepEndpoint, Failed, "the "+what+" "+wrong+": nothing is sent there")
		return nil
	}
	u, _ := url.Parse(address) // it has no fault
	port, _ := strconv.Atoi(cmp.Or(u.Port(), "443"))
	res.endpoints = append(res.endpoints, endpoint{what, r.server(u.Hostname(), port, HTTPS)})
	return u
}

// endpoint is an address of a credential and where it leads.
type endpoint struct {
	what   string
	server *Server
}
