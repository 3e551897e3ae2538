package sheet

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

func TestFormulasAreGuarded(t *testing.T) {
	tests := []struct{ cell, want string }{
		{"plain", "plain"},
		{"", ""},
		{"a,b", `"a,b"`},
		{`say "x"`, `"say ""x"""`},
		{"two\nlines", "\"two\nlines\""},
		{"=1+1", `"'=1+1"`},
		{`=HYPERLINK("http://x")`, `"'=HYPERLINK(""http://x"")"`},
		{"+49", `"'+49"`},
		{"-5", `"'-5"`},
		{"@SUM(A1)", `"'@SUM(A1)"`},
		{"\t=1", "\"'\t=1\""},
		{"\r=1", "\"'\r=1\""},
		{"\n=1", "\"'\n=1\""},
		{"＝1", `"'＝1"`},
		{"a=1", "a=1"},
	}
	for _, tt := range tests {
		t.Run(tt.cell, func(t *testing.T) {
			var b strings.Builder
			rig.OK(t, Write(&b, []string{"H"}, [][]string{{tt.cell, "x"}}))
			if want := "\uFEFFH\r\n" + tt.want + ",x\r\n"; b.String() != want {
				t.Errorf("got %q, want %q", b.String(), want)
			}
		})
	}
}

type full struct{ left int }

var errFull = errors.New("full")

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestWriteTellsAWriterThatFails(t *testing.T) {
	rows := make([][]string, 10_000)
	for i := range rows {
		rows[i] = []string{strings.Repeat("x", 100)}
	}
	for _, room := range []int{0, 70 << 10} {
		if err := Write(&full{room}, []string{"H"}, rows); !errors.Is(err, errFull) {
			t.Errorf("room for %d bytes: got %v", room, err)
		}
	}
}

func TestTemplateReadsBackOnceItHasARow(t *testing.T) {
	for _, format := range []string{schema.ServerFormat, schema.CloudFormat} {
		for _, l := range schema.Lists() {
			raw := Template(format, l)
			if !strings.HasPrefix(string(raw), "\uFEFFName,") || !strings.HasSuffix(string(raw), "\r\n") {
				t.Errorf("%s: %q", l, raw)
			}
			row := "x" + strings.Repeat(",", len(schema.Fields(format, l))-1)
			s, err := Parse([]byte(string(raw)+row), format, Options{Warn: func(schema.Warning) {}})
			if l == schema.Connections {
				// Only the name is filled in, and a connection needs its mode.
				if err == nil || !strings.Contains(err.Error(), "empty") {
					t.Errorf("%s: %v", l, err)
				}
			} else if err != nil || s[0].List != l {
				t.Errorf("%s: %v", l, err)
			}
		}
	}
}

func TestReadFileSaysWhoElseCanRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.csv")
	for mode, want := range map[os.FileMode]bool{0o600: false, 0o640: true, 0o604: true, 0o700: false} {
		rig.OK(t, os.WriteFile(path, []byte("x"), 0o600))
		rig.OK(t, os.Chmod(path, mode))
		raw, exposed, err := ReadFile(path)
		if err != nil || string(raw) != "x" || exposed != want {
			t.Errorf("%o: exposed %v, want %v (%q, %v)", mode, exposed, want, raw, err)
		}
	}
	if _, _, err := ReadFile(t.TempDir()); err == nil || !strings.Contains(err.Error(), ": is a folder") {
		t.Errorf("a folder: %v", err)
	}
}
