package database

import (
	"errors"
	"net/url"
	"regexp"
	"strings"

	addr "github.com/mailferry/mailferry/internal/address"
)

// jdbcPrefix begins the addresses that Jira's dbconfig.xml has.
const jdbcPrefix = "jdbc:"

func cutJDBC(s string) (string, bool) {
	if len(s) < len(jdbcPrefix) || !strings.EqualFold(s[:len(jdbcPrefix)], jdbcPrefix) {
		return s, false
	}
	return s[len(jdbcPrefix):], true
}

// descriptor is the form of a host that Jira writes for MySQL 8.
var descriptor = regexp.MustCompile(`(?i)^address=((?:\([a-z]+=[^()]*\))+)(/.*)$`)

// fromJDBC turns the address of a JDBC driver, behind jdbc:, into one of ours:
// host, port, database, user, schema, and how TLS is wanted. The driver's other
// parameters do not say where the tables are, and are left out. As in
// parseAddress, errors show nothing of the address.
func fromJDBC(kind, jdbc string) (string, error) {
	scheme, rest, _ := strings.Cut(strings.ReplaceAll(jdbc, "&amp;", "&"), "://") // copied out of the XML
	rest, query, _ := strings.Cut(rest, "?")
	if m := descriptor.FindStringSubmatch(rest); m != nil {
		part := map[string]string{}
		for _, pair := range strings.Split(strings.Trim(m[1], "()"), ")(") {
			key, value, _ := strings.Cut(pair, "=")
			if namesPassword(key) {
				return "", refusePassword(kind)
			}
			part[strings.ToLower(key)] = value
		}
		rest = strings.TrimSuffix(part["host"]+":"+part["port"], ":") + m[2]
	}
	given, err := url.ParseQuery(query)
	if err != nil || strings.ContainsAny(query, "@#") { // written as %40 and %23
		return "", errors.New("the jdbc address: what follows the ? cannot be read")
	}
	params := url.Values{}
	for key, values := range given {
		value := values[len(values)-1]
		switch name := strings.ToLower(key); {
		case namesPassword(name), addr.MayBe(value):
			return "", refusePassword(kind)
		case name == "user" && !strings.Contains(rest, "@"):
			rest = url.User(value).String() + "@" + rest
		case kind == MySQL && name == "sslmode":
			params.Set("tls", jdbcTLS(value))
		case kind == MySQL:
		case name == "currentschema":
			first, _, _ := strings.Cut(value, ",")
			params.Set("schema", first)
		case name == "ssl" && value != "false" && !given.Has("sslmode"):
			params.Set("sslmode", "verify-full")
		case name == "sslmode", name == "sslrootcert", name == "sslcert":
			params.Set(name, value)
		}
	}
	if len(params) > 0 {
		rest += "?" + params.Encode()
	}
	return scheme + "://" + rest, nil
}

// jdbcTLS gives our word for the sslMode of MySQL's and MariaDB's drivers.
func jdbcTLS(mode string) string {
	switch strings.ToLower(mode) {
	case "disabled", "disable":
		return "false"
	case "required", "trust":
		return "skip-verify"
	case "preferred":
		return "preferred"
	}
	return "true"
}

// namesPassword reports whether a parameter's name is one of a password's.
func namesPassword(name string) bool {
	name = strings.ToLower(name)
	return (strings.Contains(name, "pass") || strings.Contains(name, "pwd")) && name != "passwordcharacterencoding"
}
