package probe

import (
	"net/url"
	"strconv"

	"golang.org/x/time/rate"

	"github.com/mailferry/mailferry/internal/findings"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
)

// connection is one connection in terms that both sides share.
type connection struct {
	*Result
	item                   schema.Item
	encryption, user, from string
	marker                 *schema.Marker
}

// login is one sign-in: one host, user and password, or none of the two, and the
// connections that use it.
type login struct {
	user     string
	password schema.Secret
	of       []*connection
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
		c := newConnection(it)
		r.report.Connections = append(r.report.Connections, c.Result)
		used[schema.Text(it, "oauth2_credentials")] = true
		switch {
		case c.Host == "":
			c.noHost()
			continue
		case c.Port < 1 || c.Port > 65535:
			c.add(StepServer, Failed, "no port: nothing can be tried")
			continue
		}
		c.server = r.server(c.Host, c.Port, SMTP)
		if suggestsImplicit(c) {
			c.server.tlsFirst = true
		}
		c.server.users = append(c.server.users, c)
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

func newConnection(it schema.Item) *connection {
	c := &connection{Result: &Result{Name: it.ItemName()}, item: it, marker: schema.SecretMarker(it)}
	switch it := it.(type) {
	case *schema.ServerConnection:
		c.Host, c.Port, c.encryption, c.user, c.from = it.Host, it.Port, it.Encryption, it.Username, it.FromAddress
	case *schema.CloudConnection:
		c.Host, c.Port, c.encryption, c.user, c.from = it.Host, it.SMTPPort, it.Encryption, it.Username, it.FromEmailAddress
	}
	return c
}

func (c *connection) noHost() {
	if schema.UsesOAuth2(c.item) {
		c.add(StepServer, Note, "no host is set: the app uses the provider's own")
		c.authoriseFirst()
		return
	}
	c.add(StepServer, Failed, "no host: nothing can be tried")
}

func (c *connection) authoriseFirst() {
	c.add(StepSignIn, Note, "must be authorised on Cloud first: tokens do not travel")
}

// suggestsImplicit reports whether Encryption, or else the port, stands for TLS from
// the first byte.
func suggestsImplicit(c *connection) bool {
	kind := findings.Encryption(c.encryption)
	return kind == findings.ImplicitTLS || c.Port == 465
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
		h = &host{name: name, pace: rate.NewLimiter(pace, 1), refused: map[string]bool{},
			byUser: map[string][]*login{}, byClient: map[string][]*client{}}
		r.byHost[name] = h
		r.hosts = append(r.hosts, h)
	}
	return h
}

// planLogin puts a connection to those with the same host, user and password, or
// says why nobody can sign in.
func (r *run) planLogin(c *connection) {
	var password schema.Secret
	switch {
	case schema.UsesOAuth2(c.item):
		c.authoriseFirst()
		return
	case c.marker != nil && c.marker.State == schema.Missing:
		c.add(StepSignIn, Unknown, "not tried: the password is missing in the bundle")
		return
	case c.marker != nil:
		password = r.Secret(schema.Connections, c.Name)
		if password.IsZero() {
			c.add(StepSignIn, Unknown, "not tried: your key does not open the password")
			return
		}
		if c.user == "" {
			c.add(StepSignIn, Failed, "a password and no user name: nobody can sign in")
			return
		}
	case c.user != "":
		c.add(StepSignIn, Unknown, "not tried: a user name and no password")
		return
	}
	h, key := r.host(c.Host), c.user
	if password.IsZero() { // there is nothing but the sender: each port by itself
		key = strconv.Itoa(c.Port)
	}
	for _, l := range h.byUser[key] {
		if l.password.Equal(password) {
			l.of = append(l.of, c)
			return
		}
	}
	l := &login{c.user, password, []*connection{c}}
	h.logins, h.byUser[key] = append(h.logins, l), append(h.byUser[key], l)
}

// planCredential looks at the endpoints of a credential, and tries its secret.
func (r *run) planCredential(it schema.Item) {
	res := &Result{Name: it.ItemName()}
	r.report.Credentials = append(r.report.Credentials, res)
	authorization := r.endpoint(res, "authorization endpoint", schema.Text(it, "authorization_endpoint"))
	token := r.endpoint(res, "token endpoint", schema.Text(it, "token_endpoint"))
	if authorization != nil && token != nil {
		res.sameTenant(authorization, token)
	}
	if !r.Login || token == nil {
		return
	}
	m, id := schema.SecretMarker(it), schema.Text(it, "client_id")
	secret := r.Secret(schema.Credentials, res.Name)
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
	h, server := r.host(token.Hostname()), res.endpoints[len(res.endpoints)-1].server
	key := token.String() + " " + id
	for _, c := range h.byClient[key] {
		if c.secret.Equal(secret) {
			c.of = append(c.of, res)
			return
		}
	}
	c := &client{token, server, id, secret, []*Result{res}}
	h.clients, h.byClient[key] = append(h.clients, c), append(h.byClient[key], c)
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
