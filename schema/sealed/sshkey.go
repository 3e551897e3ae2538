package sealed

import (
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"golang.org/x/crypto/ssh"

	"github.com/mailferry/mailferry/schema"
)

// sshTypeError says that age does not encrypt to a kind of SSH key.
type sshTypeError struct{ kind string }

func (e *sshTypeError) Error() string {
	return fmt.Sprintf("an SSH key of type %s opens no age file", schema.Quote(e.kind))
}

const sshTypesHint = "age takes ssh-ed25519 and ssh-rsa keys; mailferry keygen makes a key of its own kind"

// isSSHKey reports whether a text is a public SSH key as .pub files have it.
func isSSHKey(s string) bool {
	kind, rest, _ := strings.Cut(s, " ")
	return rest != "" && (strings.HasPrefix(kind, "ssh-") || strings.HasPrefix(kind, "sk-") ||
		strings.HasPrefix(kind, "ecdsa-"))
}

// sshRecipient parses "ssh-ed25519 AAAA… comment". The comment becomes the label
// where there is no other. An age header shows a tag of such a key: whoever has
// the public key sees that it is a reader's.
func sshRecipient(label, line string) (Recipient, error) {
	public, comment, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil {
		return Recipient{}, schema.Hint(errors.New("not a whole SSH public key"),
			"copy the whole line of the .pub file")
	}
	r := Recipient{KeyHolder: schema.KeyHolder{Label: label, Key: sshText(public)}}
	if label == "" && len(comment) <= schema.MaxLabel && isPrintable(comment) {
		r.Label = comment
	}
	if public.Type() != ssh.KeyAlgoED25519 && public.Type() != ssh.KeyAlgoRSA {
		return r, schema.Hint(&sshTypeError{public.Type()}, sshTypesHint)
	}
	if r.age, err = agessh.ParseRecipient(r.Key); err != nil {
		return r, schema.Hint(errors.New("an RSA key of less than 2048 bits is too small"), "use an ssh-ed25519 key")
	}
	return r, nil
}

// sshText is a public key as manifests list it: without its comment.
func sshText(public ssh.PublicKey) string {
	return public.Type() + " " + base64.StdEncoding.EncodeToString(public.Marshal())
}

// sshIdentity is an SSH private key, and its public half.
type sshIdentity struct {
	age.Identity
	recipient Recipient
}

var errPrivateKey = errors.New("not a private key that can be used")

// privateSSHKey parses a private key file, for whose passphrase passphrase is asked
// where it has one.
func privateSSHKey(raw []byte, passphrase func() (schema.Secret, error)) (key any, signer ssh.Signer, err error) {
	key, err = ssh.ParseRawPrivateKey(raw)
	if missing := (*ssh.PassphraseMissingError)(nil); errors.As(err, &missing) {
		var pass schema.Secret
		if pass, err = passphrase(); err != nil {
			return nil, nil, err
		}
		if key, err = ssh.ParseRawPrivateKeyWithPassphrase(raw, []byte(pass.Reveal())); err != nil {
			return nil, nil, errors.New("the passphrase does not open it")
		}
	}
	if err == nil {
		signer, err = ssh.NewSignerFromKey(key)
	}
	if err != nil {
		return nil, nil, errPrivateKey
	}
	return key, signer, nil
}

func parseSSHIdentity(raw []byte, passphrase func() (schema.Secret, error)) (age.Identity, error) {
	key, signer, err := privateSSHKey(raw, passphrase)
	if err != nil {
		return nil, err
	}
	id := &sshIdentity{}
	switch k := key.(type) {
	case *ed25519.PrivateKey:
		id.Identity, err = agessh.NewEd25519Identity(*k)
	case *rsa.PrivateKey:
		id.Identity, err = agessh.NewRSAIdentity(k)
	default:
		err = schema.Hint(&sshTypeError{signer.PublicKey().Type()}, sshTypesHint)
	}
	if err != nil {
		return nil, err
	}
	id.recipient, err = sshRecipient("", sshText(signer.PublicKey()))
	return id, err
}
