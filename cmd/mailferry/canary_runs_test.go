//go:build unix

package main

import (
	"bytes"
	"sync"
)

// lockedBuffer takes what several processes print.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) Bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.b.Bytes())
}

// runs are the command lines of the walk, by command: what succeeds and what
// fails, with a recipient's key and with a reviewer's. {new} stands for a name
// not used yet, {unfilled} and {cloud} for fresh copies of those bundles.
func (w *walk) runs() map[string][]walkRun {
	ops, rev, other := w.in("ops.key"), w.in("rev.key"), w.in("other.key")
	rOps, rRev := w.rec["ops"], w.rec["rev"]
	rest := []string{"--cloud", w.url, "--token-file", w.in("token")}
	wrong := []string{"--cloud", w.url, "--token-file", w.in("wrong.token")}
	failing := []string{"--cloud", w.failing, "--token-file", w.in("token")}
	down := []string{"--cloud", "http://127.0.0.1:1", "--token-file", w.in("token")}
	with := func(exit int, args []string, more ...string) walkRun {
		return walkRun{exit, append(append([]string{}, args...), more...)}
	}
	do := func(exit int, args ...string) walkRun { return walkRun{exit, args} }
	imports := func() []walkRun {
		return []walkRun{
			do(0, "-i", ops, "--cloud", "sample:rehearsal", "cloud.age", "--dry-run"),
			do(0, "-i", ops, "--cloud", "sample:rehearsal", "cloud.age"),
			with(0, rest, "-i", ops, "cloud.age", "--dry-run"),
			with(0, rest, "-i", ops, "--html", "{new}", "cloud.age"),
			with(0, rest, "-i", ops, "--on-conflict", "overwrite", "--rewrite-secrets", "--yes", "--jobs", "1", "cloud.age"),
			with(1, wrong, "-i", ops, "cloud.age"),
			with(1, failing, "-i", ops, "cloud.age"),
			with(1, down, "-i", ops, "cloud.age"),
			with(1, rest, "-i", rev, "cloud.age"),
			with(1, rest, "-i", other, "cloud.age"),
			with(1, rest, "-i", ops, "server.age"),
			with(1, rest, "-i", ops, "--secrets", w.in("nobody.csv"), "cloud.age"),
			with(1, rest, "-i", ops, "--secrets", w.in("kindless.csv"), "cloud.age"),
			with(1, rest, "-i", ops, "--plan", "cut.age", "cloud.age"),
			with(4, rest, "-i", ops, "--allowed-signers", w.in("allowed"), "--require", "reviewer=9", "cloud.age"),
			with(2, rest, "-i", ops, "--on-conflict", "shrug", "cloud.age"),
		}
	}
	export := []string{"-r", rOps, "--reviewer", rRev, "-o", "{new}"}
	return map[string][]walkRun{
		"keygen": {
			do(0, "-o", "{new}"),
			do(0, "-o", "{new}", "--pq"),
			do(0, "-y", "-i", ops),
			do(1, "-y", "-i", w.in("secrets-in-key.csv")),
			do(1, "-y", "-i", w.in("connections.csv")),
			do(1, "-o", ops),
		},
		"inspect": {
			do(0, w.in("connections.csv")),
			do(0, w.in("backup.xml")),
			do(0, "--all", w.in("backup.xml")),
			do(0, "--suggest-profile", w.in("backup.xml")),
			do(0, "--suggest-profile", "-o", "{new}", w.in("backup.xml")),
			do(0, "server.age"),
			do(0, "-i", rev, "cloud.age"),
			do(0, "-i", ops, "cloud.age"),
			do(1, "-i", other, "cloud.age"),
			do(1, w.in("half.xml")),
			do(1, w.in("quoted.csv")),
			do(1, w.in("token")),
			do(1, "postgres://jira@127.0.0.1:1/jira"),
			do(1, "mysql://jira@127.0.0.1:1/jira"),
		},
		"export": {
			with(0, export, w.in("connections.csv"), w.in("credentials.csv")),
			with(0, export, "--sign", w.in("ssh"), w.in("connections.csv"), w.in("credentials.csv")),
			with(0, export, "--profile", w.in("profile.json"), "--secrets", w.in("backup-secrets.csv"), w.in("backup.xml")),
			do(0, "--print-template", "connections"),
			with(1, export, w.in("port.csv")),
			with(1, export, w.in("long.csv")),
			with(1, export, w.in("debug.csv")),
			with(1, export, w.in("quoted.csv")),
			with(1, export, w.in("legal.csv")),
			with(1, export, w.in("token")),
			with(1, export, "--secrets", w.in("nobody.csv"), w.in("connections.csv")),
			with(1, export, "--secrets", w.in("kindless.csv"), w.in("connections.csv")),
			with(1, export, "--secrets", w.in("wide.csv"), w.in("connections.csv")),
			with(1, export, "--sign", w.in("sshlocked"), w.in("connections.csv")),
			with(1, export, "--sign", w.in("connections.csv"), w.in("connections.csv")),
			with(1, export, "--profile", w.in("port.json"), w.in("backup.xml")),
			with(1, export, "--profile", w.in("profile.json"), w.in("half.xml")),
			with(1, export, "--profile", w.in("connections.csv"), w.in("backup.xml")),
			with(1, export, "--profile", w.in("profile.json"), "postgres://jira@127.0.0.1:1/jira"),
			with(1, export, "--profile", w.in("profile.json"), "mysql://jira@127.0.0.1:1/jira"),
			do(1, "-r", w.rec["plugin"], "--allow-plugins", "-o", "{new}", w.in("connections.csv")),
			do(1, "-R", w.in("connections.csv"), "-o", "{new}", w.in("connections.csv")),
			do(1, "-p", "-o", "{new}", w.in("connections.csv")),
		},
		"fill": {
			do(0, "-i", rev, "-r", rOps, "--reviewer", rRev, "--secrets", w.in("legal.csv"), "{unfilled}"),
			do(0, "-i", ops, "-r", rOps, "--secrets", w.in("supplied.csv"), "--sign", w.in("ssh"), "{unfilled}"),
			do(1, "-i", rev, "-r", rOps, "--secrets", w.in("nobody.csv"), "{unfilled}"),
			do(1, "-i", rev, "-r", rOps, "--secrets", w.in("kindless.csv"), "{unfilled}"),
			do(1, "-i", rev, "-r", rOps, "--secrets", w.in("wide.csv"), "{unfilled}"),
			do(0, "-i", rev, "-r", rOps, "--secrets", w.in("legal.csv"), "server.age"),
			do(1, "-i", rev, "-r", rOps, "--secrets", "-", "{unfilled}"),
			do(1, "-i", other, "-r", rOps, "--secrets", w.in("legal.csv"), "{unfilled}"),
			do(2, "-i", rev, "--secrets", w.in("legal.csv"), "{unfilled}"),
		},
		"audit": {
			do(0, "-i", ops, "cloud.age", "server.age", "unfilled.age"),
			do(0, "-i", ops, "--format", "html", "-o", "{new}", "cloud.age", "server.age"),
			do(0, "-i", rev, "--format", "html", "cloud.age"),
			do(0, "-i", ops, "--format", "csv", "-o", "{new}", "cloud.age"),
			do(0, "-i", ops, "--format", "json", "-o", "{new}", "server.age"),
			do(3, "-i", ops, "--fail-on", "note", "cloud.age"),
			do(1, "-i", other, "cloud.age"),
			do(1, "-i", ops, "cut.age"),
			do(1, "-i", w.in("plugin.key"), "--allow-plugins", "cloud.age"),
			do(1, "-i", ops, "--policy", w.in("connections.csv"), "cloud.age"),
		},
		"probe": {
			do(0, "-i", rev, "--include", "Echo", "mail.age"),
			do(3, "-i", ops, "mail.age"),
			do(3, "-i", ops, "--login", "--unprotected", "Echo", "mail.age"),
			do(3, "-i", ops, "--login", "--unprotected", "Echo", "--format", "html", "-o", "{new}", "mail.age"),
			do(3, "-i", ops, "--login", "--fail-on", "unknown", "mail.age"),
			do(1, "-i", rev, "--login", "mail.age"),
			do(1, "-i", other, "mail.age"),
			do(2, "-i", ops, "--login", "--unprotected", "Nobody", "mail.age"),
		},
		"review": {
			do(0, "-i", rev, "--approve", "--sign", w.in("ssh"), "--comment", "looked at", "{cloud}"),
			do(0, "-i", ops, "--reject", "--sign", w.in("ssh"), "{unfilled}"), // a copy of cloud.age would shut its gate
			do(1, "-i", rev, "--approve", "--sign", w.in("sshlocked"), "cloud.age"),
			do(1, "-i", rev, "--approve", "--sign", w.in("connections.csv"), "cloud.age"),
			do(1, "-i", other, "--approve", "--sign", w.in("ssh"), "cloud.age"),
		},
		"verify": {
			do(0, "-i", rev, "cloud.age"),
			do(0, "-i", ops, "--allowed-signers", w.in("allowed"), "--extract", "{new}", "cloud.age"),
			do(4, "-i", ops, "--allowed-signers", w.in("allowed"), "--require", "reviewer=2", "cloud.age"), // its copy was approved once
			do(1, "-i", ops, "--allowed-signers", w.in("connections.csv"), "--require", "reviewer=1", "cloud.age"),
			do(1, "-i", ops, "cut.age"),
		},
		"rekey": {
			do(0, "-i", ops, "--add-recipient", w.rec["other"], "--yes", "-o", "{new}", "server.age"),
			do(0, "-i", ops, "--remove", rRev, "--yes", "-o", "{new}", "cloud.age"),
			do(1, "-i", rev, "--add-recipient", w.rec["other"], "--yes", "-o", "{new}", "cloud.age"),
			do(1, "-i", ops, "--add-recipient", w.rec["other"], "-o", "{new}", "cloud.age"),
		},
		"transform": {
			do(0, "-i", rev, "-r", rOps, "-o", "{new}", "server.age"),
			do(0, "-i", ops, "-r", rOps, "--sign", w.in("ssh"), "-o", "{new}", "server.age"),
			do(0, "--print-rules"),
			do(1, "-i", ops, "-r", rOps, "-o", "{new}", "cloud.age"),
			do(1, "-i", ops, "-r", rOps, "--rules", w.in("connections.csv"), "-o", "{new}", "server.age"),
		},
		"plan": {
			do(0, "-i", rev, "--cloud", "sample:{new}", "cloud.age"),
			do(0, "-i", ops, "--cloud", "sample:{new}", "-o", "{new}", "cloud.age"),
			do(6, "-i", ops, "--cloud", "sample:{new}", "--exit-code", "-o", "{new}", "cloud.age"),
			do(0, "-i", ops, "--cloud", "sample:{new}", "-o", "{new}", "lacking.age"),
			with(0, rest, "-i", rev, "cloud.age"),
			with(1, wrong, "-i", rev, "cloud.age"),
			with(1, failing, "-i", rev, "cloud.age"),
			with(1, down, "-i", rev, "cloud.age"),
			do(1, "-i", ops, "--cloud", w.url, "--token-file", w.in("none"), "cloud.age"),
		},
		"import credentials": imports(),
		"import connections": append(imports(),
			do(4, "-i", ops, "--cloud", "sample:{new}", "cloud.age"),
			do(4, "-i", ops, "--cloud", "sample:credentials", "lacking.age"),
			do(0, "-i", ops, "--cloud", "sample:credentials", "--secrets", w.in("supplied.csv"), "--on-conflict", "overwrite", "--yes", "lacking.age"),
		),
		"diff": {
			do(6, "-i", rev, "server.age", "changed.age"),
			do(6, "-i", ops, "server.age", "changed.age"),
			do(6, "-i", ops, "--format", "html", "-o", "{new}", "server.age", "changed.age"),
			do(0, "-i", ops, "server.age", "cloud.age"),
			do(0, "-i", ops, "--cloud", "sample:rehearsal", "cloud.age"),
			with(0, rest, "-i", ops, "cloud.age"),
			with(1, wrong, "-i", ops, "cloud.age"),
			do(1, "-i", other, "server.age", "changed.age"),
		},
		"guide": {
			do(0, "-i", rev, "-o", "{new}", "cloud.age"),
			do(0, "-i", ops, "--text", "-o", "{new}", "cloud.age"),
			do(1, "-i", ops, "-o", "{new}", "server.age"),
		},
		"reveal": {
			do(1, "-i", ops, "server.age", "Desk"),
			do(1, "-i", ops, "cloud.age", "Google"),
			do(1, "-i", rev, "server.age", "Desk"),
			do(1, "-i", ops, "server.age", "Nobody"),
		},
		"sample-cloud": {
			do(1, "--addr", "0.0.0.0:0", "--data", "{new}", "--token-file", w.in("token")),
			do(1, "--data", "{new}", "--token-file", w.in("token"), "--load", w.in("connections.csv")),
			do(1, "--data", w.in("token"), "--token-file", w.in("token")),
		},
		"demo": {
			do(0, "--samples", "{new}"),
			do(0, "--dir", "{new}"),
			do(1, "--dir", w.inputs),
		},
		"completion": {
			do(0, "bash"),
			do(0, "fish"),
			do(2, "tcsh"),
		},
		"man":    {do(0), do(2, "x")},
		"schema": {do(0, "rules"), do(2, "nothing")},
		"start": {
			do(0, "-i", ops, "server.age", "cloud.age", w.in("connections.csv")),
			do(0, "-i", rev, "cloud.age"),
			do(1, w.in("nowhere")),
		},
	}
}
