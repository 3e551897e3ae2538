package cloud

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/mailferry/mailferry/schema"
)

const maxPageRows = 500

// serveItems answers ?after=ID&limit=N; without limit with the whole list.
func (p *pages) serveItems(l schema.List) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		after, err := strconv.ParseInt(r.FormValue("after"), 10, 64)
		if err != nil {
			after = 0
		}
		limit, err := strconv.Atoi(r.FormValue("limit"))
		if err != nil || limit < 1 || limit > maxPageRows {
			limit = -1
		}
		n := limit
		if n > 0 {
			n++
		}
		entries, err := p.cloud.page(r.Context(), l, after, n)
		if err != nil {
			p.cloud.writeError(w, err)
			return
		}
		answer := struct {
			Items []jsontext.Value `json:"items"`
			More  bool             `json:"more"`
		}{Items: []jsontext.Value{}}
		if limit > 0 && len(entries) > limit {
			entries, answer.More = entries[:limit], true
		}
		for _, e := range entries {
			raw, err := encodeEntry(e)
			if err != nil {
				p.cloud.writeError(w, err)
				return
			}
			answer.Items = append(answer.Items, raw)
		}
		raw, err := schema.Marshal(answer)
		if err != nil {
			p.cloud.writeError(w, err)
			return
		}
		writeJSON(w, http.StatusOK, raw)
	}
}

// serveSave stores what a form sends: the same document as REST takes. A POST
// makes an item, a PUT changes the one in the path.
func (p *pages) serveSave(l schema.List) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
			writeProblem(w, http.StatusUnsupportedMediaType, "the form must be sent as application/json", nil)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			writeProblem(w, http.StatusRequestEntityTooLarge, "the form is too large, or came in part only", nil)
			return
		}
		it, secret, err := decodeItem(l, body)
		if err != nil {
			p.cloud.writeError(w, err)
			return
		}
		var e Entry
		status := http.StatusCreated
		if r.Method == http.MethodPut {
			status = http.StatusOK
			e, err = p.cloud.Update(r.Context(), pathID(r), it, secret)
		} else {
			e, err = p.cloud.Create(r.Context(), it, secret)
		}
		if err != nil {
			p.cloud.writeError(w, err)
			return
		}
		raw, err := encodeEntry(e)
		if err != nil {
			p.cloud.writeError(w, err)
			return
		}
		writeJSON(w, status, raw)
	}
}

// servePressed answers to what the menu of a row has beside Edit.
func servePressed(w http.ResponseWriter, r *http.Request) {
	if what := r.PathValue("what"); what != "delete" && what != "test" {
		writeProblem(w, http.StatusNotFound, fmt.Sprintf("%s is nothing to press", schema.Quote(what)), nil)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
