package source

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
)

// headSize is how much of a file is looked at: mail has a few screens of headers
// and greetings.
const headSize = 16 << 10

const saveAsSheet = "open it in a spreadsheet program, without its password if it has one, and save it as .xlsx or CSV"

// notASource says what a file is that is often taken for a source, and what to do
// about it; "" of what may be one. In the hint, FILE stands for its name.
func notASource(f whole, head []byte, k Kind) (what, hint string) {
	text := bytes.TrimLeft(bytes.ReplaceAll(head, []byte{0}, nil), "\ufeff\xff\xfe \t\r\n")
	begins := func(magic string) bool { return bytes.HasPrefix(head, []byte(magic)) }
	switch {
	case bytes.HasPrefix(text, []byte("{")):
		return "JSON, which is no source and no bundle",
			"the app's own backup file cannot be read, its form is not public; a Jira backup, a database, sheets and the admin pages can"
	case bytes.Contains(text, []byte("AGE-SECRET-KEY-")):
		return "an identity, not a source and no bundle", "-i FILE opens bundles with it; mailferry keygen -y prints its recipient"
	case begins("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
		return "an old Excel workbook (.xls), or one with a password", saveAsSheet
	case begins("PK\x03\x04") && bytes.Contains(head[:min(len(head), 200)], []byte("mimetypeapplication/vnd.oasis.opendocument")):
		return "an OpenDocument file (.ods)", saveAsSheet
	case begins("\x1f\x8b"):
		return "compressed with gzip", "unpack it first: gunzip FILE, or tar xzf FILE"
	case len(head) > 262 && string(head[257:262]) == "ustar":
		return "a tar archive", "unpack it first: tar xf FILE; a Jira backup is the zip, or the activeobjects.xml, in it"
	case begins("7z\xbc\xaf\x27\x1c"), begins("Rar!"), begins("BZh"), begins("\xfd7zXZ"), begins("\x28\xb5\x2f\xfd"):
		return "packed in a way that mailferry does not read", "unpack it first"
	case bytes.Contains(text, []byte("<entity-engine-xml")):
		return "entities.xml, the half of a Jira backup that has no app's data", "the other half is wanted: activeobjects.xml, or the whole zip"
	case k == Sheet && bytes.Contains(text, []byte("-----BEGIN AGE")):
		return "a bundle with something before it, such as the mail that it came in", "delete all before -----BEGIN and behind the last line, -----END AGE ENCRYPTED FILE-----"
	}
	if k == Sheet && f.endsZip() {
		if r, err := zip.NewReader(f, f.size()); err == nil && len(r.File) > 0 {
			return "a zip archive with something before it", "save the archive alone, or mend it: zip -FF FILE --out whole.zip"
		}
		return "is the last part of a split zip archive", "join the parts first: zip -s 0 FILE --out whole.zip"
	}
	if k == Backup && begins("PK") {
		return f.otherZip()
	}
	return "", ""
}

// whole is a file in which one can look anywhere.
type whole struct{ io.ReadSeeker }

func (f whole) ReadAt(p []byte, at int64) (int, error) {
	if _, err := f.Seek(at, io.SeekStart); err != nil {
		return 0, err
	}
	return io.ReadFull(f, p)
}

func (f whole) size() int64 {
	n, _ := f.Seek(0, io.SeekEnd)
	return n
}

// otherZip names zip archives that are documents of other programs.
func (f whole) otherZip() (what, hint string) {
	r, err := zip.NewReader(f, f.size())
	if err != nil {
		return "", "" // the reader of backups says what is wrong with it
	}
	for _, e := range r.File {
		switch {
		case e.Name == "xl/workbook.bin":
			return "a binary Excel workbook (.xlsb)", saveAsSheet
		case strings.HasPrefix(e.Name, "word/"), strings.HasPrefix(e.Name, "ppt/"):
			return "a Word or PowerPoint document", "copy its table into a spreadsheet and save that as .xlsx or CSV"
		case strings.HasSuffix(e.Name, ".iwa"):
			return "a document of Apple's Numbers or Pages", "export it as Excel or CSV"
		}
	}
	return "", ""
}

// endsZip reports whether a file that does not begin as a zip archive ends as
// one without a comment does.
func (f whole) endsZip() bool {
	const endRecord = 22
	var tail [4]byte
	_, err := f.ReadAt(tail[:], max(0, f.size()-endRecord))
	return err == nil && string(tail[:]) == "PK\x05\x06"
}
