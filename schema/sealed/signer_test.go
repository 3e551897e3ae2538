package sealed

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

// sshKey makes a key with the real ssh-keygen and returns the private file.
func sshKey(t *testing.T, comment string, args ...string) string {
	t.Helper()
	if args == nil {
		args = []string{"-t", "ed25519"}
	}
	file := filepath.Join(t.TempDir(), "id")
	runTool(t, nil, "ssh-keygen", append(args, "-q", "-C", comment, "-f", file, "-N", "")...)
	return file
}

func runTool(t *testing.T, stdin io.Reader, name string, args ...string) string {
	t.Helper()
	out, err := tryTool(t, stdin, name, args...)
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return out
}

func tryTool(t *testing.T, stdin io.Reader, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdin = stdin
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func loadSigner(t *testing.T, name string) *Signer {
	t.Helper()
	s := rig.Get(LoadSigner(t.Context(), name, nil)).Or(t)
	t.Cleanup(s.Close)
	return s
}

func publicLine(t *testing.T, s *Signer, principal string) string {
	t.Helper()
	comment, key, _ := strings.Cut(s.PublicLine(), " ")
	return cmp.Or(principal, comment) + " " + key
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", want)
	}
	if !strings.Contains(err.Error(), want) {
		t.Fatalf("%q, want %q in it", err, want)
	}
}

func keyKinds() map[string][]string {
	return map[string][]string{
		"ed25519":  {"-t", "ed25519"},
		"ecdsa256": {"-t", "ecdsa", "-b", "256"},
		"ecdsa384": {"-t", "ecdsa", "-b", "384"},
		"ecdsa521": {"-t", "ecdsa", "-b", "521"},
		"rsa3072":  {"-t", "rsa", "-b", "3072"},
	}
}

func TestStatementsOfEveryKindOfKeyAgreeWithSSHKeygenBothWays(t *testing.T) {
	for name, args := range keyKinds() {
		t.Run(name, func(t *testing.T) {
			file := sshKey(t, "anna@corp.example", args...)
			signer := loadSigner(t, file)
			s := rig.Get(SignStatement(testSubject().Body(schema.RoleReviewer, schema.DecisionApprove, testTime(0)), signer)).Or(t)
			dir := t.TempDir()
			put(t, dir, "allowed", publicLine(t, signer, "")+"\n")
			put(t, dir, "sig", s.Signature)
			verify := []string{"-Y", "verify", "-f", dir + "/allowed", "-I", "anna@corp.example", "-n", "mailferry", "-s", dir + "/sig"}
			runTool(t, strings.NewReader(s.Statement), "ssh-keygen", verify...)
			if out, err := tryTool(t, strings.NewReader(s.Statement+" "), "ssh-keygen", verify...); err == nil {
				t.Fatalf("ssh-keygen takes other bytes: %s", out)
			}

			for _, hash := range []string{"sha512", "sha256"} {
				theirs := runTool(t, strings.NewReader(s.Statement), "ssh-keygen", "-q", "-Y", "sign", "-n", "mailferry", "-O", "hashalg="+hash, "-f", file)
				theirs = theirs[strings.Index(theirs, "-----BEGIN"):]
				signed := rig.Get(CheckStatement(schema.Statement{Format: s.Format, Statement: s.Statement, Signature: theirs})).Or(t)
				if signed.Fingerprint() != signer.Fingerprint() || signed.Body.Digest != testSubject().Digest {
					t.Fatalf("read %+v", signed.Body)
				}
			}
		})
	}
}

func TestSigningThroughTheRealAgent(t *testing.T) {
	socket := startAgent(t)
	t.Setenv(agentVariable, socket)
	for name, args := range keyKinds() {
		file := sshKey(t, name, args...)
		_, err := LoadSigner(t.Context(), file+".pub", nil)
		wantError(t, err, "does not hold the key SHA256:")
		runTool(t, nil, "ssh-add", "-q", file)
		if err := os.Remove(file); err != nil { // only the agent has it now
			t.Fatal(err)
		}
		signer := loadSigner(t, file+".pub")
		if !strings.HasPrefix(signer.PublicLine(), name+" ") {
			t.Fatalf("hands out %s", signer.PublicLine())
		}
		s, err := SignStatement(testSubject().Body(schema.RoleExporter, schema.DecisionMade, testTime(0)), signer)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if signed, err := CheckStatement(s); err != nil || signed.Fingerprint() != signer.Fingerprint() {
			t.Fatalf("%s: %v", name, err)
		}
	}
	t.Setenv(agentVariable, "")
	_, err := LoadSigner(t.Context(), sshKey(t, "")+".pub", nil)
	wantError(t, err, "SSH_AUTH_SOCK is not set")
}

func startAgent(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "agent") // t.TempDir is too long for a socket's name
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	cmd := exec.Command("ssh-agent", "-D", "-a", socket)
	out := rig.Get(cmd.StdoutPipe()).Or(t)
	rig.OK(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	// It says where it listens once it does.
	rig.Get(out.Read(make([]byte, 1))).Or(t)
	return socket
}

func TestSignersThatAreNotTakenAreToldWhy(t *testing.T) {
	locked := filepath.Join(t.TempDir(), "id")
	runTool(t, nil, "ssh-keygen", "-q", "-t", "ed25519", "-N", "right", "-f", locked)
	dir := t.TempDir()
	put(t, dir, "text", "hello")
	put(t, dir, "large", strings.Repeat("x", schema.MaxSSHKeyFile+1))
	put(t, dir, "broken", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n")
	for name, c := range map[string]struct {
		file string
		pass func() (schema.Secret, error)
		want string
	}{
		"small RSA":            {sshKey(t, "", "-t", "rsa", "-b", "2048"), nil, "an RSA key of 2048 bits is too small"},
		"small RSA, public":    {sshKey(t, "", "-t", "rsa", "-b", "2048") + ".pub", nil, "an RSA key of 2048 bits is too small"},
		"missing":              {filepath.Join(dir, "none"), nil, "no such file"},
		"folder":               {dir, nil, "not a file"},
		"no key":               {filepath.Join(dir, "text"), nil, "neither a private nor a public SSH key"},
		"too large":            {filepath.Join(dir, "large"), nil, "larger than"},
		"broken":               {filepath.Join(dir, "broken"), nil, "not a private key that can be used"},
		"nobody to ask":        {locked, nil, "no terminal"},
		"wrong passphrase":     {locked, answer("wrong", nil), "the passphrase does not open it"},
		"passphrase not given": {locked, answer("", errors.New("interrupted")), "interrupted"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := LoadSigner(t.Context(), c.file, c.pass)
			wantError(t, err, c.want)
		})
	}
	s := rig.Get(LoadSigner(t.Context(), locked, answer("right", nil))).Or(t)
	rig.Get(SignStatement(testSubject().Body(schema.RoleReviewer, schema.DecisionReject, testTime(0)), s)).Or(t)
}

func answer(pass string, err error) func() (schema.Secret, error) {
	return func() (schema.Secret, error) { return schema.NewSecret(pass), err }
}

func TestPublicLineIsOneThatSSHKeygenAndWeRead(t *testing.T) {
	commented, plain := loadSigner(t, sshKey(t, "anna@corp.example")), loadSigner(t, sshKey(t, "two words"))
	for _, c := range []struct {
		signer     *Signer
		give, want string
	}{
		{commented, "", "anna@corp.example"},
		{commented, "ben@corp.example", "ben@corp.example"},
		{plain, "", "key-" + plain.KeyFP8()},
	} {
		line := publicLine(t, c.signer, c.give)
		a, err := ParseAllowedSigners("line", []byte(line))
		if err != nil {
			t.Fatal(err)
		}
		if got := a.People(); len(got) != 1 || got[0].String() != c.want || got[0].Keys[0] != c.signer.Fingerprint() {
			t.Fatalf("%s names %v", line, got)
		}
	}
	for _, bad := range []string{"*@corp.example", "a b", "a,b", "!a", "#a", `a"`, "a\u202eb", strings.Repeat("a", 300)} {
		commented.comment = bad
		if line := commented.PublicLine(); !strings.HasPrefix(line, "key-") {
			t.Errorf("took %q: %s", bad, line)
		}
	}
}

// softSK is an sk-ssh-ed25519 key in software: it signs as a FIDO token would,
// with the flags that it is told.
type softSK struct {
	private ed25519.PrivateKey
	public  ssh.PublicKey
	flags   byte
}

func newSoftSK(t *testing.T, flags byte) *softSK {
	t.Helper()
	pub, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := ssh.ParsePublicKey(ssh.Marshal(struct {
		Type, Key, Application string
	}{ssh.KeyAlgoSKED25519, string(pub), "ssh:"}))
	if err != nil {
		t.Fatal(err)
	}
	return &softSK{private, public, flags}
}

func (k *softSK) PublicKey() ssh.PublicKey { return k.public }

func (k *softSK) Sign(_ io.Reader, data []byte) (*ssh.Signature, error) {
	app, msg := sha256.Sum256([]byte("ssh:")), sha256.Sum256(data)
	rest := binary.BigEndian.AppendUint32([]byte{k.flags}, 7)
	return &ssh.Signature{Format: ssh.KeyAlgoSKED25519, Rest: rest,
		Blob: ed25519.Sign(k.private, bytes.Join([][]byte{app[:], rest, msg[:]}, nil))}, nil
}

func TestASecurityKeysStatementVerifiesWhenItWasTouched(t *testing.T) {
	body := testSubject().Body(schema.RoleReviewer, schema.DecisionApprove, testTime(0))
	touched := newSoftSK(t, 1)
	signer := &Signer{signer: touched, public: touched.public, comment: "anna@corp.example"}
	s, err := SignStatement(body, signer)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	put(t, dir, "allowed", publicLine(t, signer, "")+"\n")
	put(t, dir, "sig", s.Signature)
	runTool(t, strings.NewReader(s.Statement), "ssh-keygen", "-Y", "verify", "-f", dir+"/allowed", "-I", "anna@corp.example", "-n", "mailferry", "-s", dir+"/sig")

	untouched := newSoftSK(t, 0)
	_, err = SignStatement(body, &Signer{signer: untouched, public: untouched.public})
	wantError(t, err, "does not match")
}

// tokenAgent is an agent in whose list stands a security key.
type tokenAgent struct {
	agent.Agent
	token *softSK
}

func (a tokenAgent) List() ([]*agent.Key, error) {
	return []*agent.Key{{Format: a.token.public.Type(), Blob: a.token.public.Marshal(), Comment: "token"}}, nil
}

func (a tokenAgent) Sign(_ ssh.PublicKey, data []byte) (*ssh.Signature, error) {
	return a.token.Sign(nil, data)
}

func TestASecurityKeySignsThroughAnAgent(t *testing.T) {
	dir := rig.Get(os.MkdirTemp("", "agent")).Or(t)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	listener := rig.Get(new(net.ListenConfig).Listen(t.Context(), "unix", filepath.Join(dir, "s"))).Or(t)
	t.Cleanup(func() { _ = listener.Close() })
	token := newSoftSK(t, 1)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(tokenAgent{agent.NewKeyring(), token}, conn) }()
		}
	}()
	t.Setenv(agentVariable, filepath.Join(dir, "s"))
	file := put(t, dir, "id_sk.pub", string(ssh.MarshalAuthorizedKey(token.public)))
	signed, err := CheckStatement(sign(t, loadSigner(t, file), nil))
	if err != nil || signed.Fingerprint() != ssh.FingerprintSHA256(token.public) {
		t.Fatal(err)
	}
}

func TestSignaturesThatOpenSSHWouldRefuseAreInvalid(t *testing.T) {
	signer := loadSigner(t, sshKey(t, ""))
	s := sign(t, signer, nil)
	sig := rig.Get(dearmorSignature(s.Signature)).Or(t)
	with := func(signature string) schema.Statement {
		return schema.Statement{Format: s.Format, Statement: s.Statement, Signature: signature}
	}
	otherNamespace := rig.Get(sshsig.Sign(strings.NewReader(s.Statement), signer.signer, sshsig.HashSHA512, "git")).Or(t)
	weak := rig.Get(ssh.ParsePrivateKey([]byte(slurp(t, sshKey(t, "", "-t", "rsa", "-b", "2048"))))).Or(t)
	weakSig := rig.Get(sshsig.Sign(strings.NewReader(s.Statement), weak, sshsig.HashSHA512, StatementNamespace)).Or(t)
	file := sshKey(t, "")
	runTool(t, nil, "ssh-keygen", "-q", "-s", sshKey(t, ""), "-I", "x", "-n", "anna", file+".pub")
	byCert := runTool(t, strings.NewReader(s.Statement), "ssh-keygen", "-q", "-Y", "sign", "-n", "mailferry", "-f", file+"-cert.pub")
	trailing := *sig.Signature
	trailing.Rest = []byte{0}
	longer := *sig
	longer.Signature = &trailing
	for name, c := range map[string]struct {
		s    schema.Statement
		want string
	}{
		"another namespace": {with(string(sshsig.Armor(otherNamespace))), `in the namespace "git"`},
		"a weak key":        {with(string(sshsig.Armor(weakSig))), "too small"},
		"a certificate":     {with(byCert[strings.Index(byCert, "-----BEGIN"):]), "certificates are not taken"},
		"bytes behind":      {with(string(sshsig.Armor(&longer))), "bytes behind its end"},
		"text before":       {with("hi\n" + s.Signature), "not an armored"},
		"text behind":       {with(s.Signature + "hi\n"), "not an armored"},
		"a header within":   {with(strings.Replace(s.Signature, "-----\n", "-----\nA: b\n\n", 1)), "damaged"},
		"not base64":        {with(armorBegin + "$$$\n" + armorEnd), "damaged"},
		"another thing":     {with(armorBegin + base64.StdEncoding.EncodeToString([]byte("SSHSIG")) + "\n" + armorEnd), "that can be verified"},
		"other bytes":       {schema.Statement{Format: s.Format, Statement: s.Statement + "\n", Signature: s.Signature}, "does not match"},
		"later format":      {schema.Statement{Format: "mailferry/statement/v2", Statement: s.Statement, Signature: s.Signature}, "does not know"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := CheckStatement(c.s)
			wantError(t, err, c.want)
		})
	}
}
