// Package proxy reads the proxy settings of the environment. net/http and
// browsers pass over a setting that they cannot read and connect directly, past
// the proxy that was meant: here it is an error.
package proxy

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/http/httpproxy"

	"github.com/mailferry/mailferry/schema"
)

// FromEnvironment reads HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, which stands for
// those of the two that are not set, and NO_PROXY, each in lower case as well.
// What is empty is not set. An error names the variable and never its value,
// which may hold a password.
func FromEnvironment() (*httpproxy.Config, error) {
	var addresses []string
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"} {
		value, err := read(name, address)
		if err != nil {
			return nil, schema.Hint(err,
				"write it like http://proxy.corp.example:8080; https, socks5 and socks5h are known too; "+
					"in a user name or password # is written %%23, / %%2F, %% %%25")
		}
		addresses = append(addresses, value)
	}
	except, err := read("NO_PROXY", exceptions)
	if err != nil {
		return nil, schema.Hint(err, "write hosts, addresses and networks with commas between them: localhost,.corp.example,10.0.0.0/8")
	}
	config := httpproxy.FromEnvironment()
	config.HTTPProxy, config.HTTPSProxy = cmp.Or(addresses[0], addresses[2]), cmp.Or(addresses[1], addresses[2])
	config.NoProxy = except
	return config, nil
}

// read parses a variable in both spellings, of which the lower case counts
// first: others look at the other one.
func read(name string, parse func(string) (string, error)) (string, error) {
	var out string
	for _, n := range []string{strings.ToLower(name), name} {
		value := strings.TrimSpace(os.Getenv(n))
		if value == "" {
			continue
		}
		value, err := parse(value)
		if err != nil {
			return "", fmt.Errorf("%s: %w", n, err)
		}
		out = cmp.Or(out, value)
	}
	return out, nil
}

var errAddress = errors.New("cannot be read as the address of a proxy")

func address(value string) (string, error) {
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	if err != nil || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) ||
		!isHost(u.Hostname()) || !isPort(u.Port()) || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" ||
		u.Fragment != "" {
		return "", errAddress // url.Parse would repeat it
	}
	return u.String(), nil
}

func exceptions(value string) (string, error) {
	for i, entry := range strings.Split(value, ",") {
		if entry = strings.TrimSpace(entry); entry != "" && entry != "*" && !isException(entry) {
			return "", fmt.Errorf("entry %d cannot be read as a host, an address or a network", i+1)
		}
	}
	return value, nil
}

func isException(entry string) bool {
	if _, err := netip.ParsePrefix(entry); err == nil {
		return true
	}
	if _, err := netip.ParseAddr(entry); err == nil {
		return true
	}
	host, port := entry, ""
	if at := strings.LastIndex(entry, ":"); at > 0 {
		host, port = entry[:at], entry[at+1:]
		if v6, ok := strings.CutPrefix(host, "["); ok {
			_, err := netip.ParseAddr(strings.TrimSuffix(v6, "]"))
			return err == nil && strings.HasSuffix(host, "]") && isPort(port)
		}
	}
	host = strings.TrimPrefix(strings.TrimPrefix(host, "*"), ".")
	return isHost(host) && isPort(port)
}

func isHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-._", r)
	})
}

// isPort takes none at all, too.
func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return s == "" || err == nil && n > 0
}
