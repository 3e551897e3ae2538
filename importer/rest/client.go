package rest

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
)

const apiPath = "/api/v1/"

// client implements importer.Cloud.
type client struct {
	base      *url.URL
	site      importer.Site
	token     schema.Secret
	http      *http.Client
	transport *http.Transport
	server    *http.Server // of OpenHandler, or nil
	echoes    schema.EchoGuard
}

var _ importer.Cloud = (*client)(nil)

func (c *client) Site() importer.Site { return c.site }

// Offered returns nil: the interface does not say what Cloud offers.
func (c *client) Offered(context.Context, schema.Item, string) (importer.Offer, error) {
	return importer.Offer{}, nil
}

func (c *client) Echoes() *schema.EchoGuard { return &c.echoes }

func (c *client) Close() error {
	c.transport.CloseIdleConnections()
	if c.server != nil {
		return c.server.Close()
	}
	return nil
}

// List walks the pages of a list.
func (c *client) List(ctx context.Context, l schema.List) ([]importer.Remote, error) {
	var out []importer.Remote
	seen := map[string]bool{}
	query := url.Values{}
	for total := 0; ; {
		raw, err := c.do(ctx, http.MethodGet, apiPath+string(l), query, nil, importer.Write{})
		if err != nil {
			return nil, err
		}
		if total += len(raw); total > schema.MaxDocument {
			return nil, c.failed("%s: the list is larger than %d bytes", l, schema.MaxDocument)
		}
		page, next, err := decodePage(l, raw)
		if err != nil {
			return nil, c.failed("%s: the answer cannot be used: %s", l, c.quotable(err))
		}
		for _, r := range page {
			if c.echoes.Repeats(r.ID, leastInID) { // ids go into ledger and report
				return nil, c.failed("%s: the answer cannot be used: an id repeats a secret", l)
			}
			if seen[r.ID] {
				return nil, c.failed("%s: the answer cannot be used: id %s stands twice", l, schema.Quote(r.ID))
			}
			seen[r.ID] = true
		}
		if out = append(out, page...); len(out) > schema.MaxItems {
			return nil, c.failed("%s: the list has more than %d entries", l, schema.MaxItems)
		}
		if next == "" {
			return out, nil
		}
		if len(page) == 0 {
			return nil, c.failed("%s: the answer cannot be used: an empty page that has a next one", l)
		}
		query.Set("cursor", next)
	}
}

func (c *client) Create(ctx context.Context, w importer.Write) (importer.Remote, error) {
	return c.write(ctx, http.MethodPost, apiPath+string(w.Item.List()), w)
}

func (c *client) Update(ctx context.Context, id string, w importer.Write) (importer.Remote, error) {
	if !usableID(id) {
		return importer.Remote{}, c.failed("%s is not the id of anything", schema.Quote(id))
	}
	return c.write(ctx, http.MethodPut, apiPath+string(w.Item.List())+"/"+url.PathEscape(id), w)
}

func (c *client) write(ctx context.Context, method, path string, w importer.Write) (importer.Remote, error) {
	body, err := encode(w)
	if err != nil {
		return importer.Remote{}, err
	}
	if w.Before != nil {
		if err := w.Before(); err != nil {
			return importer.Remote{}, err
		}
	}
	raw, err := c.do(ctx, method, path, nil, body, w)
	if err != nil {
		return importer.Remote{}, err
	}
	r, err := decodeRemote(w.Item.List(), raw)
	switch {
	case err != nil:
	case r.Item.ItemName() != w.Item.ItemName():
		err = errors.New("it is about another item")
	case c.echoes.Repeats(r.ID, leastInID):
		err = errors.New("the id repeats a secret") // ids go into ledger and report
	}
	if err != nil {
		return importer.Remote{}, importer.MarkUnsettled(c.failed(
			"it said that it was done, but the answer cannot be used: %s", c.quotable(err)))
	}
	return r, nil
}

// unquotable is an error whose words repeat a secret.
type unquotable struct{ err error }

func (e *unquotable) Error() string { return "the answer cannot be read: " + schema.RepeatsSecret }
func (e *unquotable) Unwrap() error { return e.err }

// quotable returns an error that Cloud had a hand in, fit to be shown.
func (c *client) quotable(err error) string { return c.echoes.Quotable(human.Clean(err.Error())) }

func (c *client) failed(format string, args ...any) error {
	return fmt.Errorf("Cloud %s: %w", c.site.Host, fmt.Errorf(format, args...))
}

// do sends one request, through the retry layer, and returns the body of an
// answer that says yes. Every other answer is an error as importer.Cloud
// promises it.
func (c *client) do(ctx context.Context, method, path string, query url.Values, body []byte, w importer.Write,
) ([]byte, error) {
	// The base's path and ours are both escaped already or need no escaping.
	u := c.base.Scheme + "://" + c.base.Host + c.base.EscapedPath() + path
	if len(query) > 0 {
		u += "?" + query.Encode()
	}
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, u, reader)
	if err != nil {
		return nil, c.failed("the request cannot be made")
	}
	req.Header.Set("Accept", "application/json, application/problem+json")
	req.Header.Set("User-Agent", "mailferry")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if w.Key != "" {
		req.Header.Set("Idempotency-Key", w.Key)
	}
	c.echoes.Add(w.Secret)
	if !c.token.IsZero() {
		req.Header.Set("Authorization", "Bearer "+c.token.Reveal())
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, c.lost(req, err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body) // in memory already: the retry layer read it
	if err != nil {
		return nil, c.lost(req, err)
	}
	return raw, c.judge(req, res, raw)
}

// lost says what became of a request that got no whole answer.
func (c *client) lost(req *http.Request, err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // without the address
	}
	var l *lostError
	sent := !errors.As(err, &l) || l.sent
	if c.echoes.Repeats(err.Error(), leastInTransport) { // it quotes lines that are no HTTP
		err = &unquotable{err}
	}
	err = c.failed("%w", err)
	var badCert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &badCert):
		err = schema.Hint(err, "its certificate is not trusted here; name the file of the private CA that signed it")
	case l != nil && l.answered:
		err = schema.Hint(err, "run it again later, or with fewer --jobs: Cloud limits how much it is asked")
	case !sent && req.Context().Err() == nil:
		err = schema.Hint(err, "is the address right, and does it answer from here?")
	}
	if sent && isWrite(req) {
		return importer.MarkUnsettled(err)
	}
	return err
}

// judge turns an answer's status into the error that it stands for.
func (c *client) judge(req *http.Request, res *http.Response, raw []byte) error {
	code := res.StatusCode
	said := words(code, raw, &c.echoes)
	switch {
	case code == http.StatusOK, code == http.StatusCreated && isWrite(req):
		return nil
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return schema.Hint(c.failed("%w (%s)", importer.ErrUnauthorized, said),
			"is it the right token, and has it not expired? give it with --token-file or MAILFERRY_CLOUD_TOKEN")
	case code >= 300 && code < 400:
		err := schema.Hint(c.failed("a redirect to %s, which is not followed (HTTP %d)", c.redirectTarget(res), code),
			"if that is the right address, give it instead: the token goes nowhere else")
		// 307 and 308 say that nothing was done; the others may follow a write.
		if isWrite(req) && code != http.StatusTemporaryRedirect && code != http.StatusPermanentRedirect {
			return importer.MarkUnsettled(err)
		}
		return err
	case code == http.StatusProxyAuthRequired:
		return c.failed("%s", said)
	case isWrite(req) && code >= 400 && code < 500 && code != http.StatusRequestTimeout:
		return &importer.RefusedError{Code: code, Words: said}
	case isWrite(req):
		return importer.MarkUnsettled(c.failed("%s", said))
	case code == http.StatusNotFound:
		return schema.Hint(c.failed("%s", said),
			"does the REST interface stand at this address? the vendor's own Cloud has none: see the README")
	default:
		return c.failed("%s", said)
	}
}

// redirectTarget names where an answer points, without path and query.
func (c *client) redirectTarget(res *http.Response) string {
	to, err := res.Location()
	switch {
	case err != nil:
		return "nowhere"
	case c.echoes.Repeats(to.Scheme+" "+to.Host, 1):
		return "an address that repeats a secret"
	}
	return schema.Quote(to.Scheme + "://" + to.Host)
}
