package importer_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/samples/cloud"
	"github.com/mailferry/mailferry/schema"
)

// storesOtherwise stands before a sample Cloud: it changes what is stored of the
// item "Liar" and answers that all is as it was sent.
func storesOtherwise(inner http.Handler, change func(item map[string]any)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var sent, stored, answer map[string]any
		raw, err := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(raw))
		if err != nil || json.Unmarshal(raw, &sent) != nil || sent["name"] != "Liar" {
			inner.ServeHTTP(w, r)
			return
		}
		stored = maps.Clone(sent)
		change(stored)
		raw, _ = json.Marshal(stored)
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
		rec := httptest.NewRecorder()
		inner.ServeHTTP(rec, r)
		if json.Unmarshal(rec.Body.Bytes(), &answer) == nil && rec.Code < 300 {
			delete(sent, "password")
			sent["id"] = answer["id"]
			raw, _ = json.Marshal(sent)
			rec.Body = bytes.NewBuffer(raw)
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	})
}

// A yes to each write is Cloud's word alone: one look at the end holds every
// visible field against what was sent.
func TestWhatRESTStoresOtherwiseThanItAnswersIsNotCalledWritten(t *testing.T) {
	set := func(field string, value any) func(map[string]any) {
		return func(it map[string]any) { it[field] = value }
	}
	for name, tt := range map[string]struct {
		change func(map[string]any)
		want   string
	}{
		"another text":      {set("host", "trap.example"), "Cloud shows another Host than was sent"},
		"another number":    {set("smtp_port", 25), "Cloud shows another SMTP Port than was sent"},
		"another switch":    {set("debug", true), "Cloud shows another Debug than was sent"},
		"another case":      {set("username", "MAILER"), "Cloud shows another Username than was sent"},
		"a blank at an end": {set("description", "one "), "Cloud shows another Description than was sent"},
		"nothing":           {func(it map[string]any) { delete(it, "encryption") }, "Cloud shows another Encryption than was sent"},
		"a secret field":    {set("oauth2_credentials", "Google"), "Cloud shows another OAuth2 Credentials than was sent"},
		"another name":      {set("name", "Other"), "was written and is gone from Cloud"},
		"two fields": {func(it map[string]any) { it["host"], it["email_prefix"] = "trap.example", "[x]" },
			"Cloud shows another Email Prefix, Host than was sent"},
	} {
		for _, overwrite := range []bool{false, true} {
			if overwrite && name == "another name" {
				continue
			}
			t.Run(name+map[bool]string{true: ", overwritten"}[overwrite], func(t *testing.T) {
				s := newSite(t, cloud.Faults{})
				item := func(name, host string) *schema.CloudConnection {
					return &schema.CloudConnection{Name: name, Description: "one", ServiceProvider: "General SMTP service", Host: host,
						SMTPPort: 587, Encryption: "STARTTLS", Username: "mailer", Password: &schema.Marker{State: schema.Sealed}}
				}
				google := &schema.CloudCredential{Name: "Google", ServiceProvider: "Google", ClientID: "client"}
				b := &schema.Bundle{Format: schema.CloudFormat, Manifest: schema.Manifest{ID: "00112233445566778899aabbccddeeff"},
					Connections: []schema.Item{item("Liar", "smtp.example"), item("Honest", "smtp.example")}}
				o := importInto(t, s.url, true, time.Minute, b, schema.Connections)
				there := []schema.Item{google}
				if overwrite {
					there = append(there, item("Liar", "old.example"))
				}
				for _, it := range there {
					rig.Get(o.Cloud.Create(t.Context(), importer.Write{Item: it, Secret: schema.NewSecret("old secret"), Key: it.ItemName()})).Or(t)
				}
				s.swap(storesOtherwise(s.Handler(), tt.change))
				o.Conflicts.Policy = importer.Overwrite
				rep, err := importer.Run(t.Context(), o)
				var part *importer.PartialError
				if !errors.As(err, &part) || part.Left != 1 {
					t.Fatalf("got %v", err)
				}
				if got := rep.Items[0]; got.Result != importer.Failed || got.Words != tt.want {
					t.Errorf("%s: %q, want %q", got.Result, got.Words, tt.want)
				}
				if got := rep.Items[1]; got.Result != importer.Written || strings.Contains(got.Words, "another") {
					t.Errorf("the other one: %s: %q", got.Result, got.Words)
				}
			})
		}
	}
}
