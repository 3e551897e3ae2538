package database

import (
	"fmt"
	"testing"
)

func TestAddressesOfDbconfigAreRead(t *testing.T) {
	for url, want := range map[string]string{
		"jdbc:postgresql://db:5432/jira?user=jira":                                                        "postgres db 5432 jira jira map[]",
		"jdbc:postgresql://db/jira?user=jira&amp;reWriteBatchedInserts=true&amp;prepareThreshold=0":       "postgres db  jira jira map[]",
		"jdbc:postgresql://[::1]:5433/jira?user=j%40corp&currentSchema=jira,public&sslmode=require":       "postgres ::1 5433 j@corp jira map[schema:jira sslmode:require]",
		"jdbc:postgresql://db/jira?ssl=true&user=jira&sslrootcert=/ca.pem":                                "postgres db  jira jira map[sslmode:verify-full sslrootcert:/ca.pem]",
		"jdbc:postgresql://db/jira?ssl=true&sslmode=prefer&user=jira":                                     "postgres db  jira jira map[sslmode:prefer]",
		"JDBC:MySQL://db:3306/jira?useUnicode=true&characterEncoding=UTF8&user=jira&useSSL=false":         "mysql db 3306 jira jira map[]",
		"jdbc:mysql://db/jira?sessionVariables=default_storage_engine=InnoDB,sql_mode=ANSI&user=jira":     "mysql db  jira jira map[]",
		"jdbc:mysql://db/jira?user=jira&sslMode=REQUIRED&passwordCharacterEncoding=UTF-8":                 "mysql db  jira jira map[tls:skip-verify]",
		"jdbc:mariadb://db/jira?user=jira&sslMode=verify-full":                                            "mysql db  jira jira map[tls:true]",
		"jdbc:mysql://address=(protocol=tcp)(host=db.corp.example)(port=3306)/jira?user=jira&useSSL=true": "mysql db.corp.example 3306 jira jira map[]",
		"jdbc:mysql://address=(host=db)/jira?user=jira":                                                   "mysql db  jira jira map[]",
		"postgres://jira@%2Ftmp%2Fa%20b:5433/jira":                                                        "postgres /tmp/a b 5433 jira jira map[]",
	} {
		a, err := parseAddress(url)
		if err != nil {
			t.Errorf("%s: %v", url, err)
		} else if got := fmt.Sprint(a.kind, " ", a.host+a.socket, " ", a.port, " ", a.user, " ", a.database, " ", a.params); got != want {
			t.Errorf("%s\n got %s\nwant %s", url, got, want)
		}
	}
}
