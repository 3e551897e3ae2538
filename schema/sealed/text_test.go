package sealed_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

// forms are a text as editors and PowerShell save it.
func forms(text string) map[string][]byte {
	wide := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(text)) {
		wide = binary.LittleEndian.AppendUint16(wide, u)
	}
	return map[string][]byte{"as it is": []byte(text), "a mark": []byte("\ufeff" + text), "UTF-16": wide,
		"CRLF": []byte(strings.ReplaceAll(text, "\n", "\r\n")), "CR": []byte(strings.ReplaceAll(text, "\n", "\r"))}
}

func TestKeysAndListsAreReadAsPeopleSaveThem(t *testing.T) {
	p := newParty(t, false)
	for name, raw := range forms("# key\n" + p.text + "\n") {
		if ids, err := (sealed.Keys{}).Identities(bytes.NewReader(raw), nil); err != nil || len(ids) != 1 {
			t.Errorf("identity, %s: %v", name, err)
		}
	}
	for name, raw := range forms("# Büro\n" + p.pub.Key + "\n") {
		if rs, err := (sealed.Keys{}).RecipientsFile(bytes.NewReader(raw)); err != nil || len(rs) != 1 || rs[0].Label != "Büro" {
			t.Errorf("recipients, %s: %v %v", name, rs, err)
		}
	}
	_, err := (sealed.Keys{}).RecipientsFile(strings.NewReader("age1x\n" + p.pub.Key + "\nage1y\n"))
	if err == nil || len(schema.ErrorLines(err)) != 2 || !strings.Contains(err.Error(), "line 3: ") {
		t.Errorf("two wrong lines: %v", err)
	}
}

// Stock ssh-keygen takes comments in any encoding.
func TestCommentsOfAllowedSignersMayBeInAnyEncoding(t *testing.T) {
	dir := t.TempDir()
	key := filepath.Join(dir, "anna")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "anna", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	pub, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	line := "anna@corp.example " + string(pub)
	list := []byte("# B\xfcro\n" + line)
	if _, err := sealed.ParseAllowedSigners("list", list); err != nil {
		t.Error(err)
	}
	file := filepath.Join(dir, "list")
	if err := os.WriteFile(file, list, 0o600); err != nil {
		t.Fatal(err)
	}
	sign := exec.Command("ssh-keygen", "-Y", "sign", "-f", key, "-n", "mailferry")
	sign.Stdin = strings.NewReader("text")
	sig, err := sign.Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file+".sig", sig, 0o600); err != nil {
		t.Fatal(err)
	}
	verify := exec.Command("ssh-keygen", "-Y", "verify", "-f", file, "-I", "anna@corp.example", "-n", "mailferry", "-s", file+".sig")
	verify.Stdin = strings.NewReader("text")
	if out, err := verify.CombinedOutput(); err != nil {
		t.Errorf("ssh-keygen does not take the list: %v: %s", err, out)
	}
	for name, raw := range forms("# Büro\n" + line) {
		if _, err := sealed.ParseAllowedSigners("list", raw); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = sealed.ParseAllowedSigners("list", []byte("x\n"+line+"y\n"))
	if err == nil || !strings.Contains(err.Error(), "list:1: ") || !strings.Contains(err.Error(), "list:3: ") {
		t.Errorf("two wrong lines: %v", err)
	}
}

func TestADamagedIdentityIsNotBlamedOnThePassphrase(t *testing.T) {
	p := newParty(t, false)
	var file bytes.Buffer
	to, err := age.NewScryptRecipient("right")
	if err != nil {
		t.Fatal(err)
	}
	to.SetWorkFactor(10)
	armored := armor.NewWriter(&file)
	w, err := age.Encrypt(armored, to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, p.text); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), armored.Close()); err != nil {
		t.Fatal(err)
	}
	whole := file.String()
	at := len(whole) * 3 / 4 // within the sealed identity
	flipped := whole[:at] + map[bool]string{true: "B", false: "A"}[whole[at] == 'A'] + whole[at+1:]
	for name, c := range map[string]struct{ file, pass, want string }{
		"whole":       {whole, "right", ""},
		"wrong":       {whole, "wrong", "the passphrase does not open it"},
		"altered":     {flipped, "right", "the file is damaged"},
		"cut":         {whole[:at], "right", "the file is damaged"},
		"cut early":   {whole[:60], "right", "the file is damaged"},
		"with a mark": {"\ufeff" + whole, "right", ""},
	} {
		_, err := (sealed.Keys{}).Identities(strings.NewReader(c.file), func() (schema.Secret, error) { return schema.NewSecret(c.pass), nil })
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var sealedTo bytes.Buffer
	if w, err = age.Encrypt(&sealedTo, p.pub.Age()); err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = (sealed.Keys{}).Identities(&sealedTo, func() (schema.Secret, error) { t.Error("asked"); return schema.Secret{}, nil })
	if err == nil || !strings.Contains(err.Error(), "encrypted to a key") {
		t.Errorf("encrypted to a key: %v", err)
	}
}

func TestWhatPowerShellRedirectedIsNamed(t *testing.T) {
	const binaryFile = "age-encryption.org/v1\n-> X25519 abc\n"
	const armored = "-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n"
	for _, text := range []string{binaryFile, armored} {
		for name, raw := range forms(text) {
			mangled := name == "UTF-16" || name == "a mark" || text == binaryFile && name == "CRLF"
			_, err := sealed.ReadHeader(bytes.NewReader(raw))
			if got := err != nil && strings.Contains(err.Error(), "PowerShell"); got != mangled {
				t.Errorf("%s of %.20q: %v", name, text, err)
			}
		}
	}
}
