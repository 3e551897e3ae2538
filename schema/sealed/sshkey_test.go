package sealed

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

// A private key that is protected asks for its passphrase, whatever form the file
// has, and opens what stock age wrote to its public half.
func TestProtectedSSHKeysAskForTheirPassphrase(t *testing.T) {
	for name, args := range map[string][]string{
		"ed25519": {"-t", "ed25519"}, "rsa": {"-t", "rsa", "-b", "2048"}, "rsa as PEM": {"-t", "rsa", "-b", "2048", "-m", "PEM"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "key")
			if out, err := exec.Command("ssh-keygen", append(args, "-q", "-N", "correct horse", "-C", "", "-f", file)...).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			cmd := exec.Command("age", "-R", file+".pub")
			cmd.Stdin = strings.NewReader("plain")
			sealedText := rig.Get(cmd.Output()).Or(t)
			raw := rig.Get(os.ReadFile(file)).Or(t)
			open := func(pass string) ([]age.Identity, error) {
				return Keys{}.Identities(bytes.NewReader(raw), func() (schema.Secret, error) { return schema.NewSecret(pass), nil })
			}
			if _, err := open("wrong"); err == nil || !strings.Contains(err.Error(), "the passphrase does not open it") {
				t.Errorf("a wrong passphrase: %v", err)
			}
			ids := rig.Get(open("correct horse")).Or(t)
			plain, err := Decrypt(bytes.NewReader(sealedText), 100, ids...)
			if err != nil || string(plain) != "plain" {
				t.Errorf("%q, %v", plain, err)
			}
			public := rig.Get(os.ReadFile(file + ".pub")).Or(t)
			if r, ok := RecipientOf(ids[0]); !ok || r.Key != strings.TrimSpace(string(public)) {
				t.Errorf("recipient %q, want %q", r.Key, public)
			}
		})
	}
}
