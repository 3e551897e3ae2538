package compare_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/mailferry/mailferry/internal/compare"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
	seal "github.com/mailferry/mailferry/schema/sealed"
	"github.com/mailferry/mailferry/transform"
)

func sealed(key string, n int) *schema.Marker {
	return &schema.Marker{State: schema.Sealed, Fingerprint: fmt.Sprintf("%s:%064x", key, n)}
}

func conn(name, host string, secret *schema.Marker) *schema.ServerConnection {
	return &schema.ServerConnection{Name: name, ConnectMode: "SMTP", FromAddress: "jira@corp.example", Host: host, Port: 587, Username: "jira", Password: secret}
}

func side(t *testing.T, name string, items ...schema.Item) compare.File {
	t.Helper()
	b := &schema.Bundle{Format: schema.ServerFormat, Manifest: schema.Manifest{ID: strings.Repeat("0f", 16)}}
	for _, it := range items {
		if _, cloud := it.(*schema.CloudConnection); cloud {
			b.Format = schema.CloudFormat
		}
		if it.List() == schema.Credentials {
			b.Credentials = append(b.Credentials, it)
		} else {
			b.Connections = append(b.Connections, it)
		}
	}
	digest := rig.Get(b.Digest()).Or(t)
	return compare.File{Name: name, Opened: &seal.Opened{Bundle: b, Digest: digest}}
}

// linesOf is a diff, one line an item.
func linesOf(d *compare.Diff) []string {
	var out []string
	for _, list := range [][]compare.Item{d.Credentials, d.Connections} {
		for _, it := range list {
			s := fmt.Sprintf("%s %q %q", it.Kind, it.A, it.B)
			if it.Kind != compare.Added && it.Kind != compare.Removed {
				for _, f := range it.Fields {
					s += fmt.Sprintf(" %s:%s(%s|%s)", f.Field, f.Change, f.A, f.B)
				}
			}
			out = append(out, s)
		}
	}
	return out
}

func TestTwoBundlesAreToldApart(t *testing.T) {
	const k, other = "aaaaaaaa", "bbbbbbbb"
	missing := &schema.Marker{State: schema.Missing, Reason: "opaque"}
	extra := conn("A", "h", nil)
	extra.Extra = map[string]string{"x": "1", "y": ""}
	extraB := conn("A", "h", nil)
	extraB.Extra = map[string]string{"x": "2", "z": "3"}
	debug := conn("A", "h", nil)
	debug.Debug = true
	for _, c := range []struct {
		name string
		a, b []schema.Item
		same bool
		want []string
		note string
	}{
		{"equal", []schema.Item{conn("A", "h", sealed(k, 1))}, []schema.Item{conn("A", "h", sealed(k, 1))}, true, nil, ""},
		{"another order", []schema.Item{conn("A", "h", nil), conn("B", "i", nil)}, []schema.Item{conn("B", "i", nil), conn("A", "h", nil)}, true, nil, "The content digests differ"},
		{"added and removed", []schema.Item{conn("A", "h", nil)}, []schema.Item{conn("B", "i", nil)}, false, []string{`removed "A" ""`, `added "" "B"`}, ""},
		{"renamed", []schema.Item{conn("A", "h", sealed(k, 1))}, []schema.Item{conn("B", "h", sealed(k, 1))}, false, []string{`renamed "A" "B"`}, ""},
		{"renamed under another key", []schema.Item{conn("A", "h", sealed(k, 1))}, []schema.Item{conn("B", "h", sealed(other, 1))}, false, []string{`renamed "A" "B" password:not-comparable(sealed|sealed)`}, ""},
		{"another name and another password", []schema.Item{conn("A", "h", sealed(k, 1))}, []schema.Item{conn("B", "h", sealed(k, 2))}, false, []string{`removed "A" ""`, `added "" "B"`}, ""},
		{"two renamed, told by their passwords", []schema.Item{conn("A", "h", sealed(k, 1)), conn("B", "h", sealed(k, 2))}, []schema.Item{conn("C", "h", sealed(k, 2)), conn("D", "h", sealed(k, 1))}, false,
			[]string{`renamed "A" "D"`, `renamed "B" "C"`}, ""},
		{"field by field", []schema.Item{conn("A", "h", nil)}, []schema.Item{&schema.ServerConnection{Name: "A", ConnectMode: "SMTP", Description: "new", Host: "i", Port: 25, Username: "jira"}}, false,
			[]string{`changed "A" "A" description:added(|new) from_address:removed(jira@corp.example|) host:changed(h|i) port:changed(587|25)`}, ""},
		{"a switch", []schema.Item{conn("A", "h", nil)}, []schema.Item{debug}, false, []string{`changed "A" "A" debug:changed(false|true)`}, ""},
		{"extra values, an empty one among them", []schema.Item{extra}, []schema.Item{extraB}, false, []string{`changed "A" "A" extra.x:changed(1|2) extra.y:removed(|) extra.z:added(|3)`}, ""},
		{"password changed", []schema.Item{conn("A", "h", sealed(k, 1))}, []schema.Item{conn("A", "h", sealed(k, 2))}, false, []string{`changed "A" "A" password:changed(sealed|sealed)`}, ""},
		{"password of another key", []schema.Item{conn("A", "h", sealed(k, 1))}, []schema.Item{conn("A", "h", sealed(other, 2))}, true, []string{`not-comparable "A" "A" password:not-comparable(sealed|sealed)`}, "Fingerprints of different keys cannot be compared"},
		{"password filled", []schema.Item{conn("A", "h", missing)}, []schema.Item{conn("A", "h", sealed(k, 1))}, false, []string{`changed "A" "A" password:changed(missing: opaque|sealed)`}, ""},
		{"password gone", []schema.Item{conn("A", "h", sealed(k, 1))}, []schema.Item{conn("A", "h", nil)}, false, []string{`changed "A" "A" password:removed(sealed|)`}, ""},
		{"a credential", []schema.Item{&schema.ServerCredential{Name: "G", TokenEndpoint: "https://a.example/"}}, []schema.Item{&schema.ServerCredential{Name: "G", TokenEndpoint: "https://b.example/"}}, false,
			[]string{`changed "G" "G" token_endpoint:changed(https://a.example/|https://b.example/)`}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := rig.Get(compare.Opened(side(t, "a.age", c.a...), side(t, "b.age", c.b...))).Or(t)
			if got := linesOf(d); !slices.Equal(got, c.want) || d.Same != c.same {
				t.Errorf("same %v, %q\nwant %v, %q", d.Same, got, c.same, c.want)
			}
			if c.note != "" && !slices.ContainsFunc(d.Notes, func(n string) bool { return strings.HasPrefix(n, c.note) }) {
				t.Errorf("notes %q lack %q", d.Notes, c.note)
			}
		})
	}
}

func TestServerAndCloudAreComparedThroughTheTransform(t *testing.T) {
	server := side(t, "server.age", conn("A", "h", sealed("aaaaaaaa", 1)))
	b, _, err := transform.Apply(server.Bundle, transform.DefaultRules(), nil)
	if err != nil {
		t.Fatal(err)
	}
	b.Connections[0].(*schema.CloudConnection).FromEmailAddress = "other@corp.example"
	cloud := compare.File{Name: "cloud.age", Opened: &seal.Opened{Bundle: b}}
	for _, turned := range []bool{false, true} {
		a, b, want, label := server, cloud, `changed "A" "A" from_email_address:changed(jira@corp.example|other@corp.example)`, "From Address → From Email Address"
		if turned {
			a, b, want, label = cloud, server, `changed "A" "A" from_email_address:changed(other@corp.example|jira@corp.example)`, "From Email Address → From Address"
		}
		d := rig.Get(compare.Opened(a, b)).Or(t)
		if got := linesOf(d); !slices.Equal(got, []string{want}) {
			t.Errorf("%q\nwant %q", got, want)
			continue
		}
		if got := d.Connections[0].Fields[0].Label(); got != label {
			t.Errorf("label %q, want %q", got, label)
		}
	}
}

func hostile(t *testing.T) *compare.Diff {
	t.Helper()
	a := side(t, "a.age", conn("Gone\u202e", "h", sealed("aaaaaaaa", 1)), conn("A", "<script>alert(1)</script>", sealed("aaaaaaaa", 1)), conn("B", "h", sealed("aaaaaaaa", 5)), conn("Old", "o", nil))
	b := side(t, "b.age", conn("A", "\x1b[2J", sealed("aaaaaaaa", 2)), conn("B", "h", sealed("bbbbbbbb", 5)), conn("<img src=x>", "i", nil), conn("New", "o", nil))
	d := rig.Get(compare.Opened(a, b)).Or(t)
	return d
}

func TestJSONIsWhatItsSchemaPromises(t *testing.T) {
	d := hostile(t)
	var out bytes.Buffer
	rig.OK(t, compare.JSON(&out, d))
	var back compare.Diff
	rig.OK(t, schema.DecodeFile("diff-report", out.Bytes(), &back))
	if back.Summary != d.Summary || back.Same || back.Summary != (compare.Summary{Added: 1, Removed: 1, Renamed: 1, Changed: 1, NotComparable: 1}) {
		t.Errorf("summary %+v", back.Summary)
	}
}

func TestTextFitsAndSteersNothing(t *testing.T) {
	var out bytes.Buffer
	rig.OK(t, compare.Text(&out, hostile(t), human.Terminal{Width: 72}))
	for _, r := range out.String() {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Errorf("%U reaches the terminal", r)
		}
	}
	for _, want := range []string{"1 added, 1 removed, 1 renamed, 1 changed; 1 secret not comparable", "− removed: Gone‹U+202E›", "+ added: <img src=x>",
		"→ renamed: Old is now New", "− <script>", "+ ‹U+001B›[2J", "Password                    changed", "not comparable: only the secrets of \"B\""} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("lacks %q:\n%s", want, out.String())
		}
	}
}

func TestHTMLTakesValuesAsText(t *testing.T) {
	var out bytes.Buffer
	rig.OK(t, compare.HTML(&out, hostile(t)))
	page := out.String()
	for _, bad := range []string{"<script", "<img", "\x1b", "\u202e", "ZgotmplZ"} {
		if strings.Contains(page, bad) {
			t.Errorf("%q is in the page", bad)
		}
	}
	for _, want := range []string{"&lt;img src=x&gt;", "‹U+202E›", "Content-Security-Policy"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in the page", want)
		}
	}
}
