// Package source says what an argument of a command is: a database, admin pages,
// or one of the kinds of files. A new kind of source is listed here.
package source

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mailferry/mailferry/exporter/database"
	"github.com/mailferry/mailferry/internal/address"
	"github.com/mailferry/mailferry/internal/formprofile"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/safefile"
	"github.com/mailferry/mailferry/internal/sheet"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

// Kind is what a source is, by the scheme of its address or the content of the
// file, never by a file's name.
type Kind string

// The kinds. A bundle is no source of an export.
const (
	Database Kind = "database"
	Backup   Kind = "backup"
	Sheet    Kind = "sheet"
	Page     Kind = "page"
	Bundle   Kind = "bundle"
)

// AddressError says that an argument is an address of no known kind. It shows no
// more of the address than may be shown.
type AddressError struct{ shown string }

func (e *AddressError) Error() string {
	return schema.Quote(e.shown) + ": not an address that mailferry reads from"
}

// KindOf says what an argument is. A file must be there, be a regular one, since
// sources are read more than once, and not be one that is often taken for a
// source: JSON, an identity, an archive or workbook of another kind. An address of another
// kind is an *AddressError.
func KindOf(arg string) (Kind, error) {
	switch {
	case database.IsURL(arg):
		return Database, nil
	case strings.HasPrefix(arg, formprofile.Scheme):
		return Page, nil
	case address.MayBe(arg):
		return "", unknownAddress(arg)
	}
	f, info, err := safefile.Open(arg)
	if err != nil && address.IsCloudSite(arg) {
		return "", unknownAddress(arg)
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	if !info.Mode().IsRegular() {
		return "", schema.Hint(fmt.Errorf("%s: is not a regular file", arg),
			"sources are read more than once: save it to a file first")
	}
	return KindOfFile(arg, f, info.Size())
}

// KindOfFile is KindOf for the content of a file of that size. path is for errors.
func KindOfFile(path string, f io.ReaderAt, size int64) (Kind, error) {
	head, end := make([]byte, headSize), make([]byte, endRecord)
	n, _ := f.ReadAt(head, 0)
	head = head[:n]
	n, _ = f.ReadAt(end, max(0, size-endRecord))
	var entries []string
	if archive, err := zip.NewReader(f, size); err == nil { // else the reader of backups says what is wrong
		for _, e := range archive.File {
			entries = append(entries, e.Name)
		}
	}
	k := kindOfContent(head)
	if what, hint := notASource(head, entries, string(end[:n]), k); what != "" {
		return "", schema.Hint(fmt.Errorf("%s: %s", path, what), "%s", strings.ReplaceAll(hint, "{}", human.Pasted(path)))
	}
	if k == Backup && slices.Contains(entries, sheet.WorkbookPart) {
		return Sheet, nil
	}
	return k, nil
}

// endRecord is the length of what a zip archive without a comment ends with.
const endRecord = 22

func kindOfContent(head []byte) Kind {
	// UTF-16 has a zero byte beside each ASCII character.
	text := bytes.TrimLeft(bytes.ReplaceAll(head, []byte{0}, nil), "\ufeff\xff\xfe \t\r\n")
	switch {
	case sealed.IsAge(head), bytes.HasPrefix(text, []byte("-----BEGIN AGE")), bytes.HasPrefix(text,
		[]byte("age-encryption.org/")): // as an editor or PowerShell saves it too
		return Bundle
	case bytes.HasPrefix(head, []byte("PK")), bytes.HasPrefix(text, []byte("<")):
		return Backup
	default:
		return Sheet
	}
}

// unknownAddress explains how a source is named, to whom gives the address of
// another kind or, by mistake, a file that has a name like one.
func unknownAddress(arg string) error {
	const sources = "sources are files, postgres://USER@HOST/DATABASE, mysql://… and page+https://…"
	err := &AddressError{address.Shown(arg)}
	scheme, _, _ := strings.Cut(strings.ToLower(err.shown), ":")
	if scheme == "http" || scheme == "https" || address.IsCloudSite(arg) {
		return schema.Hint(err, "%s; %s", address.PageOf(arg), sources)
	}
	return schema.Hint(err, "%s; what may hold a password is not shown, and a file with such a name has to be renamed", sources)
}
