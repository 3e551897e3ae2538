package jirabackup

import (
	"archive/zip"

	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/klauspost/compress/flate"

	"github.com/mailferry/mailferry/internal/rig"
)

// A bigBackup describes a generated backup: so many bytes of audit log around a
// small wanted table, the way that a Jira with years of sent mail has it.
type bigBackup struct {
	seed       uint64
	size       int64 // of the document, roughly
	wantedRows int
}

// write writes the zip and gives the size of its document.
func (big bigBackup) write(tb testing.TB, path string) int64 {
	tb.Helper()
	f := rig.Get(os.Create(path)).Or(tb)
	z := zip.NewWriter(f)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, 6) })
	entities := rig.Get(z.Create("entities.xml")).Or(tb)
	rig.Get(io.WriteString(entities, "<?xml version=\"1.0\"?>\n<entity-engine-xml/>\n")).Or(tb)
	entry := rig.Get(z.Create(entryName)).Or(tb)
	g := &auditLog{rnd: rand.New(rand.NewPCG(big.seed, 0)), out: bufio.NewWriterSize(entry, 1<<20)}
	g.words(20000)
	g.document(big)
	rig.OK(tb, g.out.Flush())
	rig.OK(tb, z.Close())
	rig.OK(tb, f.Close())
	return g.n
}

// An auditLog writes rows. Errors stick to out and show when it is flushed.
type auditLog struct {
	rnd        *rand.Rand
	out        *bufio.Writer
	n          int64
	vocabulary []string
	line       []byte
	id         int64
}

// words makes up a vocabulary.
func (g *auditLog) words(n int) {
	syllables := []string{"an", "be", "con", "der", "es", "fi", "gra", "ho", "in", "ka", "lo", "men", "no", "or", "per", "qui", "re", "sta", "ti", "un"}
	for range n {
		word := ""
		for range 1 + g.rnd.IntN(4) {
			word += syllables[g.rnd.IntN(len(syllables))]
		}
		g.vocabulary = append(g.vocabulary, word)
	}
}

func (g *auditLog) put(s ...string) {
	for _, s := range s {
		n, _ := g.out.WriteString(s)
		g.n += int64(n)
	}
}

func (g *auditLog) document(big bigBackup) {
	g.put(`<?xml version='1.0' encoding='UTF-8'?>`, "\n",
		`<backup xmlns="`, nsBackup, `" xmlns:xsi="`, nsXSI, `">`, "\n",
		"  <database>\n    <meta key=\"database.name\" value=\"PostgreSQL\"/>\n  </database>\n")
	logs := []string{"AO_544E33_AUDIT_LOG_ENTRY", "AO_544E33_AUDIT_LOG_ARCHIVE"}
	for _, log := range logs {
		g.put(`  <table name="`, log, "\">\n    <column name=\"ID\" primaryKey=\"true\" autoIncrement=\"true\" sqlType=\"-5\" precision=\"19\"/>\n  </table>\n")
	}
	g.put(`  <table name="`, wantedTable, "\">\n    <column name=\"ID\" primaryKey=\"true\" autoIncrement=\"true\" sqlType=\"4\" precision=\"10\"/>\n  </table>\n")
	g.log(logs[0], big.size/2)
	g.put(`  <data tableName="`, wantedTable, "\">\n")
	for _, c := range []string{"NAME", "USERNAME", "PASSWORD", "PORT", "DEBUG", "PREFIX"} {
		g.put(`    <column name="`, c, "\"/>\n")
	}
	for i := range big.wantedRows {
		g.put("    <row>\n      <string>Connection ", strconv.Itoa(i), "</string>\n      <string>CORP\\\\mailer", strconv.Itoa(i),
			"</string>\n      <string>p&amp;ss&lt;word&gt;</string>\n      <integer>587</integer>\n      <boolean>false</boolean>\n      <string xsi:nil=\"true\"/>\n    </row>\n")
	}
	g.put("  </data>\n")
	g.log(logs[1], big.size)
	g.put("</backup>\n")
}

// log writes rows of an audit log until the document has size bytes.
func (g *auditLog) log(table string, size int64) {
	g.put(`  <data tableName="`, table, "\">\n")
	for _, c := range []string{"BODY", "CREATED", "DURATION", "ERROR", "ID", "ISSUE_KEY", "RECIPIENTS", "RESENT", "SENDER", "SUBJECT"} {
		g.put(`    <column name="`, c, "\"/>\n")
	}
	for g.n < size {
		g.row()
	}
	g.put("  </data>\n")
}

func (g *auditLog) row() {
	g.id++
	r := g.rnd
	l := append(g.line[:0], "    <row>\n      <string>"...)
	for range 1 + r.IntN(6) {
		l = append(l, "&lt;p&gt;"...)
		l = g.text(l, 5+r.IntN(20))
		l = append(l, "&lt;/p&gt;\n"...)
	}
	l = append(l, "</string>\n      <timestamp>"...)
	l = fmt.Appendf(l, "20%02d-%02d-%02dT%02d:%02d:%02d.%03dZ", 10+r.IntN(15), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1000))
	l = append(l, "</timestamp>\n      <integer>"...)
	l = strconv.AppendInt(l, int64(r.IntN(5000)), 10)
	l = append(l, "</integer>\n      <string xsi:nil=\"true\"/>\n      <integer>"...)
	l = strconv.AppendInt(l, g.id, 10)
	l = append(l, "</integer>\n      <string>SUPPORT-"...)
	l = strconv.AppendInt(l, int64(r.IntN(100000)), 10)
	l = append(l, "</string>\n      <string>"...)
	l = append(append(l, g.vocabulary[r.IntN(500)]...), "@customer.example"...)
	l = append(l, "</string>\n      <boolean>false</boolean>\n      <string>support@corp.example</string>\n      <string>Re: "...)
	l = g.text(l, 3+r.IntN(5))
	if g.id%50 == 0 {
		l = append(l, " – Zürich"...)
	}
	g.line = append(l, "</string>\n    </row>\n"...)
	n, _ := g.out.Write(g.line)
	g.n += int64(n)
}

// text appends words, common ones far more often than rare ones.
func (g *auditLog) text(l []byte, words int) []byte {
	for range words {
		u := g.rnd.Float64()
		l = append(append(l, g.vocabulary[int(u*u*u*u*float64(len(g.vocabulary)))]...), ' ')
	}
	return l
}
