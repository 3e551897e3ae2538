package exporter_test

import (
	"strings"
	"testing"

	"github.com/mailferry/mailferry/exporter"
)

func TestCiphertextIsToldFromPasswords(t *testing.T) {
	for value, want := range map[string]bool{
		"{AES}q83v":                            true,
		"{cipher}0a1b":                         true,
		"ENC(abcdef)":                          true,
		"$2b$12$abcdefghijklmnop":              true,
		"vault:v1:abcdef":                      true,
		"gAAAAABh":                             true,
		"-----BEGIN PGP MESSAGE-----":          true,
		"00112233445566778899aabbccddeeff":     true, // one AES block in hex
		"mRa0yX+3jQ8V5yqTt3Zq0w==":             true, // one AES block in base64
		"4pX1QzvYc0m9_yJ-6Rj7UQ==":             true, // the same in the URL alphabet
		strings.Repeat("mRa0yX+3jQ8V", 4):      true, // nonce, text and tag
		"":                                     false,
		"hunter2":                              false,
		"correct horse battery staple":         false,
		"P@ssw0rd{1}":                          false,
		"{}":                                   false,
		"$ecret$":                              false,
		"made-up~Azure~secret~Plover-18":       false,
		"0011223344556677":                     false, // eight bytes: a password in hex, if anything
		"VGhpcyBpcyBwbGFpbiB0ZXh0IGFueXdheQ==": false, // base64 of readable text
	} {
		if got := exporter.LooksEncrypted(value); got != want {
			t.Errorf("%q looks encrypted: %v, want %v", value, got, want)
		}
	}
}
