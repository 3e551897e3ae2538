package sealed

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

// openedSubject is testSubject as a bundle, but for its origin.
func openedSubject() *Opened {
	s := testSubject()
	return &Opened{Bundle: &schema.Bundle{Format: schema.ServerFormat, Manifest: schema.Manifest{ID: s.Bundle}}, Digest: s.Digest}
}

// Mail and downloads rename files. What a file says decides, and what cannot be
// read is not passed over.
func TestNeighboursAreTakenByWhatTheySay(t *testing.T) {
	anna := loadSigner(t, sshKey(t, ""))
	a8 := anna.KeyFP8()
	encode := func(edit func(*schema.StatementBody)) string {
		doc := rig.Get(schema.MarshalIndent(sign(t, anna, edit))).Or(t)
		return string(doc)
	}
	this := encode(nil)
	older := encode(func(b *schema.StatementBody) { b.Digest = hexOf("e", 64) })
	another := encode(func(b *schema.StatementBody) { b.Bundle = hexOf("f", 32) })
	var utf16le strings.Builder
	for _, u := range utf16.Encode([]rune("\ufeff" + this)) {
		utf16le.WriteByte(byte(u))
		utf16le.WriteByte(byte(u >> 8))
	}
	const (
		counts     = "counts"
		aside      = "set-aside"
		alarm      = "other-content"
		unreadable = "unreadable"
		ignored    = ""
	)
	for _, c := range []struct{ name, text, want string }{
		{"cloud.age." + a8 + " (1).statement", this, counts},
		{"cloud.age." + a8 + ".statement.txt", this, counts},
		{"cloud.age." + a8 + ".STATEMENT", this, counts},
		{"CLOUD.AGE." + strings.ToUpper(a8) + ".STATEMENT", this, counts},
		{"cloud.age." + a8, this, counts},
		{"cloud.age.json", this, counts},
		{"Statement of Anna", this, counts},
		{"bea.statement", this, counts},
		{"cloud.age." + a8 + ".statement.void", this, counts},
		{"cloud.age." + a8 + ".statement.new", this, counts},
		{"cloud.age." + a8 + ".statement", strings.ReplaceAll(this, "\n", "\r\n"), counts},
		{"anna.json", this, ignored}, // neither name
		{"other.age.STATEMENT", another, ignored},
		{"cloud.age." + a8 + " (1).statement", another, ignored},
		{"cloud.age." + a8 + ".statement", another, alarm},
		{"cloud.age." + a8 + ".statement", older, alarm},
		{"cloud.age." + a8 + " (1).statement", older, alarm},
		{"cloud.age." + a8 + ".STATEMENT", older, alarm},
		{"cloud.age." + a8 + ".statement.void", older, aside},
		{"cloud.age." + a8 + ".statement.2.void", older, aside},
		{"cloud.age." + a8 + ".statement.void (1)", older, aside},
		{"cloud.age." + a8 + ".statement.new", older, aside},
		{"cloud.age.bak." + a8 + ".statement", older, aside},
		{"before.age." + a8 + ".statement", older, aside},
		{"cloud.age." + a8 + " (1).statement", this[:len(this)/2], unreadable},
		{"cloud.age." + a8 + ".statement.txt", "", unreadable},
		{"cloud.age." + a8 + ".statement.gz", "\x1f\x8b\x00", unreadable},
		{"cloud.age." + a8 + ".statement.txt", "\ufeff" + this, unreadable},
		{"cloud.age.txt", this[:len(this)/2], unreadable},
		{"cloud.age.txt", utf16le.String(), unreadable},
		{"Statement of Anna", "I do not approve.", unreadable},
		{"anna.statement", strings.Repeat(" ", schema.MaxStatementFile+1), unreadable},
		{"a.statement", strings.Replace(this, "statement/v1", "statement/v2", 1), unreadable},
		{"._cloud.age." + a8 + ".statement", "\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X", ignored},
		{"cloud.age." + a8 + ".statement:Zone.Identifier", "[ZoneTransfer]\r\nZoneId=3\r\n", ignored},
		{"cloud.age." + a8 + ".statement~", this, counts},
		{"bank-statement.pdf", "%PDF-1.7\x00", ignored},
		{"cloud.age.host.ledger.jsonl", `{"prev":"","type":"ledger"}`, ignored},
		{"cloud.age.html", "<html>", ignored},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			bundle := put(t, dir, "cloud.age", "age-encryption.org/v1\n")
			put(t, dir, c.name, c.text)
			collected := rig.Get(CollectStatements(bundle, openedSubject(), nil)).Or(t)
			beside, err := StatementsBeside(bundle)
			if err != nil || len(beside) > 0 != (c.want != ignored || c.text == another) {
				t.Errorf("beside it: %v, %v", beside, err)
			}
			subject := rig.Get(openedSubject().Subject()).Or(t)
			allowed := rig.Get(ParseAllowedSigners("signers", []byte("anna "+keyText(t, anna)))).Or(t)
			v := Evaluate(Judgement{Subject: subject, Collected: collected, Allowed: allowed, Now: testTime(48).Time})
			got := ignored
			if len(v.Statements) > 0 {
				got = string(v.Statements[0].State)
			}
			if len(v.Unreadable) > 0 {
				got = unreadable
				if !strings.HasSuffix(v.Unreadable[0].File, c.name) || v.Unreadable[0].Why == "" {
					t.Errorf("told as %+v", v.Unreadable[0])
				}
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
			if shut := v.Shut(); shut != (c.want == unreadable) {
				t.Errorf("the gate is shut: %v", shut)
			}
			if alarmed := v.Invalid(); alarmed != (c.want == alarm) {
				t.Errorf("there is an alarm: %v", alarmed)
			}
		})
	}
}

// A file of the name that WriteStatement gives is an error where it cannot be
// read; another name's is told of, and shuts the gate only where somebody is
// listed. What is no file is none of both.
func TestWhatCannotBeReadIsTold(t *testing.T) {
	dir := t.TempDir()
	bundle := put(t, dir, "cloud.age", "")
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(os.Mkdir(filepath.Join(dir, "my.statement"), 0o700))
	want := 0
	if runtime.GOOS != "windows" { // where links take a privilege
		check(os.Symlink("nowhere", filepath.Join(dir, "gone.statement")))
		want++
	}
	c, err := CollectStatements(bundle, openedSubject(), nil)
	check(err)
	if len(c.Evidence) > 0 || len(c.Unreadable) != want {
		t.Errorf("found %+v", c)
	}
	if v := Evaluate(Judgement{Subject: testSubject(), Collected: c}); v.Shut() || len(v.Unreadable) != want {
		t.Errorf("nobody is listed, and the gate is shut: %v; told of %v", v.Shut(), v.Unreadable)
	}
}

// The copy that lies there as a statement decides, whatever was read before it.
func TestACopyUnderAnotherNameSilencesNoAlarm(t *testing.T) {
	anna := loadSigner(t, sshKey(t, ""))
	doc := rig.Get(schema.MarshalIndent(sign(t, anna, func(b *schema.StatementBody) { b.Digest = hexOf("e", 64) }))).Or(t)
	dir := t.TempDir()
	bundle := put(t, dir, "cloud.age", "")
	for _, name := range []string{"a.statement", "cloud.age." + anna.KeyFP8() + ".statement", "z.statement"} {
		put(t, dir, name, string(doc))
	}
	c := rig.Get(CollectStatements(bundle, openedSubject(), nil)).Or(t)
	allowed := rig.Get(ParseAllowedSigners("signers", []byte("anna "+keyText(t, anna)))).Or(t)
	if v := Evaluate(Judgement{Subject: testSubject(), Collected: c, Allowed: allowed, Now: testTime(1).Time}); len(v.Statements) != 1 || !v.Invalid() {
		t.Errorf("%+v", v.Statements)
	}
}

func TestSettingAsideWritesOverNothing(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		rig.OK(t, SetAside(put(t, dir, "server.age.0123abcd.statement", "{}")))
	}
	files := rig.Get(filepath.Glob(filepath.Join(dir, "*"))).Or(t)
	for i := range files {
		files[i] = filepath.Base(files[i])
		if LaidBeside("server.age", files[i]) {
			t.Errorf("%s would be set aside again", files[i])
		}
	}
	if got := strings.Join(files, " "); got != "server.age.0123abcd.statement.2.void server.age.0123abcd.statement.void" {
		t.Errorf("there are %s", got)
	}
	if !LaidBeside("x/server.new.age", "x/server.new.age.0123abcd.statement") || LaidBeside("server.age", "server.age.bak.0123abcd.statement") {
		t.Error("a name is taken for another")
	}
}
