package sealed

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

// testTime is noon of a fixed day, and so many hours later.
func testTime(hours int) schema.Time {
	return schema.At(time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC).Add(time.Duration(hours) * time.Hour))
}

func hexOf(digit string, n int) string { return strings.Repeat(digit, n) }

// testSubject is a cloud bundle with its origin.
func testSubject() StatementSubject {
	return StatementSubject{Content: Content{hexOf("c", 32), hexOf("d", 64)}, Origin: &Content{hexOf("a", 32), hexOf("b", 64)},
		Recipients: []schema.KeyHolder{{Label: "ops", Key: "age1ops"}}, Reviewers: []schema.KeyHolder{{Label: "audit", Key: "age1audit"}}}
}

// sign signs an approval of testSubject, edited.
func sign(t *testing.T, signer *Signer, edit func(*schema.StatementBody)) schema.Statement {
	t.Helper()
	body := testSubject().Body(schema.RoleReviewer, schema.DecisionApprove, testTime(0))
	if edit != nil {
		edit(&body)
	}
	s := rig.Get(SignStatement(body, signer)).Or(t)
	return s
}

func put(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	rig.OK(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func slurp(t *testing.T, file string) string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestEvidenceIsNeverRewritten(t *testing.T) {
	dir := t.TempDir()
	bundle := filepath.Join(dir, "cloud.age")
	anna, ben := loadSigner(t, sshKey(t, "anna")), loadSigner(t, sshKey(t, "ben"))
	reject := sign(t, anna, func(b *schema.StatementBody) { b.Decision = schema.DecisionReject })
	approve := sign(t, anna, func(b *schema.StatementBody) { b.Time = testTime(1) })
	var files []string
	for _, s := range []schema.Statement{reject, approve, sign(t, ben, nil)} {
		file, err := WriteStatement(bundle, s)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, filepath.Base(file))
	}
	a8, b8 := anna.KeyFP8(), ben.KeyFP8()
	if want := []string{"cloud.age." + a8 + ".statement", "cloud.age." + a8 + ".2.statement", "cloud.age." + b8 + ".statement"}; strings.Join(files, " ") != strings.Join(want, " ") {
		t.Fatalf("wrote %v, want %v", files, want)
	}
	origin := sign(t, ben, func(b *schema.StatementBody) { b.Time = testTime(2) })
	o := &Opened{Bundle: &schema.Bundle{Origin: &schema.Origin{Statements: []schema.Statement{origin}}}}
	c, err := CollectStatements(bundle, o, []string{bundle + "." + b8 + ".statement"})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Evidence) != 4 || len(c.Unreadable) > 0 {
		t.Fatalf("%d pieces of evidence, want the three files and the embedded one; unreadable: %v", len(c.Evidence), c.Unreadable)
	}
	found := map[schema.Statement]bool{}
	for _, e := range c.Evidence {
		found[e.Statement] = true
	}
	if !found[reject] || !found[approve] || !found[origin] {
		t.Fatal("a statement is not as it was written")
	}
	left, err := filepath.Glob(filepath.Join(dir, ".mailferry*"))
	if err != nil || len(left) > 0 {
		t.Fatalf("left behind %v %v", left, err)
	}
	info, err := os.Stat(bundle + "." + a8 + ".statement")
	if err != nil || info.Mode().Perm() != 0o644 {
		t.Fatalf("%v %v, want 0644", info.Mode(), err)
	}
}

func TestUnsignedTextIsNotWrittenAsEvidence(t *testing.T) {
	s := sign(t, loadSigner(t, sshKey(t, "")), nil)
	s.Statement = strings.Replace(s.Statement, "approve", "reject", 1)
	dir := t.TempDir()
	_, err := WriteStatement(filepath.Join(dir, "b"), s)
	wantError(t, err, "does not match")
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Fatalf("left behind %v", left)
	}
}

func TestHostileStatementFilesAreOneErrorThatNamesTheFile(t *testing.T) {
	good, err := schema.MarshalIndent(sign(t, loadSigner(t, sshKey(t, "")), nil))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, c := range map[string]struct{ text, want string }{
		"empty":     {"", "empty"},
		"truncated": {string(good[:len(good)/2]), "ends in the middle"},
		"trailing":  {string(good) + "{}", "something follows"},
		"twice":     {strings.Replace(string(good), "{", `{"format":"x",`, 1), "format: stands twice"},
		"unknown":   {strings.Replace(string(good), "{", `{"comment":"x",`, 1), "comment is not a known field"},
		"large":     {strings.Repeat(" ", schema.MaxStatementFile+1), "larger than"},
		"deep":      {strings.Repeat("[", 10_000), "nested deeper"},
	} {
		t.Run(name, func(t *testing.T) {
			file := put(t, dir, name+".statement", c.text)
			_, err := ReadStatement(file)
			wantError(t, err, c.want)
			wantError(t, err, file)
		})
	}
	_, err = ReadStatement(dir)
	wantError(t, err, "not a file")
	put(t, dir, "b.age.0123abcd.statement", "{")
	_, err = CollectStatements(filepath.Join(dir, "b.age"), &Opened{Bundle: &schema.Bundle{}}, nil)
	wantError(t, err, "b.age.0123abcd.statement")
}

func TestSitesHaveOneForm(t *testing.T) {
	for in, want := range map[string]string{
		"https://Corp.Atlassian.net/":               "https://corp.atlassian.net",
		"page+https://corp.atlassian.net/jira/x/":   "https://corp.atlassian.net/jira/x",
		"https://corp.example:443/a/../b//c":        "https://corp.example/b/c",
		"http://127.0.0.1:8080":                     "http://127.0.0.1:8080",
		"https://[::1]/":                            "https://[::1]",
		"http://[0:0:0:0:0:0:0:1]:20990":            "http://[::1]:20990",
		"https://[2001:DB8::A]:0443":                "https://[2001:db8::a]",
		"http://[::ffff:127.0.0.1]:08080":           "http://127.0.0.1:8080",
		"http://[fe80::0:1%25eth0]":                 "http://[fe80::1%25eth0]",
		"http://127.0.0.1.:80":                      "http://127.0.0.1",
		"https://B\u00dcCHER.example.":              "https://xn--bcher-kva.example",
		"https://bu\u0308cher\u3002example\uff0e":   "https://xn--bcher-kva.example",
		"https://XN--Bcher-Kva.example":             "https://xn--bcher-kva.example",
		"https://b%C3%BCcher.example/\u00fc":        "https://xn--bcher-kva.example/%C3%BC",
		"https://\uff43orp.example":                 "https://corp.example",
		"http://\uff11\uff12\uff17.0.0.1":           "http://127.0.0.1",
		"https://my_gw.example":                     "https://my_gw.example",
		"sample:./demo/":                            "sample:demo",
		"https://anna:secret@corp.example":          "",
		"https://corp.example/?q=1":                 "",
		"https://corp.example/#x":                   "",
		"ftp://corp.example":                        "",
		"corp.example":                              "",
		"https://":                                  "",
		"sample:":                                   "",
		"https://corp.example/%zz":                  "",
		"https://corp.example\u202e.example:notnum": "",
	} {
		got, err := NormalSite(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q becomes %q (%v), want %q", in, got, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the error shows the password", in)
		}
	}
	here := t.TempDir()
	t.Chdir(here)
	rig.OK(t, os.Mkdir("made", 0o700))
	rig.OK(t, os.Symlink("made", "link"))
	for _, c := range []struct {
		made, site string
		want       bool
	}{
		{"", "https://corp.example", true},
		{"https://corp.example", "https://corp.example", true},
		{"https://corp.example", "https://corp.example/jira/plugins", true},
		{"https://gw.example/a", "https://gw.example/b", false},
		{"https://gw.example/a", "https://gw.example/ab", false},
		{"https://gw.example/a", "https://gw.example", false},
		{"https://corp.example", "https://corp.example.evil", false},
		{"https://corp.example", "http://corp.example", false},
		{"sample:demo", "sample:demo/other", false},
		{"", "sample:demo", true},
		{"sample:demo", "sample:" + here + "/demo", true},
		{"sample:" + here + "/demo", "sample:demo", true},
		{"sample:made", "sample:" + here + "/link", true},
		{"sample:made", "sample:demo", false},
		{"sample:demo", "https://demo", false},
		{"https://demo", "sample:demo", false},
	} {
		if got := siteCovers(c.made, c.site); got != c.want {
			t.Errorf("%q covers %q: %v", c.made, c.site, got)
		}
	}
}

func TestSubjectIsReadFromABundle(t *testing.T) {
	b := &schema.Bundle{Format: schema.CloudFormat, Manifest: schema.Manifest{ID: hexOf("c", 32), Recipients: []schema.KeyHolder{{Key: "age1x"}}},
		Origin: &schema.Origin{Format: schema.ServerFormat, Manifest: schema.OriginManifest{ID: hexOf("a", 32)}}}
	s := rig.Get(SubjectOf(b)).Or(t)
	digest, _ := b.Digest()
	origin, _ := b.Origin.Digest()
	if s.Bundle != b.Manifest.ID || s.Digest != digest || s.Origin.Bundle != hexOf("a", 32) || s.Origin.Digest != origin || len(s.Recipients) != 1 {
		t.Fatalf("read %+v", s)
	}
}
