package sealed

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/mailferry/mailferry/schema"
)

// encryptTo writes plain as an age file, armored or binary.
func encryptTo(w io.Writer, plain []byte, armored bool, to []age.Recipient) error {
	var closers []io.Closer
	if armored {
		a := armor.NewWriter(w)
		closers = append(closers, a)
		w = a
	}
	enc, err := age.Encrypt(w, to...)
	if err != nil {
		return fmt.Errorf("cannot encrypt: %w", err)
	}
	if _, err := enc.Write(plain); err != nil {
		return err
	}
	if err := enc.Close(); err != nil {
		return err
	}
	for _, c := range closers {
		if err := c.Close(); err != nil {
			return err
		}
	}
	return nil
}

// Encrypt writes plain as an armored age file to those recipients: for what
// belongs to a run, such as a saved plan, and is no bundle.
func Encrypt(plain []byte, to []age.Recipient) ([]byte, error) {
	var b bytes.Buffer
	if err := encryptTo(&b, plain, true, to); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Decrypt opens an age file, armored or binary, to its authenticated end before
// it returns a byte of it. limit bounds the plaintext in bytes.
func Decrypt(raw []byte, limit int64, ids ...age.Identity) ([]byte, error) {
	if err := checkAge(raw); err != nil {
		return nil, err
	}
	return decrypt(raw, limit, ids...)
}

func decrypt(raw []byte, limit int64, ids ...age.Identity) ([]byte, error) {
	r, err := age.Decrypt(dearmored(raw), ids...)
	if err != nil {
		return nil, explainDecrypt(err)
	}
	// The tag of the last chunk comes at the end: all or nothing.
	plain := bytes.NewBuffer(make([]byte, 0, min(int64(len(raw)), limit)+bytes.MinRead))
	if _, err := plain.ReadFrom(io.LimitReader(r, limit+1)); err != nil {
		return nil, schema.Hint(ErrDamaged, againHint)
	}
	if int64(plain.Len()) > limit {
		return nil, fmt.Errorf("larger than %d bytes when opened", limit)
	}
	return plain.Bytes(), nil
}

// ErrDamaged says that a file is age's but cut off or altered.
var ErrDamaged = errors.New("the file is damaged: cut off or altered since it was written")

// againHint is what to do about a file that is not as it was written.
const againHint = "copy it again from where it came, and compare the checksums of both copies"

// WrongKeyError says that none of the identities opens a file.
type WrongKeyError struct {
	Passphrase bool // the file wants a passphrase
}

func (e *WrongKeyError) Error() string {
	if e.Passphrase {
		return "the file is protected by a passphrase, and no identity opens it"
	}
	return "none of the identities given opens it"
}

func explainDecrypt(err error) error {
	var no *age.NoIdentityMatchError
	if errors.As(err, &no) {
		for _, t := range no.StanzaTypes {
			if t == "scrypt" {
				return schema.Hint(&WrongKeyError{Passphrase: true}, "use -p and the passphrase that it was written with")
			}
		}
		return &WrongKeyError{}
	}
	if strings.Contains(err.Error(), "work factor") {
		return errors.New("its passphrase parameters would take too long to try: refused")
	}
	return schema.Hint(ErrDamaged, againHint)
}

// checkAge says in words what a file is that is no age file.
func checkAge(raw []byte) error {
	trimmed := bytes.TrimSpace(raw)
	switch {
	case isAge(raw):
		return nil
	case len(trimmed) == 0:
		return schema.Hint(errors.New("the file is empty"), againHint)
	case trimmed[0] == '{' && bytes.Contains(raw[:min(len(raw), 4096)], []byte(`"mailferry/`)):
		return schema.Hint(errors.New("plain JSON: a bundle is an age file"), "someone has decrypted it; ask for the sealed file and destroy this copy")
	case trimmed[0] == '{':
		return schema.Hint(errors.New("plain JSON, not an age file"), "a bundle begins with %s", ageIntro+"v1")
	case bytes.HasPrefix(raw, []byte("PK\x03\x04")):
		return schema.Hint(errors.New("a zip archive, not a bundle"), "a Jira backup is read by mailferry export")
	default:
		return schema.Hint(errors.New("not an age file"), "a bundle begins with %s", ageIntro+"v1")
	}
}

// Header is what anyone can read of an age file without a key.
type Header struct {
	Armored     bool     `json:"armored"`
	Stanzas     []string `json:"stanzas"` // kind of each recipient, in order: X25519, mlkem768x25519, scrypt, a plugin's
	PostQuantum bool     `json:"post_quantum"`
	Size        int64    `json:"size"` // of the file in bytes
}

// ReadHeader reads the outer header. It names nobody: age's recipients are
// anonymous.
func ReadHeader(raw []byte) (*Header, error) {
	if err := checkAge(raw); err != nil {
		return nil, err
	}
	head, err := age.ExtractHeader(io.LimitReader(dearmored(raw), maxAgeHeader))
	if err != nil {
		return nil, schema.Hint(ErrDamaged, againHint)
	}
	h := &Header{Armored: isArmored(raw), Size: int64(len(raw))}
	for _, line := range strings.Split(string(head), "\n") {
		if kind, ok := strings.CutPrefix(line, "-> "); ok {
			kind, _, _ = strings.Cut(kind, " ")
			h.Stanzas = append(h.Stanzas, kind)
			h.PostQuantum = h.PostQuantum || strings.HasPrefix(kind, "mlkem")
		}
	}
	return h, nil
}
