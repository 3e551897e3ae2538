package rig

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
)

// Record has a request done, and returns the answer, which nobody has seen yet.
func Record(site http.Handler, r *http.Request) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	site.ServeHTTP(answer, r)
	return answer
}

// Send gives an answer with another body.
func Send(w http.ResponseWriter, answer *httptest.ResponseRecorder, body []byte) {
	Head(w, answer, len(body))
	_, _ = w.Write(body)
}

// Head sends the head of an answer whose body is that long.
func Head(w http.ResponseWriter, answer *httptest.ResponseRecorder, length int) {
	maps.Copy(w.Header(), answer.Header())
	if answer.Code != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(length))
	}
	w.WriteHeader(answer.Code)
}
