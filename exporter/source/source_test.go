package source_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/exporter/source"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

func TestKindIsTakenFromSchemeAndContent(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		content string
		want    source.Kind
	}{
		"sheet.zip":        {"Name,Host\n", source.Sheet}, // a name says nothing
		"empty.csv":        {"", source.Sheet},
		"backup.csv":       {"PK\x03\x04...", source.Backup},
		"entities.zip":     {zipped(t, "attachments/[Content_Types].xml"), source.Backup},
		"BZh.csv":          {"BZh", source.Sheet},
		"commented.xml":    {"<!-- <html> --><backup>", source.Backup},
		"entities.csv":     {"\ufeff \n<?xml version=\"1.0\"?>", source.Backup},
		"utf16.xml":        {"\xff\xfe<\x00?\x00x\x00", source.Backup},
		"binary.csv":       {"age-encryption.org/v1\n-> X25519 x\n", source.Bundle},
		"armored.csv":      {"\n-----BEGIN AGE ENCRYPTED FILE-----\n", source.Bundle},
		"mentions-age.csv": {"Name,age-encryption.org/v1\n", source.Sheet},
	} {
		path := filepath.Join(dir, name)
		rig.OK(t, os.WriteFile(path, []byte(c.content), 0o600))
		if got, err := source.KindOf(path); got != c.want || err != nil {
			t.Errorf("%s: %q %v, want %q", name, got, err, c.want)
		}
	}
	for arg, want := range map[string]source.Kind{
		"postgres://jira@db/jira": source.Database, "mysql://jira@db/jira": source.Database, "page+https://jira.example/": source.Page,
	} {
		if got, err := source.KindOf(arg); got != want || err != nil {
			t.Errorf("%s: %q %v, want %q", arg, got, err, want)
		}
	}
}

func TestWhatIsTakenForASourceByMistakeIsNamed(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { // as LibreOffice wrote it
		raw := rig.Get(os.ReadFile(filepath.Join("testdata", name))).Or(t)
		return string(raw)
	}
	for name, c := range map[string]struct{ content, want string }{
		"json":         {"\ufeff {\"a\":1}", "JSON, which is no source and no bundle"},
		"identity":     {"# created\nAGE-SECRET-KEY-1", "an identity, not a source and no bundle"},
		"split":        {"rest of a part PK\x05\x06" + strings.Repeat("\x00", 18), "the last part of a split zip archive"},
		"old Excel":    {file("conn.xls"), "an old Excel workbook (.xls)"},
		"OpenDocument": {file("conn.ods"), "an OpenDocument file (.ods)"},
		"gzip":         {"\x1f\x8b\x08\x00", "compressed with gzip"},
		"tar":          {strings.Repeat("\x00", 257) + "ustar\x0000", "a tar archive"},
		"a report":     {"<!DOCTYPE html>\n<title>", "a web page"},
		"HTML":         {"<!-- <backup> -->\n<HTML>", "a web page"},
		"table":        {"<table border=1><tr>", "a web page, or a table"},
		".fods":        {"<?xml version='1.0'?>\n<office:document xmlns", "an OpenDocument file (.fods)"},
		"Excel 2003":   {"\xff\xfe" + utf16("<?xml version='1.0'?>\r\n<?mso-application?>\r\n<Workbook xmlns"), "an old Excel workbook, as XML"},
		"dbconfig.xml": {"<?xml version=\"1.0\"?>\n\n<jira-database-config>", "dbconfig.xml"},
		"RTF":          {`{\rtf1\ansi`, "a document of a word processor"},
		"7z":           {"7z\xbc\xaf\x27\x1c\x00\x04", "a compressed archive of another kind"},
		"bzip2":        {"BZh91AY&SY", "a compressed archive of another kind"},
		"xz":           {"\xfd7zXZ\x00", "a compressed archive of another kind"},
		"zstd":         {"\x28\xb5\x2f\xfd\x04", "a compressed archive of another kind"},
		"rar":          {"Rar!\x1a\x07\x01\x00", "a compressed archive of another kind"},
		".xlsb":        {zipped(t, "xl/workbook.bin"), "a workbook that is cut short or of another form"},
		"workbook2":    {zipped(t, "xl/workbook2.xml"), "a workbook that is cut short or of another form"},
		".docx":        {zipped(t, "[Content_Types].xml"), "another program's document"},
		"cut workbook": {zipped(t, "xl/workbook.xml")[:60], "a workbook that is cut short"},
		"entities":     {"<?xml version='1.0'?>\n<entity-engine-xml>", "entities.xml"},
		"mail":         {"Hi Anna,\n\nhere it is:\n-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n", "a bundle with something before it"},
		"zip in mail":  {"Content-Type: application/zip\n\n" + zipped(t, "activeobjects.xml"), "a zip archive with something before it"},
	} {
		path := filepath.Join(dir, name)
		rig.OK(t, os.WriteFile(path, []byte(c.content), 0o600))
		if k, err := source.KindOf(path); err == nil || !strings.Contains(err.Error(), c.want) || schema.HintOf(err) == "" {
			t.Errorf("%s: %q %v", name, k, err)
		}
	}
	for arg, want := range map[string]string{dir: "is a folder", filepath.Join(dir, "nowhere"): "there is no such file"} {
		if k, err := source.KindOf(arg); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %q %v", arg, k, err)
		}
	}
}

func TestAHintNamesTheFileAsAShellTakesIt(t *testing.T) {
	t.Chdir(t.TempDir())
	for content, want := range map[string]string{
		"\x1f\x8b\x08\x00": "gunzip 'my FILE.gz', or tar xzf 'my FILE.gz'",
		"Hi,\n-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n": "the last line, -----END AGE ENCRYPTED FILE-----",
	} {
		rig.OK(t, os.WriteFile("my FILE.gz", []byte(content), 0o600))
		if _, err := source.KindOf("my FILE.gz"); !strings.HasSuffix(schema.HintOf(err), want) {
			t.Errorf("%v: %s", err, schema.HintOf(err))
		}
	}
}

func TestAnUnknownAddressShowsNoPassword(t *testing.T) {
	for _, arg := range []string{"jdbc:oracle:thin:jira/hunter2@db", "file:///home/me:hunter2@x/backup.zip",
		"postgers://me:hunter2@db/jira", "me:hunter2@db"} {
		k, err := source.KindOf(arg)
		var unknown *source.AddressError
		if !errors.As(err, &unknown) || strings.Contains(err.Error()+schema.HintOf(err), "hunter2") {
			t.Errorf("%s: %q %v", arg, k, err)
		}
		if !strings.Contains(schema.HintOf(err), "sources are files, postgres://USER@HOST/DATABASE") {
			t.Errorf("%s: hint %q", arg, schema.HintOf(err))
		}
	}
}

func utf16(s string) string { return strings.Join(strings.Split(s, ""), "\x00") + "\x00" }

func zipped(t *testing.T, name string) string {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	rig.Get(w.Create(name)).Or(t)
	rig.OK(t, w.Close())
	return out.String()
}

func TestAWorkbookIsASheet(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.zip")
	rig.OK(t, os.WriteFile(path, []byte(zipped(t, "xl/workbook.xml")), 0o600))
	if k, err := source.KindOf(path); k != source.Sheet || err != nil {
		t.Errorf("%q %v", k, err)
	}
}
