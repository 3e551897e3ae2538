package cloud

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/mailferry/mailferry/schema"
)

const apiPrefix = "/api/v1/"

// Handler serves the REST interface, faults included, and beside it the admin
// pages, see [Cloud.Pages].
func (c *Cloud) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+apiPrefix+"openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, schema.CloudAPI())
	})
	mux.Handle(apiPrefix, c.authorized(c.items(apiPrefix, pageSize)))
	site := http.NewServeMux()
	site.Handle("/api/", c.withFaults(mux))
	site.Handle("/", c.Pages())
	return site
}

// items serves both lists below a prefix, up to size items in one answer.
func (c *Cloud) items(prefix string, size int) *http.ServeMux {
	mux := http.NewServeMux()
	for _, l := range schema.Lists() {
		path := prefix + string(l)
		mux.HandleFunc("GET "+path, c.serveList(l, size))
		mux.HandleFunc("POST "+path, c.servePost(l))
		mux.HandleFunc("GET "+path+"/{id}", c.serveGet(l))
		mux.HandleFunc("PUT "+path+"/{id}", c.servePut(l))
	}
	return mux
}

func (c *Cloud) authorized(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") || !c.accepts(token) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="sample Cloud"`)
			writeProblem(w, http.StatusUnauthorized, "a valid bearer token is needed", nil)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// serveList answers ?cursor=, and, for pages that show fewer items at a time than
// most, ?limit=. A cursor is the id of the last item seen: ids only grow and nothing is
// ever deleted, so a walk sees each item once whatever is added meanwhile.
func (c *Cloud) serveList(l schema.List, most int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var after int64
		if cursor := r.URL.Query().Get("cursor"); cursor != "" {
			var err error
			if after, err = strconv.ParseInt(cursor, 10, 64); err != nil {
				writeProblem(w, http.StatusBadRequest, "the cursor is not one that this list gave out", nil)
				return
			}
		}
		size, err := strconv.Atoi(r.URL.Query().Get("limit"))
		if err != nil || size < 1 || size > most {
			size = most
		}
		entries, err := c.page(r.Context(), l, after, size+1)
		next := ""
		if len(entries) > size {
			entries = entries[:size]
			next = strconv.FormatInt(entries[len(entries)-1].ID, 10)
		}
		c.answer(w, http.StatusOK, struct {
			Items []Entry `json:"items"`
			Next  string  `json:"next,omitzero"`
		}{entries, next}, err)
	}
}

func (c *Cloud) serveGet(l schema.List) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		e, err := get(r.Context(), c.db, l, pathID(r))
		c.answer(w, http.StatusOK, e, err)
	}
}

// pathID returns 0, which no item has, for what is not a number.
func pathID(r *http.Request) int64 {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || strconv.FormatInt(id, 10) != r.PathValue("id") {
		return 0
	}
	return id
}

func (c *Cloud) servePost(l schema.List) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c.serveWrite(w, r, l, http.StatusCreated, c.create)
	}
}

func (c *Cloud) servePut(l schema.List) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		change := func(ctx context.Context, tx *sql.Tx, it schema.Item, box []byte) (Entry, error) {
			return c.update(ctx, tx, pathID(r), it, box)
		}
		c.serveWrite(w, r, l, http.StatusOK, change)
	}
}

type writer func(context.Context, *sql.Tx, schema.Item, []byte) (Entry, error)

// serveWrite does a write and remembers its answer under the request's
// Idempotency-Key in one transaction: either both are there or neither is.
func (c *Cloud) serveWrite(w http.ResponseWriter, r *http.Request, l schema.List, status int, do writer) {
	key, ok := idempotencyKey(r)
	if !ok {
		writeProblem(w, http.StatusBadRequest,
			fmt.Sprintf("Idempotency-Key is one printable text of at most %d characters", maxKey), nil)
		return
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		writeProblem(w, http.StatusUnsupportedMediaType, "the body must be application/json", nil)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLong := (*http.MaxBytesError)(nil); errors.As(err, &tooLong) {
		writeProblem(w, http.StatusRequestEntityTooLarge,
			fmt.Sprintf("the body is larger than %d bytes", maxBody), nil)
		return
	} else if err != nil {
		writeProblem(w, http.StatusBadRequest, "the body ended early", nil)
		return
	}
	it, secret, err := decodeItem(l, body)
	if err != nil {
		c.writeError(w, err)
		return
	}
	box, err := c.seal(secret)
	if err != nil {
		c.writeError(w, err)
		return
	}
	a := given{status: status}
	digest := c.requestDigest(r, body)
	err = c.transact(r.Context(), func(tx *sql.Tx) error {
		known, err := a.recall(r.Context(), tx, key, digest)
		if err != nil || known {
			return err
		}
		e, err := do(r.Context(), tx, it, box)
		if err != nil {
			return err
		}
		a.id = e.ID
		if a.answer, err = schema.Marshal(e); err != nil {
			return err
		}
		return a.remember(r.Context(), tx, key, digest)
	})
	if err != nil {
		c.writeError(w, err)
		return
	}
	if a.status == http.StatusCreated {
		w.Header().Set("Location", fmt.Sprintf("%s%s/%d", apiPrefix, l, a.id))
	}
	writeJSON(w, a.status, a.answer)
}

// idempotencyKey returns "" where the request has none.
func idempotencyKey(r *http.Request) (string, bool) {
	values := r.Header.Values("Idempotency-Key")
	if len(values) == 0 {
		return "", true
	}
	key := values[0]
	ok := len(values) == 1 && key != "" && len(key) <= maxKey
	for _, b := range []byte(key) {
		ok = ok && b > ' ' && b <= '~'
	}
	return key, ok
}

// requestDigest shows whether two requests are the same. It is keyed: the body
// holds a secret, which a plain digest in the database would let anybody guess.
func (c *Cloud) requestDigest(r *http.Request, body []byte) []byte {
	mac := hmac.New(sha256.New, c.idemKey)
	_, _ = fmt.Fprintf(mac, "%s %s\n", r.Method, r.URL.Path)
	_, _ = mac.Write(body)
	return mac.Sum(nil)
}

// given is an answer, as it is kept under the key of its request.
type given struct {
	status int
	id     int64
	answer []byte
}

// recall fills in the answer that a key was given before, if it was.
func (g *given) recall(ctx context.Context, tx *sql.Tx, key string, digest []byte) (known bool, err error) {
	var first []byte
	err = tx.QueryRowContext(ctx, "SELECT request, status, id, answer FROM keys WHERE key = ?", key).
		Scan(&first, &g.status, &g.id, &g.answer)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err == nil && !hmac.Equal(first, digest):
		err = refused(http.StatusUnprocessableEntity, "", "this Idempotency-Key was used for another request")
	}
	return err == nil, err
}

func (g *given) remember(ctx context.Context, tx *sql.Tx, key string, digest []byte) error {
	if key == "" {
		return nil
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO keys (key, request, status, id, answer) VALUES (?, ?, ?, ?, ?)",
		key, digest, g.status, g.id, g.answer)
	return err
}
