package importer

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/mailferry/mailferry/schema"
)

type secretState int

const (
	secretUnknown secretState = iota // nothing to compare, or no key to compare with
	secretSame                       // what was imported is what the bundle has
	secretOther                      // the bundle has another since, or it may be so
)

type secretEvidence struct {
	state secretState
	time  schema.Time
}

// evidence says what the ledger knows about the secret that Cloud has of an
// item, compared with secret.
func (l *ledger) evidence(k itemKey, secret schema.Secret) secretEvidence {
	w, ok := l.written(k)
	switch {
	case !ok || w.secret == "" || l.mac == nil || secret.IsZero():
		return secretEvidence{time: w.time}
	case w.unsure || !hmac.Equal([]byte(w.secret), []byte(l.fingerprint(k, secret))):
		return secretEvidence{secretOther, w.time}
	}
	return secretEvidence{secretSame, w.time}
}

// fingerprint is an HMAC-SHA-256 over the item's name and its secret: equal
// only for the same secret of the same item, so that a ledger does not show
// which connections share a password. "" for no secret or without the key.
func (l *ledger) fingerprint(k itemKey, secret schema.Secret) string {
	if l.mac == nil || secret.IsZero() {
		return ""
	}
	h := hmac.New(sha256.New, l.mac)
	for _, part := range []string{string(k.List), k.Name, secret.Reveal()} {
		_ = binary.Write(h, binary.BigEndian, uint64(len(part)))
		_, _ = io.WriteString(h, part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func sealArmored(content []byte, to []age.Recipient) (string, error) {
	var out strings.Builder
	a := armor.NewWriter(&out)
	w, err := age.Encrypt(a, to...)
	if err != nil {
		return "", err
	}
	if _, err := w.Write(content); err != nil {
		return "", err
	}
	if err := errors.Join(w.Close(), a.Close()); err != nil {
		return "", err
	}
	return out.String(), nil
}

// openArmored opens an armored age file of at most a few megabytes.
func openArmored(sealed string, ids []age.Identity) ([]byte, error) {
	if len(ids) == 0 {
		return nil, errors.New("no identity")
	}
	r, err := age.Decrypt(armor.NewReader(strings.NewReader(sealed)), ids...)
	if err != nil {
		return nil, err
	}
	const most = 64 << 20
	out, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && len(out) > most {
		err = errors.New("too large")
	}
	return out, err
}
