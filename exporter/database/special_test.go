//go:build unix

package database_test

import (
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/exporter/database"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/dbserver"
)

// proxy passes on to the server what comes in on the port that it returns, and
// cuts the line once the server has sent so many bytes.
func proxy(t *testing.T, to, cutAfter int) int {
	at := hostile(t, func(client net.Conn) {
		server, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", to))
		if err != nil {
			return
		}
		defer server.Close()
		go func() { _, _ = io.Copy(server, client); server.Close() }()
		_, _ = io.CopyN(client, server, int64(cutAfter))
	})
	_, port, _ := net.SplitHostPort(at)
	n := rig.Get(strconv.Atoi(port)).Or(t)
	return n
}

func testSchemas(t *testing.T, e engine) {
	configure(t, e)
	e.Exec(t, `CREATE SCHEMA "Jira Old"`, `CREATE TABLE "Jira Old"."AO_544E33_MAIL_CONNECTION" AS SELECT * FROM public."AO_544E33_MAIL_CONNECTION" WHERE "ID" = 1`,
		`CREATE TABLE "Jira Old"."AO_544E33_OAUTH2_CREDENTIAL" AS SELECT * FROM public."AO_544E33_OAUTH2_CREDENTIAL"`,
		`GRANT USAGE ON SCHEMA "Jira Old" TO `+dbserver.User)
	_, _, err := read(t.Context(), open(t, e.URL(), database.Options{}), profile())
	wantFailure(t, err, `more than once: "Jira Old.AO_544E33_`, "?schema=")
	_, err = open(t, e.URL(), database.Options{}).Inspect(t.Context(), false)
	wantFailure(t, err, `several schemas: "Jira Old", "public"`, "?schema=")
	for url, records := range map[string]int{"schema=public": 3, "schema=Jira+Old": 2} {
		d := open(t, e.URL(url), database.Options{})
		c, _, err := read(t.Context(), d, profile())
		if err != nil || len(c.Records) != records {
			t.Errorf("%s: %v", url, err)
		}
		if _, err := d.Inspect(t.Context(), false); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	_, err = open(t, e.URL("schema=jira_old"), database.Options{}).Inspect(t.Context(), false)
	if err == nil || !strings.Contains(err.Error(), `there is no schema "jira_old"`) {
		t.Error(err)
	}
	e.Exec(t, `ALTER TABLE "Jira Old"."AO_544E33_MAIL_CONNECTION" ADD COLUMN "Name" text`)
	_, _, err = read(t.Context(), open(t, e.URL("schema=Jira+Old"), database.Options{}), profile())
	if err == nil || !strings.Contains(err.Error(), "differ by case only") {
		t.Error(err)
	}
}

func testCaseTwins(t *testing.T, e engine) {
	configure(t, e)
	e.Exec(t, "CREATE TABLE `ao_544e33_mail_connection` LIKE `AO_544E33_MAIL_CONNECTION`")
	_, _, err := read(t.Context(), open(t, e.URL(), database.Options{}), profile())
	wantFailure(t, err, "more than once", "rename")
}
