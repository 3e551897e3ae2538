package main

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	agetest "c2sp.org/CCTV/age"
	"filippo.io/age"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

// ageVector is one of age's own test vectors: a file, the keys to try, and what
// comes of it.
type ageVector struct {
	expect, payload string
	identities      []string
	passphrase      string
	file            []byte
}

func parseAgeVector(t *testing.T, raw []byte) ageVector {
	t.Helper()
	head, file, ok := bytes.Cut(raw, []byte("\n\n"))
	if !ok {
		t.Fatal("no header")
	}
	v := ageVector{file: file}
	for line := range strings.SplitSeq(string(head), "\n") {
		field, value, _ := strings.Cut(line, ": ")
		switch field {
		case "expect":
			v.expect = value
		case "payload":
			v.payload = value
		case "identity":
			v.identities = append(v.identities, value)
		case "passphrase":
			v.passphrase = value
		case "compressed":
			r, err := zlib.NewReader(bytes.NewReader(file))
			rig.OK(t, err)
			v.file, err = io.ReadAll(r)
			rig.OK(t, err)
		}
	}
	return v
}

func (v ageVector) keys(t *testing.T) []age.Identity {
	t.Helper()
	if v.passphrase != "" {
		id, err := sealed.PassphraseIdentity(schema.NewSecret(v.passphrase))
		rig.OK(t, err)
		return []age.Identity{id}
	}
	if len(v.identities) == 0 {
		v.identities = []string{anyIdentity}
	}
	ids, err := sealed.Keys{}.Identities(strings.NewReader(strings.Join(v.identities, "\n")), nil)
	rig.OK(t, err)
	return ids
}

// anyIdentity tries the vectors that name none.
const anyIdentity = "AGE-SECRET-KEY-1DUDEY8VPVZ6G7RY7J3E78C49VPU9LQKM70KQERCQ4CXJ7TSNANNQTQUU4A"

// age's own vectors: what must open opens to its very payload, nothing else does,
// and inspect and audit say of each in one error what it is, since none is a bundle.
func TestAgesOwnVectors(t *testing.T) {
	count := map[string]int{}
	dir := t.TempDir()
	key, file := filepath.Join(dir, "key"), filepath.Join(dir, "file.age")
	write(t, key, []byte(anyIdentity))
	rig.OK(t, fs.WalkDir(agetest.Vectors, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(agetest.Vectors, name)
		rig.OK(t, err)
		t.Run(name, func(t *testing.T) {
			v := parseAgeVector(t, raw)
			count[v.expect]++
			plain, err := sealed.Decrypt(bytes.NewReader(v.file), schema.MaxDocument, v.keys(t)...)
			if opens := v.expect == "success"; (err == nil) != opens {
				t.Errorf("expected %s: %v", v.expect, err)
			}
			sum := sha256.Sum256(plain)
			if err == nil && hex.EncodeToString(sum[:]) != v.payload {
				t.Error("it opens to something else")
			}
			if err != nil && len(plain) > 0 {
				t.Error("some of it is released")
			}
			write(t, file, v.file)
			if len(v.identities) > 0 {
				write(t, key, []byte(strings.Join(v.identities, "\n")))
			}
			for _, args := range [][]string{{"inspect", file}, {"audit", "-i", key, file}} {
				r := mailferry(t, args...)
				if n := strings.Count(r.err, "error: "); r.code > exitFailed || (n == 1) != (r.code == exitFailed) {
					t.Errorf("%s: exit %d, %d errors: %s", args[0], r.code, n, r.err)
				}
				if args[0] == "audit" && (r.code != exitFailed || r.out != "") {
					t.Errorf("audit takes it for a bundle: exit %d, %s", r.code, r.out)
				}
			}
		})
		return nil
	}))
	total := 0
	for _, n := range count {
		total += n
	}
	t.Logf("%d vectors: %v", total, count)
	if total < 143 {
		t.Errorf("%d vectors", total)
	}
}
