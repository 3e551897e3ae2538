package secretsfile

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

const good = "kind,name,secret\nconnection,Desk,hunter2\nCredential, Azure ,\"a,\"\"b\"\"\"\n"

func write(t *testing.T, content []byte, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secrets.csv")
	rig.OK(t, os.WriteFile(path, content, 0o600))
	rig.OK(t, os.Chmod(path, mode))
	return path
}

func encrypt(t *testing.T, to age.Recipient, armored bool, plain string) []byte {
	t.Helper()
	var buf bytes.Buffer
	out := io.WriteCloser(nil)
	dst := io.Writer(&buf)
	if armored {
		out = armor.NewWriter(&buf)
		dst = out
	}
	w := rig.Get(age.Encrypt(dst, to)).Or(t)
	rig.Get(io.WriteString(w, plain)).Or(t)
	rig.OK(t, w.Close())
	if out != nil {
		rig.OK(t, out.Close())
	}
	return buf.Bytes()
}

func identity(t *testing.T) *age.X25519Identity {
	t.Helper()
	id := rig.Get(age.GenerateX25519Identity()).Or(t)
	return id
}

func TestPlainAndEncryptedFilesReadAlike(t *testing.T) {
	id, other := identity(t), identity(t)
	tests := []struct {
		name    string
		content []byte
	}{
		{"plain", []byte(good)},
		{"plain with semicolons and a mark", []byte("\uFEFF" + strings.Replace(strings.ReplaceAll(good, ",", ";"), `"a;"`, `"a,"`, 1))},
		{"binary", encrypt(t, id.Recipient(), false, good)},
		{"armored", encrypt(t, id.Recipient(), true, good)},
		{"armored after a blank line", append([]byte("\n"), encrypt(t, id.Recipient(), true, good)...)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := rig.Get(Read(write(t, tt.content, 0o600), "", given(other, id), func(schema.Warning) {})).Or(t)
			desk, azure := got[schema.SecretKey{List: schema.Connections, Name: "Desk"}], got[schema.SecretKey{List: schema.Credentials, Name: " Azure "}]
			if len(got) != 2 || desk.Reveal() != "hunter2" || azure.Reveal() != `a,"b"` {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestBadFilesAreOneClearErrorWithoutASecret(t *testing.T) {
	id, other := identity(t), identity(t)
	sealed := encrypt(t, id.Recipient(), false, good)
	flipped := bytes.Clone(sealed)
	flipped[len(flipped)-1] ^= 1
	const header = "kind,name,secret\n"
	tests := []struct {
		name       string
		content    []byte
		ids        []age.Identity
		want, hint string
	}{
		{"wrong key", sealed, []age.Identity{other}, "none of the identities given opens it", "-i"},
		{"no key", sealed, nil, "encrypted, and no identity was given", "-i"},
		{"cut in half", sealed[:len(sealed)-20], []age.Identity{id}, "the file is damaged", "copy it again"},
		{"flipped byte", flipped, []age.Identity{id}, "the file is damaged", "copy it again"},
		{"cut armor", encrypt(t, id.Recipient(), true, good)[:120], []age.Identity{id}, "the file is damaged", "copy it again"},
		{"unknown kind", []byte(header + "hunter2,Desk,x\n"), nil, "row 2, kind: neither connection nor credential", ""},
		{"empty secret", []byte(header + "connection,Desk,\n"), nil, "row 2, secret: empty", ""},
		{"empty name", []byte(header + "connection,,hunter2\n"), nil, "row 2, name: empty", ""},
		{"twice", []byte(header + "connection,Desk,hunter2\nCONNECTION,Desk,hunter2\n"), nil, "row 3: a second secret for the connection of row 2", ""},
		{"too long", []byte(header + "connection,Desk," + strings.Repeat("x", schema.MaxSecret+1) + "\n"), nil, "row 2, secret: longer than 16384 bytes", ""},
		{"misspelt column", []byte("kind,name,secrets\nconnection,Desk,hunter2\n"), nil, `unknown column "secrets"`, `"secret"`},
		{"no header", []byte("connection,Desk,hunter2\n"), nil, "row 1: is not a header", "kind, name, secret"},
		{"empty", nil, nil, "empty", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := write(t, tt.content, 0o600)
			got, err := Read(path, "", given(tt.ids...), func(schema.Warning) {})
			if err == nil || got != nil {
				t.Fatalf("no error; got %+v", got)
			}
			if !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %q, want %q", err, tt.want)
			}
			if h := schema.HintOf(err); !strings.Contains(h, tt.hint) {
				t.Errorf("hint %q does not contain %q", h, tt.hint)
			}
			if strings.Contains(err.Error()+schema.HintOf(err), "hunter2") {
				t.Errorf("tells a value: %v", err)
			}
		})
	}
}

func TestAPlainFileThatOthersCanReadIsWarnedOf(t *testing.T) {
	id := identity(t)
	tests := []struct {
		name    string
		content []byte
		mode    os.FileMode
		want    bool
	}{
		{"plain, group", []byte(good), 0o640, true},
		{"plain, owner", []byte(good), 0o600, false},
		{"encrypted, everybody", encrypt(t, id.Recipient(), false, good), 0o644, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var warnings []string
			rig.Get(Read(write(t, tt.content, tt.mode), "", given(id), func(w schema.Warning) { warnings = append(warnings, w.String()) })).Or(t)
			if got := strings.Contains(strings.Join(warnings, "\n"), "can read it"); got != tt.want {
				t.Errorf("warned %v, want %v: %q", got, tt.want, warnings)
			}
		})
	}
}

func given(ids ...age.Identity) func() ([]age.Identity, error) {
	return func() ([]age.Identity, error) { return ids, nil }
}

func TestAPlainFileNeedsNoIdentity(t *testing.T) {
	_, err := Read(write(t, []byte("kind,name,secret\nconnection,Desk,hunter2\n"), 0o600), "", func() ([]age.Identity, error) {
		t.Error("identities are asked for")
		return nil, nil
	}, func(schema.Warning) {})
	if err != nil {
		t.Error(err)
	}
}
