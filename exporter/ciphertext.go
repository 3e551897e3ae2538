package exporter

import (
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"
)

// cipherPrefix matches what encryption schemes put before their output:
// {AES}…, {cipher}…, ENC(…), $argon2id$v=19$…, vault:v1:…
var cipherPrefix = regexp.MustCompile(`^(\{[A-Za-z0-9_+/-]{2,30}\}.|ENC\(|AES:|enc:|vault:v[0-9]+:|\$[0-9a-z-]{1,12}\$[^$]+\$.|-----BEGIN |gAAAA)`)

// LooksEncrypted guesses whether a value is ciphertext rather than a password:
// a scheme's prefix, or base64 or hex of whole cipher blocks with the look of
// random bytes. It is for warnings only: nothing is decided by it.
func LooksEncrypted(s string) bool {
	if cipherPrefix.MatchString(s) {
		return true
	}
	if b, err := hex.DecodeString(s); err == nil && blocks(b) {
		return true
	}
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		b, err := enc.DecodeString(strings.TrimRight(s, "\r\n"))
		if err == nil && blocks(b) && printable(b)*4 < len(b)*3 {
			return true
		}
	}
	return false
}

// blocks: whole AES blocks, or an AES-GCM box of nonce, text and tag is at
// least that long.
func blocks(b []byte) bool { return len(b) >= 16 && (len(b)%8 == 0 || len(b) >= 28) }

func printable(b []byte) int {
	n := 0
	for _, c := range b {
		if c >= 0x20 && c < 0x7f {
			n++
		}
	}
	return n
}
