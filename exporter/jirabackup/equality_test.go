package jirabackup

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const wantedTable = "AO_544E33_CONNECTION"

// chunks hands a document on so many bytes at a time.
type chunks struct {
	r    io.Reader
	size int
}

func (c chunks) Read(p []byte) (int, error) { return c.r.Read(p[:min(len(p), c.size)]) }

func inMemory(doc []byte, chunk int) io.Reader { return chunks{bytes.NewReader(doc), chunk} }

func readAll(doc []byte, chunk int, wanted ...string) (*reading, error) {
	got := &reading{}
	rows := map[string]int{}
	var bad error // of a value
	contents, err := readDocument(inMemory(doc, chunk), wanted, func(table string, columns []string, values []value) error {
		rows[table]++
		for i, v := range values {
			if v.Err != nil && bad == nil {
				bad = fmt.Errorf("%s: table %q row %d: column %q: %w", entryName, table, rows[table], columns[i], v.Err)
			}
		}
		got.addRow(table, columns, values)
		return nil
	})
	if err = cmp.Or(err, bad); err != nil {
		return nil, err
	}
	for _, table := range contents.tables {
		got.addTable(table)
	}
	got.addMeta(contents.meta)
	return got, nil
}

// sameReading fails the test unless the reader and the plain way make the same of
// a document, or the reader is stricter where it says so, or what is wrong stands
// inside a row that it drops.
func sameReading(t testing.TB, doc []byte, chunk int, wanted ...string) {
	t.Helper()
	got, err := readAll(doc, chunk, wanted...)
	want, wantErr := referenceRead(doc, wanted)
	switch {
	case err != nil && wantErr != nil:
	case err != nil:
		if !slices.ContainsFunc(stricter, func(s *regexp.Regexp) bool { return s.MatchString(err.Error()) }) {
			t.Errorf("only the reader refuses, chunks of %d: %v\n%q", chunk, err, doc)
		}
	case wantErr != nil:
		if !errors.Is(wantErr, errUnseen) {
			t.Errorf("only the plain way refuses, chunks of %d: %v\n%q", chunk, wantErr, doc)
		}
	default:
		for _, part := range []struct {
			name      string
			got, want []string
		}{{"meta", got.meta, want.meta}, {"tables", got.tables, want.tables}, {"rows", got.rows, want.rows}} {
			if !slices.Equal(part.got, part.want) {
				t.Errorf("%s differ, chunks of %d:\n got %q\nwant %q\n%q", part.name, chunk, part.got, part.want, doc)
			}
		}
	}
}

// A writer writes documents that have everything in them that could fool a
// reader: what looks like tags where none are, all ways to write the same text,
// and, now and then, something wrong.
type writer struct {
	*rand.Rand
	bytes.Buffer
	broken int // one in so many things is wrong, none when 0
}

func (w *writer) pick(s ...string) string { return s[w.IntN(len(s))] }

func (w *writer) wrong() bool { return w.broken > 0 && w.IntN(w.broken) == 0 }

var traps = []string{
	`<data tableName="` + wantedTable + `">`, `</data>`, `<row>`, `</row>`, `<string>`, `</string>`, `</backup>`,
	`<!--`, `-->`, `<![CDATA[`, `]]>`, `]]`, `]`, `>`, `<`, `&`, `"`, `'`, `\`, `\\`, `\u0000`, `\ud83d\ude00`, `\ud83d`,
	"\r", "\n", "\r\n", "\t", ` `, `a`, `é`, `™`, `😀`, `CORP\\mailer`, `?>`, `xsi:nil="true"`,
}

// text writes character data.
func (w *writer) text() {
	for range w.IntN(5) {
		s := traps[w.IntN(len(traps))]
		switch w.IntN(8) {
		case 0:
			w.WriteString("<![CDATA[" + strings.ReplaceAll(s, "]]>", "]]]]><![CDATA[>") + "]]>")
		case 1:
			w.comment()
		case 2:
			for _, r := range s {
				fmt.Fprintf(w, w.pick("&#%d;", "&#x%x;", "&#x%X;", "&#00%d;"), r)
			}
		case 3:
			w.instruction()
		default:
			if !w.wrong() {
				s = strings.NewReplacer("&", "&amp;", "<", "&lt;", "]]>", "]]&gt;").Replace(s)
			}
			w.WriteString(s)
		}
	}
}

func (w *writer) comment() {
	s := strings.ReplaceAll(traps[w.IntN(len(traps))], "--", "")
	if w.wrong() {
		s += "--"
	}
	w.WriteString("<!--" + s + " -->")
}

func (w *writer) instruction() {
	w.WriteString("<?" + w.pick("a", "data", "xml-b") + w.pick("", ` <data>`, ` tableName="x"`, " </row>") + "?>")
}

// gap writes what may stand between elements.
func (w *writer) gap() {
	switch w.IntN(12) {
	case 0:
		w.comment()
	case 1:
		w.instruction()
	case 2:
		w.WriteString(w.pick("&#32;", "<![CDATA[ ]]>", "\t", "\r\n"))
	case 3:
	default:
		w.WriteString("\n  ")
	}
	if w.wrong() {
		w.WriteString(w.pick("junk", "&nbsp;", "<![CDATA[junk]]>", "<other/>", "<string/>", "<row/>", "]]>", "<", "</row>", "\x01", "\xFF", "\uFFFE"))
	}
}

// tag writes an element around body, which may be nil.
func (w *writer) tag(name, attributes string, body func()) {
	if attributes != "" {
		attributes = w.pick(" ", " ", " ", "\n ") + attributes
	}
	if body == nil && w.IntN(2) == 0 {
		w.WriteString("<" + name + attributes + w.pick("", "", " ") + "/>")
		return
	}
	w.WriteString("<" + name + attributes + w.pick("", "", "", " ") + ">")
	if body != nil {
		body()
	}
	if w.wrong() {
		name = w.pick("row", "data", "string", "strin", "strings", "")
	}
	w.WriteString("</" + name + w.pick("", "", "", " ") + ">")
}

func (w *writer) value() {
	kind := w.pick("string", "string", "integer", "boolean", "double", "timestamp", "binary")
	if w.wrong() {
		kind = w.pick("strin", "strings", "x:string", "row", "column", "data")
	}
	switch w.IntN(6) {
	case 0:
		w.tag(kind, w.pick(`xsi:nil="true"`, `xsi:nil='1'`, `xmlns:n="`+nsXSI+`" n:nil="true"`, `xsi:nil = "true"`, `a=">" xsi:nil="true"`), nil)
		return
	case 1:
		w.tag(kind, w.pick(`xsi:nil="false"`, `nil="true"`, `a="&lt;/row>"`, `a="</row>"`, `xmlns="`+nsBackup+`"`, `xmlns="urn:other"`, `b='"'`), w.content(kind))
		return
	}
	w.tag(kind, "", w.content(kind))
}

func (w *writer) content(kind string) func() {
	return func() {
		switch kind {
		case "integer":
			w.WriteString(w.pick("0", "1", "-25", "587", "123456789012345678901234567890", "&#49;2", " 7 "))
		case "boolean":
			w.WriteString(w.pick("true", "false", "<!-- -->true", "tr<![CDATA[ue]]>"))
		case "double":
			w.WriteString("41.24")
		case "timestamp":
			w.WriteString("2008-05-28T00:00:00.000Z")
		case "binary":
			w.WriteString("AAEC/w==")
		default:
			w.text()
			return
		}
		if w.wrong() {
			w.text()
		}
	}
}

// document writes a backup.
func (w *writer) document() []byte {
	w.Reset()
	w.WriteString(w.pick("", "\xEF\xBB\xBF"))
	w.WriteString(w.pick("", `<?xml version="1.0"?>`, `<?xml version='1.0' encoding='UTF-8'?>`, "<?xml version=\"1.0\" encoding=\"utf-8\" standalone='yes' ?>\r\n"))
	w.WriteString(w.pick("", "\n", "<!-- <backup> -->", "<?pi <backup>?>\n"))
	if w.wrong() {
		w.WriteString(w.pick("<!DOCTYPE backup>", `<!DOCTYPE b [<!ENTITY a "b">]>`, "junk", "<?xml version='1.0'?>", "<a/>"))
	}
	prefix, root := "", w.pick(`xmlns="%s" xmlns:xsi="%s"`, `xmlns:xsi="%[2]s" xmlns="%[1]s"`)
	if w.IntN(6) == 0 {
		prefix, root = "ao:", `xmlns:ao="%s" xmlns:xsi="%s"`
	}
	w.tag(prefix+"backup", fmt.Sprintf(root, nsBackup, nsXSI), func() {
		w.gap()
		w.tag(prefix+"database", "", func() {
			w.gap()
			w.tag(prefix+"meta", `key="database.name" value="`+w.pick("Postgre&#83;QL", "a\n\tb", `\\ \u0001`, "a > b", "]]]")+`"`, nil)
			w.gap()
		})
		names := []string{"AO_544E33_AUDIT_LOG_ENTRY", wantedTable, "AO_544E33_OTHER"}
		w.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		for _, name := range names {
			w.gap()
			w.tag(prefix+"table", `name="`+name+`"`, func() {
				w.gap()
				w.tag(prefix+"column", `name="ID" sqlType="4"`, nil)
				w.tag(prefix+"foreignKey", `toTable="x"`, nil)
			})
		}
		w.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		for _, name := range names {
			w.gap()
			w.tag(prefix+"data", `tableName="`+name+`"`, func() { w.rows(prefix) })
		}
		w.gap()
	})
	w.WriteString(w.pick("", "\n", "<!-- end -->\n", "<?end?>"))
	if w.wrong() {
		w.WriteString(w.pick("junk", "<a/>", "</backup>", "<!--", "<![CDATA[]]>"))
	}
	doc := bytes.Clone(w.Bytes())
	if w.wrong() {
		doc = doc[:w.IntN(len(doc))]
	}
	if w.wrong() && len(doc) > 0 {
		doc[w.IntN(len(doc))] ^= 1 << w.IntN(8)
	}
	return doc
}

func (w *writer) rows(prefix string) {
	columns := 1 + w.IntN(4)
	for i := range columns {
		w.gap()
		w.tag(prefix+"column", fmt.Sprintf(`name="C%d"`, i), nil)
	}
	for range w.IntN(5) {
		w.gap()
		w.tag(prefix+"row", "", func() {
			n := columns
			if w.wrong() {
				n += w.IntN(3) - 1
			}
			for range n {
				w.gap()
				if prefix == "" {
					w.value()
				} else {
					w.tag(prefix+"string", w.pick("", `xsi:nil="true"`), nil)
				}
			}
			w.gap()
		})
	}
}

func TestReaderEqualsEncodingXMLOnGeneratedDocuments(t *testing.T) {
	const documents = 500
	accepted := 0
	for seed := range uint64(documents) {
		w := &writer{Rand: rand.New(rand.NewPCG(seed, 1))}
		if seed%2 == 1 {
			w.broken = 100
		}
		doc := w.document()
		if _, err := readAll(doc, window, wantedTable); err == nil {
			accepted++
		}
		for _, chunk := range []int{1, 7, 100, window} {
			sameReading(t, doc, chunk, wantedTable)
			sameReading(t, doc, chunk)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	// The comparison means something only while both outcomes are common.
	if accepted < documents/10 || accepted > documents*9/10 {
		t.Errorf("the reader accepts %d of %d documents", accepted, documents)
	}
	t.Logf("the reader accepts %d of %d documents", accepted, documents)
}

func FuzzReader(f *testing.F) {
	for seed := range uint64(60) {
		w := &writer{Rand: rand.New(rand.NewPCG(seed, 2))}
		if seed%2 == 1 {
			w.broken = 60
		}
		f.Add(w.document(), uint16(seed))
	}
	for _, doc := range handMade() {
		f.Add([]byte(doc), uint16(len(doc)))
	}
	f.Fuzz(func(t *testing.T, doc []byte, chunk uint16) {
		sameReading(t, doc, 1+int(chunk), wantedTable)
		sameReading(t, doc, window, "AO_544E33_OTHER")
	})
}
