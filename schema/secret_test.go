package schema

import (
	"bytes"
	"encoding/gob"
	stdjson "encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

const canary = "c4nary-pässword"

// holder has the secret where fmt cannot call its methods.
type holder struct {
	Public  Secret
	private Secret
	nested  *struct{ s []Secret }
	byName  map[string]Secret
}

func TestSecretNeverPrintsItself(t *testing.T) {
	s := NewSecret(canary)
	h := holder{s, s, &struct{ s []Secret }{[]Secret{s}}, map[string]Secret{"x": s}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p", "%T", "%t", "% x", "%#q", "%10.3s", "%w"} {
		fmt.Fprintf(&out, verb, s)
		fmt.Fprintf(&out, verb, &s)
		fmt.Fprintf(&out, verb, h)
		fmt.Fprintf(&out, verb, &h)
	}
	fmt.Fprintln(&out, s, &s, h, &h, fmt.Errorf("x: %v", s))
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(handler).Info("x", "secret", s, "pointer", &s, "holder", h, "any", slog.AnyValue(s))
	}
	if got := out.String(); strings.Contains(got, canary) || strings.Contains(got, fmt.Sprintf("%x", canary)) {
		t.Fatal("a secret printed itself")
	}
	if !strings.Contains(out.String(), Redacted) {
		t.Fatal("nothing was printed at all")
	}
}

func TestSecretRefusesToMarshal(t *testing.T) {
	h := struct{ S Secret }{NewSecret(canary)}
	for name, marshal := range map[string]func() ([]byte, error){
		"encoding/json": func() ([]byte, error) { return stdjson.Marshal(h) },
		"json v2":       func() ([]byte, error) { return json.Marshal(h) },
		"xml":           func() ([]byte, error) { return xml.Marshal(h) },
		"gob": func() ([]byte, error) {
			var b bytes.Buffer
			err := gob.NewEncoder(&b).Encode(h)
			return b.Bytes(), err
		},
		"map key": func() ([]byte, error) { return h.S.MarshalText() },
		"binary":  func() ([]byte, error) { return h.S.MarshalBinary() },
	} {
		out, err := marshal()
		if err == nil {
			t.Errorf("%s: no error", name)
		} else if strings.Contains(err.Error(), canary) {
			t.Errorf("%s: the error holds the secret", name)
		}
		if bytes.Contains(out, []byte(canary)) {
			t.Errorf("%s: the output holds the secret", name)
		}
	}
}

func TestSecretRevealsOnlyWhenAsked(t *testing.T) {
	s := NewSecret(canary)
	if s.Reveal() != canary || s.IsZero() {
		t.Error("Reveal does not give the value")
	}
	if !s.Equal(NewSecret(canary)) || s.Equal(NewSecret("other")) || s.Equal(Secret{}) {
		t.Error("Equal is wrong")
	}
	if z := NewSecret(""); !z.IsZero() || z.Reveal() != "" {
		t.Error("the empty secret is not zero")
	}
}
