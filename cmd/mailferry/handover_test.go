package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"filippo.io/age/plugin"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/samples"
	"github.com/mailferry/mailferry/samples/cloud"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
	"github.com/mailferry/mailferry/transform"
)

// handover is a folder in which a bundle was exported, reviewed, filled,
// transformed and reviewed again, each step signed: server.age, cloud.age, the
// statements beside them and the allowed_signers file "signers". prefill.age is
// the server bundle before its last secret came, and the .void files are the
// approvals of it. other.age and othercloud.age are another export of the same
// sheets, approved by the same people.
type handover struct {
	dir      string
	ops, rev string // age recipients of ops.key and rev.key
}

// result is what one command line did.
type result struct {
	code int
	out  string // stdout
	err  string // stderr
}

func (h handover) path(name string) string { return filepath.Join(h.dir, name) }

// mailferry runs one command line in this process.
func mailferry(t *testing.T, args ...string) result {
	t.Helper()
	return mailferryAt(t, time.Now(), args...)
}

// mailferryAt is mailferry by another clock.
func mailferryAt(t *testing.T, now time.Time, args ...string) result {
	t.Helper()
	e := processEnv()
	e.now = func() time.Time { return now }
	var out, err bytes.Buffer
	e.stdout, e.stderr = &out, &err
	e.lookupenv = func(string) (string, bool) { return "", false }
	code := e.run(t.Context(), append([]string{"mailferry"}, args...))
	return result{code, out.String(), err.String()}
}

func mustRun(t *testing.T, args ...string) result {
	t.Helper()
	r := mailferry(t, args...)
	if r.code != 0 {
		t.Fatalf("%q: exit %d: %s", args, r.code, r.err)
	}
	return r
}

// newHandover walks the road once, with keys made by the real ssh-keygen.
func newHandover(t *testing.T) handover {
	t.Helper()
	h := handover{dir: t.TempDir()}
	for name, content := range samples.Files() {
		write(t, h.path(name), content)
	}
	h.ops = h.keygen(t, "ops")
	h.rev = h.keygen(t, "rev")
	var signers strings.Builder
	for _, who := range []string{"exporter", "transformer", "anna", "bea"} {
		signers.WriteString(who + "@corp.example " + h.sshKey(t, who))
	}
	write(t, h.path("signers"), []byte(signers.String()))
	approve := func(bundle string) {
		for _, who := range []string{"anna", "bea"} {
			mustRun(t, "review", "-i", h.path("rev.key"), "--approve", "--sign", h.path(who), h.path(bundle))
		}
	}
	readers := []string{"-r", h.ops, "--reviewer", h.rev}
	do := func(args ...string) { t.Helper(); mustRun(t, append(args, readers...)...) }

	do("export", "--sign", h.path("exporter"), "-o", h.path("server.age"), h.path("connections.csv"), h.path("credentials.csv"))
	approve("server.age")
	write(t, h.path("prefill.age"), read(t, h.path("server.age")))
	do("fill", "-i", h.path("rev.key"), "--yes", "--sign", h.path("exporter"), "--secrets", h.path("legal.csv"), h.path("server.age"))
	approve("server.age")
	do("transform", "-i", h.path("rev.key"), "--sign", h.path("transformer"), "-o", h.path("cloud.age"), h.path("server.age"))
	approve("cloud.age")

	do("export", "--sign", h.path("exporter"), "-o", h.path("other.age"), h.path("connections.csv"), h.path("credentials.csv"))
	approve("other.age")
	do("transform", "-i", h.path("rev.key"), "--sign", h.path("transformer"), "-o", h.path("othercloud.age"), h.path("other.age"))
	approve("othercloud.age")
	return h
}

// copy gives one test a folder of its own.
func (h handover) copy(t *testing.T) handover {
	t.Helper()
	c := h
	c.dir = t.TempDir()
	entries, err := os.ReadDir(h.dir)
	rig.OK(t, err)
	for _, e := range entries {
		write(t, c.path(e.Name()), read(t, h.path(e.Name())))
	}
	return c
}

// keygen makes NAME.key and returns its recipient.
func (h handover) keygen(t *testing.T, name string) string {
	t.Helper()
	return strings.TrimSpace(mustRun(t, "keygen", "-o", h.path(name+".key")).out)
}

// sshKey makes the SSH key NAME and returns its public line.
func (h handover) sshKey(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", h.path(name)).CombinedOutput()
	if err != nil {
		t.Fatalf("ssh-keygen: %v: %s", err, out)
	}
	return strings.TrimSpace(string(read(t, h.path(name+".pub")))) + "\n"
}

// document is a bundle's document as a reviewer opens it.
func (h handover) document(t *testing.T, file string) []byte {
	t.Helper()
	ids, err := sealed.Keys{}.Identities(bytes.NewReader(read(t, h.path("rev.key"))), nil)
	rig.OK(t, err)
	doc, err := sealed.Decrypt(bytes.NewReader(read(t, h.path(file))), schema.MaxDocument, ids...)
	rig.OK(t, err)
	return doc
}

// put encrypts a document to every reader, with age alone: whoever knows the
// public keys can, and nothing of ours looks at it.
func (h handover) put(t *testing.T, file string, doc []byte) {
	t.Helper()
	h.putFor(t, file, doc, h.ops, h.rev)
}

func (h handover) putFor(t *testing.T, file string, doc []byte, keys ...string) {
	t.Helper()
	var to []age.Recipient
	for _, k := range keys {
		r, err := age.ParseX25519Recipient(k)
		rig.OK(t, err)
		to = append(to, r)
	}
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to...)
	rig.OK(t, err)
	_, err = w.Write(doc)
	rig.OK(t, err)
	rig.OK(t, w.Close())
	write(t, h.path(file), out.Bytes())
}

// bundle decodes a bundle.
func (h handover) bundle(t *testing.T, file string) *schema.Bundle {
	t.Helper()
	b, err := schema.Decode(h.document(t, file))
	rig.OK(t, err)
	return b
}

func (h handover) putBundle(t *testing.T, file string, b *schema.Bundle) {
	t.Helper()
	h.put(t, file, encoded(t, b))
}

func encoded(t *testing.T, b *schema.Bundle) []byte {
	t.Helper()
	doc, err := b.Encode()
	rig.OK(t, err)
	return doc
}

// transformAgain writes cloud.age anew from an altered server bundle, as
// somebody would who knows how: with an id, origin and claims that agree.
func (h handover) transformAgain(t *testing.T, server *schema.Bundle, rules *schema.Rules) {
	t.Helper()
	was := h.bundle(t, "cloud.age")
	if rules == nil {
		rules = was.Origin.Rules
	}
	b, _, err := transform.Apply(server, rules, was.Origin.Statements)
	rig.OK(t, err)
	m := was.Manifest
	m.ID, m.Source = b.Manifest.ID, b.Manifest.Source
	b.Manifest = m
	h.putBundle(t, "cloud.age", b)
}

// statements lists the statement files beside a bundle.
func (h handover) statements(t *testing.T, bundle string) []string {
	t.Helper()
	files, err := sealed.StatementsBeside(h.path(bundle))
	rig.OK(t, err)
	return files
}

// onCloud counts what the sample Cloud in a folder holds.
func (h handover) onCloud(t *testing.T, dir string) int {
	t.Helper()
	c, err := cloud.Open(h.path(dir), cloud.Options{})
	rig.OK(t, err)
	defer c.Close()
	n := 0
	for _, l := range schema.Lists() {
		items, err := c.Items(t.Context(), l)
		rig.OK(t, err)
		n += len(items)
	}
	return n
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	rig.OK(t, err)
	return raw
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	rig.OK(t, os.WriteFile(path, content, 0o600))
}

func listing(t *testing.T, dir string) string {
	t.Helper()
	entries := rig.Get(os.ReadDir(dir)).Or(t)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// A rejection shuts the gates of verify and import until the same person
// approves; nobody else's approval opens them.
func TestARejectionStandsUntilTheSamePersonApproves(t *testing.T) {
	h := newHandover(t)
	now := time.Now()
	say := func(who, what string) {
		t.Helper()
		now = now.Add(time.Minute)
		if r := mailferryAt(t, now, "review", "-i", h.path("rev.key"), what, "--sign", h.path(who), h.path("cloud.age")); r.code != 0 {
			t.Fatal(r.err)
		}
	}
	gates := func(want int, when string) {
		t.Helper()
		for _, args := range [][]string{
			{"verify", "-i", h.path("rev.key")},
			{"import", "credentials", "-i", h.path("ops.key"), "--cloud", "sample:" + h.path("cloud")},
		} {
			args = append(args, "--allowed-signers", h.path("signers"), "--require", "reviewer=1", h.path("cloud.age"))
			if r := mailferryAt(t, now, args...); r.code != want {
				t.Errorf("%s: %s: exit %d, want %d: %s", when, args[0], r.code, want, r.err)
			}
		}
	}
	say("bea", "--reject")
	gates(exitGate, "bea has rejected")
	say("anna", "--approve")
	gates(exitGate, "anna has approved again")
	if n := h.onCloud(t, "cloud"); n != 0 {
		t.Errorf("a shut gate left %d items on Cloud", n)
	}
	say("bea", "--approve")
	gates(exitDone, "bea has approved")
}

// An approval that a clock ahead dated later than the rejection does not lift it,
// and a clock that is off against one's own statements is told of before anything
// is signed by it.
func TestAClockThatRunsAheadLiftsNoRejection(t *testing.T) {
	h := newHandover(t)
	remove(t, h.statements(t, "cloud.age"))
	now := time.Now()
	review := func(at time.Time, what, file string) result {
		return mailferryAt(t, at, "review", "-i", h.path("rev.key"), what, "--sign", h.path("bea"), h.path(file))
	}
	if r := review(now.Add(2*time.Hour), "--approve", "cloud.age"); r.code != 0 {
		t.Fatal(r.err)
	}
	for _, what := range []string{"--approve", "--reject"} {
		if r := review(now, what, "cloud.age"); r.code != 1 || !strings.Contains(r.err, "ahead of this computer's clock") || !strings.Contains(r.err, "look at the clock") {
			t.Errorf("%s by another clock: exit %d: %s", what, r.code, r.err)
		}
	}
	rig.OK(t, os.Mkdir(h.path("apart"), 0o700))
	write(t, h.path("apart/cloud.age"), read(t, h.path("cloud.age")))
	if r := review(now, "--reject", "apart/cloud.age"); r.code != 0 {
		t.Fatal(r.err)
	}
	rejection := h.statements(t, "apart/cloud.age")[0]
	for _, hours := range []time.Duration{0, 3} {
		r := mailferryAt(t, now.Add(hours*time.Hour), "verify", "-i", h.path("rev.key"), "--allowed-signers", h.path("signers"), "--statement", rejection, h.path("cloud.age"))
		if r.code != exitGate || !strings.Contains(r.err, "rejected by") {
			t.Errorf("%d hours later: exit %d: %s", hours, r.code, r.err)
		}
	}
	// A person who has looked at the date names the rejection.
	ahead := now.Add(-time.Hour)
	approve := []string{"review", "-i", h.path("rev.key"), "--approve", "--sign", h.path("bea"), h.path("apart/cloud.age")}
	if r := mailferryAt(t, ahead, approve...); r.code != 1 {
		t.Errorf("a rejection dated ahead: exit %d: %s", r.code, r.err)
	}
	if r := mailferryAt(t, ahead, append(approve, "--supersedes", rejection)...); r.code != 0 {
		t.Errorf("named: exit %d: %s", r.code, r.err)
	}
}

// Whoever makes a bundle looks at the clock too, before anything is written.
func TestNoBundleIsSignedByAClockThatIsOff(t *testing.T) {
	h := newHandover(t)
	before := read(t, h.path("other.age"))
	names := listing(t, h.dir)
	readers := []string{"-r", h.ops, "--reviewer", h.rev, "-i", h.path("rev.key"), "--sign", h.path("exporter")}
	for _, args := range [][]string{
		{"fill", "--yes", "--secrets", h.path("legal.csv"), h.path("other.age")},
		{"transform", "-o", h.path("new.age"), h.path("other.age")},
	} {
		r := mailferryAt(t, time.Now().Add(-time.Hour), append(args, readers...)...)
		if r.code != 1 || !strings.Contains(r.err, "ahead of this computer's clock") {
			t.Errorf("%s: exit %d: %s", args[0], r.code, r.err)
		}
	}
	if !bytes.Equal(before, read(t, h.path("other.age"))) || listing(t, h.dir) != names {
		t.Errorf("something was written: %s", listing(t, h.dir))
	}
}

// A statement counts until the end that it was given, and is said to be out of
// date afterwards; a rejection does not become an approval by its end.
func TestStatementsExpire(t *testing.T) {
	h := newHandover(t)
	remove(t, h.statements(t, "cloud.age"))
	now := time.Now()
	mustRun(t, "review", "-i", h.path("rev.key"), "--approve", "--expires", "24h", "--sign", h.path("anna"), h.path("cloud.age"))
	args := []string{"verify", "-i", h.path("rev.key"), "--allowed-signers", h.path("signers"), "--require", "reviewer=1", h.path("cloud.age")}
	if r := mailferryAt(t, now.Add(time.Hour), args...); r.code != 0 {
		t.Errorf("within a day: exit %d: %s", r.code, r.err)
	}
	r := mailferryAt(t, now.Add(48*time.Hour), args...)
	if r.code != exitGate || !strings.Contains(r.out, "expired: ") || !strings.Contains(r.out, "the statement was good until ") {
		t.Errorf("after two days: exit %d:\n%s%s", r.code, r.out, r.err)
	}
}

// waxPlugin is an age plugin for the scripts: its key is a constant, and each of
// its runs adds a line to the file in WAX_LOG.
func waxPlugin() {
	if log := os.Getenv("WAX_LOG"); log != "" {
		f, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			os.Exit(1)
		}
		_, _ = f.WriteString("run\n")
		_ = f.Close()
	}
	p, err := plugin.New("wax")
	if err != nil {
		os.Exit(1)
	}
	p.HandleRecipient(func([]byte) (age.Recipient, error) { return wax{}, nil })
	p.HandleIdentity(func([]byte) (age.Identity, error) { return wax{}, nil })
	os.Exit(p.Main())
}

type wax struct{}

func (wax) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	return []*age.Stanza{{Type: "wax", Body: pressed(fileKey)}}, nil
}

func (wax) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	for _, s := range stanzas {
		if s.Type == "wax" {
			return pressed(s.Body), nil
		}
	}
	return nil, age.ErrIncorrectIdentity
}

func pressed(key []byte) []byte {
	out := bytes.Clone(key)
	for i := range out {
		out[i] ^= 0x5a
	}
	return out
}

// A secret that no setting refers to any more is told of to a recipient, who
// can prune it; the content and what was said of it stay.
func TestRekeyPrunesWhatNothingRefersTo(t *testing.T) {
	h := newHandover(t)
	b := h.bundle(t, "server.age")
	b.Connections = slices.DeleteFunc(b.Connections, func(it schema.Item) bool { return it.ItemName() == "Service Desk" })
	h.transformAgain(t, b, nil)
	r := mustRun(t, "audit", "-i", h.path("ops.key"), h.path("cloud.age"))
	if !strings.Contains(r.out, "secret-unreferenced") || !strings.Contains(r.out, "Service Desk") {
		t.Errorf("audit with a recipient's key does not warn of the secret left over:\n%s", r.out)
	}
	if r := mustRun(t, "audit", "-i", h.path("rev.key"), h.path("cloud.age")); strings.Contains(r.out, "secret-unreferenced") {
		t.Error("audit with a reviewer's key claims to know what is sealed")
	}
	r = mustRun(t, "rekey", "-i", h.path("ops.key"), "--yes", "-o", h.path("pruned.age"), h.path("cloud.age"))
	if !strings.Contains(r.err, "left out 1 secret that nothing refers to") {
		t.Errorf("rekey does not tell what it prunes:\n%s", r.err)
	}
	if r := mustRun(t, "audit", "-i", h.path("ops.key"), h.path("pruned.age")); strings.Contains(r.out, "secret-unreferenced") {
		t.Errorf("the secret is still there:\n%s", r.out)
	}
	was, is := h.bundle(t, "cloud.age"), h.bundle(t, "pruned.age")
	wasDigest, err := was.Digest()
	rig.OK(t, err)
	isDigest, err := is.Digest()
	rig.OK(t, err)
	if wasDigest != isDigest {
		t.Error("rekey changed the content")
	}
}

// What audit and diff print for machines is what the published schemas say.
func TestReportsAreOfThePublishedSchemas(t *testing.T) {
	h := newHandover(t)
	for _, c := range []struct {
		schema string
		code   int
		args   []string
	}{
		{"audit-report", exitDone, []string{"audit", "--json", "-i", h.path("ops.key"), "--allowed-signers", h.path("signers"), h.path("server.age"), h.path("cloud.age")}},
		{"diff-report", exitDiffers, []string{"diff", "--json", "-i", h.path("rev.key"), h.path("prefill.age"), h.path("cloud.age")}},
	} {
		r := mailferry(t, c.args...)
		if r.code != c.code {
			t.Fatalf("%q: exit %d: %s", c.args, r.code, r.err)
		}
		var v map[string]any
		if err := schema.DecodeFile(c.schema, []byte(r.out), &v); err != nil {
			t.Errorf("%s: %v\n%.2000s", c.schema, err, r.out)
		}
	}
}
