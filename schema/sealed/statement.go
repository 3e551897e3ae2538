package sealed

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"github.com/mailferry/mailferry/schema"
)

const (
	armorBegin = "-----BEGIN " + sshsig.PEMType + "-----\n"
	armorEnd   = "-----END " + sshsig.PEMType + "-----"
)

// StatementSubject is the content that statements are held against, and who can
// read the file at hand.
type StatementSubject struct {
	Content
	Origin     *Content // the server bundle that a cloud bundle was transformed from; nil of another
	Recipients []schema.KeyHolder
	Reviewers  []schema.KeyHolder
}

// Content names what a bundle holds: its id and its content digest.
type Content struct{ Bundle, Digest string }

// SubjectOf reads id, digests and readers from a bundle, computing the digests.
// The readers are the manifest's claim.
func SubjectOf(b *schema.Bundle) (StatementSubject, error) {
	digest, err := b.Digest()
	if err != nil {
		return StatementSubject{}, err
	}
	return subject(b, digest)
}

// Subject is what statements about the opened bundle are held against.
func (o *Opened) Subject() (StatementSubject, error) { return subject(o.Bundle, o.Digest) }

func subject(b *schema.Bundle, digest string) (s StatementSubject, err error) {
	s = StatementSubject{Content{b.Manifest.ID, digest}, nil, b.Manifest.Recipients, b.Manifest.Reviewers}
	if b.Origin != nil {
		s.Origin = &Content{Bundle: b.Origin.Manifest.ID}
		s.Origin.Digest, err = b.Origin.Digest()
	}
	return s, err
}

// Body starts a statement about the subject: who could read it goes in as it is.
// For, Comment and Expires are the caller's to fill.
func (s StatementSubject) Body(role, decision string, at schema.Time) schema.StatementBody {
	return schema.StatementBody{Bundle: s.Bundle, Digest: s.Digest, Role: role, Decision: decision,
		Recipients: s.Recipients, Reviewers: s.Reviewers, Time: at}
}

// SignStatement signs body: SHA-512, namespace mailferry. For is written in its
// normal form. The result was verified once, so that a faulty agent leaves no
// evidence that nobody can use.
func SignStatement(body schema.StatementBody, signer *Signer) (schema.Statement, error) {
	var none schema.Statement
	if body.For != "" {
		site, err := NormalSite(body.For)
		if err != nil {
			return none, err
		}
		body.For = site
	}
	doc, err := schema.Marshal(body)
	if err != nil {
		return none, fmt.Errorf("statement: %w", err)
	}
	sig, err := sshsig.Sign(bytes.NewReader(doc), signer.signer, sshsig.HashSHA512, StatementNamespace)
	if err != nil {
		return none, fmt.Errorf("signing with %s: %w", signer.Fingerprint(), err)
	}
	s := schema.Statement{Format: schema.StatementFormat, Statement: string(doc),
		Signature: string(sshsig.Armor(sig))}
	if _, err := CheckStatement(s); err != nil {
		return none, fmt.Errorf("signing with %s: %w", signer.Fingerprint(), err)
	}
	return s, nil
}

// SignedStatement is a statement whose signature is good: Key did sign Body.
// Whose key that is, and whether it is about the bundle at hand, is Evaluate's
// to say. ID is how an approval that takes it back names it.
type SignedStatement struct {
	Body *schema.StatementBody
	Key  ssh.PublicKey
	ID   schema.StatementID
}

// Fingerprint is the signing key's SHA256:… fingerprint.
func (s *SignedStatement) Fingerprint() string { return s.ID.Key }

// KeyFP8 names the signing key in file names.
func (s *SignedStatement) KeyFP8() string { return keyFP8(s.Key) }

// CheckStatement verifies the signature over the exact bytes, then decodes them.
// It takes what ssh-keygen -Y verify takes, less certificates, DSA, RSA below
// 3072 bits and sk- signatures without a touch.
func CheckStatement(s schema.Statement) (*SignedStatement, error) {
	if s.Format != schema.StatementFormat {
		return nil, schema.CheckFormat(s.Format, schema.StatementFormat)
	}
	sig, err := dearmorSignature(s.Signature)
	if err != nil {
		return nil, err
	}
	if err := checkStatementKey(sig.PublicKey); err != nil {
		return nil, err
	}
	if sig.Namespace != StatementNamespace {
		return nil, fmt.Errorf("signed in the namespace %s, not %s", schema.Quote(sig.Namespace), StatementNamespace)
	}
	// Only sk- signatures carry flags and a counter behind; OpenSSH refuses
	// anything there for the others, the library does not look.
	if len(sig.Signature.Rest) > 0 && !strings.HasPrefix(sig.PublicKey.Type(), "sk-") {
		return nil, errors.New("the signature has bytes behind its end")
	}
	if err := sshsig.Verify(strings.NewReader(s.Statement), sig, sig.PublicKey, sig.HashAlgorithm,
		StatementNamespace); err != nil {
		return nil, errors.New("the signature does not match what is said")
	}
	body, err := s.Body()
	if err != nil {
		return nil, err
	}
	if body.For != "" {
		if body.For, err = NormalSite(body.For); err != nil {
			return nil, err
		}
	}
	sum := sha256.Sum256([]byte(s.Statement))
	id := schema.StatementID{SHA256: hex.EncodeToString(sum[:]), Key: ssh.FingerprintSHA256(sig.PublicKey)}
	return &SignedStatement{Body: body, Key: sig.PublicKey, ID: id}, nil
}

// dearmorSignature is as strict as ssh-keygen: no text around the armor and no
// headers within, which a PEM reader would skip.
func dearmorSignature(armored string) (*sshsig.Signature, error) {
	inner, begins := strings.CutPrefix(armored, armorBegin)
	inner, ends := strings.CutSuffix(strings.TrimSuffix(inner, "\n"), "\n"+armorEnd)
	if !begins || !ends {
		return nil, errors.New("not an armored SSH signature")
	}
	blob, err := base64.StdEncoding.Strict().DecodeString(inner)
	if err != nil {
		return nil, errors.New("the armored SSH signature is damaged")
	}
	sig, err := sshsig.ParseSignature(blob)
	if err != nil {
		return nil, errors.New("not an SSH signature that can be verified here")
	}
	return sig, nil
}

// readBounded reads a regular file of at most limit bytes: a pipe in its place
// would wait for ever. Its errors do not name the file.
func readBounded(name string, limit int64) ([]byte, error) {
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("there is no such file")
	}
	if err == nil && !info.Mode().IsRegular() {
		return nil, errors.New("not a file")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, errors.New("cannot be read")
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, errors.New("cannot be read to its end")
	}
	if int64(len(raw)) > limit {
		return nil, fmt.Errorf("larger than %d bytes", limit)
	}
	return raw, nil
}
