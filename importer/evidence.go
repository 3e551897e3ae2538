package importer

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"

	"github.com/mailferry/mailferry/schema"
)

// given stands in a record for a secret that came from outside the bundle.
const given = "given"

// secretMark is what a record says of the secret sent for an item. Of a sealed
// one it is a hash of the item's name and its marker's fingerprint, which
// everybody who opens the bundle sees; it is another for each item, so that a
// ledger does not show which of them share a password. Of one given from outside
// it is a word: two of those cannot be compared. Whoever chooses a ledger, or a
// sealed part, learns nothing about a secret from it.
func secretMark(it schema.Item) string {
	m := schema.SecretMarker(it)
	if m == nil || m.State != schema.Sealed {
		return given
	}
	h := sha256.New()
	for _, part := range []string{string(it.List()), it.ItemName(), m.Fingerprint} {
		_ = binary.Write(h, binary.BigEndian, uint64(len(part)))
		_, _ = io.WriteString(h, part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// asImported reports whether the secret written of an item is known to be the
// bundle's. Where it is not, they cannot be compared.
func (w *record) asImported(it schema.Item) bool {
	return w.Secret != "" && w.Secret != given && w.Secret == secretMark(it)
}
