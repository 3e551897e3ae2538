// Package address decides what may be shown of an argument. Whatever may be an
// address may hold a password, in a place that no parser foresees.
package address

import (
	"net"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"runtime"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// hidden stands for what is not shown.
const hidden = "…"

// signs are what tells an address from a file's name, in any of its spellings.
var signs = regexp.MustCompile(`(?is)` + strings.Join([]string{
	`:\s*/\s*/`,                          // scheme://
	`^\s*(r2dbc|jdbc|odbc|file|dsn)\s*:`, // without slashes: jdbc:oracle:thin:…
	`:.*@`,                               // user:password@host
	`\?.*=`,                              // a query
	`\w\s*=.*[\s;&]\w+\s*=`,              // host=… user=…, Server=…;User Id=…
	`(pass(wor[dt]|wd|phrase|code)?|pwd?|psw|secret|token|jwt|api_?key|credentials?|auth|sig(nature)?)["'\s]*[=:]`,
}, "|"))

// drive begins a path on Windows, where its colon is no address's.
var drive = regexp.MustCompile(`^[A-Za-z]:([\\/])`)

// oracle is user/password@host, or a file whose name has an @ in a folder.
var oracle = regexp.MustCompile(`(?s)^([^/\\]+)/.*@`)

// Loopback reports whether a host is this machine itself.
func Loopback(host string) bool {
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// Bare is a URL for everybody to see: without user, parameters, query and fragment,
// which may hold a token.
func Bare(u *url.URL) string {
	path, _, _ := strings.Cut(u.Path, ";")
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: path}).String()
}

// IP reads an IP address, in brackets or not.
func IP(host string) (netip.Addr, bool) {
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
	}
	a, err := netip.ParseAddr(host)
	return a.Unmap(), err == nil
}

// WireName is a host as it goes over the network, equal for all spellings of one:
// international names encoded, all in lower case, an address in its shortest form.
func WireName(host string) (string, error) {
	host = strings.TrimSuffix(host, ".")
	if a, ok := IP(host); ok {
		return a.String(), nil
	}
	name := strings.ToLower(host)
	if strings.ContainsFunc(name, func(r rune) bool { return r >= 0x80 }) {
		name, err := idna.Lookup.ToASCII(name)
		return strings.TrimSuffix(name, "."), err
	}
	return name, nil
}

// MayBe reports whether s may be an address: a URL of any scheme, a jdbc:
// address, key=value pairs, user:password@host or user/password@host, also
// misspelt, escaped or with blanks in it. That a file has such a name changes
// nothing, but for the last form: where the folder is there, it is a path.
func MayBe(s string) bool {
	plain := fold(s)
	if runtime.GOOS == "windows" {
		plain = drive.ReplaceAllString(plain, "$1")
	}
	if signs.MatchString(plain) {
		return true
	}
	m := oracle.FindStringSubmatch(plain)
	return m != nil && !isFolder(m[1])
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// escape is a character escaped as in a URL.
var escape = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

// fold undoes what hides a sign: escapes, characters that do not show, and
// compatibility forms such as a full-width colon.
func fold(s string) string {
	s = escape.ReplaceAllStringFunc(s, func(e string) string {
		unescaped, _ := url.PathUnescape(e)
		return unescaped
	})
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, norm.NFKC.String(s))
}

// scheme is what may be shown in front of an address's ://. Behind jdbc: only
// known words are.
var scheme = regexp.MustCompile(`(?i)^\s*((jdbc:)?(postgresql|mysql|mariadb|sqlserver|jtds:sqlserver|db2|h2)|[a-z][a-z0-9+.-]{0,31})$`)

// host is a name, or an IP address in brackets, up to a port or the end.
var host = regexp.MustCompile(`(?i)^([a-z0-9]([a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:|$)`)

// Shown returns what may be shown of an argument: the whole where [MayBe] says
// that it is no address; of an address scheme and host, and an ellipsis for
// either where it could be part of a password.
func Shown(s string) string {
	if !MayBe(s) {
		return s
	}
	before, after, found := strings.Cut(s, "://")
	m := scheme.FindStringSubmatch(before)
	switch {
	case !found && strings.HasPrefix(strings.ToLower(s), "jdbc:"):
		return "jdbc:" + hidden
	case !found || m == nil:
		return hidden
	}
	return m[1] + "://" + hostOf(after)
}

// hostOf finds the host behind ://. A password with an @, a / or a ? in it that
// is not escaped moves the host to where a part of the password could be taken
// for it: then none is shown.
func hostOf(s string) string {
	authority := s
	if end := strings.IndexFunc(s, func(r rune) bool { return strings.ContainsRune(`/\?#;,&()`, r) || unicode.IsSpace(r) }); end >= 0 {
		authority = s[:end]
	}
	if signs := strings.Count(s, "@"); signs > 0 {
		_, behind, within := strings.Cut(authority, "@")
		if signs > 1 || !within {
			return hidden
		}
		authority = behind
	}
	if m := host.FindStringSubmatch(authority); m != nil {
		return m[1]
	}
	return hidden
}

// cloudSite is the address of a Jira Cloud site, with or without its scheme.
var cloudSite = regexp.MustCompile(`(?i)^(https?://)?([a-z0-9-]+\.(atlassian\.net|jira\.com))(:443)?([/?#]|$)`)

// IsCloudSite reports whether s is the address of a Jira Cloud site as a browser
// has it.
func IsCloudSite(s string) bool { return cloudSite.MatchString(s) }

// microsoft are the hosts at which Microsoft signs in people and programs.
var microsoft = regexp.MustCompile(`(?i)^(login|sts)\.(partner\.)?(microsoft|microsoftonline|windows)\.(com|us|de|cn|net)\.?$`)

// IsMicrosoft reports whether OAuth2 endpoints at a host are Microsoft's.
func IsMicrosoft(host string) bool { return microsoft.MatchString(host) }

// PageOf advises how to write the web address of a Jira, to read or to work its
// admin pages.
func PageOf(s string) string {
	site := "page+https://SITE"
	if m := cloudSite.FindStringSubmatch(s); m != nil {
		site = "page+https://" + strings.ToLower(m[2])
	} else if shown := Shown(s); strings.HasPrefix(shown, "https://") || strings.HasPrefix(shown, "http://") {
		site = "page+" + shown
	}
	return "a site's admin pages are " + site + "/…: for … put what your browser's address line has behind the site while the page Outgoing Mail Connections is open"
}
