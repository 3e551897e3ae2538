package importer_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

const echoed = `CANARY-"q\uote-Xy12`

// What Cloud repeats of a secret that an earlier run sent is held back by what
// only looks at it, plan and drift, as it is by an import.
func TestWhatOnlyLooksAtCloudHoldsBackWhatRepeatsASecret(t *testing.T) {
	item := func(field string, value any) map[string]any {
		it := map[string]any{"id": "1", "name": "A", "description": "one", "service_provider": "SMTP", "host": "smtp.example", "smtp_port": 587, "username": "mailer"}
		it[field] = value
		return it
	}
	escaped, _ := json.Marshal(echoed)
	for name, tt := range map[string]struct {
		cloud []map[string]any // its connections; nil: it answers 500 with the secret
		names string           // what is said in spite of it
	}{
		"as a value":           {[]map[string]any{item("description", echoed)}, "Description"},
		"within a value":       {[]map[string]any{item("host", "mx."+echoed+".example")}, "Host"},
		"a part of it":         {[]map[string]any{item("username", echoed[:14])}, "Username"},
		"in capitals":          {[]map[string]any{item("description", strings.ToUpper(echoed))}, "Description"},
		"as base64":            {[]map[string]any{item("description", base64.StdEncoding.EncodeToString([]byte(echoed)))}, "Description"},
		"as URLs write it":     {[]map[string]any{item("description", url.QueryEscape(echoed))}, "Description"},
		"as JSON writes it":    {[]map[string]any{item("description", string(escaped))}, "Description"},
		"as another item's":    {[]map[string]any{item("description", "secret of B, which CANARY-of-another is")}, "Description"},
		"as a name":            {[]map[string]any{item("name", echoed)}, "repeats a secret"},
		"as an id":             {[]map[string]any{item("id", "x-CANARY-of-another")}, "an id repeats a secret"},
		"in what it refuses":   {nil, "(repeats a secret and is not shown)"},
		"in a key that is bad": {[]map[string]any{item("CANARY-of-another", 1), item("smtp_port", "CANARY-of-another")}, "smtp_port"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				answer := map[string]any{"items": []any{}}
				switch {
				case tt.cloud == nil:
					w.WriteHeader(http.StatusForbidden)
					answer = map[string]any{"detail": "last sent: " + echoed}
				case strings.HasSuffix(r.URL.Path, "connections"):
					answer["items"] = tt.cloud
				}
				_ = json.NewEncoder(w).Encode(answer)
			}))
			defer srv.Close()
			connection := func(name string) schema.Item {
				return &schema.CloudConnection{Name: name, Description: "one", ServiceProvider: "SMTP", Host: "smtp.example", SMTPPort: 587,
					Username: "mailer", Password: &schema.Marker{State: schema.Sealed}}
			}
			b := &schema.Bundle{Format: schema.CloudFormat, Manifest: schema.Manifest{ID: "00112233445566778899aabbccddeeff"},
				Connections: []schema.Item{connection("A"), connection("B")}}
			secrets := map[string]string{"A": echoed, "B": "CANARY-of-another"}
			for _, policy := range []importer.Policy{importer.Fail, importer.Overwrite} {
				o := importInto(t, srv.URL, true, time.Minute, b, schema.Connections)
				o.Conflicts.Policy = policy
				o.Secrets.Sealed = func(_ schema.List, name string) schema.Secret { return schema.NewSecret(secrets[name]) }
				for command, run := range map[string]func() (any, error){
					"plan":   func() (any, error) { return importer.MakePlan(t.Context(), o) },
					"diff":   func() (any, error) { return importer.Drift(t.Context(), o) },
					"import": func() (any, error) { return importer.DryRun(t.Context(), o) },
				} {
					said := everythingSaid(t, run)
					if lower := strings.ToLower(said); strings.Contains(lower, "canary") || strings.Contains(lower, "q0foqvjz") {
						t.Errorf("%s, %s: %s", command, policy, said)
					}
					if !strings.Contains(said, tt.names) && (name != "as a name" || command == "diff") {
						t.Errorf("%s, %s does not name %s: %s", command, policy, tt.names, said)
					}
				}
			}
		})
	}
}

// everythingSaid is what a command makes of a result: text, JSON, error and
// hint.
func everythingSaid(t *testing.T, run func() (any, error)) string {
	t.Helper()
	result, err := run()
	doc, marshalErr := schema.Marshal(result)
	if marshalErr != nil {
		t.Fatal(marshalErr)
	}
	var text bytes.Buffer
	if string(doc) != "null" {
		rig.OK(t, result.(interface{ Text(io.Writer, int) error }).Text(&text, 1<<20))
	}
	var gate *importer.GateError
	if errors.As(err, &gate) {
		doc = append(doc, strings.Join(gate.Lines(), "\n")...)
	}
	return fmt.Sprintln(string(doc), text.String(), err, schema.HintOf(err))
}
