package cloud

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

func TestWhatIsNotRightIsRefusedByField(t *testing.T) {
	long := strings.Repeat("x", 1001)
	tests := []struct {
		name   string
		list   schema.List
		body   string
		status int
		says   string
	}{
		{"unknown field", schema.Connections, `{"name":"a","service_provider":"General SMTP service","host":"h","debug":true,"pasword":"x"}`, 422, `"pasword"`},
		{"duplicate field", schema.Connections, `{"name":"a","name":"b","debug":false}`, 400, "name: stands twice"},
		{"duplicate field in an unknown one", schema.Connections, `{"name":"a","x":{"y":1,"y":2}}`, 400, "stands twice"},
		{"no JSON", schema.Connections, `name=a`, 400, "not valid JSON"},
		{"no object", schema.Connections, `[]`, 400, "not as the format wants it"},
		{"null", schema.Connections, `null`, 422, `"debug"`},
		{"something after it", schema.Connections, connection + `{}`, 400, "something follows"},
		{"bad UTF-8", schema.Connections, "{\"name\":\"\xff\"}", 400, "UTF-8"},
		{"nested too deep", schema.Connections, `{"name":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, 400, "nested deeper"},
		{"no name", schema.Connections, `{"service_provider":"General SMTP service","host":"h","debug":false}`, 422, `"name"`},
		{"empty name", schema.Connections, `{"name":"","service_provider":"General SMTP service","host":"h","debug":false}`, 422, "must not be empty"},
		{"no debug", schema.Connections, `{"name":"a","service_provider":"General SMTP service","host":"h"}`, 422, `"debug"`},
		{"debug as text", schema.Connections, `{"name":"a","service_provider":"General SMTP service","host":"h","debug":"true"}`, 422, "must be true or false"},
		{"debug null", schema.Connections, `{"name":"a","service_provider":"General SMTP service","host":"h","debug":null}`, 422, "must be true or false"},
		{"port as text", schema.Connections, `{"name":"a","service_provider":"General SMTP service","host":"h","debug":false,"smtp_port":"587"}`, 422, "whole number"},
		{"port with a fraction", schema.Connections, `{"name":"a","service_provider":"General SMTP service","host":"h","debug":false,"smtp_port":58.5}`, 422, "whole number"},
		{"port 0", schema.Connections, `{"name":"a","service_provider":"General SMTP service","host":"h","debug":false,"smtp_port":0}`, 422, "between 1 and 65535"},
		{"port 70000", schema.Connections, `{"name":"a","service_provider":"General SMTP service","host":"h","debug":false,"smtp_port":70000}`, 422, "between 1 and 65535"},
		{"name too long", schema.Connections, `{"name":"` + long + `","service_provider":"General SMTP service","host":"h","debug":false}`, 422, "more than 1000"},
		{"wrong provider", schema.Connections, `{"name":"a","service_provider":"SMTP","host":"h","debug":false}`, 422, "is not one of: General SMTP service"},
		{"SMTP without host", schema.Connections, `{"name":"a","service_provider":"General SMTP service","debug":false}`, 422, `"host"`},
		{"OAuth2 without credential", schema.Connections, `{"name":"a","service_provider":"GMail/GSuite with OAuth2","username":"u","debug":false}`, 422, `"oauth2_credentials"`},
		{"unknown credential", schema.Connections, `{"name":"a","service_provider":"GMail/GSuite with OAuth2","username":"u","debug":false,"oauth2_credentials":"nobody"}`, 422, "no credential has this name"},
		{"empty password", schema.Connections, `{"name":"a","service_provider":"General SMTP service","host":"h","debug":false,"password":""}`, 422, "must not be empty"},
		{"marker as password", schema.Connections, `{"name":"a","service_provider":"General SMTP service","host":"h","debug":false,"password":{"state":"missing"}}`, 422, "must be a text"},
		{"password too long", schema.Connections, `{"name":"a","service_provider":"General SMTP service","host":"h","debug":false,"password":"` + strings.Repeat("p", schema.MaxSecret+1) + `"}`, 422, "longer than"},
		{"credential without secret", schema.Credentials, `{"name":"a","service_provider":"Google","client_id":"i"}`, 422, `"client_secret"`},
		{"credential without client id", schema.Credentials, `{"name":"a","service_provider":"Google","client_secret":"s"}`, 422, `"client_id"`},
		{"id is not ours to choose", schema.Credentials, `{"id":"7",` + credential[1:], 422, `"id"`},
		{"body too large", schema.Connections, `{"name":"` + strings.Repeat("x", maxBody) + `"}`, 413, "larger than"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, Options{})
			r := s.do("POST", apiPrefix+string(tt.list), tt.body)
			if r.Status != tt.status || !strings.Contains(r.Body, tt.says) {
				t.Errorf("got %d %s, want %d with %q", r.Status, r.Body, tt.status, tt.says)
			}
			if left, err := s.cloud.Items(t.Context(), tt.list); err != nil || len(left) != 0 {
				t.Errorf("stored %v, %v", left, err)
			}
		})
	}
}

func TestBodiesMustBeJSONByType(t *testing.T) {
	s := serve(t, Options{})
	if r := s.do("POST", apiPrefix+"connections", connection, "Content-Type", "text/plain"); r.Status != 415 {
		t.Errorf("got %d %s", r.Status, r.Body)
	}
}

func TestOnlyTheTokenOpens(t *testing.T) {
	s := serve(t, Options{})
	for _, header := range []string{"", "Bearer ", "Bearer wrong", "Basic " + s.cloud.Token().Reveal(), s.cloud.Token().Reveal()} {
		for _, call := range [][2]string{{"GET", "connections"}, {"POST", "connections"}, {"GET", "credentials/1"}, {"PUT", "credentials/1"}} {
			r := s.do(call[0], apiPrefix+call[1], "", "Authorization", header)
			if r.Status != 401 || r.Header.Get("WWW-Authenticate") == "" {
				t.Errorf("%v with %q: got %d", call, header, r.Status)
			}
		}
	}
	if r := s.do("GET", apiPrefix+"openapi.json", "", "Authorization", ""); r.Status != 200 {
		t.Errorf("the description: got %d", r.Status)
	}
}

func TestAnItemIsShownAsWrittenWithoutItsSecret(t *testing.T) {
	s := serve(t, Options{})
	r := s.made(schema.Connections, connection)
	id := r.id(t)
	want := `{"id":"` + id + `","name":"Support","service_provider":"General SMTP service","username":"CORP\\mailer","host":"smtp.corp.example","smtp_port":587,"debug":false}`
	if r.Body != want {
		t.Errorf("got  %s\nwant %s", r.Body, want)
	}
	if got := s.do("GET", r.Header.Get("Location"), ""); got.Body != want {
		t.Errorf("Location %s: got %s", r.Header.Get("Location"), got.Body)
	}
	if got := s.do("GET", apiPrefix+"connections", ""); got.Body != `{"items":[`+want+`]}` {
		t.Errorf("list: got %s", got.Body)
	}
	for _, id := range []string{"0", "2", "-1", "01", "x", "9223372036854775808"} {
		if got := s.do("GET", apiPrefix+"connections/"+id, ""); got.Status != 404 {
			t.Errorf("%s: got %d", id, got.Status)
		}
	}
	if got := s.do("GET", apiPrefix+"credentials/"+id, ""); got.Status != 404 {
		t.Errorf("the other list: got %d", got.Status)
	}
}

func TestPutReplacesEverySettingAndKeepsTheSecret(t *testing.T) {
	s := serve(t, Options{})
	path := s.made(schema.Connections, connection).Header.Get("Location")
	r := s.do("PUT", path, `{"name":"Support 2","service_provider":"General SMTP service","host":"other.corp.example","debug":true}`)
	if want := `"name":"Support 2","service_provider":"General SMTP service","host":"other.corp.example","debug":true}`; r.Status != 200 || !strings.HasSuffix(r.Body, want) {
		t.Fatalf("got %d %s", r.Status, r.Body)
	}
	s.wantSecret(schema.Connections, "Support 2", "canary-password")
	s.do("PUT", path, `{"name":"Support 2","service_provider":"General SMTP service","host":"other.corp.example","debug":true,"password":"canary-second"}`)
	s.wantSecret(schema.Connections, "Support 2", "canary-second")
	if r := s.do("PUT", apiPrefix+"connections/99", connection); r.Status != 404 {
		t.Errorf("got %d", r.Status)
	}
}

func (s *site) wantSecret(l schema.List, name, want string) {
	s.t.Helper()
	all := rig.Get(s.cloud.secrets(l)).Or(s.t)
	if got := all[name].Reveal(); got != want {
		s.t.Errorf("%s: the stored secret is %q, want %q", name, got, want)
	}
}

func TestNamesAreTakenOnceByExactCodePoints(t *testing.T) {
	s := serve(t, Options{})
	path := s.made(schema.Connections, connection).Header.Get("Location")
	if r := s.do("POST", apiPrefix+"connections", connection); r.Status != 409 || !strings.Contains(r.Body, `"field":"name"`) {
		t.Errorf("got %d %s", r.Status, r.Body)
	}
	s.made(schema.Connections, strings.Replace(connection, "Support", "support", 1))
	if r := s.do("PUT", path, strings.Replace(connection, "Support", "support", 1)); r.Status != 409 {
		t.Errorf("renamed onto another: got %d %s", r.Status, r.Body)
	}
	if r := s.do("PUT", path, connection); r.Status != 200 {
		t.Errorf("kept its name: got %d %s", r.Status, r.Body)
	}
	s.made(schema.Credentials, strings.Replace(credential, "Google", "Support", 1))
}

func TestAWalkOfPagesSeesEachItemOnceWhateverIsAdded(t *testing.T) {
	s := serve(t, Options{})
	add := func(n int) {
		s.made(schema.Connections, strings.Replace(connection, "Support", fmt.Sprint("c", n), 1))
	}
	for n := range 7 {
		add(n)
	}
	var names []string
	path := apiPrefix + "connections?limit=3"
	for n := 7; ; n++ {
		r := s.do("GET", path, "")
		for _, part := range strings.Split(r.Body, `"name":"`)[1:] {
			name, _, _ := strings.Cut(part, `"`)
			names = append(names, name)
		}
		_, next, more := strings.Cut(r.Body, `"next":"`)
		if !more {
			break
		}
		next, _, _ = strings.Cut(next, `"`)
		path = apiPrefix + "connections?limit=3&cursor=" + next
		if n < 9 {
			add(n)
		}
	}
	if got := strings.Join(names, " "); got != "c0 c1 c2 c3 c4 c5 c6 c7 c8" {
		t.Errorf("got %s", got)
	}
	for _, cursor := range []string{"x", "%00", "AAAA"} {
		if r := s.do("GET", apiPrefix+"connections?cursor="+cursor, ""); r.Status != 400 {
			t.Errorf("%s: got %d", cursor, r.Status)
		}
	}
}

func TestAKeyGivesTheFirstAnswerAgainAcrossRestarts(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir, Options{})
	s := serveCloud(t, c)
	first := s.made(schema.Connections, connection, "Idempotency-Key", "k1")
	again := s.made(schema.Connections, connection, "Idempotency-Key", "k1")
	if again.Body != first.Body || again.Header.Get("Location") != first.Header.Get("Location") {
		t.Errorf("got %v, first %v", again, first)
	}
	path := first.Header.Get("Location")
	changed := strings.Replace(connection, "587", "465", 1)
	put := s.do("PUT", path, changed, "Idempotency-Key", "k2")
	if put.Status != 200 {
		t.Fatalf("got %d %s", put.Status, put.Body)
	}
	rig.OK(t, c.Close())

	s = serveCloud(t, open(t, dir, Options{}))
	if again := s.made(schema.Connections, connection, "Idempotency-Key", "k1"); again.Body != first.Body {
		t.Errorf("after a restart: got %s", again.Body)
	}
	if again := s.do("PUT", path, changed, "Idempotency-Key", "k2"); again.Body != put.Body {
		t.Errorf("after a restart: got %s", again.Body)
	}
	for name, r := range map[string]reply{
		"other body":   s.do("POST", apiPrefix+"connections", strings.Replace(connection, "canary", "other", 1), "Idempotency-Key", "k1"),
		"other path":   s.do("POST", apiPrefix+"credentials", credential, "Idempotency-Key", "k1"),
		"other method": s.do("PUT", path, connection, "Idempotency-Key", "k1"),
	} {
		if r.Status != 422 || !strings.Contains(r.Body, "used for another request") {
			t.Errorf("%s: got %d %s", name, r.Status, r.Body)
		}
	}
	for _, key := range []string{"a b", strings.Repeat("k", 256), "ä"} {
		if r := s.do("POST", apiPrefix+"connections", connection, "Idempotency-Key", key); r.Status != 400 {
			t.Errorf("key %q: got %d", key, r.Status)
		}
	}
	if all, err := s.cloud.Items(t.Context(), schema.Connections); err != nil || len(all) != 1 {
		t.Errorf("%d connections, %v", len(all), err)
	}
}

func TestARefusalIsNotRemembered(t *testing.T) {
	s := serve(t, Options{})
	body := `{"name":"Sales","service_provider":"` + google + `","username":"u","oauth2_credentials":"Google","debug":false}`
	if r := s.do("POST", apiPrefix+"connections", body, "Idempotency-Key", "k"); r.Status != 422 {
		t.Fatalf("got %d", r.Status)
	}
	s.made(schema.Credentials, credential)
	s.made(schema.Connections, body, "Idempotency-Key", "k")
}

func TestOneKeyAtOnceWritesOnce(t *testing.T) {
	s := serve(t, Options{})
	var wg sync.WaitGroup
	bodies := make([]string, 16)
	for i := range bodies {
		wg.Go(func() {
			r, err := s.raw(http.MethodPost, apiPrefix+"connections", connection, "Idempotency-Key", "k")
			bodies[i] = fmt.Sprint(r.Status, r.Body, err)
		})
	}
	wg.Wait()
	for _, b := range bodies {
		if b != bodies[0] || !strings.HasPrefix(b, "201") {
			t.Errorf("got %s and %s", b, bodies[0])
		}
	}
	if all, err := s.cloud.Items(t.Context(), schema.Connections); err != nil || len(all) != 1 {
		t.Errorf("%d connections, %v", len(all), err)
	}
}
