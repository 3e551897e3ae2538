package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/mailferry/mailferry/internal/address"
	"github.com/mailferry/mailferry/internal/findings"
	"github.com/mailferry/mailferry/schema"
)

// client speaks HTTPS over the proxies of the environment. Redirects are not
// followed: what is sent is for the address that was reviewed.
func (r *run) httpClient(config *tls.Config) *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  func(req *http.Request) (*url.URL, error) { return r.proxy(req.URL) },
			DialContext:            r.Options.dial,
			TLSClientConfig:        config,
			DisableKeepAlives:      true,
			DisableCompression:     true,
			MaxResponseHeaderBytes: maxAnswer,
		},
	}
}

// lookHTTPS asks the server of an endpoint for the head of its root: any answer
// shows that it is there, and the endpoint itself is not touched.
func (r *run) lookHTTPS(ctx context.Context, s *Server) {
	u := &url.URL{Scheme: "https", Host: net.JoinHostPort(s.name, strconv.Itoa(s.Port)), Path: "/"}
	by := ""
	switch way, err := r.proxy(u); {
	case err != nil:
		s.add(StepConnect, Failed, "the proxy's address cannot be used")
		return
	case way != nil:
		by = " by way of the proxy that the environment names"
	case !r.resolve(ctx, s):
		return
	}
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, u.String(), nil)
	if err != nil {
		s.add(StepConnect, Failed, "is no host name")
		return
	}
	req.Header.Set("User-Agent", "mailferry")
	client := r.httpClient(r.tlsConfig(s, false))
	defer client.CloseIdleConnections()
	res, err := client.Do(req)
	if err != nil {
		s.add(StepConnect, Failed, r.httpWords(ctx, err)+by)
		return
	}
	defer res.Body.Close()
	s.Mode = Implicit
	s.add(StepConnect, Good, fmt.Sprintf("answers (HTTP %d)%s", res.StatusCode, by))
	r.certificate(s, res.TLS)
}

// httpWords says why a request got no answer.
func (r *run) httpWords(ctx context.Context, err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // without the address
	}
	if ctx.Err() != nil {
		return "no answer in time"
	}
	return r.explain(&stepError{StepConnect, err})
}

// sameTenant holds the two endpoints of a credential against each other: who signs
// in with one tenant gets no token from another.
func (r *Result) sameTenant(a, b *url.URL) {
	const mixed = "authorization and token endpoint are of different "
	switch x, y := wireName(a.Hostname()), wireName(b.Hostname()); {
	case x != y && !(google.MatchString(x) && google.MatchString(y)):
		r.add(StepTenant, Warning, mixed+"hosts: "+schema.Quote(x)+" and "+schema.Quote(y))
	case findings.Tenant(a) != findings.Tenant(b):
		r.add(StepTenant, Failed, mixed+"tenants: "+schema.Quote(findings.Tenant(a))+" and "+schema.Quote(findings.Tenant(b)))
	default:
		r.add(StepTenant, Good, "authorization and token endpoint belong together")
	}
}

var google = regexp.MustCompile(`(^|\.)(google|googleapis)\.com$`)

// askToken tries a client secret by the client credentials grant, which changes
// nothing: a token, if there is one, is thrown away unread.
func (r *run) askToken(ctx context.Context, h *host, c *attempt) {
	state, text := r.token(ctx, h, c)
	c.all(StepSecret, state, text)
}

func (r *run) token(ctx context.Context, h *host, c *attempt) (State, string) {
	s := c.server
	if s.TLS == nil || s.TLS.old || !s.TLS.Trusted {
		return Unknown, "not tried: the token endpoint does not answer over TLS 1.2 or later with a certificate " +
			"that this machine trusts"
	}
	if why := h.admit(ctx, c); why != "" {
		return Unknown, why
	}
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	req, err := c.request(ctx)
	if err != nil {
		return Failed, "the token endpoint cannot be used as an address"
	}
	client := r.httpClient(r.tlsConfig(s, true))
	defer client.CloseIdleConnections()
	h.refused[c.account()] = true // until it is known to be accepted
	res, err := client.Do(req)
	if err != nil {
		return Unknown, r.httpWords(ctx, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return Unknown, r.httpWords(ctx, err)
	}
	state, text := r.judgeToken(res.StatusCode, body)
	h.refused[c.account()] = state != Good
	return state, text
}

// request asks for a token of the client's own. Microsoft wants to know for what.
func (c *attempt) request(ctx context.Context) (*http.Request, error) {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.user},
		"client_secret": {c.secret.Reveal()}}
	if address.IsMicrosoft(c.server.name) {
		form.Set("scope", "https://graph.microsoft.com/.default")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.at, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "mailferry")
	return req, nil
}

// aadsts are codes of Microsoft's, which stand in its descriptions.
var aadsts = regexp.MustCompile(`AADSTS[0-9]{1,10}`)

// judgeToken reads an answer of a token endpoint by the codes of OAuth2 (RFC 6749,
// 5.1 and 5.2). Whatever is neither a token nor invalid_client is unknown.
func (r *run) judgeToken(status int, body []byte) (State, string) {
	var answer struct {
		Token       jsontext.Value `json:"access_token"` // nobody looks at it
		Error       string         `json:"error"`
		Description string         `json:"error_description"`
	}
	err := json.Unmarshal(body, &answer)
	said := fmt.Sprintf("HTTP %d", status)
	switch {
	case status >= 300 && status < 400:
		return Unknown, "the token endpoint redirects, which is not followed (" + said + ")"
	case err != nil:
		return Unknown, "the answer of the token endpoint is not OAuth2's (" + said + ")"
	case status == http.StatusOK && answer.Token.Kind() == '"' && answer.Error == "":
		return Good, "the client secret is accepted"
	}
	if answer.Error != "" {
		said += ", " + r.words(answer.Error)
	}
	if code := aadsts.FindString(answer.Description); code != "" {
		said += ", " + r.words(code)
		switch code {
		case "AADSTS7000215":
			said += ": wrong secret"
		case "AADSTS7000222":
			said += ": expired secret"
		}
	}
	if answer.Error == "invalid_client" && status >= 400 && status < 500 {
		return Failed, "the client secret is refused (" + said + ")"
	}
	return Unknown, "the answer does not say whether the client secret is good (" + said + ")"
}
