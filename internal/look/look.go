// Package look is how every secret is looked at before it is taken, whichever way
// it came: from a sheet, a backup, a database, a page, a file or a person.
package look

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"

	"github.com/mailferry/mailferry/internal/address"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
)

// MaskReason says why a secret is missing whose place holds a mask.
const MaskReason = "what is given is a mask such as ******, not the secret"

var (
	manyX   = regexp.MustCompile(`^([xX])+$`)
	words   = regexp.MustCompile(`^\pL[\pL\pM _-]*$`)
	secrets = regexp.MustCompile(`(?i)(passw(or)?d|passwort|kennwort|passphrase|pwd|secret|wachtwoord|lösenord|contraseña|senha|hasło|heslo|` +
		`пароль|密码|密碼|パスワード|비밀번호|(^|\PL)(pass|passe|pw))\PL*$`)
	microsoft = regexp.MustCompile(`(?i)microsoft|azure|entra|office|365`)
	guid      = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
)

// IsMask reports whether a secret is what programs show in a secret's place:
// three or more of one character that is no letter or digit, four or more x, a
// word in brackets (or REDACTED without them), text that ends in three or more
// stars, or nothing but blanks. Blanks around it, what cannot be seen, and the width
// of characters make no difference.
func IsMask(s schema.Secret) bool {
	if s.IsZero() {
		return false
	}
	text := strings.TrimSpace(width.Fold.String(strings.Map(func(r rune) rune {
		if human.Invisible(r) {
			return -1
		}
		return r
	}, s.Reveal())))
	first, _ := utf8.DecodeRuneInString(text)
	last, size := utf8.DecodeLastRuneInString(text)
	n := utf8.RuneCountInString(text)
	switch {
	case text == "", strings.EqualFold(text, "redacted"), strings.HasSuffix(text, "***"):
		return true
	case n >= 4 && manyX.MatchString(text):
		return strings.Count(text, text[:1]) == n
	case n >= 3 && !unicode.IsLetter(first) && !unicode.IsDigit(first) && strings.Count(text, string(first)) == n:
		return first != utf8.RuneError
	case isPair(first, last):
		inside := strings.TrimSpace(text[utf8.RuneLen(first) : len(text)-size])
		return words.MatchString(inside)
	}
	return false
}

// isPair reports whether two characters are the brackets of a pair. Most that close
// come next to their other half.
func isPair(first, last rune) bool {
	return last == first+1 && unicode.Is(unicode.Ps, first) && unicode.Is(unicode.Pe, last) ||
		strings.Contains("<> [] {} ‹› «» »«", string(first)+string(last))
}

// NamesSecret reports whether the last word of a column's name is one of secrets.
func NamesSecret(column string) bool { return secrets.MatchString(column) }

// Doubts says what is likely wrong with an item's secret: characters that
// come along when something is copied, and what is taken for a secret and is none.
// A character is named by its kind and number, never by its place.
func Doubts(it schema.Item, s schema.Secret) []string {
	text := s.Reveal()
	var out []string
	first, _ := utf8.DecodeRuneInString(text)
	last, _ := utf8.DecodeLastRuneInString(text)
	if unicode.IsSpace(first) || unicode.IsSpace(last) {
		out = append(out, "its secret begins or ends with a blank, which is kept")
	}
	seen := map[rune]bool{}
	for _, r := range text {
		if kind := odd(r); kind != "" && !seen[r] {
			seen[r] = true
			out = append(out, fmt.Sprintf("its secret has %s (U+%04X), which is kept", kind, r))
		}
	}
	trimmed := strings.TrimSpace(text)
	switch {
	case guid.MatchString(trimmed) && isMicrosoft(it):
		out = append(out, "its secret is a GUID, as Microsoft's secret IDs are: the secret is the Value beside it "+
			"(with the ID, sign-in fails: AADSTS7000215)")
	case strings.HasPrefix(trimmed, "{") && json.Valid([]byte(trimmed)):
		out = append(out, "its secret is a whole JSON file: the secret is one value in it, such as client_secret")
	case strings.HasPrefix(trimmed, "-----BEGIN "):
		out = append(out, "its secret is a whole PEM file")
	}
	return out
}

// odd names the kinds of characters that nobody types into a password field.
func odd(r rune) string {
	switch {
	case r < 0x80 && r >= 0x20 && r != 0x7f:
		return ""
	case r == '\n', r == '\r', r == 0x85, r == 0x2028, r == 0x2029:
		return "a line break"
	case r == 0xad:
		return "a soft hyphen"
	case r == 0xfeff:
		return "a byte order mark"
	case r == 0xfffd:
		return "a character that stands for one lost in an earlier conversion"
	case unicode.Is(unicode.Bidi_Control, r):
		return "a mark of the writing direction"
	case human.Invisible(r):
		return "a character of no width"
	case unicode.IsControl(r):
		return "a control character"
	case r == 0xa0, r == 0x202f, r == 0x2007:
		return "a no-break blank"
	case unicode.IsSpace(r):
		return "an unusual blank"
	case strings.ContainsRune("‘’‚‛“”„‟«»‹›′″", r):
		return "a curly quote"
	case strings.ContainsRune("‐‑‒–—―−", r):
		return "a dash that is not the keyboard's"
	case r == '…':
		return "an ellipsis"
	}
	return ""
}

// isMicrosoft reports whether a credential's provider or endpoint says that it is
// for Microsoft.
func isMicrosoft(it schema.Item) bool {
	if it.List() != schema.Credentials {
		return false
	}
	endpoint, err := url.Parse(schema.Text(it, "token_endpoint"))
	return microsoft.MatchString(schema.Text(it, "service_provider")) ||
		err == nil && address.IsMicrosoft(endpoint.Hostname())
}

// At looks at an item's secret: a mask is no secret, unless the item's name is in
// literal. A doubt is passed to warn.
func At(it schema.Item, s schema.Secret, literal []string, warn func(schema.Warning)) (mask bool) {
	if IsMask(s) && !slices.Contains(literal, it.ItemName()) {
		return true
	}
	for _, what := range Doubts(it, s) {
		warn(schema.ItemWarning(it, what))
	}
	return false
}

// CheckLiteral says which name of literal, those whose secrets are taken as they
// are, none of names is.
func CheckLiteral(literal, names []string) error {
	var errs schema.Errors
	for _, name := range literal {
		if !slices.Contains(names, name) {
			err := fmt.Errorf("--literal-secret %s: there is no item of that name", schema.Quote(address.Shown(name)))
			errs.Add(schema.Hint(err, "names match exactly, blanks and case included"))
		}
	}
	return errs.Err()
}
