package sealed

import (
	"bytes"
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
)

// StatementNamespace is the SSH signature namespace of every statement: a
// signature made for another purpose never counts as one.
const StatementNamespace = "mailferry"

// AgentSigner, in place of a key file's name, means the one key in ssh-agent.
const AgentSigner = "agent"

const signerHint = "name a private key file, a .pub file whose private half is in ssh-agent, or %q"

const agentVariable = "SSH_AUTH_SOCK"

// Signer signs statements with an SSH key, from a file or through ssh-agent.
type Signer struct {
	signer  ssh.Signer
	public  ssh.PublicKey
	comment string
	close   func()
}

// LoadSigner opens the SSH key that name says: a private key file (ed25519,
// ecdsa, or rsa of at least 3072 bits); a public key file whose private half is
// in the ssh-agent that SSH_AUTH_SOCK points to, which is also the way for sk-
// keys; or "agent" where the agent holds exactly one key fit for statements.
// passphrase is asked for a protected file; nil means that nobody can be asked.
// The agent is spoken to until ctx ends or the signer is closed.
func LoadSigner(ctx context.Context, name string, passphrase func() (schema.Secret, error)) (*Signer, error) {
	if name == AgentSigner {
		return agentSigner(ctx, nil)
	}
	raw, err := readBounded(name, schema.MaxSSHKeyFile)
	if err != nil {
		return nil, schema.Hint(fmt.Errorf("signing key: %s: %w", name, err), signerHint, AgentSigner)
	}
	if bytes.Contains(raw, []byte("PRIVATE KEY-----")) {
		return fileSigner(name, raw, passphrase)
	}
	public, comment, _, _, err := ssh.ParseAuthorizedKey(raw)
	if err != nil {
		return nil, schema.Hint(fmt.Errorf("signing key %s: neither a private nor a public SSH key", name),
			signerHint, AgentSigner)
	}
	if err := checkStatementKey(public); err != nil {
		return nil, fmt.Errorf("signing key %s: %w", name, err)
	}
	s, err := agentSigner(ctx, public)
	if err != nil {
		return nil, err
	}
	s.comment = comment
	return s, nil
}

func fileSigner(name string, raw []byte, passphrase func() (schema.Secret, error)) (*Signer, error) {
	if passphrase == nil {
		passphrase = func() (schema.Secret, error) {
			return schema.Secret{}, schema.Hint(errors.New("protected by a passphrase, and there is no terminal to ask on"),
				"add it to ssh-agent and name its .pub file")
		}
	}
	_, signer, err := privateSSHKey(raw, passphrase)
	if errors.Is(err, errPrivateKey) {
		err = schema.Hint(err, "a key in hardware signs through ssh-agent: name its .pub file")
	}
	if err == nil {
		err = checkStatementKey(signer.PublicKey())
	}
	if err != nil {
		return nil, fmt.Errorf("signing key %s: %w", name, err)
	}
	return &Signer{signer: signer, public: signer.PublicKey(),
		comment: commentBeside(name, signer.PublicKey()), close: func() {}}, nil
}

// commentBeside reads the comment of NAME.pub where that is the same key: the
// private file's own comment is out of reach.
func commentBeside(name string, public ssh.PublicKey) string {
	raw, err := readBounded(name+".pub", schema.MaxSSHKeyFile)
	if err != nil {
		return ""
	}
	beside, comment, _, _, err := ssh.ParseAuthorizedKey(raw)
	if err != nil || !bytes.Equal(beside.Marshal(), public.Marshal()) {
		return ""
	}
	return comment
}

// agentSigner finds want among the agent's keys, or the only fit one where want
// is nil.
func agentSigner(ctx context.Context, want ssh.PublicKey) (*Signer, error) {
	socket := os.Getenv(agentVariable)
	if socket == "" {
		return nil, schema.Hint(errors.New("signing through ssh-agent: "+agentVariable+" is not set"),
			"start ssh-agent and ssh-add the key, or name the private key file")
	}
	conn, err := new(net.Dialer).DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, fmt.Errorf("signing through ssh-agent: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	s, err := pickFromAgent(agent.NewClient(conn), want)
	if err != nil {
		stop()
		_ = conn.Close()
		return nil, fmt.Errorf("signing through ssh-agent: %w", err)
	}
	s.close = func() { stop(); _ = conn.Close() }
	return s, nil
}

func pickFromAgent(client agent.ExtendedAgent, want ssh.PublicKey) (*Signer, error) {
	signers, err := client.Signers()
	if err != nil {
		return nil, err
	}
	var fit []*Signer
	for _, signer := range signers {
		held, isKey := signer.PublicKey().(*agent.Key)
		if !isKey || want != nil && !bytes.Equal(held.Blob, want.Marshal()) {
			continue
		}
		// The agent's own key type knows only its bytes: parse them.
		public, err := ssh.ParsePublicKey(held.Blob)
		if err == nil && checkStatementKey(public) == nil {
			fit = append(fit, &Signer{signer: signer, public: public, comment: held.Comment})
		}
	}
	switch {
	case len(fit) == 1:
		return fit[0], nil
	case want != nil:
		return nil, schema.Hint(fmt.Errorf("the agent does not hold the key %s", ssh.FingerprintSHA256(want)),
			"ssh-add it")
	case len(fit) == 0:
		return nil, schema.Hint(errors.New("the agent holds no key that can sign statements"),
			"ssh-add an ed25519 key")
	}
	var names []string
	for _, s := range fit {
		names = append(names, s.Fingerprint())
	}
	return nil, schema.Hint(fmt.Errorf("the agent holds %d keys that could sign: %s", len(fit),
		strings.Join(names, ", ")),
		"name the .pub file of the one to sign with")
}

// checkStatementKey holds a key to what statements take, for signing and for
// verifying alike.
func checkStatementKey(public ssh.PublicKey) error {
	switch public.Type() {
	case ssh.KeyAlgoED25519, ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256,
		ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521:
		return nil
	case ssh.KeyAlgoRSA:
		if c, ok := public.(ssh.CryptoPublicKey); ok {
			if k, ok := c.CryptoPublicKey().(*rsa.PublicKey); ok {
				if bits := k.N.BitLen(); bits < schema.MinRSABits {
					return fmt.Errorf("an RSA key of %d bits is too small: at least %d", bits, schema.MinRSABits)
				}
				return nil
			}
		}
	}
	if _, ok := public.(*ssh.Certificate); ok {
		return errors.New("certificates are not taken: sign with the plain key, and list it")
	}
	return fmt.Errorf("a key of type %s is not taken: ed25519, ecdsa, rsa of at least %d bits, or sk-",
		schema.Quote(public.Type()), schema.MinRSABits)
}

// Fingerprint is the key's SHA256:… fingerprint, as ssh-keygen -l prints it.
func (s *Signer) Fingerprint() string { return ssh.FingerprintSHA256(s.public) }

// KeyFP8 is the first eight hex digits of the SHA-256 of the public key, which
// name the statement's file.
func (s *Signer) KeyFP8() string { return keyFP8(s.public) }

// Close ends the connection to ssh-agent, where there is one. A nil Signer has none.
func (s *Signer) Close() {
	if s != nil {
		s.close()
	}
}

func keyFP8(public ssh.PublicKey) string {
	sum := sha256.Sum256(public.Marshal())
	return hex.EncodeToString(sum[:4])
}

// PublicLine is the allowed_signers line to hand to whoever verifies. Where
// principal is empty the key's comment serves when it can be one, else
// key-KEYFP8: whoever takes the line into a file puts the person's name there.
// Handing it out gives no sight of anything.
func (s *Signer) PublicLine(principal string) (string, error) {
	switch {
	case principal != "":
		if err := checkPrincipal(principal); err != nil {
			return "", err
		}
	case checkPrincipal(s.comment) == nil:
		principal = s.comment
	default:
		principal = "key-" + s.KeyFP8()
	}
	return fmt.Sprintf("%s namespaces=%q %s %s", principal, StatementNamespace, s.public.Type(),
		base64.StdEncoding.EncodeToString(s.public.Marshal())), nil
}

// checkPrincipal takes names that stand for one person in an allowed_signers
// file without quoting: no blanks, lists, wildcards or negation.
func checkPrincipal(p string) error {
	if p == "" || len(p) > schema.MaxPrincipal || strings.ContainsAny(p, "*?!,\"'\\# \t") || !isPrintable(p) {
		return schema.Hint(fmt.Errorf("%s cannot name a signer", schema.Quote(p)),
			"a principal looks like anna@corp.example: no blanks, wildcards or commas")
	}
	return nil
}

// isPrintable reports whether people see a text as it is, blanks at its ends
// included.
func isPrintable(s string) bool { return human.Visible(s) == s }
