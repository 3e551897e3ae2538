package probe

import (
	"net/url"
	"slices"
	"strconv"

	"golang.org/x/time/rate"

	"github.com/mailferry/mailferry/internal/findings"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
)

// login is one sign-in: one host, user and password, or none of the two, and the
// connections that use it.
type login struct {
	user     string
	password schema.Secret
	of       []*Result
}

// client is one OAuth2 client secret at one token endpoint, and the credentials
// that use it.
type client struct {
	endpoint *url.URL
	server   *Server
	id       string
	secret   schema.Secret
	of       []*Result
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

// planLogin puts a connection to those with the same host, user and password, or
// says why nobody can sign in.
func (r *run) planLogin(c *Result) {
	var password schema.Secret
	switch {
	case c.terms.UsesOAuth2():
		c.authoriseFirst()
		return
	case c.terms.Secret != nil && c.terms.Secret.State == schema.Missing:
		c.add(StepSignIn, Unknown, "not tried: the password is missing in the bundle")
		return
	case c.terms.Secret != nil:
		password = r.Secret(schema.Connections, c.Name)
		if password.IsZero() {
			c.add(StepSignIn, Unknown, "not tried: your key does not open the password")
			return
		}
		if c.terms.Username == "" {
			c.add(StepSignIn, Failed, "a password and no user name: nobody can sign in")
			return
		}
	case c.terms.Username != "":
		c.add(StepSignIn, Unknown, "not tried: a user name and no password")
		return
	}
	h := r.host(c.Host)
	i := slices.IndexFunc(h.logins, func(l *login) bool {
		// Where there is nothing but the sender, each port is tried by itself.
		return l.user == c.terms.Username && l.password.Equal(password) && (!password.IsZero() || l.of[0].Port == c.Port)
	})
	if i < 0 {
		i, h.logins = len(h.logins), append(h.logins, &login{user: c.terms.Username, password: password})
	}
	h.logins[i].of = append(h.logins[i].of, c)
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
	if !r.Login || token == nil {
		return
	}
	m, id, secret := res.terms.Secret, schema.Text(it, "client_id"), r.Secret(schema.Credentials, res.Name)
	switch {
	case m == nil || m.State == schema.Missing:
		res.add(StepSecret, Unknown, "not tried: the client secret is missing in the bundle")
		return
	case secret.IsZero():
		res.add(StepSecret, Unknown, "not tried: your key does not open the client secret")
		return
	case id == "":
		res.add(StepSecret, Failed, "a client secret and no client id")
		return
	}
	h := r.host(token.Hostname())
	i := slices.IndexFunc(h.clients, func(c *client) bool {
		return c.endpoint.String() == token.String() && c.id == id && c.secret.Equal(secret)
	})
	if i < 0 {
		server := res.endpoints[len(res.endpoints)-1].server
		i, h.clients = len(h.clients), append(h.clients, &client{endpoint: token, server: server, id: id, secret: secret})
	}
	h.clients[i].of = append(h.clients[i].of, res)
}

// endpoint reads an address of a credential, and has its server looked at. nil
// where there is none, or none that is tried.
func (r *run) endpoint(res *Result, what, address string) *url.URL {
	if address == "" {
		res.add(StepEndpoint, Note, "no "+what+" is set: the app uses the provider's own")
		return nil
	}
	u, err := url.Parse(address)
	switch {
	case err != nil, u.Hostname() == "":
		res.add(StepEndpoint, Failed, "the "+what+" cannot be read as a web address")
		return nil
	case u.Scheme != "https":
		res.add(StepEndpoint, Failed, "the "+what+" is not https: nothing is sent there")
		return nil
	case u.User != nil:
		res.add(StepEndpoint, Failed, "the "+what+" holds a user name: nothing is sent there")
		return nil
	}
	port := 443
	if p := u.Port(); p != "" {
		port, err = strconv.Atoi(p)
		if err != nil || port < 1 || port > 65535 {
			res.add(StepEndpoint, Failed, "the port of the "+what+" is out of range")
			return nil
		}
	}
	res.endpoints = append(res.endpoints, endpoint{what, r.server(u.Hostname(), port, HTTPS)})
	return u
}

// endpoint is an address of a credential and where it leads.
type endpoint struct {
	what   string
	server *Server
}

// account is equal for users that a server takes for one.
func account(user string) string { return human.FoldName(user) }
