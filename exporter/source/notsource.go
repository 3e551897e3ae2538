package source

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/mailferry/mailferry/internal/sheet"
)

// headSize is how much of a file is looked at: mail has a few screens of headers
// and greetings.
const headSize = 16 << 10

const saveAsSheet = "open it in a spreadsheet program, without its password if it has one, and save it as .xlsx or CSV"

// notASource says what a file is that is often taken for a source, and what to do
// about it; "" of what may be one. In the hint, {} stands for its name. entries
// are the names in a zip archive, and end is where one without a comment ends.
func notASource(head []byte, entries []string, end string, k Kind) (what, hint string) {
	text := bytes.TrimLeft(bytes.ReplaceAll(head, []byte{0}, nil), "\ufeff\xff\xfe \t\r\n")
	begins := func(magic string) bool { return bytes.HasPrefix(head, []byte(magic)) }
	root := ""
	if m := firstElement.FindSubmatch(text); m != nil {
		root = strings.ToLower(string(m[1]))
	}
	switch {
	case begins(`{\rtf`):
		return "a document of a word processor (RTF)", saveAsSheet
	case bytes.HasPrefix(text, []byte("{")):
		return "JSON, which is no source and no bundle",
			"the app's own backup file cannot be read, its form is not public; a Jira backup, a database, sheets and the admin pages can"
	case bytes.Contains(text, []byte("AGE-SECRET-KEY-")):
		return "an identity, not a source and no bundle",
			"-i {} opens bundles with it; mailferry keygen -y prints its recipient"
	case begins("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
		return "an old Excel workbook (.xls), or one with a password", saveAsSheet
	case begins("PK\x03\x04") && bytes.Contains(head[:min(len(head), 200)],
		[]byte("mimetypeapplication/vnd.oasis.opendocument")):
		return "an OpenDocument file (.ods)", saveAsSheet
	case begins("PK") && isOffice(head, entries) && !slices.Contains(entries, sheet.WorkbookPart):
		return "a workbook that is cut short or of another form (.xlsb), or another program's document", saveAsSheet
	case root == "office:document":
		return "an OpenDocument file (.fods)", saveAsSheet
	case root == "workbook":
		return "an old Excel workbook, as XML", saveAsSheet
	case begins("\x1f\x8b"):
		return "compressed with gzip", "unpack it first: gunzip {}, or tar xzf {}"
	case begins("7z\xbc\xaf\x27\x1c"), begins("Rar!\x1a\x07"), begins("\xfd7zXZ\x00"), begins("\x28\xb5\x2f\xfd"),
		begins("BZh") && bytes.Contains(head[:min(len(head), 10)], []byte("1AY&SY")):
		return "a compressed archive of another kind than .zip", "unpack it first, such as with 7z x {}"
	case len(head) > 262 && string(head[257:262]) == "ustar":
		return "a tar archive", "unpack it first: tar xf {}; a Jira backup is the zip, or the activeobjects.xml, in it"
	case bytes.HasPrefix(bytes.ToLower(text), []byte("<!doctype html")), slices.Contains(webRoots, root):
		return "a web page, or a table saved as one", "a site's admin pages are read by their address, page+https://…, " +
			"and not saved; if it is a table, " + saveAsSheet
	case root == "jira-database-config":
		return "dbconfig.xml, which says where Jira's database is",
			"give the address that it has as <url>, with ?user= and what it has as <username> behind it: jdbc:…?user=NAME"
	case root == "entity-engine-xml":
		return "entities.xml, the half of a Jira backup that has no app's data",
			"the other half is wanted: activeobjects.xml, or the whole zip"
	case k == Sheet && bytes.Contains(text, []byte("-----BEGIN AGE")):
		return "a bundle with something before it, such as the mail that it came in",
			"delete all before -----BEGIN and behind the last line, -----END AGE ENCRYPTED FILE-----"
	case k == Sheet && len(entries) > 0:
		return "a zip archive with something before it",
			"save the archive alone, or mend it: zip -FF {} --out whole.zip"
	case k == Sheet && strings.HasPrefix(end, "PK\x05\x06"):
		return "is the last part of a split zip archive", "join the parts first: zip -s 0 {} --out whole.zip"
	}
	return "", ""
}

// firstElement finds the name of an XML document's first element.
var firstElement = regexp.MustCompile(`(?s)^(?:<\?.*?\?>|<!--.*?-->|<![A-Za-z][^>]*>|\s)*<([A-Za-z][\w.:-]*)`)

// webRoots are the elements that web pages begin with, and what programs save as
// .xls for a spreadsheet program to open.
var webRoots = []string{"html", "head", "meta", "style", "body", "table"}

// isOffice reports whether a zip archive holds a workbook or another document of
// an office program. Of one that is cut short the names stand in its head alone.
func isOffice(head []byte, entries []string) bool {
	for _, part := range []string{"[Content_Types].xml", "xl/work", "xl/_rels/"} {
		if slices.ContainsFunc(entries, func(e string) bool { return strings.HasPrefix(e, part) }) ||
			len(entries) == 0 && bytes.Contains(head, []byte(part)) {
			return true
		}
	}
	return false
}
