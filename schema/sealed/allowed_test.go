package sealed

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

// keyText is the key part of an allowed_signers line.
func keyText(t *testing.T, s *Signer) string {
	t.Helper()
	fields := strings.Fields(publicLine(t, s, "x"))
	return fields[2] + " " + fields[3]
}

// TestLinesAreReadAsSSHKeygenReadsThem asks the real ssh-keygen about each line
// and holds our reading to its answer.
func TestLinesAreReadAsSSHKeygenReadsThem(t *testing.T) {
	signer := loadSigner(t, sshKey(t, ""))
	key := keyText(t, signer)
	s := sign(t, signer, nil)
	now := time.Now()
	for _, line := range []string{
		"anna KEY",
		"  anna \t KEY  a comment",
		"anna KEY B\xfcro \x1b \xff",
		"anna KEY \xff anna\t",
		`"anna" KEY`,
		"ben,anna,carl KEY",
		"ben,,anna KEY",
		"ben KEY",
		"Anna KEY",
		"anna,!anna KEY",
		"!b*,anna KEY",
		"!a*,anna KEY",
		`anna namespaces="mailferry" KEY`,
		`anna NameSpaces="mail*,!x" KEY`,
		`anna namespaces="git" KEY`,
		`anna namespaces="*,!mailferry" KEY`,
		`anna namespaces="mailferr?" KEY`,
		`anna namespaces="" KEY`,
		`anna namespaces="mailferry,` + strings.Repeat("x", 1022) + `" KEY`,
		`anna namespaces="mailferry,` + strings.Repeat("x", 1023) + `" KEY`,
		"anna namespaces=\"mail\\\"ferry\"\tKEY",
		`anna valid-after="20200101" KEY`,
		`anna valid-after="20200101Z",valid-before="29990101" KEY`,
		`anna valid-before="20200101Z" KEY`,
		`anna valid-before="202001011200" KEY`,
		`anna valid-before="20200101120000Z" KEY`,
		`anna valid-after="29990101" KEY`,
		`anna cert-authority KEY`,
		// Wrong lines.
		"anna",
		"anna KEY-",
		`"anna KEY`,
		"anna namespaces=mailferry KEY",
		`anna namespaces="mailferry KEY`,
		`anna namespaces="mailferry", KEY`,
		`anna namespaces="mailferry"x KEY`,
		`anna namespaces="mailferry",namespaces="mailferry" KEY`,
		`anna no-touch-required KEY`,
		`anna valid-after="2020" KEY`,
		`anna valid-after="20201341" KEY`,
		`anna valid-after="20200101",valid-before="20200101" KEY`,
		`anna valid-after=20200101 KEY`,
		"anna ssh-ed25519 AAAA",
		"anna , KEY",
		`anna cert-authority="x" KEY`,
		"anna ssh-rsa " + strings.Fields(key)[1],
	} {
		t.Run(line, func(t *testing.T) {
			text := strings.ReplaceAll(strings.ReplaceAll(line, "KEY-", "ssh-ed25519 $"), "KEY", key)
			dir := t.TempDir()
			file := put(t, dir, "allowed", text+"\n")
			sig := put(t, dir, "sig", s.Signature)
			out, err := tryTool(t, strings.NewReader(s.Statement), "ssh-keygen", "-Y", "verify", "-f", file, "-I", "anna", "-n", "mailferry", "-s", sig)
			theirs := err == nil

			a, err := ParseAllowedSigners(file, []byte(text+"\n"))
			ours := false
			if err == nil {
				st := a.standingOf(signer.public, now, now)
				ours = st.why == "" && strings.Contains(","+strings.Join(st.principals, ",")+",", ",anna,")
			} else if !strings.HasPrefix(err.Error(), file+":1: ") {
				t.Errorf("the error does not name the line: %v", err)
			}
			if ours != theirs {
				t.Errorf("we say %v (%v), ssh-keygen says %v: %s", ours, err, theirs, out)
			}
		})
	}
}

func TestWrongLinesAreErrorsWithTheirNumber(t *testing.T) {
	key := keyText(t, loadSigner(t, sshKey(t, "")))
	for name, c := range map[string]struct{ text, want string }{
		"third line":          {"# comment\n\nanna\n", "f:3: not a line of principals and a key"},
		"windows line ends":   {"a " + key + "\r\nanna foo=\"x\" " + key + "\r\n", `f:2: not a known option, its value in double quotes: "foo=\"x\""`},
		"unquoted namespaces": {"a namespaces=mailferry " + key, "f:1: not a known option, its value in double quotes"},
		"unquoted date":       {"a valid-before=20300101 " + key, "f:1: not a known option, its value in double quotes"},
		"bad date":            {`a valid-before="tomorrow" ` + key, "f:1: option valid-before: not a time like"},
		"no such day":         {`a valid-before="20260231" ` + key, "f:1: option valid-before: not a time like"},
		"an empty option":     {`a namespaces="x",,cert-authority ` + key, "f:1: an empty option"},
		"options open":        {`a namespaces="x ` + key, "f:1: no SSH public key"},
		"no key":              {`a namespaces="x"`, "f:1: no SSH public key"},
		"key of another type": {"a ssh-rsa " + strings.Fields(key)[1], "f:1: no SSH public key"},
		"damaged key":         {`a namespaces="x" ssh-ed25519 AAAA`, "f:1: no SSH public key"},
		"escape":              {"a\x1b[2J " + key, "f:1: a control or invisible character"},
		"bidirectional":       {"a\u202e " + key, "f:1: a control or invisible character"},
		"not UTF-8":           {"a\xff " + key, "f:1: not valid UTF-8"},
		"long principal":      {strings.Repeat("a", 300) + " " + key, "f:1: a principal longer than"},
		"many principals":     {strings.Repeat("a,", 300) + " " + key, "f:1: more than 256 principals"},
		"large":               {strings.Repeat("#", schema.MaxAllowedFile+1), "f: larger than"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseAllowedSigners("f", []byte(c.text))
			wantError(t, err, c.want)
		})
	}
}

// A file that is shared with other tools has such lines: they are no errors.
func TestLinesForOtherToolsNameNobody(t *testing.T) {
	key := keyText(t, loadSigner(t, sshKey(t, "")))
	weak := strings.Join(strings.Fields(slurp(t, sshKey(t, "", "-t", "rsa", "-b", "2048")+".pub"))[:2], " ")
	a := rig.Get(ParseAllowedSigners("f", []byte("*@corp.example cert-authority "+key+"\nw*,!wx "+key+"\nold "+weak+"\n"))).Or(t)
	if got := fmt.Sprint(a.People()); !strings.HasPrefix(got, "[old") || len(a.People()) != 1 {
		t.Errorf("people are %v", got)
	}
}

func TestDatesWithoutZAreInTheLocalZone(t *testing.T) {
	east := time.FixedZone("east", 5*3600)
	for in, want := range map[string]string{
		"20260131":          "2026-01-30T19:00:00Z",
		"20260131Z":         "2026-01-31T00:00:00Z",
		"202601311230":      "2026-01-31T07:30:00Z",
		"202601311230UTC":   "2026-01-31T12:30:00Z",
		"20260131123045":    "2026-01-31T07:30:45Z",
		"20260131123045z":   "2026-01-31T12:30:45Z",
		"19700101Z":         "",
		"2026013":           "",
		"20260131 1230":     "",
		"-0260131":          "",
		"20260131123045+00": "",
	} {
		got, err := parseAllowedTime(in, east)
		if err != nil {
			if want != "" {
				t.Errorf("%s: %v", in, err)
			}
			continue
		}
		if got.UTC().Format(time.RFC3339) != want {
			t.Errorf("%s is %s, want %s", in, got.UTC().Format(time.RFC3339), want)
		}
	}
}

func TestAPersonIsTheConnectedSet(t *testing.T) {
	var keys []string
	for range 4 {
		keys = append(keys, keyText(t, loadSigner(t, sshKey(t, ""))))
	}
	text := strings.NewReplacer("K0", keys[0], "K1", keys[1], "K2", keys[2], "K3", keys[3])
	for name, c := range map[string]struct{ file, want string }{
		"each their own":               {"anna K0\nben K1", "anna | ben"},
		"two names with one key":       {"anna K0\nben K0", "anna, ben"},
		"two keys with one name":       {"anna K0\nanna K1", "anna"},
		"a chain":                      {"anna,ann K0\nann K1\nben K2\nb2,ben K3\nann K2", "ann, anna, b2, ben"},
		"wildcards connect nobody":     {"anna,* K0\nben,* K1\n*@corp.example K2", "anna | ben"},
		"negated names connect nobody": {"anna,!ben K0\nben K1", "anna | ben"},
		"a CA connects nobody":         {"anna K0\nben K1\nanna,ben cert-authority K2", "anna | ben"},
		"outdated lines connect":       {"anna K0\nanna,ben valid-before=\"20200101Z\" K1\nben K2", "anna, ben"},
		"other namespaces connect":     {"anna K0\nben namespaces=\"git\" K0", "anna, ben"},
		"cases of one name":            {"anna K0\nANNA K1", "ANNA, anna"},
		"cases of a name in Cyrillic":  {"\u0412\u0435\u0440\u0430 K0\n\u0432\u0435\u0440\u0430 K1", "\u0412\u0435\u0440\u0430, \u0432\u0435\u0440\u0430"},
		"look-alikes":                  {"anna K0\n\u0430nna K1", "anna, \u0430nna"},
		"look-alikes in Lisu":          {"ANNA K0\n\ua4ee\ua4e0\ua4e0\ua4ee K1", "ANNA, \ua4ee\ua4e0\ua4e0\ua4ee"},
		"look-alikes in capitals":      {"BEA K0\n\u0412EA K1\nbea K2", "BEA, bea, \u0412EA"},
		"l and I":                      {"paul K0\npauI K1", "pauI, paul"},
		"i and l are two letters":      {"ian K0\nlan K1", "ian | lan"},
		"forms of one letter":          {"zo\u00eb K0\nzoe\u0308 K1", "zoe\u0308, zo\u00eb"},
		"full-width letters":           {"anna K0\n\uff41nna K1", "anna, \uff41nna"},
		"accents are letters":          {"anna K0\nann\u00e4 K1", "anna | ann\u00e4"},
		"look-alikes and a chain":      {"anna K0\nAnna K1\nben K1", "Anna, anna, ben"},
		"comments do not connect":      {"anna K0 x@corp.example\nben K1 x@corp.example", "anna | ben"},
	} {
		t.Run(name, func(t *testing.T) {
			a := rig.Get(ParseAllowedSigners("f", []byte(text.Replace(c.file)))).Or(t)
			var got []string
			for _, p := range a.People() {
				got = append(got, p.String())
			}
			if strings.Join(got, " | ") != c.want {
				t.Errorf("people are %q, want %q", got, c.want)
			}
		})
	}
}

// Two names that look alike may be one person's way to count twice.
func TestPeopleWhoLookAlikeAreWarnedOf(t *testing.T) {
	var keys []string
	for range 2 {
		keys = append(keys, keyText(t, loadSigner(t, sshKey(t, ""))))
	}
	for file, want := range map[string]string{
		"anna K0\n\u0430nna K1":              `signers:2: "anna" and "\u0430nna" differ only by case, look-alike letters or Unicode form, and count as one person`,
		"ben K0\n\nANNA K0\nanna K1":         `signers:4: "ANNA" and "anna" differ only by case, look-alike letters or Unicode form, and count as one person`,
		"anna K0\nANNA K1\nanna,ANNA K0":     "", // the file says that they are one
		"anna K0\nben K1":                    "",
		"anna K0\nANNA cert-authority K1":    "",
		"anna,Anna K0\nben K1":               "",
		"anna K0\nAnna K1\nanna K0\nAnna K1": `signers:2: "anna" and "Anna" differ only by case, look-alike letters or Unicode form, and count as one person`,
	} {
		a := rig.Get(ParseAllowedSigners("signers", []byte(strings.NewReplacer("K0", keys[0], "K1", keys[1]).Replace(file)))).Or(t)
		if got := strings.Join(a.Warnings, "\n"); got != want {
			t.Errorf("%q: warns %q, want %q", file, got, want)
		}
	}
}

func TestAPatternThatRunsWildEnds(t *testing.T) {
	s := strings.Repeat("a", 250)
	if human.Glob(strings.Repeat("*a", 120)+"*b")(s) || !human.Glob(strings.Repeat("*a", 120)+"*")(s) || !human.Glob("**")("") || human.Glob("?")("") {
		t.Fatal("a pattern is matched wrongly")
	}
}

func FuzzAllowedSigners(f *testing.F) {
	const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINNwMHM8lLcve+HMdKmjaanRnkdOE0Sm3ZUxkjv5LTgg"
	for _, seed := range []string{"a " + key, `"a,!b" namespaces="x\"",valid-after="20200101Z" ` + key + " c", "*,b cert-authority " + key, "a\tx " + key} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAllowedSigners("f", []byte(text))
		said := fmt.Sprint(err)
		if err == nil {
			said = strings.Join(a.Warnings, "")
		}
		if strings.ContainsFunc(said, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Fatalf("%q", said)
		}
		if err != nil {
			return
		}
		for _, p := range a.People() {
			if len(p.Principals) == 0 || len(p.Keys) == 0 || strings.ContainsAny(p.String(), "*?\x00") {
				t.Fatalf("a person of %q", p)
			}
		}
	})
}
