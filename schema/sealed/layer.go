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

// encryptTo writes what plain writes as an age file, armored or binary.
func encryptTo(w io.Writer, plain func(io.Writer) error, armored bool, to []age.Recipient) error {
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
	if err := plain(enc); err != nil {
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
	write := func(w io.Writer) error { _, err := w.Write(plain); return err }
	if err := encryptTo(&b, write, true, to); err != nil {
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
	return decrypt(bytes.NewReader(raw), int64(len(raw)), limit, ids...)
}

// decrypt reads an age file of that size.
func decrypt(raw io.Reader, size, limit int64, ids ...age.Identity) ([]byte, error) {
	r, err := age.Decrypt(dearmored(raw), ids...)
	if err != nil {
		return nil, explainDecrypt(err)
	}
	// The tag of the last chunk comes at the end: all or nothing.
	plain := bytes.NewBuffer(make([]byte, 0, min(size, limit)+bytes.MinRead))
	if _, err := plain.ReadFrom(io.LimitReader(r, limit+1)); err != nil {
		return nil, schema.Hint(ErrDamaged, againHint)
	}
	if int64(plain.Len()) > limit {
		return nil, tooLarge(limit)
	}
	return plain.Bytes(), nil
}

// openAgain opens an age file that is read from its beginning each time, and
// returns the function that does. The key is found once: with a passphrase that
// takes a second.
func openAgain(raw func() io.Reader, ids []age.Identity) (func() (io.Reader, error), error) {
	header, err := age.ExtractHeader(io.LimitReader(dearmored(raw()), maxAgeHeader))
	if err != nil {
		return nil, schema.Hint(ErrDamaged, againHint)
	}
	key, err := age.DecryptHeader(header, ids...)
	if err != nil {
		return nil, explainDecrypt(err)
	}
	return func() (io.Reader, error) {
		r, err := age.Decrypt(dearmored(raw()), age.NewInjectedFileKeyIdentity(key))
		if err != nil {
			return nil, explainDecrypt(err)
		}
		return damagedAt{r}, nil
	}, nil
}

// damagedAt says of a file that cannot be decrypted to its end what it is.
type damagedAt struct{ r io.Reader }

func (d damagedAt) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = schema.Hint(ErrDamaged, againHint)
	}
	return n, err
}

func tooLarge(limit int64) error { return fmt.Errorf("larger than %d bytes when opened", limit) }

// decryptAt opens an age file in place: its plaintext is decrypted again chunk
// by chunk where it is read, and never stands in memory as a whole. It was
// decrypted once to its authenticated end before this returns. The reader is
// good while src is, and not for concurrent use.
func decryptAt(src io.ReaderAt, size, limit int64, ids ...age.Identity) (io.ReaderAt, int64, error) {
	head, err := headOf(src, size)
	if err != nil {
		return nil, 0, err
	}
	if err := checkAge(head); err != nil {
		return nil, 0, err
	}
	if isArmored(head) { // cannot be read from the middle
		doc, err := decrypt(io.NewSectionReader(src, 0, size), size, limit, ids...)
		return bytes.NewReader(doc), int64(len(doc)), err
	}
	plain, n, err := age.DecryptReaderAt(src, size, ids...)
	if err != nil {
		return nil, 0, explainDecrypt(err)
	}
	if n > limit {
		return nil, 0, tooLarge(limit)
	}
	chunks := &chunkReader{src: plain, size: n, chunk: make([]byte, chunkSize)}
	if _, err := io.CopyBuffer(io.Discard, struct{ io.Reader }{io.NewSectionReader(chunks, 0, n)}, make([]byte, chunkSize)); err != nil {
		return nil, 0, schema.Hint(ErrDamaged, againHint)
	}
	return chunks, n, nil
}

// headOf reads the beginning of a file, enough to say what it is.
func headOf(src io.ReaderAt, size int64) ([]byte, error) {
	head := make([]byte, min(size, 4096))
	if n, err := src.ReadAt(head, 0); n < len(head) {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	return head, nil
}

// chunkSize is how much plaintext age encrypts at once.
const chunkSize = 64 << 10

// chunkReader reads whole chunks and keeps the last one, because a chunk is
// decrypted whole however little of it is asked for.
type chunkReader struct {
	src   io.ReaderAt
	size  int64
	chunk []byte
	at    int64 // where the chunk begins
	n     int   // how much of it there is; 0 before the first
}

func (c *chunkReader) ReadAt(p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		at := off + int64(done)
		if at >= c.size {
			return done, io.EOF
		}
		if begin := at - at%chunkSize; c.n == 0 || c.at != begin {
			c.n = 0
			want := c.chunk[:min(chunkSize, c.size-begin)]
			if n, err := c.src.ReadAt(want, begin); n < len(want) {
				return done, err
			}
			c.at, c.n = begin, len(want)
		}
		done += copy(p[done:], c.chunk[at-c.at:c.n])
	}
	return done, nil
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
	case isAge(raw):
		return nil
	case len(trimmed) == 0:
		return schema.Hint(errors.New("the file is empty"), againHint)
	case trimmed[0] == '{' && bytes.Contains(raw[:min(len(raw), 4096)], []byte(`-bundle/v`)):
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

// ReadHeaderAt reads the outer header of a file of that size. It names nobody:
// age's recipients are anonymous.
func ReadHeaderAt(src io.ReaderAt, size int64) (*Header, error) {
	begin, err := headOf(src, size)
	if err != nil {
		return nil, err
	}
	if err := checkAge(begin); err != nil {
		return nil, err
	}
	head, err := age.ExtractHeader(io.LimitReader(dearmored(io.NewSectionReader(src, 0, size)), maxAgeHeader))
	if err != nil {
		return nil, schema.Hint(ErrDamaged, againHint)
	}
	h := &Header{Armored: isArmored(begin), Size: size}
	for _, line := range strings.Split(string(head), "\n") {
		if kind, ok := strings.CutPrefix(line, "-> "); ok {
			kind, _, _ = strings.Cut(kind, " ")
			h.Stanzas = append(h.Stanzas, kind)
			h.PostQuantum = h.PostQuantum || strings.HasPrefix(kind, "mlkem")
		}
	}
	return h, nil
}
