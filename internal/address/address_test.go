package address_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/address"
	"github.com/mailferry/mailferry/internal/rig"
)

const canary = "hunter2"

// forms are addresses as other programs write them, one a line and quoted as in
// Go; %s is the password.
func forms(tb testing.TB) []string {
	tb.Helper()
	raw := rig.Get(os.ReadFile(filepath.Join("testdata", "forms.txt"))).Or(tb)
	var out []string
	for line := range strings.Lines(string(raw)) {
		form, err := strconv.Unquote(strings.TrimSpace(line))
		if err != nil {
			tb.Fatalf("%s: %v", line, err)
		}
		out = append(out, form)
	}
	return out
}

func TestOfAnAddressNothingButSchemeAndHostIsShown(t *testing.T) {
	all := forms(t)
	t.Chdir(t.TempDir())
	for _, password := range []string{canary, "12/" + canary, canary + "@x", "x@" + canary, "?" + canary, canary + "#", "a b" + canary, canary + "\n",
		"%zz" + canary, "x://" + canary, "=" + canary, "://" + canary + "@", canary + "://"} {
		for _, form := range all {
			s := fmt.Sprintf(form, password)
			if got := address.Shown(s); strings.Contains(got, canary) {
				t.Errorf("%q is shown as %q", s, got)
			}
			if !address.MayBe(s) {
				t.Errorf("%q is not taken for an address", s)
			}
		}
	}
}

func FuzzNothingOfAPasswordIsShown(f *testing.F) {
	f.Add(0, "", "")
	f.Add(20, "x@", "://")
	f.Add(30, "jdbc:", "@h/?")
	all := forms(f)
	f.Fuzz(func(t *testing.T, form int, before, after string) {
		if form < 0 {
			return
		}
		s := fmt.Sprintf(all[form%len(all)], before+canary+after)
		if got := address.Shown(s); strings.Contains(got, canary) {
			t.Errorf("%q is shown as %q", s, got)
		}
	})
}

func TestSchemeAndHostAreShown(t *testing.T) {
	t.Chdir(t.TempDir())
	for s, want := range map[string]string{
		"postgress://u:p@db.example:5432/x":        "postgress://db.example",
		"jdbc:postgresql://db.example/x?user=u":    "jdbc:postgresql://db.example",
		"jdbc:sqlserver://db.example;password=p":   "jdbc:sqlserver://db.example",
		"jdbc:oracle:thin:u/p@db.example:1521:X":   "jdbc:…",
		"SQLServer://db.example\\inst;password=p":  "SQLServer://db.example",
		"mongodb+srv://u:p@[::1]:27017/x":          "mongodb+srv://[::1]",
		"https://site.example/x?token=p":           "https://site.example",
		"page+https://site.example/x?token=p":      "page+https://site.example",
		"file:///srv/x.csv":                        "file://…",
		"postgres://u:p/q@db.example/x":            "postgres://…", // the password has a slash
		"postgres://db.example/x?user=u@corp&pw=p": "postgres://…",
		"jdbc:p://h":                 "…", // a user called jdbc
		"host=db.example password=p": "…",
		"u:p@tcp(db.example)/x":      "…",
		"u/p@db.example":             "…",
	} {
		if got := address.Shown(s); got != want {
			t.Errorf("%q is shown as %q, want %q", s, got, want)
		}
	}
}

// An address that a file has for its name is one all the same.
func TestAFileChangesNothingAboutItsName(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"host=h password=" + canary, "u:" + canary + "@tcp(h)", "x?token=" + canary} {
		rig.OK(t, os.WriteFile(name, nil, 0o600))
		abs := rig.Get(filepath.Abs(name)).Or(t)
		for _, s := range []string{name, "./" + name, abs} {
			if got := address.Shown(s); got != "…" {
				t.Errorf("%q is shown as %q", s, got)
			}
		}
	}
}

func TestWhatIsNoAddressIsShownWhole(t *testing.T) {
	t.Chdir(t.TempDir())
	rig.OK(t, os.Mkdir("exports", 0o700))
	if runtime.GOOS == "windows" {
		for _, s := range []string{`C:\Users\anna@corp\server.age`, "C:/Users/anna@corp/x"} {
			if got := address.Shown(s); got != s {
				t.Errorf("%q is shown as %q", s, got)
			}
		}
	}
	for _, s := range []string{
		"", "-", "connections.csv", "./a=b.csv", "backup-2024-03-01T10:00:00.zip", `C:\x.csv`, "C:x.csv",
		"/home/anna@corp.example/server.age", "exports/anna@corp.csv", "./keys/anna@corp.key", "../anna@corp.csv", "anna@corp.example",
		"/builds/os=linux,go=1.26/server.age", "label=linux/x.csv", "ops=age1qqqq", "reviewer=anna@corp.example", "reviewer=2",
		"Re: connections.csv", "what?.csv", "9222", "127.0.0.1:9222", "localhost:9222", "[::1]:9222", "sample:rehearsal", "html", "20ms",
		`\\server\share\x.csv`, "Kundendienst (Köln)", "50 %.csv", "key.age", "author.csv", "tokens.csv",
	} {
		if got := address.Shown(s); got != s {
			t.Errorf("%q is shown as %q", s, got)
		}
	}
}

func TestMicrosoftsSignInHostsAreKnown(t *testing.T) {
	for host, want := range map[string]bool{
		"login.microsoftonline.com": true, "LOGIN.microsoftonline.us.": true, "sts.windows.net": true,
		"login.partner.microsoftonline.cn": true, "login.windows.net": true,
		"login.microsoftonline.com.evil.example": false, "evil-login.microsoftonline.com": false, "login.live.com": false,
	} {
		if address.IsMicrosoft(host) != want {
			t.Errorf("%s: %v", host, !want)
		}
	}
}
