package faulty

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/samples/cloud"
	"github.com/mailferry/mailferry/schema"
)

const (
	path       = "/api/v1/connections"
	connection = `{"name":"Support","service_provider":"General SMTP service","host":"smtp.corp.example","debug":false}`
)

// site is a sample Cloud behind faults, on a loopback listener.
type site struct {
	*cloud.Cloud
	url    string
	server *httptest.Server
}

func serve(t *testing.T, o cloud.Options, f Faults) *site {
	t.Helper()
	c := rig.Get(cloud.Open(t.TempDir(), o)).Or(t)
	s := &site{Cloud: c, server: httptest.NewServer(New(c.Handler(), f))}
	s.url = s.server.URL
	t.Cleanup(func() {
		s.server.CloseClientConnections()
		s.server.Close()
		_ = c.Close()
	})
	return s
}

// send returns the answer with the part of its body that came.
func (s *site) send(ctx context.Context, method, body string) (*http.Response, string, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, strings.NewReader(body))
	if err != nil {
		return nil, "", err
	}
	req.Header.Set("Authorization", "Bearer "+s.Token().Reveal())
	req.Header.Set("Content-Type", "application/json")
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	res, err := client.Do(req)
	if err != nil {
		return &http.Response{}, "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return res, string(text), err
}

func (s *site) stored(t *testing.T) []cloud.Entry {
	t.Helper()
	all := rig.Get(s.Items(t.Context(), schema.Connections)).Or(t)
	return all
}

// TestEachFaultDoesWhatItSays tells by what arrives at the client and by what
// is stored afterwards.
func TestEachFaultDoesWhatItSays(t *testing.T) {
	for _, tt := range []struct {
		fault  Fault
		cut    bool // the client sees the connection end
		status int
		stored int
	}{
		{Fault{}, false, 201, 1},
		{Fault{Do: Fail, Status: 503, RetryAfter: "7"}, false, 503, 0},
		{Fault{Do: FailAfter, Status: 502}, false, 502, 1},
		{Fault{Do: DropBefore}, true, 0, 0},
		{Fault{Do: DropAfter}, true, 0, 1},
		{Fault{Do: CutAnswer}, true, 201, 1},
		{Fault{Do: Garble}, false, 201, 1},
		{Fault{Do: Rival}, false, 409, 1},
		{Fault{Do: Redirect, To: "http://elsewhere.example"}, false, 307, 0},
	} {
		t.Run(string(tt.fault.Do), func(t *testing.T) {
			s := serve(t, cloud.Options{}, Faults{Script: func(*http.Request) Fault { return tt.fault }})
			res, body, err := s.send(t.Context(), "POST", connection)
			if (err != nil) != tt.cut || res.StatusCode != tt.status || res.Header.Get("Retry-After") != tt.fault.RetryAfter {
				t.Errorf("got %d %v %s, %v", res.StatusCode, res.Header, body, err)
			}
			all := s.stored(t)
			if len(all) != tt.stored {
				t.Errorf("%d stored, want %d", len(all), tt.stored)
			}
			switch tt.fault.Do {
			case Rival:
				if d := all[0].Item.(*schema.CloudConnection).Description; d != "made by somebody else" {
					t.Errorf("got %q", d)
				}
			case Redirect:
				if to := res.Header.Get("Location"); to != "http://elsewhere.example"+path {
					t.Errorf("got %q", to)
				}
			case Garble:
				if strings.HasSuffix(body, "}") || body == "" {
					t.Errorf("got %s", body)
				}
			}
		})
	}
}

func TestWithheldAnswersEndWithTheClientOrTheServer(t *testing.T) {
	for _, do := range []Effect{Hang, HangAfter} {
		reached := make(chan struct{}, 2)
		s := serve(t, cloud.Options{}, Faults{Script: func(*http.Request) Fault {
			reached <- struct{}{}
			return Fault{Do: do}
		}})
		ctx, giveUp := context.WithCancel(t.Context())
		go func() { <-reached; giveUp() }()
		if res, _, err := s.send(ctx, "GET", ""); err == nil {
			t.Errorf("%s: got %d", do, res.StatusCode)
		}
		go func() { <-reached; s.server.CloseClientConnections() }()
		if res, _, err := s.send(t.Context(), "GET", ""); err == nil {
			t.Errorf("%s: got %d", do, res.StatusCode)
		}
	}
}

func TestAnEndlessAnswerIsLargerThanAnyLimit(t *testing.T) {
	s := serve(t, cloud.Options{}, Faults{Script: func(*http.Request) Fault { return Fault{Do: Endless} }})
	res := rig.Get(http.Get(s.url + path)).Or(t)
	defer res.Body.Close()
	if n, err := io.CopyN(io.Discard, res.Body, 32<<20); err != nil {
		t.Errorf("ended after %d: %v", n, err)
	}
}

// Both twins can be changed, and each answer has the name that was given.
func TestANameMayBeTakenTwice(t *testing.T) {
	c := rig.Get(cloud.Open(t.TempDir(), cloud.Options{})).Or(t)
	defer c.Close()
	front := New(c.Handler(), Faults{Twins: true})
	ask := func(method, path, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+c.Token().Reveal())
		r.Header.Set("Content-Type", "application/json")
		return rig.Record(front, r)
	}
	for i, id := range []string{"1", "2", "3"} {
		if a := ask("POST", path, connection); a.Code != 201 || !strings.Contains(a.Body.String(), `"name":"Support"`) {
			t.Errorf("made %d: %d %s", i, a.Code, a.Body)
		}
		if a := ask("PUT", path+"/"+id, strings.Replace(connection, "smtp.", "mail.", 1)); a.Code != 200 || !strings.Contains(a.Body.String(), `"name":"Support"`) {
			t.Errorf("changed %d: %d %s", i, a.Code, a.Body)
		}
	}
	body := ask("GET", path, "").Body.String()
	if strings.Count(body, `"name":"Support"`) != 3 || strings.Count(body, `"host":"mail.corp.example"`) != 3 {
		t.Errorf("listed: %s", body)
	}
}

func TestATokenExpiresForGood(t *testing.T) {
	s := serve(t, cloud.Options{}, Faults{TokenLasts: 2})
	var got []int
	for range 4 {
		res, _, err := s.send(t.Context(), "GET", "")
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, res.StatusCode)
	}
	if fmt.Sprint(got) != "[200 200 401 401]" {
		t.Errorf("got %v", got)
	}
}

func TestAHiddenRetryAfterIsOfTheLimitToo(t *testing.T) {
	for _, hide := range []bool{false, true} {
		// One write in 1000 seconds: the second is refused however slow the machine.
		s := serve(t, cloud.Options{Faults: cloud.Faults{Rate: 0.001}}, Faults{HideRetryAfter: hide})
		for _, want := range []int{201, 429} {
			res, _, err := s.send(t.Context(), "POST", connection)
			if err != nil || res.StatusCode != want || (res.Header.Get("Retry-After") == "") == (want == 429 && !hide) {
				t.Errorf("got %d %v, %v", res.StatusCode, res.Header, err)
			}
		}
	}
}

func TestAListThatLagsShowsNothingUntilTheLagIsOver(t *testing.T) {
	c := rig.Get(cloud.Open(t.TempDir(), cloud.Options{})).Or(t)
	defer c.Close()
	front := New(c.Handler(), Faults{Lag: time.Hour})
	ask := func(method, body string) string {
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+c.Token().Reveal())
		r.Header.Set("Content-Type", "application/json")
		return rig.Record(front, r).Body.String()
	}
	if body := ask("POST", connection); !strings.Contains(body, "Support") {
		t.Errorf("the answer to whoever made it: %s", body)
	}
	if body := ask("GET", ""); body != `{"items":[]}` {
		t.Errorf("at once: %s", body)
	}
	for at := range front.made {
		front.made[at] = time.Now().Add(-2 * time.Hour)
	}
	if body := ask("GET", ""); !strings.Contains(body, "Support") {
		t.Errorf("once the lag is over: %s", body)
	}
}
