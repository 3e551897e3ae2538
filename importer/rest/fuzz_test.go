package rest

import (
	"strings"
	"testing"
	"unicode"

	"github.com/mailferry/mailferry/schema"
)

// FuzzAnswer holds whatever a Cloud may answer to what callers rely on.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"items":[{"id":"1","name":"a","smtp_port":587,"debug":true}],"next":"x"}`))
	f.Add([]byte(`{"detail":"\u202e\u001b[2J","errors":[{"field":"a","detail":"b"}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, l := range schema.Lists() {
			page, _, err := decodePage(l, raw)
			if err != nil && strings.ContainsFunc(err.Error(), func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("%q", err)
			}
			for _, r := range page {
				if err != nil || !usableID(r.ID) || r.Item.ItemName() == "" || r.Item.List() != l || schema.SecretMarker(r.Item) != nil {
					t.Errorf("got %+v, %v", r, err)
				}
			}
		}
		for _, r := range words(422, raw, &schema.EchoGuard{}) {
			if !unicode.IsPrint(r) {
				t.Errorf("%U among the words", r)
			}
		}
	})
}
