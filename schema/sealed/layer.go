package sealed

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/mailferry/mailferry/internal/safefile"
	"github.com/mailferry/mailferry/schema"
)

// encrypt writes plain as an age file, armored or binary.
func encrypt(w io.Writer, plain []byte, armored bool, to []age.Recipient) error {
	var text io.WriteCloser
	if armored {
		text = armor.NewWriter(w)
		w = text
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
	if armored {
		return text.Close()
	}
	return nil
}

// Encrypt returns plain as an armored age file to those recipients: for what
// belongs to a run, such as a saved plan, and is no bundle.
func Encrypt(plain []byte, to []age.Recipient) ([]byte, error) {
	var b bytes.Buffer
	err := encrypt(&b, plain, true, to)
	return b.Bytes(), err
}

// Decrypt opens an age file, armored or binary, to its authenticated end before
// it returns a byte of it. limit bounds the plaintext in bytes.
func Decrypt(r io.Reader, limit int64, ids ...age.Identity) ([]byte, error) {
	_, plain, err := decrypt(r, limit, ids)
	return plain, err
}

func decrypt(r io.Reader, limit int64, ids []age.Identity) (*Header, []byte, error) {
	h, file, err := header(r)
	if err != nil {
		return nil, nil, err
	}
	in, err := age.Decrypt(file, ids...)
	if err != nil {
		return nil, nil, explainDecrypt(err)
	}
	// The tag of the last chunk comes at the end: all or nothing.
	plain := bytes.NewBuffer(make([]byte, 0, min(sizeOf(r), limit)+bytes.MinRead))
	if _, err := plain.ReadFrom(io.LimitReader(in, limit+1)); err != nil {
		return nil, nil, schema.Hint(ErrDamaged, againHint)
	}
	if int64(plain.Len()) > limit {
		return nil, nil, fmt.Errorf("larger than %d bytes when opened", limit)
	}
	return h, plain.Bytes(), nil
}

// sizeOf is how long a reader is, where it says so: a buffer that grew to a
// document at its limit would take three times its memory.
func sizeOf(r io.Reader) int64 {
	switch r := r.(type) {
	case interface{ Stat() (fs.FileInfo, error) }:
		if info, err := r.Stat(); err == nil && info.Mode().IsRegular() {
			return info.Size()
		}
	case interface{ Len() int }:
		return int64(r.Len())
	}
	return 0
}

// header reads the outer header of an age file. file is the binary file from its
// beginning.
func header(r io.Reader) (h *Header, file io.Reader, err error) {
	in := bufio.NewReader(r)
	begin, err := in.Peek(in.Size())
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, fmt.Errorf("cannot be read: %w", err)
	}
	if err := checkAge(begin); err != nil {
		return nil, nil, err
	}
	h, file = &Header{Armored: isArmored(begin)}, in
	if h.Armored {
		file = armor.NewReader(in)
	}
	var read bytes.Buffer
	head, err := age.ExtractHeader(io.LimitReader(io.TeeReader(file, &read), schema.MaxAgeHeader))
	if err != nil {
		return nil, nil, schema.Hint(ErrDamaged, againHint)
	}
	for line := range strings.Lines(string(head)) {
		if kind, ok := strings.CutPrefix(strings.TrimSpace(line), "-> "); ok {
			kind, _, _ = strings.Cut(kind, " ")
			h.Stanzas = append(h.Stanzas, kind)
			h.PostQuantum = h.PostQuantum || strings.HasPrefix(kind, "mlkem")
		}
	}
	return h, io.MultiReader(&read, file), nil
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
		if slices.Contains(no.StanzaTypes, "scrypt") {
			return schema.Hint(&WrongKeyError{Passphrase: true}, "use -p and the passphrase that it was written with")
		}
		return &WrongKeyError{}
	}
	var plug *PluginError
	if errors.As(err, &plug) {
		return plug
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
	case mangled(raw):
		return schema.Hint(errors.New("PowerShell's > has changed the file: it writes text, and a bundle is binary"),
			"write the bundle with -o FILE, and copy files without redirecting them")
	case IsAge(raw):
		return nil
	case len(trimmed) == 0:
		return schema.Hint(errors.New("the file is empty"), againHint)
	case trimmed[0] == '{' && bytes.Contains(raw[:min(len(raw), 4096)], []byte(`-bundle/v`)):
		return schema.Hint(errors.New("plain JSON: a bundle is an age file"),
			"someone has decrypted it; ask for the sealed file and destroy this copy")
	case trimmed[0] == '{':
		return schema.Hint(errors.New("plain JSON, not an age file"), "a bundle begins with %s", ageIntro+"v1")
	case bytes.HasPrefix(raw, []byte("PK\x03\x04")):
		return schema.Hint(errors.New("a zip archive, not a bundle"), "a Jira backup is read by mailferry export")
	case bytes.Contains(raw, []byte(armorIntro)):
		return schema.Hint(errors.New("not an age file: something stands before it, such as the mail that it came in"),
			"delete all before -----BEGIN and behind the last line, -----END AGE ENCRYPTED FILE-----")
	default:
		return schema.Hint(errors.New("not an age file"), "a bundle begins with %s", ageIntro+"v1")
	}
}

// mangled recognises an age file that went through PowerShell's redirection, which
// writes UTF-16, UTF-8 with a mark, or CRLF in place of LF.
func mangled(raw []byte) bool {
	head := raw[:min(len(raw), 200)&^1]
	if bytes.HasPrefix(head, []byte(ageIntro)) {
		line, _, found := bytes.Cut(head, []byte("\n"))
		return found && bytes.HasSuffix(line, []byte("\r"))
	}
	text, _, err := safefile.Text(head)
	text = strings.TrimLeft(text, " \t\r\n")
	return err == nil && !IsAge(raw) && (strings.HasPrefix(text, ageIntro) || strings.HasPrefix(text, armorIntro))
}

// Header is what anyone can read of an age file without a key.
type Header struct {
	Armored     bool     `json:"armored"`
	Stanzas     []string `json:"stanzas"` // kind of each recipient, in order: X25519, mlkem768x25519, scrypt, a plugin's
	PostQuantum bool     `json:"post_quantum"`
}

// ReadHeader reads the outer header of an age file. It names nobody: age's
// recipients are anonymous.
func ReadHeader(r io.Reader) (*Header, error) {
	h, _, err := header(r)
	return h, err
}
