package faulty

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/mailferry/mailferry/internal/rig"
)

// Effect is what a fault does to a request.
type Effect string

// The effects.
const (
	None       Effect = ""
	Fail       Effect = "fail"        // answer Status, nothing done
	FailAfter  Effect = "fail-after"  // do it, answer Status
	DropBefore Effect = "drop-before" // cut the connection before the body is read
	DropAfter  Effect = "drop-after"  // do it, cut before the answer
	CutAnswer  Effect = "cut-answer"  // do it, cut in the middle of the answer's body
	Hang       Effect = "hang"        // nothing done, no answer until the client goes
	HangAfter  Effect = "hang-after"  // do it, no answer
	Garble     Effect = "garble"      // do it, answer with malformed JSON
	Endless    Effect = "endless"     // do it, answer with a body that does not end
	Rival      Effect = "rival"       // somebody else makes an item of that name just before
	Redirect   Effect = "redirect"    // 307 to To, nothing done
)

// Fault is one thing to do to one request. The zero Fault does nothing.
type Fault struct {
	Do         Effect
	Status     int    // of Fail and FailAfter
	RetryAfter string // the Retry-After header of Fail and FailAfter, or none
	To         string // of Redirect: scheme and host; the request's path follows
}

func (f Fault) befall(w http.ResponseWriter, r *http.Request, site http.Handler) {
	switch f.Do {
	case None:
		site.ServeHTTP(w, r)
	case Fail:
		f.fail(w)
	case FailAfter:
		rig.Record(site, r)
		f.fail(w)
	case DropBefore:
		panic(http.ErrAbortHandler)
	case DropAfter:
		rig.Record(site, r)
		panic(http.ErrAbortHandler)
	case CutAnswer:
		answer := rig.Record(site, r)
		rig.Head(w, answer, answer.Body.Len())
		_, _ = w.Write(half(answer))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case Hang, HangAfter:
		if f.Do == HangAfter {
			rig.Record(site, r)
		}
		_, _ = io.Copy(io.Discard, r.Body) // only then a client that goes is noticed
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case Garble:
		answer := rig.Record(site, r)
		rig.Send(w, answer, half(answer))
	case Endless:
		endless(w, rig.Record(site, r).Code)
	case Rival:
		rival(site, r)
		site.ServeHTTP(w, r)
	case Redirect:
		w.Header().Set("Location", f.To+r.URL.Path)
		w.WriteHeader(http.StatusTemporaryRedirect)
	default:
		panic(fmt.Sprintf("fault %q is not known", f.Do))
	}
}

func (f Fault) fail(w http.ResponseWriter) {
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(f.Status)
	_, _ = fmt.Fprintf(w, `{"title":%q,"status":%d,"detail":"made to fail"}`, http.StatusText(f.Status), f.Status)
}

func endless(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	chunk := append([]byte(`{"items":["`), bytes.Repeat([]byte("x"), 64<<10)...)
	for {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

func half(answer *httptest.ResponseRecorder) []byte {
	return answer.Body.Bytes()[:answer.Body.Len()/2]
}
