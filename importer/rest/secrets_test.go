package rest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

// rawly is a Cloud that answers every request with the bytes that answer makes
// of it, HTTP or not.
func rawly(t testing.TB, answer func(r *http.Request, body string) string) importer.Cloud {
	t.Helper()
	ln := rig.Get(net.Listen("tcp", "127.0.0.1:0")).Or(t)
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				r, err := http.ReadRequest(bufio.NewReader(c))
				if err != nil {
					return
				}
				body, _ := io.ReadAll(r.Body)
				_, _ = io.WriteString(c, answer(r, string(body)))
			}()
		}
	}()
	return reach(t, "http://"+ln.Addr().String(), Options{Token: schema.NewSecret("CANARY-token-0123")})
}

func said(status int, header, body string) string {
	return fmt.Sprintf("HTTP/1.1 %d X\r\n%sContent-Length: %d\r\nConnection: close\r\n\r\n%s", status, header, len(body), body)
}

// TestASecretThatCloudRepeatsIsNowhereInWhatIsSaid: not in an error, which
// report, ledger and terminal take over, and not in an id, which they keep.
func TestASecretThatCloudRepeatsIsNowhereInWhatIsSaid(t *testing.T) {
	const password, token = `CANARY-"q\uote-Xy12`, "CANARY-token-0123"
	detail := func(s string) string {
		raw, err := json.Marshal(map[string]string{"detail": s})
		if err != nil {
			t.Error(err)
		}
		return said(422, "", string(raw))
	}
	for name, answer := range map[string]func(body string) string{
		"its body in the words":   func(body string) string { return detail("cannot take " + body) },
		"as URLs write it":        func(string) string { return detail(url.QueryEscape(password)) },
		"cut":                     func(string) string { return detail(password[:14] + "…") },
		"in capitals":             func(string) string { return detail(strings.ToUpper(password)) },
		"the one sent before":     func(string) string { return detail("CANARY-of-another") },
		"in the status line":      func(string) string { return "HTTP/1.1 " + password + "\r\n\r\n" },
		"in a header's place":     func(string) string { return "HTTP/1.1 200 OK\r\n" + password + "\r\n\r\n" },
		"as a length":             func(string) string { return "HTTP/1.1 200 OK\r\nContent-Length: " + password + "\r\n\r\n" },
		"as an encoding":          func(string) string { return "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + token + "\r\n\r\n" },
		"as no HTTP":              func(body string) string { return password + body + "\r\n\r\n" },
		"as a host to go to":      func(string) string { return said(302, "Location: https://"+token+".example/\r\n", "") },
		"as a key that is double": func(string) string { return said(201, "", `{"id":"1","CANARY-token-0123":1,"CANARY-token-0123":2}`) },
		"as a key, escaped":       func(string) string { return said(201, "", `{"CANARY-\"q\\uote-Xy12":[1,}`) },
		"as the id":               func(string) string { return said(201, "", `{"id":"x`+token+`","name":"Support"}`) },
	} {
		t.Run(name, func(t *testing.T) {
			way := rawly(t, func(_ *http.Request, body string) string { return answer(body) })
			before := support()
			before.Secret = schema.NewSecret("CANARY-of-another")
			_, _ = way.Create(t.Context(), before)
			w := support()
			w.Secret = schema.NewSecret(password)
			got, err := way.Create(t.Context(), w)
			if err == nil {
				t.Fatalf("got %+v", got)
			}
			var no *importer.RefusedError
			if importer.Unsettled(err) == errors.As(err, &no) {
				t.Errorf("unsettled and refused are not told apart: %v", err)
			}
			if all := strings.ToLower(fmt.Sprint(err, schema.HintOf(err), got)); strings.Contains(all, "canary") {
				t.Error(all)
			}
			if !strings.Contains(err.Error(), "repeat") {
				t.Errorf("it does not say why the words are missing: %v", err)
			}
		})
	}
}

func TestTheTokenInAnAnswerToReadingIsNotSaid(t *testing.T) {
	for name, answer := range map[string]string{
		"header":   "HTTP/1.1 200 OK\r\nCANARY-token-0123\r\n\r\n",
		"redirect": said(302, "Location: https://canary-token-0123.example/\r\n", ""),
		"key":      said(200, "", `{"items":[{"CANARY-token-0123":1,"CANARY-token-0123":2}]}`),
	} {
		_, err := rawly(t, func(*http.Request, string) string { return answer }).List(t.Context(), schema.Connections)
		if err == nil || strings.Contains(strings.ToLower(err.Error()), "canary") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
