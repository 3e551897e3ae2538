package cloud

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/schema"
)

const published = "../../schema/cloud-api.openapi.json"

func TestThePublishedDescriptionIsTheOneServed(t *testing.T) {
	s := serve(t, Options{})
	served := s.do("GET", apiPrefix+"openapi.json", "")
	if os.Getenv("UPDATE_OPENAPI") != "" {
		if err := os.WriteFile(published, []byte(served.Body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(published)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(file, []byte(served.Body)) {
		t.Errorf("%s is not what is served: run UPDATE_OPENAPI=1 go test ./samples/cloud", published)
	}
}

func TestTheDescriptionHasExactlyTheFieldsOfTheBundle(t *testing.T) {
	raw, err := OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct {
					Title     string `json:"title"`
					WriteOnly bool   `json:"writeOnly"`
				} `json:"properties"`
				Required []string `json:"required"`
			} `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	for l, name := range map[schema.List]string{schema.Credentials: "Credential", schema.Connections: "Connection"} {
		shown, written := doc.Components.Schemas[name], doc.Components.Schemas[name+"Write"]
		if _, ok := shown.Properties["id"]; !ok {
			t.Errorf("%s: no id", name)
		}
		delete(shown.Properties, "id")
		for _, f := range schema.Fields(schema.CloudFormat, l) {
			p, ok := written.Properties[f.Name]
			if !ok || p.WriteOnly != f.Secret || p.Title != f.Label {
				t.Errorf("%sWrite.%s: %+v, %v", name, f.Name, p, ok)
			}
			if _, ok := shown.Properties[f.Name]; ok == f.Secret {
				t.Errorf("%s.%s: shown: %v", name, f.Name, ok)
			}
			if slices.Contains(written.Required, f.Name) != f.Required {
				t.Errorf("%sWrite.%s: required is not %v", name, f.Name, f.Required)
			}
			delete(written.Properties, f.Name)
			delete(shown.Properties, f.Name)
		}
		if len(written.Properties)+len(shown.Properties) != 0 {
			t.Errorf("%s: more than the bundle has: %v %v", name, written.Properties, shown.Properties)
		}
	}
}

func TestEachDescribedOperationIsServed(t *testing.T) {
	s := serve(t, Options{})
	s.made(schema.Credentials, credential)
	s.made(schema.Connections, connection)
	body := map[string]string{"post": `{"x":1}`, "put": `{"x":1}`}
	for path, operations := range s.api.Paths {
		for method := range operations {
			if method == "parameters" {
				continue
			}
			id := "1"
			if strings.Contains(path, "connections") {
				id = "2"
			}
			at := strings.Replace(path, "{id}", id, 1)
			r, err := s.raw(strings.ToUpper(method), at, body[method])
			if err != nil {
				t.Fatal(err)
			}
			if r.Status == 404 || r.Status == 405 {
				t.Errorf("%s %s: got %d", method, path, r.Status)
			}
		}
	}
}
