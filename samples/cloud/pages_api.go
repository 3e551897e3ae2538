package cloud

import (
	"fmt"
	"net/http"
	"strconv"

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
		more := limit > 0 && len(entries) > limit
		if more {
			entries = entries[:limit]
		}
		p.cloud.answer(w, http.StatusOK, struct {
			Items []Entry `json:"items"`
			More  bool    `json:"more"`
		}{entries, more}, err)
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
