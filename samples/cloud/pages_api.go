package cloud

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/mailferry/mailferry/schema"
)

const (
	maxPageRows   = 500
	maxPageWrites = 100_000
)

// serveItems answers ?after=ID&limit=N; without limit with the whole list.
func (p *Pages) serveItems(l schema.List) http.HandlerFunc {
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
func (p *Pages) serveSave(l schema.List) http.HandlerFunc {
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
		done := PageWrite{List: l, Update: r.Method == http.MethodPut, Status: http.StatusCreated}
		if done.Update {
			done.Status = http.StatusOK
		}
		e, err := p.save(r, l, body, &done)
		if err != nil {
			done.Status = http.StatusInternalServerError
			var no *RefusedError
			if errors.As(err, &no) {
				done.Status = no.Status
			}
			p.note(done)
			p.cloud.writeError(w, err)
			return
		}
		done.ID = e.ID
		p.note(done)
		raw, err := encodeEntry(e)
		if err != nil {
			p.cloud.writeError(w, err)
			return
		}
		writeJSON(w, done.Status, raw)
	}
}

func (p *Pages) save(r *http.Request, l schema.List, body []byte, done *PageWrite) (Entry, error) {
	it, secret, err := decodeItem(l, body)
	if err != nil {
		return Entry{}, err
	}
	done.Name, done.Secret = it.ItemName(), !secret.IsZero()
	if p.options.Refuse != nil {
		if words := p.options.Refuse(l, it.ItemName()); words != "" {
			return Entry{}, refused(http.StatusUnprocessableEntity, "", "%s", words)
		}
	}
	if done.Update {
		return p.cloud.Update(r.Context(), pathID(r), it, secret)
	}
	return p.cloud.Create(r.Context(), it, secret)
}

func (p *Pages) note(done PageWrite) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts.Saves++
	if len(p.writes) < maxPageWrites {
		p.writes = append(p.writes, done)
	}
}
