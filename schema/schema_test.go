package schema

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/gowebpki/jcs"

	"github.com/mailferry/mailferry/internal/rig"
)

func serverBundle() *Bundle {
	fp := "0123abcd:" + strings.Repeat("ab", 32)
	return &Bundle{
		Format: ServerFormat,
		Manifest: Manifest{ID: strings.Repeat("0f", 16), Created: At(time.Unix(1700000000, 0)), Tool: "mailferry test",
			Source:     Source{Kind: "csv", Name: "connections.csv", SHA256: strings.Repeat("1", 64)},
			Recipients: []KeyHolder{{Label: "ops", Key: "age1x"}}, Reviewers: []KeyHolder{}, History: []Step{}},
		Credentials: []Item{&ServerCredential{Name: "google", ServiceProvider: "Google", ClientID: "id", ClientSecret: &Marker{State: Missing, Reason: "none"},
			TokenEndpoint: "https://oauth2.googleapis.com/token", CallbackURL: "https://jira.example.com/cb", Extra: map[string]string{"b": "2", "a": "1"}}},
		Connections: []Item{
			&ServerConnection{Name: "Service Desk", ConnectMode: "SMTP", Host: "mail.example.com", Port: 587, Username: "desk", Password: &Marker{State: Sealed, Fingerprint: fp}},
			&ServerConnection{Name: "Größe 😀 \u2028", ConnectMode: "Google OAuth2", Debug: true, OAuth2Credentials: "google"},
		},
		Sealed: []string{"-----BEGIN AGE ENCRYPTED FILE-----\nx\n-----END AGE ENCRYPTED FILE-----\n"},
	}
}

func encoded(t testing.TB, b *Bundle) string {
	t.Helper()
	doc := rig.Get(b.marshal()).Or(t)
	return string(doc)
}

func extras(value string, n int) map[string]string {
	out := map[string]string{}
	for i := range n {
		out[fmt.Sprint("x", i)] = value
	}
	return out
}

func TestABundleIsRefusedWhenWrittenAsWhenRead(t *testing.T) {
	conn := func(b *Bundle) *ServerConnection { return b.Connections[0].(*ServerConnection) }
	for name, change := range map[string]func(*Bundle){
		"nothing":          func(*Bundle) {},
		"a long name":      func(b *Bundle) { conn(b).Name = strings.Repeat("a", 2000) },
		"no name":          func(b *Bundle) { conn(b).Name = "" },
		"a name twice":     func(b *Bundle) { b.Connections = append(b.Connections, b.Connections[0]) },
		"a port too large": func(b *Bundle) { conn(b).Port = 1 << 30 },
		"a wrong marker":   func(b *Bundle) { conn(b).Password = &Marker{State: "open"} },
		"two large items": func(b *Bundle) {
			conn(b).Extra = extras(strings.Repeat("a", 50_000), 200)
			second := *conn(b)
			second.Name = "second"
			b.Connections = append(b.Connections, &second)
		},
		"one too large":     func(b *Bundle) { conn(b).Extra = extras(strings.Repeat("é", 50_000), 200) },
		"no id":             func(b *Bundle) { b.Manifest.ID = "" },
		"no armor":          func(b *Bundle) { b.Sealed = []string{"x"} },
		"no sealed part":    func(b *Bundle) { b.Sealed = nil },
		"too many parts":    func(b *Bundle) { b.Sealed = slices.Repeat(b.Sealed, 1001) },
		"another format":    func(b *Bundle) { b.Format = "mailferry/server-bundle/v2" },
		"a cloud's format":  func(b *Bundle) { b.Format = CloudFormat },
		"an empty origin":   func(b *Bundle) { b.Format, b.Origin = CloudFormat, &Origin{} },
		"an origin's items": func(b *Bundle) { b.Origin = &Origin{Format: ServerFormat, Connections: []Item{&ServerConnection{}}} },
	} {
		t.Run(name, func(t *testing.T) {
			b := serverBundle()
			change(b)
			_, want := Decode([]byte(encoded(t, b)))
			if _, got := b.Encode(); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("encoded: %v\ndecoded: %v", got, want)
			}
		})
	}
	b := serverBundle()
	b.Manifest.Tool = "\xff"
	if _, err := b.Encode(); err == nil {
		t.Error("invalid UTF-8 is written")
	}
}

func TestBundleComesBackAsItWasWritten(t *testing.T) {
	doc := encoded(t, serverBundle())
	b := rig.Get(Decode([]byte(doc))).Or(t)
	if again := encoded(t, b); again != doc {
		t.Errorf("decoded and encoded again:\n%s\n%s", doc, again)
	}
	d1, _ := serverBundle().Digest()
	d2, _ := b.Digest()
	if d1 != d2 {
		t.Error("the digest changed on the way")
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"k%d":"v",`, i)
	}
	return b.String()
}

func TestDecodeNamesThePlaceAndNeverTheValue(t *testing.T) {
	const value = "s3cret-value"
	good := encoded(t, serverBundle())
	replace := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("the document has no %s", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	for name, c := range map[string]struct{ doc, want string }{
		"port as text":            {replace(`"port":587`, `"port":"587"`), "connections[0].port: must be of type integer"},
		"port zero":               {replace(`"port":587`, `"port":0`), "connections[0].port: must be at least 1"},
		"port too high":           {replace(`"port":587`, `"port":70000`), "connections[0].port: must be at most 65535"},
		"port with fraction":      {replace(`"port":587`, `"port":587.5`), "connections[0].port: must be of type integer"},
		"password as text":        {replace(`"password":{"state":"sealed","fingerprint":"0123abcd:`+strings.Repeat("ab", 32)+`"}`, `"password":"`+value+`"`), "connections[0].password: must be of type object"},
		"fingerprint malformed":   {replace(`0123abcd:`, value+`:`), "connections[0].password.fingerprint: is not of the form"},
		"sealed with a reason":    {replace(`"password":{"state":"sealed"`, `"password":{"reason":"x","state":"sealed"`), "connections[0].password"},
		"unknown field":           {replace(`"host":`, `"hots":"a","host":`), "connections[0]: hots is not a known field"},
		"sealed, not armored":     {replace("-----BEGIN AGE ENCRYPTED FILE-----", "-----BEGIN"), "sealed[0]: is not of the form ^-----BEGIN AGE ENCRYPTED FILE-----"},
		"unknown top field":       {replace(`"sealed":[`, `"seal":[],"sealed":[`), "seal is not a known field"},
		"field of another case":   {replace(`"host":`, `"Host":"a","host":`), "connections[0]: Host is not a known field"},
		"duplicate key":           {replace(`"host":`, `"host":"`+value+`","host":`), "connections[0].host: stands twice"},
		"duplicate name":          {replace("\"Größe 😀 \u2028\"", `"Service Desk"`), `connections[1].name: "Service Desk" is already the name of connections[0]`},
		"name missing":            {replace(`"name":"Service Desk",`, ``), "connections[0]: lacks name"},
		"empty text":              {replace(`"host":"mail.example.com"`, `"host":""`), "connections[0].host: must not be empty"},
		"text too long":           {replace(`mail.example.com`, strings.Repeat(value, 200)), "connections[0].host: must have at most 1000 characters"},
		"too many extras":         {replace(`"extra":{"a":"1"`, `"extra":{`+manyKeys(200)+`"a":"1"`), "extra: must have at most 200 entries"},
		"no extra in extra":       {replace(`"host":`, `"extra":{},"host":`), "connections[0].extra: must not be empty (leave it out instead)"},
		"trailing data":           {good + `{"x":1}`, "something follows after the end"},
		"trailing text":           {good + value, "not valid JSON"},
		"cut off":                 {good[:len(good)/2], "ends in the middle"},
		"bad UTF-8":               {replace(`mail.example.com`, "mail\xff"), "connections[0].host: not valid UTF-8"},
		"null list":               {replace(`"credentials":[`, `"credentials":null,"c":[`), ""},
		"too deep":                {replace(`"extra":{"a":"1"`, `"extra":{"a":`+strings.Repeat("[", 40)+strings.Repeat("]", 40)), "nested deeper than 16"},
		"later version":           {replace("server-bundle/v1", "server-bundle/v2"), `format: "mailferry/server-bundle/v2" is a version that this mailferry does not know`},
		"other format":            {replace("mailferry/server-bundle/v1", "mailferry/rules/v1"), "is not mailferry/server-bundle/v1"},
		"no format":               {`{"a":1}`, "format: missing"},
		"a list":                  {`[1]`, "not a mailferry bundle"},
		"empty":                   {"  \n", "empty"},
		"time with zone":          {replace(`Z","tool"`, `+01:00","tool"`), "manifest.created: is not of the form"},
		"time that is none":       {replace(`2023-11-14T22:13:20Z`, `2023-13-41T22:13:20Z`), "manifest.created: not a time"},
		"connections not a list":  {replace(`"connections":[`, `"connections":{"x":[`) + "}", ""},
		"lone surrogate":          {replace(`mail.example.com`, `\ud800`), "connections[0].host: "},
		"escaped key, same field": {replace(`"host":`, `"\u0068ost":"a","host":`), "connections[0].host: stands twice"},
	} {
		_, err := Decode([]byte(c.doc))
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q does not say %q", name, err, c.want)
		}
		if strings.Contains(err.Error(), value) {
			t.Errorf("%s: the error holds the value: %v", name, err)
		}
		if strings.ContainsAny(err.Error(), "\n\x1b") || !utf8.ValidString(err.Error()) {
			t.Errorf("%s: the error is not one clean line: %q", name, err)
		}
	}
}

func TestDecodeRefusesMoreThanItsLimits(t *testing.T) {
	if _, err := Decode(make([]byte, MaxDocument+1)); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("size: %v", err)
	}
	b := serverBundle()
	doc := encoded(t, b)
	var many strings.Builder
	for i := range MaxItems {
		fmt.Fprintf(&many, `{"name":"%d","connect_mode":"SMTP","debug":false},`, i)
	}
	doc = strings.Replace(doc, `"connections":[`, `"connections":[`+many.String(), 1)
	if _, err := Decode([]byte(doc)); err == nil || !strings.Contains(err.Error(), "connections: more than") {
		t.Errorf("count: %v", err)
	}
}

func TestTextsAndPiecesAreBounded(t *testing.T) {
	text := func(n int) string { return strings.Repeat("a", n) }
	names := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `"%d":0,`, i)
		}
		return strings.TrimSuffix(b.String(), ",")
	}
	zeros := func(n int) string { return "[" + strings.Repeat("0,", n) + "0]" }
	begin := `{"format":"` + ServerFormat + `",`
	good := encoded(t, serverBundle())
	item := func(raw string) string {
		return good[:strings.Index(good, `"connections":[`)] + `"connections":[` + raw + `],"sealed":[]}`
	}
	for name, c := range map[string]struct{ doc, want string }{
		"a text":            {`{"format":"` + text(maxText+1) + `"}`, "format: a text longer than"},
		"escapes":           {`{"format":"` + strings.Repeat(`\n`, maxText+1) + `"}`, "format: a text longer than"},
		"a name":            {`{"` + text(maxName+1) + `":1}`, "a name longer than 8192"},
		"a member's name":   {`{"extra":{"` + text(maxName+1) + `":1}}`, "a name longer than 8192"},
		"a name of escapes": {`{"` + strings.Repeat(`\u0061`, maxName+1) + `":1}`, "a name longer than 8192"},
		"members":           {`{"a":{` + names(maxMembers+1) + `}}`, "a: more than 1000 members"},
		"members of all":    {`{` + names(maxMembers+1) + `}`, "more than 1000 members"},
		"a number":          {`{"format":` + strings.Repeat("9", maxNumber+1) + `}`, "format: a number longer than 100"},
		"a large number":    {item(`{"name":"x","password":{"state":1e999}}`), "connections[0].password.state: a number too large"},
		"depth":             {`{"a":` + strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth) + `}`, "nested deeper than 16"},
		"blanks":            {`{"format":` + strings.Repeat(" ", 1<<20) + `1}`, "format: missing"},
		"values":            {begin + `"manifest":` + zeros(maxValues) + `}`, "more than 500000 values"},
		"values together":   {begin + `"a":` + zeros(maxValues/2) + `,"b":` + zeros(maxValues/2) + `}`, "more than 500000 values"},
		"values of an item": {item(zeros(maxValues)), "connections[0]: more than 500000 values"},
		"bytes together":    {begin + `"a":[` + strings.Repeat(`"`+text(maxText/2)+`",`, 4) + `0],"b":[` + strings.Repeat(`"`+text(maxText/2)+`",`, 4) + `0]}`, "beside the lists: larger than"},
		"the manifest":      {begin + `"manifest":` + zeros(maxPiece/2) + `}`, "beside the lists: larger than"},
		"sealed parts":      {begin + `"sealed":[` + strings.Repeat(`"",`, maxParts) + `""]}`, "sealed: more than 1000 entries"},
		"sealed numbers":    {begin + `"sealed":` + zeros(maxPiece/2) + `}`, "sealed: more than 1000 entries"},
		"a sealed list":     {strings.Replace(good, `"sealed":[`, `"sealed":[["x"],`, 1), "sealed[0]: must be of type string"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Decode([]byte(c.doc))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%.200v; want %s", err, c.want)
			}
		})
	}
}

func TestDigestIsThatOfTheRFC8785Form(t *testing.T) {
	b := serverBundle()
	raw, err := json.Marshal(struct {
		Connections []Item         `json:"connections"`
		Credentials []Item         `json:"credentials"`
		Manifest    OriginManifest `json:"manifest"`
		Format      string         `json:"format"`
	}{b.Connections, b.Credentials, OriginManifest{b.Manifest.ID, b.Manifest.Source}, b.Format})
	if err != nil {
		t.Fatal(err)
	}
	canonical, err := jcs.Transform(raw) // another implementation than the one in use
	if err != nil {
		t.Fatal(err)
	}
	want := sha(canonical)
	if got, err := b.Digest(); err != nil || got != want {
		t.Errorf("digest %s, want %s (%v)", got, want, err)
	}
}

func TestDigestCoversContentAndNotClaims(t *testing.T) {
	base, _ := serverBundle().Digest()
	for name, change := range map[string]func(*Bundle){
		"recipients": func(b *Bundle) { b.Manifest.Recipients = append(b.Manifest.Recipients, KeyHolder{Key: "age1y"}) },
		"history":    func(b *Bundle) { b.Manifest.History = []Step{{Step: "x"}} },
		"tool":       func(b *Bundle) { b.Manifest.Tool = "other" },
		"sealed":     func(b *Bundle) { b.Sealed = nil },
		"counts":     func(b *Bundle) { b.Manifest.Counts.Sealed = 9 },
	} {
		b := serverBundle()
		change(b)
		if d, _ := b.Digest(); d != base {
			t.Errorf("%s changes the digest", name)
		}
	}
	for name, change := range map[string]func(*Bundle){
		"id":     func(b *Bundle) { b.Manifest.ID = strings.Repeat("00", 16) },
		"source": func(b *Bundle) { b.Manifest.Source.Name = "x" },
		"value":  func(b *Bundle) { b.Connections[0].(*ServerConnection).Host = "evil.example" },
		"moved bytes": func(b *Bundle) {
			c := b.Connections[0].(*ServerConnection)
			c.Host, c.Username = c.Host+"d", "esk"
		},
		"order":  func(b *Bundle) { b.Connections[0], b.Connections[1] = b.Connections[1], b.Connections[0] },
		"less":   func(b *Bundle) { b.Connections = b.Connections[:1] },
		"debug":  func(b *Bundle) { b.Connections[0].(*ServerConnection).Debug = true },
		"extra":  func(b *Bundle) { b.Credentials[0].(*ServerCredential).Extra["a"] = "2" },
		"marker": func(b *Bundle) { b.Connections[0].(*ServerConnection).Password.Fingerprint = "x" },
	} {
		b := serverBundle()
		change(b)
		if d, _ := b.Digest(); d == base {
			t.Errorf("%s does not change the digest", name)
		}
	}
}

func TestEmbeddedSchemasAreDraft07AndCompile(t *testing.T) {
	entries, err := files.ReadDir(".")
	if err != nil || len(entries) < 4 {
		t.Fatalf("%d schemas, %v", len(entries), err)
	}
	for _, f := range entries {
		raw := rig.Get(files.ReadFile(f.Name())).Or(t)
		if err := scan(raw); err != nil {
			t.Errorf("%s: %v", f.Name(), err)
		}
		if !bytes.Contains(raw, []byte(`"http://json-schema.org/draft-07/schema#"`)) {
			t.Errorf("%s does not say that it is draft-07", f.Name())
		}
		if !bytes.Contains(raw, []byte(`"$id": "`+schemaBase+f.Name()+`"`)) {
			t.Errorf("%s has not the $id that others refer to", f.Name())
		}
		if _, err := schemaFor(strings.TrimSuffix(f.Name(), ".schema.json"), ""); err != nil {
			t.Errorf("%s: %v", f.Name(), err)
		}
		knownKeywords(t, f.Name(), raw)
	}
}

// knownKeywords fails on a keyword that gojsonschema would silently ignore.
func knownKeywords(t *testing.T, file string, raw []byte) {
	known := map[string]bool{}
	for _, k := range strings.Fields(`$schema $ref title description type properties required additionalProperties definitions enum const pattern
		minLength maxLength text $id minimum maximum minItems maxItems minProperties maxProperties propertyNames items if then else not allOf oneOf anyOf secret examples aliases`) {
		known[k] = true
	}
	var walk func(v any, names bool)
	walk = func(v any, names bool) {
		m, ok := v.(map[string]any)
		if !ok {
			if l, isList := v.([]any); isList {
				for _, e := range l {
					walk(e, false)
				}
			}
			return
		}
		for k, child := range m {
			if !names && !known[k] {
				t.Errorf("%s: keyword %s is not one that is validated", file, k)
			}
			walk(child, !names && (k == "properties" || k == "definitions"))
		}
	}
	var v any
	rig.OK(t, stdjson.Unmarshal(raw, &v))
	walk(v, false)
}

func TestReferencesToOtherDocumentsAreRefused(t *testing.T) {
	asked := false
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked = true; _, _ = w.Write([]byte(`{}`)) }))
	defer srv.Close()
	for _, ref := range []string{srv.URL + "/x.json", "file:///etc/hostname", "other.json", schemaBase + "other.schema.json", schemaBase + "../go.mod"} {
		if _, err := compile(map[string]any{"properties": map[string]any{"a": map[string]any{"$ref": ref}}}); err == nil {
			t.Errorf("%s was followed", ref)
		}
	}
	if asked {
		t.Error("the host was asked")
	}
}

func TestGoTypesAndSchemasSayTheSame(t *testing.T) {
	for _, format := range []string{ServerFormat, CloudFormat} {
		for _, l := range []List{Credentials, Connections} {
			it := NewItem(format, l)
			fields := FieldsOf(it)
			secrets := 0
			for _, f := range fields {
				var v any
				switch f.Type {
				case String:
					v = "x"
				case Integer:
					v = 1
				case Boolean:
					v = true
				case SecretType:
					v, secrets = &Marker{State: Missing, Reason: "x"}, secrets+1
				default:
					t.Errorf("%s %s.%s has type %q", format, l, f.Name, f.Type)
				}
				if f.Label == "" {
					t.Errorf("%s %s.%s has no label", format, l, f.Name)
				}
				if err := Set(it, f.Name, v); err != nil {
					t.Errorf("%s %s: %v", format, l, err)
				}
				if got, ok := Get(it, f.Name); !ok || got != v {
					t.Errorf("%s %s.%s: got %v", format, l, f.Name, got)
				}
			}
			if secrets != 1 {
				t.Errorf("%s %s has %d secret fields", format, l, secrets)
			}
			raw := rig.Get(Marshal(it)).Or(t)
			var members map[string]any
			if err := stdjson.Unmarshal(raw, &members); err != nil || len(members) != len(fields) {
				t.Errorf("%s %s: %d members in Go, %d in the schema (%v)", format, l, len(members), len(fields), err)
			}
		}
	}
}

func TestFieldParse(t *testing.T) {
	port, _ := FieldByName(ServerFormat, Connections, "port")
	debug, _ := FieldByName(ServerFormat, Connections, "debug")
	for text, want := range map[string]any{"587": 587, "1": 1, "65535": 65535, "": nil} {
		if got, err := port.Parse(text); err != nil || got != want {
			t.Errorf("port %q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"58x", "0", "70000", "-1", "+25", "5.87E+02", "99999999999999999999", " 25"} {
		if got, err := port.Parse(text); err == nil {
			t.Errorf("port %q was taken as %v", text, got)
		} else if strings.Contains(err.Error(), text) && len(text) > 2 {
			t.Errorf("the error quotes %q: %v", text, err)
		}
	}
	for text, want := range map[string]any{"TRUE": true, "1": true, "yes": true, "0": false, "": false, "Off": false, "WAHR": true, "FAUX": false} {
		if got, err := debug.Parse(text); err != nil || got != want {
			t.Errorf("debug %q: %v, %v", text, got, err)
		}
	}
	if _, err := debug.Parse("maybe"); err == nil {
		t.Error("maybe is neither true nor false")
	}
}

func TestHintsSurviveWrapping(t *testing.T) {
	err := fmt.Errorf("outer: %w", Hint(errors.New("inner"), "try %d", 2))
	if HintOf(err) != "try 2" || err.Error() != "outer: inner" {
		t.Errorf("%v, %q", err, HintOf(err))
	}
	if Hint(nil, "x") != nil || HintOf(nil) != "" {
		t.Error("nil is not nil")
	}
}

func sha(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func TestDifferencesNameEveryFieldThatDiffers(t *testing.T) {
	for _, format := range []string{ServerFormat, CloudFormat} {
		for _, l := range []List{Credentials, Connections} {
			for _, f := range Fields(format, l) {
				a, b := NewItem(format, l), NewItem(format, l)
				value := map[Type]any{String: "x", Integer: 7, Boolean: true, SecretType: &Marker{State: Sealed, Fingerprint: "k:1"}}[f.Type]
				rig.OK(t, Set(a, f.Name, value))
				if got := Differences(a, b); len(got) != 1 || got[0].Name != f.Name {
					t.Errorf("%s %s: %v", l, f.Name, got)
				}
				if f.Type == SecretType {
					value = &Marker{State: Sealed, Fingerprint: "k:1"}
				}
				rig.OK(t, Set(b, f.Name, value))
				if got := Differences(a, b); len(got) != 0 {
					t.Errorf("%s %s is equal, got %v", l, f.Name, got)
				}
			}
		}
	}
	a := &ServerConnection{Name: "A", Extra: map[string]string{"one": "1", "both": "x"}}
	b := &ServerConnection{Name: "A", Extra: map[string]string{"two": "", "both": "x"}}
	if got := Differences(a, b); len(got) != 2 || got[0].Name != "extra.one" || got[1].Name != "extra.two" {
		t.Errorf("extra values: %v", got)
	}
	if got := Differences(nil, a); len(got) < 3 || got[0].Name != "name" || got[len(got)-1].Name != "extra.one" {
		t.Errorf("of one item alone: %v", got)
	}
}

// asWritten knows these keywords of an item's properties, and a new one has to be
// told to it.
func TestNoPropertyHasAKeywordThatAsWrittenDoesNotKnow(t *testing.T) {
	known := []string{"title", "text", "secret", "type", "minLength", "maxLength", "minimum", "maximum", "$ref", "examples", "aliases"}
	for _, file := range []string{"server-bundle", "cloud-bundle"} {
		raw := rig.Get(SchemaFile(file)).Or(t)
		var doc struct {
			Definitions map[string]struct {
				Properties map[string]map[string]any
				Rest       map[string]any `json:",inline"`
			}
		}
		rig.OK(t, json.Unmarshal(raw, &doc, json.MatchCaseInsensitiveNames(true)))
		for _, l := range []List{Credentials, Connections} {
			def := doc.Definitions[l.One()]
			for name, p := range def.Properties {
				for keyword, v := range p {
					if name == "extra" { // it is left to the schema
						continue
					}
					if !slices.Contains(known, keyword) || keyword == "minLength" && v != 1.0 || keyword == "$ref" && name != SecretField(l) {
						t.Errorf("%s %s.%s: %s %v", file, l.One(), name, keyword, v)
					}
				}
			}
			for keyword := range def.Rest {
				if keyword != "type" && keyword != "required" && keyword != "additionalProperties" {
					t.Errorf("%s %s: %s", file, l.One(), keyword)
				}
			}
		}
	}
}
