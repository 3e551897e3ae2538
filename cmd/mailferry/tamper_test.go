package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

// attack is one thing that somebody does who knows every public key and can
// open the outer layer, as a reviewer can. The numbers are exit codes: of verify
// with a reviewer's and with a recipient's key, of import, and of import where
// nobody's statement is asked for (of the last way, which is the most thorough).
type attack struct {
	what                                  string
	reviewer, recipient, imports, unasked int
	ways                                  []way
}

// way is one manner of an attack: what it leaves behind in which file.
type way struct {
	file string // server.age or cloud.age
	do   func(*testing.T, handover)
}

// attacks is the table of README.md, row by row.
var attacks = []attack{
	{"swap two hosts", 1, 1, 1, 1, content(func(_ *testing.T, b *schema.Bundle) {
		swap(b, "host", "Service Desk", "Billing")
	})},
	{"rename a key", 1, 1, 1, 0, append(bytesIn(`"description":`, `"descriptions":`), content(func(_ *testing.T, b *schema.Bundle) {
		it := connection(b, "Anonymous Relay")
		set(it, prefixField(b), get(it, "description"))
		set(it, "description", "")
	})...)},
	{"move bytes from one field to the next", 1, 1, 1, 0, content(func(_ *testing.T, b *schema.Bundle) {
		it := connection(b, "Service Desk")
		desc, prefix := get(it, "description").(string), get(it, prefixField(b)).(string)
		set(it, "description", desc[:len(desc)-1])
		set(it, prefixField(b), desc[len(desc)-1:]+prefix)
	})},
	{"turn `587` into `\"587\"`", 1, 1, 1, 1, []way{
		{"server.age", replace("server.age", `"port":587`, `"port":"587"`)},
		{"cloud.age", replace("cloud.age", `"smtp_port":587`, `"smtp_port":"587"`)},
	}},
	{"write a key twice", 1, 1, 1, 1, bytesIn(`"host":"mail.example.com"`, `"host":"mail.example.com","host":"mail.example.net"`)},
	{"swap the markers of two passwords", 1, 1, 1, 1, content(func(_ *testing.T, b *schema.Bundle) {
		swap(b, "password", "Service Desk", "Billing")
	})},
	{"point a connection to another host and keep the seal", 1, 1, 1, 1, content(func(_ *testing.T, b *schema.Bundle) {
		set(connection(b, "Service Desk"), "host", "mail.evil.example")
	})},
	{"put in the sealed part of another bundle", 0, 1, 1, 1, both(func(t *testing.T, h handover, b *schema.Bundle) {
		b.Sealed = h.bundle(t, "other.age").Sealed
	})},
	{"put in a sealed part of one's own", 0, 1, 1, 1, both(func(t *testing.T, h handover, b *schema.Bundle) {
		b.Sealed[0] = ownPart(t, h, b)
	})},
	{"put in a sealed part of one's own, and markers to match", 1, 1, 1, 0, []way{
		{"server.age", func(t *testing.T, h handover) { h.putBundle(t, "server.age", ownSecrets(t, h)) }},
		{"cloud.age", func(t *testing.T, h handover) { h.transformAgain(t, ownSecrets(t, h), nil) }},
	}},
	{"drop a connection", 1, 1, 1, 0, content(func(_ *testing.T, b *schema.Bundle) {
		b.Connections = slices.DeleteFunc(b.Connections, func(it schema.Item) bool { return it.ItemName() == "Service Desk" })
	})},
	{"reorder the connections", 1, 1, 1, 0, content(func(_ *testing.T, b *schema.Bundle) {
		slices.Reverse(b.Connections)
	})},
	{"alter the manifest's source", 1, 1, 1, 0, content(func(_ *testing.T, b *schema.Bundle) {
		b.Manifest.Source.Name = "elsewhere.csv"
	})},
	{"alter the manifest's id", 1, 1, 1, 1, content(func(_ *testing.T, b *schema.Bundle) {
		b.Manifest.ID = strings.Repeat("ab", 16)
	})},
	{"alter the embedded origin", 1, 1, 1, 1, inCloud(func(_ *testing.T, b *schema.Bundle) {
		b.Origin.Connections[0].(*schema.ServerConnection).FromAddress = "me@evil.example"
	})},
	{"alter the embedded rules", 1, 1, 1, 0, append(inCloud(func(t *testing.T, b *schema.Bundle) {
		otherRules(t, b.Origin.Rules)
	}), way{"cloud.age", func(t *testing.T, h handover) {
		rules := h.bundle(t, "cloud.age").Origin.Rules
		otherRules(t, rules)
		h.transformAgain(t, h.bundle(t, "server.age"), rules)
	}})},
	{"replay statements from another bundle", 1, 1, 1, 0, []way{
		{"server.age", func(t *testing.T, h handover) { replay(t, h, "other.age", "server.age", "") }},
		{"cloud.age", func(t *testing.T, h handover) { replay(t, h, "othercloud.age", "cloud.age", "") }},
	}},
	{"replay statements of an older content", 1, 1, 1, 0, []way{
		{"server.age", func(t *testing.T, h handover) { replay(t, h, "server.age", "server.age", ".void") }},
		{"cloud.age", func(t *testing.T, h handover) { replay(t, h, "server.age", "cloud.age", ".void") }},
	}},
	{"change a rejection into an approval", 1, 1, 1, 0, []way{{"cloud.age", func(t *testing.T, h handover) {
		mustRun(t, "review", "-i", h.path("rev.key"), "--reject", "--sign", h.path("anna"), h.path("cloud.age"))
		for _, f := range h.statements(t, "cloud.age") {
			write(t, f, bytes.ReplaceAll(read(t, f), []byte(`\"reject\"`), []byte(`\"approve\"`)))
		}
	}}}},
	{"sign with a key that nobody listed", 4, 4, 4, 0, both(func(t *testing.T, h handover, b *schema.Bundle) {
		for _, file := range []string{"server.age", "cloud.age"} {
			remove(t, h.statements(t, file))
		}
		h.sshKey(t, "mallory")
		for _, file := range []string{"server.age", "cloud.age"} {
			mustRun(t, "review", "-i", h.path("rev.key"), "--approve", "--sign", h.path("mallory"), h.path(file))
		}
	})},
	{"approve what one exported or transformed", 4, 4, 4, 0, []way{
		{"server.age", approvals("server.age", "exporter", "anna")},
		{"cloud.age", approvals("cloud.age", "exporter", "transformer")},
	}},
	{"claim two names with one key", 4, 4, 4, 0, []way{
		{"server.age", twoNames("server.age")},
		{"cloud.age", twoNames("cloud.age")},
	}},
	{"be listed under a wildcard principal", 4, 4, 4, 0, []way{{"cloud.age", func(t *testing.T, h handover) {
		lines := strings.Split(string(read(t, h.path("signers"))), "\n")
		for i, l := range lines {
			if who, key, ok := strings.Cut(l, " "); ok && (who == "anna@corp.example" || who == "bea@corp.example") {
				lines[i] = "*@corp.example " + key
			}
		}
		write(t, h.path("signers"), []byte(strings.Join(lines, "\n")))
	}}}},
}

// TestTampering walks the table: each attack in each way is caught where the
// table says, and an import that is refused writes nothing.
func TestTampering(t *testing.T) {
	road := newHandover(t)
	t.Run("what nobody touched passes", func(t *testing.T) {
		h := road.copy(t)
		h.expect(t, "server.age", attack{})
		h.expect(t, "cloud.age", attack{})
	})
	for _, a := range attacks {
		for i, w := range a.ways {
			t.Run(fmt.Sprintf("%s/%d in %s", a.what, i+1, w.file), func(t *testing.T) {
				h := road.copy(t)
				w.do(t, h)
				h.expect(t, w.file, a)
				if i == len(a.ways)-1 {
					h.expectUnasked(t, a.unasked)
				}
			})
		}
	}
}

// gate asks for what a careful site asks for.
func (h handover) gate(file string) []string {
	args := []string{"--allowed-signers", h.path("signers"), "--require", "reviewer=2", "--require", "exporter=1"}
	if file == "cloud.age" {
		args = append(args, "--require", "transformer=1")
	}
	return args
}

func (h handover) expect(t *testing.T, file string, a attack) {
	t.Helper()
	for _, as := range []struct {
		key  string
		want int
	}{{"rev", a.reviewer}, {"ops", a.recipient}} {
		r := mailferry(t, append([]string{"verify", "-i", h.path(as.key + ".key"), h.path(file)}, h.gate(file)...)...)
		if r.code != as.want {
			t.Errorf("verify with %s.key: exit %d, want %d\n%s%s", as.key, r.code, as.want, r.out, r.err)
		}
	}
	if file != "cloud.age" {
		return
	}
	r := mailferry(t, append([]string{"import", "credentials", "-i", h.path("ops.key"), "--cloud", "sample:" + h.path("cloud"), h.path(file)}, h.gate(file)...)...)
	if r.code != a.imports {
		t.Errorf("import: exit %d, want %d\n%s%s", r.code, a.imports, r.out, r.err)
	}
	if n := h.onCloud(t, "cloud"); (n > 0) != (r.code == 0) {
		t.Errorf("import with exit %d left %d items on Cloud", r.code, n)
	}
}

// expectUnasked imports without asking for statements: what is still caught
// rests on the seal, the transform or the format.
func (h handover) expectUnasked(t *testing.T, want int) {
	t.Helper()
	r := mailferry(t, "import", "credentials", "-i", h.path("ops.key"), "--cloud", "sample:"+h.path("unasked"), h.path("cloud.age"))
	if r.code != want {
		t.Errorf("import without statements: exit %d, want %d\n%s%s", r.code, want, r.out, r.err)
	}
	if n := h.onCloud(t, "unasked"); (n > 0) != (r.code == 0) {
		t.Errorf("import with exit %d left %d items on Cloud", r.code, n)
	}
}

// A recipient whom somebody wrote into the list gets nothing by fill, and verify
// tells of the name that no signer saw.
func TestFillSealsToNobodyOutOfTheList(t *testing.T) {
	h := newHandover(t)
	mallory := h.keygen(t, "mallory")
	for _, file := range []string{"prefill.age", "cloud.age"} {
		b := h.bundle(t, file)
		b.Manifest.Recipients = append(b.Manifest.Recipients, schema.KeyHolder{Label: "ops backup", Key: mallory})
		h.putFor(t, file, encoded(t, b), h.ops, h.rev, mallory)
	}
	for _, key := range []string{"rev.key", "ops.key"} {
		r := mustRun(t, append([]string{"verify", "-i", h.path(key), h.path("cloud.age")}, h.gate("cloud.age")...)...)
		if n := strings.Count(strings.Join(strings.Fields(r.out), " "), "recipient added since: ops backup "+mallory); n != 6 {
			t.Errorf("verify with %s names the recipient added %d times, want once for each of the six statements:\n%s", key, n, r.out)
		}
	}
	r := mustRun(t, "fill", "-i", h.path("ops.key"), "--secrets", h.path("legal.csv"), "-r", h.ops, "--reviewer", h.rev, h.path("prefill.age"))
	if !strings.Contains(r.err, mallory) {
		t.Errorf("fill does not tell that it leaves a listed reader out:\n%s", r.err)
	}
	if r := mailferry(t, "audit", "-i", h.path("mallory.key"), h.path("prefill.age")); r.code != 1 {
		t.Errorf("the file opens to the key from the list: exit %d", r.code)
	}
	ids, err := sealed.Keys{}.Identities(bytes.NewReader(read(t, h.path("mallory.key"))), nil)
	rig.OK(t, err)
	for i, part := range h.bundle(t, "prefill.age").Sealed {
		if _, err := sealed.Decrypt(strings.NewReader(part), schema.MaxDocument, ids...); err == nil {
			t.Errorf("sealed[%d] opens to the key from the list", i)
		}
	}
}

// The table of schema/README.md is this file's.
func TestTheDocumentListsEveryAttack(t *testing.T) {
	readme := string(read(t, filepath.Join("..", "..", "schema", "README.md")))
	for _, row := range tamperTable() {
		if !strings.Contains(readme, row+"\n") {
			t.Errorf("schema/README.md lacks the row\n%s", row)
		}
	}
}

func tamperTable() []string {
	cell := func(code int) string {
		if code == 0 {
			return "no"
		}
		return fmt.Sprintf("exit %d", code)
	}
	rows := []string{
		"| somebody tries to | `verify`, reviewer's key | `verify`, recipient's key | `import` | `import` that asks for no statement |",
		"|---|---|---|---|---|",
	}
	for _, a := range attacks {
		rows = append(rows, fmt.Sprintf("| %s | %s | %s | %s | %s |", a.what, cell(a.reviewer), cell(a.recipient), cell(a.imports), cell(a.unasked)))
	}
	return append(rows, "| add a recipient to the list and wait for `fill` | names the key | names the key | – | `fill` seals to `-r` alone |")
}

// content alters the lists in three ways: in the server bundle, in the cloud
// bundle alone, and in the origin with the transform done again.
func content(edit func(*testing.T, *schema.Bundle)) []way {
	return []way{
		{"server.age", func(t *testing.T, h handover) {
			b := h.bundle(t, "server.age")
			edit(t, b)
			h.putBundle(t, "server.age", b)
		}},
		inCloud(edit)[0],
		{"cloud.age", func(t *testing.T, h handover) {
			b := h.bundle(t, "server.age")
			edit(t, b)
			h.transformAgain(t, b, nil)
		}},
	}
}

func inCloud(edit func(*testing.T, *schema.Bundle)) []way {
	return []way{{"cloud.age", func(t *testing.T, h handover) {
		b := h.bundle(t, "cloud.age")
		edit(t, b)
		h.putBundle(t, "cloud.age", b)
	}}}
}

// both does the same to either bundle.
func both(edit func(*testing.T, handover, *schema.Bundle)) []way {
	var out []way
	for _, file := range []string{"server.age", "cloud.age"} {
		out = append(out, way{file, func(t *testing.T, h handover) {
			b := h.bundle(t, file)
			edit(t, h, b)
			h.putBundle(t, file, b)
		}})
	}
	return out
}

// bytesIn replaces bytes of either document.
func bytesIn(old, new string) []way {
	return []way{{"server.age", replace("server.age", old, new)}, {"cloud.age", replace("cloud.age", old, new)}}
}

func replace(file, old, new string) func(*testing.T, handover) {
	return func(t *testing.T, h handover) {
		doc := h.document(t, file)
		if !bytes.Contains(doc, []byte(old)) {
			t.Fatalf("%s does not hold %s", file, old)
		}
		h.put(t, file, bytes.Replace(doc, []byte(old), []byte(new), 1))
	}
}

func connection(b *schema.Bundle, name string) schema.Item {
	return schema.Find(b.Connections, name)
}

func get(it schema.Item, field string) any {
	v, ok := schema.Get(it, field)
	if !ok {
		panic("no field " + field)
	}
	return v
}

func set(it schema.Item, field string, v any) {
	if err := schema.Set(it, field, v); err != nil {
		panic(err)
	}
}

func prefixField(b *schema.Bundle) string {
	if b.IsCloud() {
		return "email_prefix"
	}
	return "prefix"
}

// swap exchanges one field of two connections, and sees to it that this changes
// something.
func swap(b *schema.Bundle, field, nameA, nameB string) {
	x, y := connection(b, nameA), connection(b, nameB)
	vx, vy := get(x, field), get(y, field)
	if vx == vy {
		panic("equal already: " + field)
	}
	set(x, field, vy)
	set(y, field, vx)
}

// otherRules maps a value to something else.
func otherRules(t *testing.T, rules *schema.Rules) {
	t.Helper()
	for _, values := range rules.Values {
		for i := range values {
			if values[i].From == "SMTP" {
				values[i].To = "Another provider"
				return
			}
		}
	}
	t.Fatal("the rules map no SMTP")
}

// ownPart is a sealed part under the key id of the bundle's first one, sealed to
// the real recipient by somebody who does not know the fingerprint key.
func ownPart(t *testing.T, h handover, b *schema.Bundle) string {
	t.Helper()
	server := h.bundle(t, "server.age")
	var keyID string
	key := bytes.Repeat([]byte{7}, 32)
	var secrets []map[string]any
	for _, it := range server.Connections {
		m := schema.SecretMarker(it)
		if m == nil {
			continue
		}
		if keyID == "" {
			keyID = m.KeyID()
		}
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte("mine"))
		secrets = append(secrets, map[string]any{"kind": "connection", "name": it.ItemName(), "value": "mine",
			"fingerprint": keyID + ":" + hex.EncodeToString(mac.Sum(nil)),
			"for":         map[string]any{"host": get(it, "host"), "port": get(it, "port"), "encryption": get(it, "encryption"), "username": get(it, "username")}})
	}
	plain, err := schema.Marshal(map[string]any{"format": sealed.PartFormat, "bundle": b.SecretsID(), "keyid": keyID,
		"key": base64.StdEncoding.EncodeToString(key), "secrets": secrets})
	rig.OK(t, err)
	ops, err := age.ParseX25519Recipient(h.ops)
	rig.OK(t, err)
	armored, err := sealed.Encrypt(plain, []age.Recipient{ops})
	rig.OK(t, err)
	return string(armored)
}

// ownSecrets is the server bundle with every secret replaced, well-formed.
func ownSecrets(t *testing.T, h handover) *schema.Bundle {
	t.Helper()
	b := h.bundle(t, "server.age")
	b.Sealed = nil
	mine := schema.Secrets{}
	for _, l := range schema.Lists() {
		for _, it := range b.Items(l) {
			if schema.SecretMarker(it) != nil {
				mine[schema.SecretKey{List: l, Name: it.ItemName()}] = schema.NewSecret("mine")
			}
		}
	}
	ops, err := sealed.Keys{}.Recipient(h.ops)
	rig.OK(t, err)
	rig.OK(t, sealed.Create(io.Discard, b, mine, sealed.Holders{Recipients: []sealed.Recipient{ops}}))
	return b
}

// replay lays the reviewers' statements about one bundle beside another, in
// place of the true ones. suffix is what the old files' names end in.
func replay(t *testing.T, h handover, from, to, suffix string) {
	t.Helper()
	old, err := filepath.Glob(h.path(from) + ".*.statement" + suffix)
	rig.OK(t, err)
	if len(old) == 0 {
		t.Fatalf("nothing to replay from %s", from)
	}
	replayed := map[string][]byte{}
	for _, f := range old {
		name := strings.TrimSuffix(filepath.Base(f), suffix)
		replayed[h.path(to+strings.TrimPrefix(name, from))] = read(t, f)
	}
	remove(t, h.statements(t, to))
	for name, content := range replayed {
		write(t, name, content)
	}
}

// approvals leaves only those people's approvals, and the makers' own
// statements, beside a bundle.
func approvals(file string, who ...string) func(*testing.T, handover) {
	return func(t *testing.T, h handover) {
		for _, f := range h.statements(t, file) {
			if bytes.Contains(read(t, f), []byte(`\"reviewer\"`)) {
				remove(t, []string{f})
			}
		}
		for _, w := range who {
			mustRun(t, "review", "-i", h.path("rev.key"), "--approve", "--sign", h.path(w), h.path(file))
		}
	}
}

// twoNames lists one key under two names, and has it approve twice.
func twoNames(file string) func(*testing.T, handover) {
	return func(t *testing.T, h handover) {
		signers := read(t, h.path("signers"))
		write(t, h.path("signers"), append(signers, []byte("carl@corp.example "+string(read(t, h.path("anna.pub"))))...))
		approvals(file, "anna", "anna")(t, h)
	}
}

func remove(t *testing.T, files []string) {
	t.Helper()
	for _, f := range files {
		rig.OK(t, os.Remove(f))
	}
}
