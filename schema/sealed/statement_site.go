package sealed

import (
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"strings"

	"github.com/mailferry/mailferry/internal/address"
	"github.com/mailferry/mailferry/internal/safefile"
	"github.com/mailferry/mailferry/schema"
)

// NormalSite writes a Cloud's URL in the one form that statements hold: scheme
// and host as they go over the network, no default port, no page+ in front, no
// slash at the end. A user, query or fragment is refused. sample:DIR keeps its DIR.
func NormalSite(site string) (string, error) {
	if dir, ok := strings.CutPrefix(site, "sample:"); ok && dir != "" {
		return "sample:" + path.Clean(dir), nil
	}
	refuse := func(why string) (string, error) {
		return "", schema.Hint(fmt.Errorf("site: %s", why), "name it like https://corp.atlassian.net")
	}
	u, err := url.Parse(strings.TrimPrefix(site, "page+"))
	switch {
	case err != nil:
		return refuse("not a URL")
	case u.User != nil:
		return refuse("a URL with a user or password in it")
	case u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.Opaque != "":
		return refuse("not an https:// URL of a Cloud")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return refuse("a URL with a query or fragment")
	}
	host, err := address.WireName(u.Hostname())
	if err != nil {
		host = strings.ToLower(u.Hostname())
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := strings.TrimLeft(u.Port(), "0"); port != "" && port != map[string]string{"https": "443", "http": "80"}[u.Scheme] {
		host += ":" + port
	}
	normal := url.URL{Scheme: u.Scheme, Host: host, Path: path.Clean("/" + u.Path)}
	return strings.TrimSuffix(normal.String(), "/"), nil
}

// siteCovers reports whether a statement made for one site counts on another,
// both in normal form: the same host, and a path at or below that of the
// statement; of sample Clouds the same folder. A statement for a tenant behind a
// gateway so counts for that tenant alone, one for a Jira site on every page of it.
func siteCovers(madeFor, site string) bool {
	if dir, ok := strings.CutPrefix(madeFor, "sample:"); ok {
		other, ok := strings.CutPrefix(site, "sample:")
		return ok && sameFolder(dir, other)
	}
	return madeFor == "" || madeFor == site || strings.HasPrefix(site, madeFor+"/")
}

// sameFolder compares the places where two names lead, since a statement holds the
// name that was given: relative, or by a link.
func sameFolder(a, b string) bool {
	absA, errA := filepath.Abs(a)
	absB, errB := filepath.Abs(b)
	return errA == nil && errB == nil && absA == absB || safefile.Same(a, b)
}
