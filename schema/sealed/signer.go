package sealed

import (
	"bytes"
	"context"
	"crypto/rsa"
	"crypto/sha256"
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

const signerHint = "name a private key file, or a .pub file whose private half is in ssh-agent"

const agentVariable = "SSH_AUTH_SOCK"

// Signer signs statements with an SSH key, from a file or through ssh-agent.
type Signer struct {
	signer  ssh.Signer
	public  ssh.PublicKey
	comment string
	close   func()
}

// LoadSigner opens the SSH key that name says: a private key file (ed25519,
// ecdsa, or rsa of at least 3072 bits), or a public key file whose private half is
// in the ssh-agent that SSH_AUTH_SOCK points to, which is also the way for sk-
// keys.
// passphrase is asked for a protected file; nil means that nobody can be asked.
// The agent is spoken to until ctx ends or the signer is closed.
func LoadSigner(ctx context.Context, name string, passphrase func() (schema.Secret, error)) (*Signer, error) {
	raw, err := readBounded(name, schema.MaxSSHKeyFile)
	if err != nil {
		return nil, schema.Hint(fmt.Errorf("signing key: %s: %w", name, err), signerHint)
	}
	if bytes.Contains(raw, []byte("PRIVATE KEY-----")) {
		return fileSigner(name, raw, passphrase)
	}
	public, comment, _, _, err := ssh.ParseAuthorizedKey(raw)
	if err != nil {
		return nil, schema.Hint(fmt.Errorf("signing key %s: neither a private nor a public SSH key", name), signerHint)
	}
	if err := checkStatementKey(public); err != nil {
		return nil, fmt.Errorf("signing key %s: %w", name, err)
	}
	s := &Signer{public: public, comment: comment}
	if err := s.joinAgent(ctx); err != nil {
		return nil, fmt.Errorf("signing through ssh-agent: %w", err)
	}
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

// joinAgent finds the private half among the agent's keys.
func (s *Signer) joinAgent(ctx context.Context) error {
	socket := os.Getenv(agentVariable)
	if socket == "" {
		return schema.Hint(errors.New(agentVariable+" is not set"),
			"start ssh-agent and ssh-add the key, or name the private key file")
	}
	conn, err := new(net.Dialer).DialContext(ctx, "unix", socket)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	s.close = func() { stop(); _ = conn.Close() }
	signers, err := agent.NewClient(conn).Signers()
	for _, signer := range signers {
		if bytes.Equal(signer.PublicKey().Marshal(), s.public.Marshal()) {
			s.signer = signer
			return nil
		}
	}
	s.close()
	if err != nil {
		return err
	}
	return schema.Hint(fmt.Errorf("the agent does not hold the key %s", s.Fingerprint()), "ssh-add it")
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

// PublicLine is the allowed_signers line to hand to whoever verifies. The key's
// comment names the signer where it can stand there for one person without quoting (no
// blanks, lists, wildcards or negation), else key-KEYFP8: whoever takes the line into
// a file puts the person's name there. Handing it out gives no sight of anything.
func (s *Signer) PublicLine() string {
	principal := s.comment
	if principal == "" || len(principal) > schema.MaxPrincipal ||
		strings.ContainsAny(principal, "*?!,\"'\\# \t") || !isPrintable(principal) {
		principal = "key-" + s.KeyFP8()
	}
	return fmt.Sprintf("%s namespaces=%q %s", principal, StatementNamespace, sshText(s.public))
}

// isPrintable reports whether people see a text as it is, blanks at its ends
// included.
func isPrintable(s string) bool { return human.Visible(s) == s }
