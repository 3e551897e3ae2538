package cloud

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/xeipuuv/gojsonschema"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

const (
	smtp   = "General SMTP service"
	google = "GMail/GSuite with OAuth2"

	credential = `{"name":"Google","service_provider":"Google","client_id":"id-1","client_secret":"canary-client","token_endpoint":"https://oauth2.googleapis.com/token"}`
	connection = `{"name":"Support","service_provider":"General SMTP service","host":"smtp.corp.example","smtp_port":587,"username":"CORP\\mailer","password":"canary-password","debug":false}`
)

// site is a sample Cloud on a loopback listener. Every answer that a test gets
// through it is held against the OpenAPI description.
type site struct {
	t     *testing.T
	cloud *Cloud
	url   string
	api   apiDocument
}

type apiDocument struct {
	Paths      map[string]map[string]json.RawMessage `json:"paths"`
	Components struct {
		Responses map[string]apiResponse `json:"responses"`
		Schemas   map[string]any         `json:"schemas"`
	} `json:"components"`
}

type apiOperation struct {
	Responses map[string]apiResponse `json:"responses"`
}

type apiResponse struct {
	Ref     string `json:"$ref"`
	Content map[string]struct {
		Schema map[string]any `json:"schema"`
	} `json:"content"`
}

func open(t *testing.T, dir string, opts Options) *Cloud {
	t.Helper()
	c := rig.Get(Open(dir, opts)).Or(t)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func serve(t *testing.T, opts Options) *site {
	t.Helper()
	return serveCloud(t, open(t, t.TempDir(), opts))
}

func serveCloud(t *testing.T, c *Cloud) *site {
	t.Helper()
	srv := httptest.NewServer(c.Handler())
	t.Cleanup(srv.Close)
	s := &site{t: t, cloud: c, url: srv.URL}
	rig.OK(t, json.Unmarshal(schema.CloudAPI(), &s.api))
	return s
}

type reply struct {
	Status int
	Header http.Header
	Body   string
}

func (r reply) id(t *testing.T) string {
	t.Helper()
	var doc struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal([]byte(r.Body), &doc); err != nil || doc.ID == "" {
		t.Fatalf("no id in %d %s", r.Status, r.Body)
	}
	return doc.ID
}

// raw sends a request as it is; header holds name, value pairs.
func (s *site) raw(method, path, body string, header ...string) (reply, error) {
	s.t.Helper()
	req := rig.Get(http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))).Or(s.t)
	req.Header.Set("Authorization", "Bearer "+s.cloud.Token().Reveal())
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	res, err := client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	return reply{res.StatusCode, res.Header, string(out)}, err
}

// do is raw for answers that must be as described.
func (s *site) do(method, path, body string, header ...string) reply {
	s.t.Helper()
	r, err := s.raw(method, path, body, header...)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	s.described(method, path, r)
	return r
}

// described fails the test where the OpenAPI description does not know an
// answer of that status, type and shape.
func (s *site) described(method, path string, r reply) {
	s.t.Helper()
	path, _, _ = strings.Cut(path, "?")
	template := path
	if parts := strings.Split(path, "/"); len(parts) == 5 {
		template = strings.Join(append(parts[:4], "{id}"), "/")
	}
	raw, ok := s.api.Paths[template][strings.ToLower(method)]
	if !ok {
		s.t.Fatalf("%s %s: not described", method, template)
	}
	var op apiOperation
	rig.OK(s.t, json.Unmarshal(raw, &op))
	res, ok := op.Responses[statusKey(r.Status)]
	if !ok {
		s.t.Fatalf("%s %s: status %d is not described (%s)", method, template, r.Status, r.Body)
	}
	if name, isRef := strings.CutPrefix(res.Ref, "#/components/responses/"); isRef {
		res = s.api.Components.Responses[name]
	}
	kind := r.Header.Get("Content-Type")
	media, ok := res.Content[kind]
	if !ok {
		s.t.Fatalf("%s %s: %d of type %q is not described", method, template, r.Status, kind)
	}
	media.Schema["components"] = map[string]any{"schemas": s.api.Components.Schemas}
	result := rig.Get(gojsonschema.Validate(gojsonschema.NewGoLoader(media.Schema), gojsonschema.NewStringLoader(r.Body))).Or(s.t)
	for _, e := range result.Errors() {
		s.t.Errorf("%s %s: %d: %s", method, template, r.Status, e)
	}
}

func statusKey(status int) string {
	b, _ := json.Marshal(status)
	return string(b)
}

// made posts an item that must be taken.
func (s *site) made(l schema.List, body string, header ...string) reply {
	s.t.Helper()
	r := s.do("POST", apiPrefix+string(l), body, header...)
	if r.Status != http.StatusCreated {
		s.t.Fatalf("%d %s", r.Status, r.Body)
	}
	return r
}
