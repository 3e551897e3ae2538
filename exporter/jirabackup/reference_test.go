package jirabackup

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// A reading is what a reader made of a document, in a form to compare.
type reading struct {
	tables []string
	meta   []string
	rows   []string
}

func (r *reading) addTable(t *table) {
	r.tables = append(r.tables, fmt.Sprintf("%q columns %q rows %d", t.name, t.columns, t.rows))
}

func (r *reading) addMeta(meta map[string]string) {
	for k, v := range meta {
		r.meta = append(r.meta, fmt.Sprintf("%q=%q", k, v))
	}
	slices.Sort(r.meta)
}

func (r *reading) addRow(table string, columns []string, values []value) {
	var b strings.Builder
	fmt.Fprintf(&b, "%q", table)
	for i, v := range values {
		fmt.Fprintf(&b, " %q=%q NULL %t binary %t", columns[i], v.Text, v.Null, v.binary)
	}
	r.rows = append(r.rows, b.String())
}

// reference reads a document in the plain way, with encoding/xml over all of it.
// It knows the same format, and shares no code with the reader but its types.
type reference struct {
	dec    *xml.Decoder
	wanted []string
	tables []*referenceTable
	meta   map[string]string
	unseen bool // inside a table that is not wanted
	reading
}

type referenceTable struct {
	table
	declared, filled bool
}

// errUnseen is for what is wrong inside the rows that the sieve drops.
var errUnseen = errors.New("in a table that is not wanted")

// referenceRead reads a bare document.
func referenceRead(doc []byte, wanted []string) (*reading, error) {
	utf16Text := func(e unicode.Endianness) error {
		text, err := unicode.UTF16(e, unicode.UseBOM).NewDecoder().Bytes(doc)
		doc = text
		return err
	}
	var err error
	wide := true
	switch {
	case bytes.HasPrefix(doc, []byte("\xFF\xFE\x00\x00")):
		err = errors.New("UTF-32")
	case bytes.HasPrefix(doc, []byte("\xFF\xFE")), bytes.HasPrefix(doc, []byte("<\x00?\x00")):
		err = utf16Text(unicode.LittleEndian)
	case bytes.HasPrefix(doc, []byte("\xFE\xFF")), bytes.HasPrefix(doc, []byte("\x00<\x00?")):
		err = utf16Text(unicode.BigEndian)
	default:
		wide = false
		doc = bytes.TrimPrefix(doc, []byte("\xEF\xBB\xBF"))
	}
	if err != nil {
		return nil, err
	}
	r := &reference{dec: xml.NewDecoder(bytes.NewReader(doc)), wanted: wanted, meta: map[string]string{}}
	r.dec.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
		switch charset = strings.ToLower(charset); {
		case wide:
			return in, nil
		case charset == "iso-8859-1" || charset == "latin1":
			return charmap.ISO8859_1.NewDecoder().Reader(in), nil
		case charset == "windows-1252":
			return charmap.Windows1252.NewDecoder().Reader(in), nil
		case charset == "us-ascii" || charset == "ascii" || charset == "utf8":
			return in, nil
		}
		return nil, fmt.Errorf("charset %q", charset)
	}
	if err := r.document(); err != nil {
		return nil, err
	}
	for _, t := range r.tables {
		r.addTable(&t.table)
	}
	r.addMeta(r.meta)
	return &r.reading, nil
}

// token gives the next tag, and the text before it.
func (r *reference) token() (xml.Token, string, error) {
	var text strings.Builder
	for {
		tok, err := r.dec.Token()
		if err != nil && r.unseen {
			err = fmt.Errorf("%w: %w", errUnseen, err)
		}
		if err != nil {
			return nil, text.String(), err
		}
		switch tok := tok.(type) {
		case xml.CharData:
			text.Write(tok)
		case xml.Directive:
			return nil, "", errors.New("directive")
		case xml.StartElement, xml.EndElement:
			return tok, text.String(), nil
		}
	}
}

func blank(s string) bool { return strings.Trim(s, " \t\r\n") == "" }

func (r *reference) document() error {
	tok, text, err := r.token()
	if err != nil {
		return err
	}
	root, ok := tok.(xml.StartElement)
	if !ok || !blank(text) || root.Name != (xml.Name{Space: nsBackup, Local: "backup"}) {
		return errors.New("root")
	}
	err = r.children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "database":
			return r.children(func(e xml.StartElement) error {
				if e.Name.Local == "meta" {
					key, value, err := both(e, "key", "value")
					if _, doubled := r.meta[key]; err != nil || key == "" || doubled {
						return errors.New("meta")
					}
					r.meta[key] = value
				}
				return r.skip()
			})
		case "table":
			return r.table(e)
		case "data":
			return r.data(e)
		}
		return r.skip()
	})
	if err != nil {
		return err
	}
	if _, text, err := r.token(); err != io.EOF || !blank(text) {
		return fmt.Errorf("behind the root: %w", errors.Join(err, errors.New("junk")))
	}
	return nil
}

// children hands on each child; those of other namespaces have no local name.
func (r *reference) children(child func(xml.StartElement) error) error {
	for {
		tok, text, err := r.token()
		if err != nil {
			return err
		}
		if !blank(text) {
			return errors.New("text between elements")
		}
		e, ok := tok.(xml.StartElement)
		if !ok {
			return nil
		}
		if e.Name.Space != nsBackup {
			e.Name.Local = ""
		}
		if err := child(e); err != nil {
			return err
		}
	}
}

func (r *reference) skip() error {
	for depth := 1; depth > 0; {
		tok, _, err := r.token()
		if err != nil {
			return err
		}
		if _, ok := tok.(xml.StartElement); ok {
			depth++
		} else {
			depth--
		}
	}
	return nil
}

func attr(e xml.StartElement, space, local string) (string, bool) {
	for _, a := range e.Attr {
		if a.Name.Space == space && a.Name.Local == local {
			return a.Value, true
		}
	}
	return "", false
}

func both(e xml.StartElement, a, b string) (string, string, error) {
	x, okX := attr(e, "", a)
	y, okY := attr(e, "", b)
	if !okX || !okY {
		return "", "", errors.New("attribute is missing")
	}
	x, errX := referenceUnescape(oneLine(x))
	y, errY := referenceUnescape(oneLine(y))
	return x, y, errors.Join(errX, errY)
}

// oneLine does what encoding/xml leaves undone in attributes.
func oneLine(s string) string {
	return strings.NewReplacer("\t", " ", "\n", " ", "\r", " ").Replace(s)
}

func (r *reference) named(e xml.StartElement, attribute string) (*referenceTable, error) {
	name, _, err := both(e, attribute, attribute)
	if err != nil || name == "" {
		return nil, errors.New("name")
	}
	for _, t := range r.tables {
		if strings.EqualFold(t.name, name) {
			return t, nil
		}
	}
	t := &referenceTable{table: table{name: name}}
	r.tables = append(r.tables, t)
	return t, nil
}

func (r *reference) table(e xml.StartElement) error {
	t, err := r.named(e, "name")
	if err != nil || t.declared {
		return errors.New("table")
	}
	t.declared = true
	var columns []string
	err = r.children(func(e xml.StartElement) error {
		if e.Name.Local == "column" {
			name, _, err := both(e, "name", "name")
			if err != nil || name == "" || slices.ContainsFunc(columns, func(c string) bool { return strings.EqualFold(c, name) }) {
				return errors.New("column")
			}
			columns = append(columns, name)
		}
		return r.skip()
	})
	if t.columns == nil {
		t.columns = columns
	}
	return err
}

func (r *reference) data(e xml.StartElement) error {
	t, err := r.named(e, "tableName")
	if err != nil || t.filled {
		return errors.New("data")
	}
	declared := t.columns
	t.filled, t.columns = true, nil
	wanted := slices.Contains(r.wanted, strings.ToUpper(t.name))
	r.unseen = !wanted
	defer func() { r.unseen = false }()
	for {
		tok, text, err := r.token()
		if err != nil {
			return err
		}
		if wanted && !blank(text) {
			return errors.New("text")
		}
		e, ok := tok.(xml.StartElement)
		if !ok {
			if t.columns == nil {
				t.columns = declared
			}
			return nil
		}
		switch {
		case e.Name.Space == nsBackup && e.Name.Local == "row":
			t.rows++
			if !wanted {
				err = r.skip()
			} else {
				err = r.row(t)
			}
		case e.Name.Space == nsBackup && e.Name.Local == "column" && t.rows == 0:
			var name string
			if name, _, err = both(e, "name", "name"); err == nil && (name == "" || slices.ContainsFunc(t.columns, func(c string) bool { return strings.EqualFold(c, name) })) {
				err = errors.New("column")
			}
			t.columns = append(t.columns, name)
			if err == nil {
				err = r.skip()
			}
		default:
			err = errors.New("neither column nor row")
		}
		if err != nil {
			return err
		}
	}
}

func (r *reference) row(t *referenceTable) error {
	var values []value
	err := r.children(func(e xml.StartElement) error {
		v, err := r.value(e)
		values = append(values, v)
		return err
	})
	if err != nil {
		return err
	}
	if len(values) != len(t.columns) {
		return errors.New("number of values")
	}
	r.addRow(strings.ToUpper(t.name), t.columns, values)
	return nil
}

// forms are what the texts of each kind of value look like. They stand here
// compiled: a fuzz target reads thousands of documents a second.
var forms = map[string]*regexp.Regexp{
	"string":  regexp.MustCompile(`(?s)^.*$`),
	"integer": regexp.MustCompile(`^-?[0-9]+$`), "boolean": regexp.MustCompile(`^(true|false)$`),
	"double": regexp.MustCompile(`.`), "timestamp": regexp.MustCompile(`.`), "binary": nil,
}

var wholeDouble = regexp.MustCompile(`\.0$`)

func (r *reference) value(e xml.StartElement) (value, error) {
	v := value{}
	form, known := forms[e.Name.Local]
	if !known {
		return v, errors.New("kind")
	}
	if null, ok := attr(e, nsXSI, "nil"); ok {
		switch null {
		case "true", "1":
			v.Null = true
		case "false", "0":
		default:
			return v, errors.New("nil")
		}
	}
	tok, text, err := r.token()
	if err != nil {
		return v, err
	}
	if _, ok := tok.(xml.EndElement); !ok || v.Null && !blank(text) {
		return v, errors.New("content")
	}
	if v.Null {
		return v, nil
	}
	if v.binary = form == nil; v.binary {
		v.Null = true
		return v, nil
	}
	if v.Text, err = referenceUnescape(text); err != nil {
		return v, err
	}
	if e.Name.Local != "string" {
		v.Text = strings.Trim(v.Text, " \t\r\n")
	}
	if !form.MatchString(v.Text) {
		return v, errors.New("form")
	}
	if e.Name.Local == "double" {
		v.Text = wholeDouble.ReplaceAllString(v.Text, "")
	}
	return v, nil
}

var escapes = regexp.MustCompile(`\\\\|\\u[0-9a-fA-F]{4}`)

// referenceUnescape goes by UTF-16 units, as the exporter does.
func referenceUnescape(s string) (string, error) {
	var units []uint16
	for {
		at := escapes.FindStringIndex(s)
		if at == nil {
			units = append(units, utf16.Encode([]rune(s))...)
			break
		}
		units = append(units, utf16.Encode([]rune(s[:at[0]]))...)
		if match := s[at[0]:at[1]]; match == `\\` {
			units = append(units, '\\')
		} else {
			n, err := strconv.ParseUint(match[2:], 16, 16)
			if err != nil {
				return "", err
			}
			units = append(units, uint16(n))
		}
		s = s[at[1]:]
	}
	runes := utf16.Decode(units)
	if !slices.Equal(utf16.Encode(runes), units) {
		return "", errors.New("lone surrogate")
	}
	return string(runes), nil
}

// stricter are the refusals in which the reader follows XML 1.0, Namespaces in
// XML or its own bounds where encoding/xml does not.
var stricter = []*regexp.Regexp{
	regexp.MustCompile(`a prefix is not declared$`), // nor is it an address
	regexp.MustCompile(`an attribute stands twice$`),
	regexp.MustCompile(`a row inside of a row$`),
	regexp.MustCompile(`nested more than`),
	regexp.MustCompile(`an XML declaration may only stand at the start$`),
	regexp.MustCompile(`holds a character that \S+ does not have$`), // &#xD800; and what decoding replaces
	regexp.MustCompile(`opening charset`),
}
