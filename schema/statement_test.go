package schema

import (
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
)

const statementBody = `{"bundle":"0123456789abcdef0123456789abcdef","digest":"` + statementDigest + `","role":"reviewer","decision":"approve",` +
	`"recipients":[{"label":"ops","key":"age1x"}],"reviewers":[],"for":"https://corp.example","comment":"fine","time":"2026-01-31T12:00:00Z","expires":"2026-02-28T12:00:00Z"}`

const statementDigest = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

const takesBack = `"supersedes":[{"sha256":"` + statementDigest + `","key":"SHA256:` + "0123456789012345678901234567890123456789012" + `"}]`

const statementArmor = "-----BEGIN SSH SIGNATURE-----\n"

func TestStatementBodyIsDecodedStrictly(t *testing.T) {
	edit := func(from, to string) string {
		if !strings.Contains(statementBody, from) {
			t.Fatalf("no %s in the body", from)
		}
		return strings.Replace(statementBody, from, to, 1)
	}
	for name, c := range map[string]struct{ body, want string }{
		"good":                    {statementBody, ""},
		"without optional fields": {edit(`"for":"https://corp.example","comment":"fine",`, ""), ""},
		"exporter made":           {edit(`"reviewer","decision":"approve"`, `"exporter","decision":"made"`), ""},
		"reviewer made":           {edit(`"approve"`, `"made"`), "statement.decision: a signer in the role reviewer cannot say made"},
		"exporter rejects":        {edit(`"reviewer","decision":"approve"`, `"exporter","decision":"reject"`), "statement.decision: a signer in the role exporter cannot say reject"},
		"unknown role":            {edit(`"role":"reviewer"`, `"role":"owner"`), "statement.role: must be one of"},
		"unknown field":           {edit(`"comment"`, `"remark"`), "statement: remark is not a known field"},
		"field twice":             {edit(`"for"`, `"role":"reviewer","for"`), "statement.role: stands twice"},
		"trailing data":           {statementBody + "{}", "statement: something follows"},
		"short digest":            {edit(statementDigest, "00"), "statement.digest: is not of the form"},
		"expired before made":     {edit(`2026-02-28`, `2026-01-01`), "statement.expires: not after time"},
		"time of another zone":    {edit(`12:00:00Z","exp`, `12:00:00+01:00","exp`), "statement.time: is not of the form"},
		"no such day":             {edit(`2026-01-31`, `2026-02-31`), "statement.time: not a time"},
		"lists missing":           {edit(`"reviewers":[],`, ``), "statement: lacks reviewers"},
		"takes a rejection back":  {edit(`"expires"`, takesBack+`,"expires"`), ""},
		"takes nothing back":      {edit(`"expires"`, `"supersedes":[],"expires"`), "statement.supersedes: "},
		"takes one back twice":    {edit(`"expires"`, strings.Replace(takesBack, `}]`, `},`+strings.TrimPrefix(takesBack, `"supersedes":[`), 1)+`,"expires"`), "statement.supersedes[1]: stands twice"},
		"takes back without key":  {edit(`"expires"`, `"supersedes":[{"sha256":"`+statementDigest+`"}],"expires"`), "statement.supersedes[0]: lacks key"},
		"a rejection takes back":  {strings.Replace(edit(`"expires"`, takesBack+`,"expires"`), `"approve"`, `"reject"`, 1), "statement.supersedes: only an approval"},
		"for another scheme":      {edit(`https://corp`, `file:///corp`), "statement.for: is not of the form"},
		"too large":               {statementBody + strings.Repeat(" ", MaxStatement), "statement: larger than"},
		"not JSON":                {"approve", "statement: not valid JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Statement{StatementFormat, c.body, statementArmor}.Body()
			checkStatementError(t, err, c.want)
		})
	}
}

func TestStatementFileIsDecodedStrictly(t *testing.T) {
	good := rig.Get(MarshalIndent(Statement{StatementFormat, statementBody, statementArmor})).Or(t)
	for name, c := range map[string]struct{ doc, want string }{
		"good":          {string(good), ""},
		"later version": {strings.Replace(string(good), "/v1", "/v2", 1), "format: must be"},
		"no armor":      {strings.Replace(string(good), "BEGIN", "START", 1), "signature: is not of the form"},
		"too large":     {string(good) + strings.Repeat(" ", MaxStatementFile), "larger than"},
		"a list":        {"[]", "must be of type object"},
		"empty":         {"", "empty"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := DecodeStatement([]byte(c.doc))
			checkStatementError(t, err, c.want)
		})
	}
}

func checkStatementError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Fatal(err)
	case want != "" && err == nil:
		t.Fatalf("accepted, want an error with %q", want)
	case want != "" && !strings.Contains(err.Error(), want):
		t.Fatalf("%q, want %q", err, want)
	}
}
