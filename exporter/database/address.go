package database

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	addr "github.com/mailferry/mailferry/internal/address"
	"github.com/mailferry/mailferry/schema"
)

// Kinds of sources, as a bundle names them.
const (
	Postgres = "postgres"
	MySQL    = "mysql"
)

// address is a URL that was found to be harmless.
type address struct {
	kind     string
	host     string // "" for the default
	socket   string // PostgreSQL's folder or MySQL's file in place of a host; "" for none
	port     string // "" for the default
	user     string
	database string
	params   map[string]string
}

// IsURL reports whether s is meant to be a database's address, ours or a JDBC
// driver's.
func IsURL(s string) bool {
	s, _ = cutJDBC(s)
	scheme, _, found := strings.Cut(s, "://")
	return found && kindOf(scheme) != ""
}

func kindOf(scheme string) string {
	switch strings.ToLower(scheme) {
	case "postgres", "postgresql":
		return Postgres
	case "mysql", "mariadb":
		return MySQL
	}
	return ""
}

func parameters(kind string) []string {
	if kind == Postgres {
		return []string{"schema", "sslmode", "sslrootcert", "sslcert", "sslkey"}
	}
	return []string{"tls", "tls_ca", "defaults_file"}
}

// parseAddress never puts a part of the URL into an error before it is sure
// that no password can be in that part: a password with an unescaped /, ? or #
// ends up in the strangest places.
func parseAddress(raw string) (*address, error) {
	raw, jdbc := cutJDBC(raw)
	scheme, _, _ := strings.Cut(raw, "://")
	kind := kindOf(scheme)
	if kind == "" {
		return nil, errors.New("not a postgres:// or mysql:// address")
	}
	if jdbc {
		var err error
		if raw, err = fromJDBC(kind, raw); err != nil {
			return nil, err
		}
	}
	raw, socket := cutSocket(raw)
	u, err := url.Parse(raw)
	if err != nil {
		return nil, schema.Hint(fmt.Errorf("the %s address cannot be read as a URL", kind),
			"%s, with no password in it", shape(kind))
	}
	if _, has := u.User.Password(); has {
		return nil, refusePassword(kind)
	}
	signs := 0
	if u.User != nil {
		signs = 1 // the @ behind the user
	}
	if strings.Count(raw, "@") > signs || strings.Contains(raw, "#") {
		return nil, schema.Hint(fmt.Errorf("the %s address has an @ or # where none belongs", kind),
			"%s, with no password in it; write @ in a name as %%40 and # as %%23", shape(kind))
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("the %s address: what follows the ? cannot be read", kind)
	}
	a := &address{kind: kind, host: u.Hostname(), socket: socket, port: u.Port(), user: u.User.Username(),
		params: map[string]string{}}
	for _, k := range slices.Sorted(maps.Keys(query)) {
		switch known := parameters(kind); {
		case namesPassword(k):
			return nil, refusePassword(kind)
		case !slices.Contains(known, k):
			// Its name is not shown: it may be the end of a password.
			return nil, schema.Hint(fmt.Errorf("the %s address: unknown parameter", kind),
				"it takes %s", strings.Join(known, ", "))
		case len(query[k]) > 1 || query[k][0] == "":
			return nil, fmt.Errorf("the %s address: parameter %s stands twice, or is empty", kind, k)
		case addr.MayBe(query[k][0]):
			return nil, refusePassword(kind)
		}
		a.params[k] = query[k][0]
	}
	a.database = strings.TrimPrefix(u.Path, "/")
	switch {
	case strings.ContainsAny(a.user, ":/"), addr.MayBe(a.user), addr.MayBe(a.database), addr.MayBe(socket):
		return nil, refusePassword(kind)
	case a.database == "" || strings.Contains(u.EscapedPath()[1:], "/"):
		return nil, schema.Hint(fmt.Errorf("the %s address must end in the name of one database", kind),
			"%s; dbconfig.xml in Jira's home folder has them", shape(kind))
	case a.user == "" && jdbc:
		return nil, schema.Hint(fmt.Errorf("the jdbc address names no user"),
			"put ?user=NAME behind it, or &user=NAME; dbconfig.xml has the name as <username>")
	case strings.Contains(a.host, ","):
		return nil, schema.Hint(fmt.Errorf("the %s address has several hosts", kind),
			"%s, with the host to read from", shape(kind))
	case a.user == "":
		return nil, schema.Hint(fmt.Errorf("the %s address names no user", kind), "%s", shape(kind))
	}
	return a, nil
}

// socketHost is a socket's path in the place of the host, as libpq takes it.
var socketHost = regexp.MustCompile(`^([a-zA-Z]+://(?:[^/?#@]*@)?)(%2[fF][^/?#@:]*)`)

// cutSocket takes a socket's path out of the place of the host, where Go's
// parser allows no escaped /.
func cutSocket(raw string) (rest, socket string) {
	m := socketHost.FindStringSubmatch(raw)
	if m == nil {
		return raw, ""
	}
	path, err := url.PathUnescape(m[2])
	if err != nil {
		return raw, ""
	}
	return m[1] + raw[len(m[0]):], path
}

func shape(kind string) string { return "write " + kind + "://USER@HOST/DATABASE" }

// passwordPlaces is where a password can be put, by the kind of database.
var passwordPlaces = map[string]string{
	Postgres: "PGPASSWORD or ~/.pgpass",
	MySQL:    "MYSQL_PWD or the [client] group of ~/.my.cnf",
}

func refusePassword(kind string) error {
	return schema.Hint(fmt.Errorf("the %s address has a password in it, which other users of this machine can see", kind),
		"take it out; it is read from %s, or asked for. Change it if this shell keeps a history", passwordPlaces[kind])
}
