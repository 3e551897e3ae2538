package probe

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/mailserver"
	"github.com/mailferry/mailferry/schema"
)

const loginHost = "login.microsoftonline.com"

// credential adds an OAuth2 credential whose endpoints are at a host.
func (b *bundle) credential(name, secret, authorization, token string) *schema.ServerCredential {
	c := &schema.ServerCredential{Name: name, ClientID: "client", ClientSecret: &schema.Marker{State: schema.Sealed, Fingerprint: sealedBy},
		AuthorizationEndpoint: authorization, TokenEndpoint: token}
	b.secret(name, secret)
	b.Credentials = append(b.Credentials, c)
	return c
}

// tokens starts a token endpoint and returns its port.
func tokens(t *testing.T, cert tls.Certificate, handle http.HandlerFunc) string {
	t.Helper()
	return tokensBy(t, &tls.Config{Certificates: []tls.Certificate{cert}}, handle)
}

func tokensBy(t *testing.T, config *tls.Config, handle http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewUnstartedServer(handle)
	s.TLS = config
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL[strings.LastIndexByte(s.URL, ':')+1:]
}

func TestATokenEndpointIsJudgedByItsCodes(t *testing.T) {
	a := mailserver.NewAuthority()
	cert := a.Issue(loginHost, month)
	elsewhere := &atomic.Int32{}
	other := tokens(t, cert, func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) })
	for name, c := range map[string]struct {
		status int
		body   string
		state  State
		text   string
	}{
		"a token":            {200, `{"access_token":"canary-token","token_type":"Bearer","expires_in":3599}`, Good, "is accepted"},
		"invalid_client":     {401, `{"error":"invalid_client"}`, Failed, "HTTP 401, invalid_client"},
		"wrong":              {401, `{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided."}`, Failed, "AADSTS7000215: wrong secret"},
		"expired":            {401, `{"error":"invalid_client","error_description":"AADSTS7000222: The provided client secret keys are expired."}`, Failed, "AADSTS7000222: expired secret"},
		"another":            {400, `{"error":"unauthorized_client","error_description":"AADSTS700016: no app"}`, Unknown, "unauthorized_client, AADSTS700016"},
		"invalid_scope":      {400, `{"error":"invalid_scope"}`, Unknown, "HTTP 400, invalid_scope"},
		"a redirect":         {307, "", Unknown, "redirects, which is not followed (HTTP 307)"},
		"HTML":               {200, "<html>sign in</html>", Unknown, "not OAuth2's (HTTP 200)"},
		"no token":           {200, `{"token_type":"Bearer"}`, Unknown, "HTTP 200"},
		"a token and error":  {200, `{"access_token":"x","error":"invalid_client"}`, Unknown, "HTTP 200, invalid_client"},
		"a token of no kind": {200, `{"access_token":null}`, Unknown, "HTTP 200"},
		"a failure":          {500, `{"error":"invalid_client"}`, Unknown, "HTTP 500"},
		"a flood":            {200, strings.Repeat(`{"access_token":"x"`, 100000), Unknown, "HTTP 200"},
		"hostile words":      {400, "{\"error\":\"\\u001b[2J\\u202e" + canary + "\"}", Unknown, schema.RepeatsSecret},
	} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int32
			port := tokens(t, cert, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodHead && r.URL.Path == "/" {
					return
				}
				asked.Add(1)
				if r.FormValue("grant_type") != "client_credentials" || r.FormValue("client_id") != "client" || r.FormValue("client_secret") != canary || r.FormValue("scope") == "" {
					t.Errorf("asked with %v", r.Form)
				}
				if c.status == 307 {
					w.Header().Set("Location", "https://other.example:"+other+"/")
				}
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.body)
			})
			b := &bundle{}
			at := "https://" + loginHost + ":" + port + "/tenant/oauth2/v2.0/"
			b.credential("one", canary, at+"authorize", at+"token")
			b.credential("same", canary, at+"authorize", at+"token")
			b.credential("another", "canary-other", at+"authorize", "http"+at[5:]+"token")
			r := b.login(t, a)
			r.of(t, "one", StepSecret).want(t, c.state, c.text)
			r.of(t, "same", StepSecret).want(t, c.state, c.text)
			r.of(t, "one", StepTenant).want(t, Good, "belong together")
			r.of(t, "one", StepEndpoint).want(t, Good, "answers over TLS")
			if asked.Load() != 1 || elsewhere.Load() != 0 {
				t.Errorf("asked %d times, and %d times elsewhere", asked.Load(), elsewhere.Load())
			}
		})
	}
}

func TestNoOtherSecretIsTriedAfterARefusal(t *testing.T) {
	a := mailserver.NewAuthority()
	var asked atomic.Int32
	port := tokens(t, a.Issue(loginHost, month), func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			asked.Add(1)
			w.WriteHeader(401)
			fmt.Fprint(w, `{"error":"invalid_client"}`)
		}
	})
	b := &bundle{}
	at := "https://" + loginHost + ":" + port + "/tenant/oauth2/v2.0/"
	b.credential("one", canary, "", at+"token")
	others := []string{at + "token", strings.ToUpper(at) + "token", at + "token?x=1", at + "v1/token", at + "t%6Fken",
		strings.Replace(at, ":"+port, ".:"+port, 1) + "token", strings.Replace(at, ":"+port, ":0"+port, 1) + "token"}
	for i, token := range others {
		b.credential(token, fmt.Sprint("canary-other-", i), "", token)
	}
	r := b.login(t, a)
	r.of(t, "one", StepSecret).want(t, Failed, "refused")
	for _, token := range others {
		r.of(t, token, StepSecret).want(t, Unknown, "lock the account")
	}
	if asked.Load() != 1 {
		t.Errorf("asked %d times", asked.Load())
	}
}

func TestNoSecretGoesToAnEndpointThatIsNotTrusted(t *testing.T) {
	a := mailserver.NewAuthority()
	port := tokens(t, a.Issue("other.example", month), func(_ http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			t.Error("a secret was sent")
		}
	})
	b := &bundle{}
	b.credential("one", canary, "", "https://"+loginHost+":"+port+"/t/token")
	b.credential("clear", canary, "", "http://"+loginHost+":"+port+"/t/token")
	b.credential("user", canary, "", "https://me@"+loginHost+":"+port+"/t/token")
	b.credential("none", canary, "", "")
	//nolint:gosec // an old server
	config := &tls.Config{Certificates: []tls.Certificate{a.Issue(loginHost, month)},
		MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	old := tokensBy(t, config, func(http.ResponseWriter, *http.Request) {})
	b.credential("old", canary, "", "https://"+loginHost+":"+old+"/t/token")
	good := tokens(t, a.Issue(loginHost, month), func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"access_token":"x"}`)
	})
	b.credential("good", "canary-other", "", "https://"+loginHost+":"+good+"/t/token")
	r := b.login(t, a)
	r.of(t, "old", StepSecret).want(t, Unknown, "does not answer over TLS 1.2 or later")
	r.of(t, "good", StepSecret).want(t, Good, "accepted")
	r.of(t, "one", StepSecret).want(t, Unknown, "not tried")
	r.of(t, "one", StepEndpoint).want(t, Failed, `is for "other.example"`)
	r.of(t, "clear", StepEndpoint).want(t, Note, "no authorization endpoint")
	if r.Credentials[1].State != Failed || r.Credentials[2].State != Failed || r.Credentials[3].State != Note {
		t.Errorf("%+v", r.Credentials)
	}
}

func TestEndpointsOfOneCredentialBelongTogether(t *testing.T) {
	for _, c := range []struct {
		authorization, token string
		state                State
	}{
		{"https://login.microsoftonline.com/A-1/oauth2/v2.0/authorize", "https://login.microsoftonline.com/a-1/oauth2/token", Good},
		{"https://login.microsoftonline.com/a-1/oauth2/v2.0/authorize", "https://login.microsoftonline.com/b-2/oauth2/v2.0/token", Failed},
		{"https://login.microsoftonline.com/common/oauth2/v2.0/authorize", "https://login.microsoftonline.com/b-2/oauth2/v2.0/token", Failed},
		{"https://accounts.google.com/o/oauth2/auth", "https://oauth2.googleapis.com/token", Good},
		{"https://accounts.google.com/o/oauth2/auth", "https://oauth2.googleapis.com.evil.example/token", Warning},
		{"https://id.example/realms/x/protocol/openid-connect/auth", "https://id.example/realms/y/protocol/openid-connect/token", Failed},
		{"https://a.example/auth", "https://b.example/token", Warning},
		{"https://a.example/auth", "https://A.example./token", Good},
	} {
		x, _ := url.Parse(c.authorization)
		y, _ := url.Parse(c.token)
		res := &Result{}
		res.sameTenant(x, y)
		if res.Checks[0].State != c.state {
			t.Errorf("%s and %s: %+v", c.authorization, c.token, res.Checks[0])
		}
	}
}

func TestEndpointsAreReachedByTheProxyOfTheEnvironment(t *testing.T) {
	a := mailserver.NewAuthority()
	site := tokens(t, a.Issue(loginHost, month), func(http.ResponseWriter, *http.Request) {})
	var connects atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || r.Host != loginHost+":443" {
			t.Errorf("%s %s", r.Method, r.Host)
		}
		connects.Add(1)
		there, err := net.Dial("tcp", "127.0.0.1:"+site)
		rig.OK(t, err)
		w.WriteHeader(200)
		here, _, err := w.(http.Hijacker).Hijack()
		rig.OK(t, err)
		go func() { _, _ = there.(*net.TCPConn).ReadFrom(here) }()
		_, _ = here.(*net.TCPConn).ReadFrom(there)
	}))
	t.Cleanup(proxy.Close)
	t.Setenv("HTTPS_PROXY", proxy.URL)
	b := &bundle{}
	b.credential("one", canary, "", "https://"+loginHost+"/t/token")
	o := b.options(a)
	o.lookup = nil // the proxy resolves
	o.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	r := b.try(t, o)
	if r.Servers[0].State != Good || connects.Load() != 1 || !strings.Contains(r.Servers[0].Checks[0].Text, "by way of the proxy") {
		t.Errorf("%d connects, %+v", connects.Load(), r.Servers[0])
	}
}
