package sealed_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"filippo.io/age/agessh"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
	"github.com/mailferry/mailferry/transform"
)

var vectorDir = filepath.Join("..", "testdata", "vectors")

// vectorFields are the header's fields, in the order in which they are written.
var vectorFields = []string{"comment", "recipient", "reviewer", "passphrase", "place", "digest", "secrets",
	"readers-listed", "stock-jq", "statement", "allowed-signer", "require", "now", "site", "verdict"}

// vector is one test vector: a header of lines "field: value", an empty line, and
// the bundle file.
type vector struct {
	header map[string][]string
	file   []byte
}

func (v *vector) one(field string) string {
	if list := v.header[field]; len(list) > 0 {
		return list[0]
	}
	return ""
}

func (v *vector) set(field string, values ...string) {
	if len(values) > 0 && values[0] != "" {
		v.header[field] = values
	}
}

func (v *vector) encode() []byte {
	var b bytes.Buffer
	for _, f := range vectorFields {
		for _, value := range v.header[f] {
			fmt.Fprintf(&b, "%s: %s\n", f, value)
		}
	}
	b.WriteByte('\n')
	b.Write(v.file)
	return b.Bytes()
}

func readVector(t *testing.T, name string) *vector {
	t.Helper()
	raw := rig.Get(os.ReadFile(filepath.Join(vectorDir, name))).Or(t)
	head, file, _ := bytes.Cut(raw, []byte("\n\n"))
	v := &vector{header: map[string][]string{}, file: file}
	for line := range strings.SplitSeq(string(head), "\n") {
		field, value, ok := strings.Cut(line, ": ")
		if !ok || !slices.Contains(vectorFields, field) {
			t.Fatalf("header line %q", line)
		}
		v.header[field] = append(v.header[field], value)
	}
	return v
}

// vectorNames lists the vectors' files.
func vectorNames(t *testing.T) []string {
	t.Helper()
	entries := rig.Get(os.ReadDir(vectorDir)).Or(t)
	var names []string
	for _, e := range entries {
		if !e.IsDir() && e.Name() != "README.md" {
			names = append(names, e.Name())
		}
	}
	return names
}

// reader is a line "recipient: KEY OUTCOME": who opens, and what comes of it.
type reader struct {
	as, key, want string
	id            age.Identity
}

func (v *vector) readers(t *testing.T) []reader {
	t.Helper()
	var out []reader
	for _, as := range []string{"recipient", "reviewer", "passphrase"} {
		for _, line := range v.header[as] {
			key, want, ok := strings.Cut(line, " ")
			if !ok {
				t.Fatalf("%s: %q", as, line)
			}
			out = append(out, reader{as, key, want, vectorIdentity(t, as, key)})
		}
	}
	return out
}

func vectorIdentity(t *testing.T, as, key string) age.Identity {
	t.Helper()
	if as == "passphrase" {
		id := rig.Get(sealed.PassphraseIdentity(schema.NewSecret(key))).Or(t)
		return id
	}
	raw := rig.Get(os.ReadFile(filepath.Join(vectorDir, "keys", key))).Or(t)
	if bytes.Contains(raw, []byte("OPENSSH PRIVATE KEY")) {
		id := rig.Get(agessh.ParseIdentity(raw)).Or(t)
		return id
	}
	ids := rig.Get(sealed.Keys{}.Identities(bytes.NewReader(raw), nil)).Or(t)
	return ids[0]
}

// outcome is an error of Open in the header's words.
func outcome(err error) string {
	switch {
	case err == nil:
		return "valid"
	case errors.As(err, new(*schema.Problem)):
		return "invalid"
	case errors.Is(err, sealed.ErrAltered):
		return "altered"
	case errors.Is(err, sealed.ErrDamaged):
		return "damaged"
	case errors.As(err, new(*sealed.WrongKeyError)):
		return "no-match"
	default:
		return "refused"
	}
}

// Each vector comes to what its header says, for each key that it names.
func TestVectors(t *testing.T) {
	names := vectorNames(t)
	count := map[string]int{}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			v := readVector(t, name)
			var opened *sealed.Opened
			for _, r := range v.readers(t) {
				if o := v.openAs(t, r); o != nil {
					opened = o
				}
				count[r.want]++
			}
			if v.one("verdict") == "" {
				return
			}
			if opened == nil {
				t.Fatal("statements about a bundle that nobody opens")
			}
			count[v.one("verdict")]++
			if got := v.judge(t, opened); got != v.one("verdict") {
				t.Errorf("the statements come to %s, want %s", got, v.one("verdict"))
			}
		})
	}
	t.Logf("%d vectors: %v", len(names), count)
	if len(names) < 40 {
		t.Errorf("%d vectors", len(names))
	}
}

func (v *vector) openAs(t *testing.T, r reader) *sealed.Opened {
	t.Helper()
	o, err := sealed.Open(bytes.NewReader(v.file), []age.Identity{r.id}, transform.Rerun)
	if got := outcome(err); got != r.want {
		t.Errorf("%s %s: %s, want %s: %v", r.as, r.key, got, r.want, err)
		return nil
	}
	if err != nil {
		if place := v.one("place"); !strings.Contains(err.Error(), place) {
			t.Errorf("%s %s: %q names another place than %s", r.as, r.key, err, place)
		}
		return nil
	}
	if o.Digest != v.one("digest") {
		t.Errorf("%s %s: digest %s", r.as, r.key, o.Digest)
	}
	if listed := v.one("readers-listed") != "no"; o.ListsHolders() != listed {
		t.Errorf("%s %s: the list of readers is taken for right: %v", r.as, r.key, !listed)
	}
	want := v.one("secrets")
	if r.as == "reviewer" || want == "" {
		want = "{}"
	}
	if got := secretsJSON(t, o.Secrets()); got != want {
		t.Errorf("%s %s: other secrets than the header's: %s", r.as, r.key, got)
	}
	return o
}

// secretsJSON writes the made-up secrets of a vector.
func secretsJSON(t *testing.T, secrets schema.Secrets) string {
	t.Helper()
	out := map[schema.List]map[string]string{}
	for k, s := range secrets {
		if out[k.List] == nil {
			out[k.List] = map[string]string{}
		}
		out[k.List][k.Name] = s.Reveal()
	}
	text := rig.Get(schema.Marshal(out)).Or(t)
	return string(text)
}

// judge says what a vector's statements amount to: pass, shut or invalid.
func (v *vector) judge(t *testing.T, o *sealed.Opened) string {
	t.Helper()
	var err error
	j := sealed.Judgement{Site: v.one("site")}
	if j.Now, err = time.Parse(time.RFC3339, v.one("now")); err != nil {
		t.Fatal(err)
	}
	if j.Subject, err = o.Subject(); err != nil {
		t.Fatal(err)
	}
	lines := strings.Join(v.header["allowed-signer"], "\n")
	if j.Allowed, err = sealed.ParseAllowedSigners("header", []byte(lines)); err != nil {
		t.Fatal(err)
	}
	for _, text := range v.header["require"] {
		r := rig.Get(sealed.ParseRequirement(text)).Or(t)
		j.Require = append(j.Require, r)
	}
	for i, text := range v.header["statement"] {
		s, err := schema.DecodeStatement([]byte(text))
		if err != nil {
			return "invalid"
		}
		j.Evidence = append(j.Evidence, sealed.Evidence{File: fmt.Sprint(i, ".statement"), Statement: s})
	}
	if o.Bundle.Origin != nil {
		for _, s := range o.Bundle.Origin.Statements {
			j.Evidence = append(j.Evidence, sealed.Evidence{Statement: s})
		}
	}
	err = sealed.Evaluate(j).Err()
	switch {
	case err == nil:
		return "pass"
	case errors.As(err, new(*sealed.ShutError)):
		return "shut"
	default:
		return "invalid"
	}
}

// stockDigest is the recipe of schema/README.md.
const stockDigest = `{format, manifest: (.manifest | {id, source}), credentials, connections} + if .origin then {origin} else {} end`

// Stock age, jq and ssh-keygen agree with what the headers say of valid vectors.
func TestStockToolsAgreeWithTheValidVectors(t *testing.T) {
	digests, parts, statements := 0, 0, 0
	for _, name := range vectorNames(t) {
		v := readVector(t, name)
		for _, r := range v.readers(t) {
			if r.want != "valid" || r.as == "passphrase" { // age asks for one at a terminal alone
				continue
			}
			doc, err := stockDecrypt(r.key, v.file)
			if err != nil {
				t.Fatalf("%s: age with %s: %v", name, r.key, err)
			}
			canonical, err := run(t, doc, "jq", "-cjS", stockDigest)
			if err != nil {
				t.Fatalf("%s: jq: %s", name, canonical)
			}
			sum := sha256.Sum256([]byte(canonical))
			if same := hex.EncodeToString(sum[:]) == v.one("digest"); same != (v.one("stock-jq") == "") {
				t.Errorf("%s: jq gives the digest of the header: %v", name, same)
			}
			digests++
			if r.as == "recipient" {
				parts += stockSecrets(t, name, v, r.key, doc)
			}
		}
		for i, text := range v.header["statement"] {
			if v.one("verdict") == "pass" {
				stockVerify(t, name, v, i, text)
				statements++
			}
		}
	}
	t.Logf("%d digests, %d sealed parts and %d statements checked with stock tools", digests, parts, statements)
	if digests < 40 || parts < 15 || statements < 3 {
		t.Error("that is too few")
	}
}

// stockDecrypt decrypts by the age command: Debian's does not know post-quantum
// keys, for which the one of go.mod stands in.
func stockDecrypt(key string, file []byte) ([]byte, error) {
	command := []string{"age"}
	if strings.HasPrefix(key, "pq") {
		command = []string{"go", "tool", "age"}
	}
	cmd := exec.Command(command[0], append(command[1:], "-d", "-i", filepath.Join(vectorDir, "keys", key))...)
	cmd.Stdin = bytes.NewReader(file)
	return cmd.Output()
}

// stockSecrets opens the sealed parts that the key reaches by stock age, and holds
// every secret of the header against them.
func stockSecrets(t *testing.T, name string, v *vector, key string, doc []byte) int {
	t.Helper()
	var b struct{ Sealed []string }
	rig.OK(t, json.Unmarshal(doc, &b))
	found := map[string]string{}
	opened := 0
	for _, armored := range b.Sealed {
		plain, err := stockDecrypt(key, []byte(armored))
		if err != nil {
			continue // sealed to somebody else
		}
		opened++
		var p struct {
			Secrets []struct{ Kind, Name, Value string }
		}
		rig.OK(t, json.Unmarshal(plain, &p))
		for _, s := range p.Secrets {
			found[s.Kind+"s."+s.Name] = s.Value
		}
	}
	want := map[string]map[string]string{}
	if text := v.one("secrets"); text != "" {
		rig.OK(t, json.Unmarshal([]byte(text), &want))
	}
	for list, byName := range want {
		for item, secret := range byName {
			if found[list+"."+item] != secret {
				t.Errorf("%s: stock age finds another secret of %s", name, item)
			}
		}
	}
	return opened
}

// stockVerify has ssh-keygen verify the i-th statement.
func stockVerify(t *testing.T, name string, v *vector, i int, text string) {
	t.Helper()
	s := rig.Get(schema.DecodeStatement([]byte(text))).Or(t)
	dir := t.TempDir()
	sig, signers := filepath.Join(dir, "sig"), filepath.Join(dir, "signers")
	for file, content := range map[string]string{sig: s.Signature, signers: strings.Join(v.header["allowed-signer"], "\n") + "\n"} {
		rig.OK(t, os.WriteFile(file, []byte(content), 0o600))
	}
	who, err := run(t, nil, "ssh-keygen", "-Y", "find-principals", "-f", signers, "-s", sig)
	if err != nil {
		t.Fatalf("%s: statement %d: ssh-keygen finds nobody: %s", name, i, who)
	}
	who, _, _ = strings.Cut(who, "\n")
	if out, err := run(t, []byte(s.Statement), "ssh-keygen", "-Y", "verify", "-n", "mailferry", "-f", signers, "-I", who, "-s", sig); err != nil {
		t.Errorf("%s: statement %d: ssh-keygen: %s", name, i, out)
	}
}
