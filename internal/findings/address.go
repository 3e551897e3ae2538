package findings

import (
	"net/mail"
	"net/netip"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/mailferry/mailferry/internal/address"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/transform"
)

// addressFault says what is wrong with a sender address, or "". It wants a bare
// address as RFC 5321 has it, not a header's list with names.
func addressFault(s string) string {
	trimmed := strings.TrimSpace(s) // blank-edge says so by itself
	parsed, err := mail.ParseAddress(trimmed)
	if err != nil || strings.ContainsFunc(trimmed, unicode.IsControl) {
		return "is not one address such as jira@corp.example"
	}
	if strings.ContainsAny(trimmed, "<>") {
		return addressFault(parsed.Address) // address-display-name speaks of the rest
	}
	if strings.ContainsAny(trimmed, "()") {
		return "holds a comment"
	}
	at := strings.LastIndexByte(parsed.Address, '@')
	local, domain := parsed.Address[:at], parsed.Address[at+1:]
	if len(local) > 64 {
		return "is longer before the @ than the 64 bytes allowed"
	}
	if strings.HasPrefix(domain, "[") {
		return "" // an address literal, which net/mail has checked
	}
	if wrong := nameFault(domain); wrong != "" {
		return "has a domain that " + wrong
	}
	return ""
}

// hostFault says what is wrong with a host, or "".
func hostFault(s string) string {
	h := strings.TrimSpace(s)
	if h == "" {
		return "is empty"
	}
	if _, ok := address.IP(h); ok {
		return ""
	}
	if strings.ContainsAny(h, `/\?#@:`) {
		return "is more than the bare name, or a broken IPv6 address"
	}
	return nameFault(h)
}

var hostLabel = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$`)

// nameFault says what is wrong with a host name, or "". International names are
// judged in the encoded form that goes over the wire.
func nameFault(s string) string {
	name, err := address.WireName(s)
	if err != nil {
		return "is no valid international host name"
	}
	if len(name) > 253 {
		return "is longer than the 253 bytes that a host name may have"
	}
	labels := strings.Split(name, ".")
	for _, l := range labels {
		if !hostLabel.MatchString(l) {
			return "has a part that is no letters, digits, - and _ within, 63 bytes at most"
		}
	}
	// Some programs read 127.1, 0x7f.1 or 2130706433 as an address; what
	// reviewers and Cloud see in it may differ.
	if isNumber(labels[len(labels)-1]) {
		return "looks like an IP address and is none"
	}
	return ""
}

func isNumber(s string) bool {
	digits := "0123456789"
	if h, ok := strings.CutPrefix(s, "0x"); ok {
		s, digits = h, "0123456789abcdef"
	}
	return strings.Trim(s, digits) == ""
}

// reserved are ranges that no route on the Internet leads to. netip itself knows loopback,
// link-local, multicast and the private ones.
var reserved = []struct{ prefix, what string }{
	{"100.64.0.0/10", "an address behind a provider's NAT (RFC 6598)"},
	{"0.0.0.0/8", "an address of this very network"},
	{"192.0.0.0/24", "an address for protocols, not for hosts"},
	{"192.0.2.0/24", "an address for documentation"},
	{"198.51.100.0/24", "an address for documentation"},
	{"203.0.113.0/24", "an address for documentation"},
	{"198.18.0.0/15", "an address for laboratories"},
	{"240.0.0.0/4", "a reserved address"},
	{"2001:db8::/32", "an address for documentation"},
	{"3fff::/20", "an address for documentation"},
	{"fec0::/10", "a private address (site-local)"},
	{"64:ff9b:1::/48", "a private address (local NAT64)"},
	{"100::/64", "an address that discards everything"},
}

// nat64 is the well-known prefix: an address in it stands for the IPv4 address
// in its last four bytes.
const nat64 = "64:ff9b::/96"

// unreachable says why Cloud cannot reach a well-formed host, or "".
func unreachable(host string) string {
	h := strings.ReplaceAll(norm.NFKC.String(strings.TrimSpace(host)), "。", ".") // as resolvers read it
	if a, ok := address.IP(h); ok {
		return unreachableAddress(a)
	}
	name := strings.ToLower(strings.TrimSuffix(h, "."))
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return "the machine itself"
	}
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return "a single label, which only a local search list completes"
	}
	switch last := name[i+1:]; last {
	case "local", "internal", "lan", "home", "corp", "localdomain", "intranet", "private":
		return "a local name: ." + last + " is not on the Internet"
	}
	if strings.HasSuffix(name, ".home.arpa") {
		return "a local name: .home.arpa is not on the Internet"
	}
	return ""
}

func unreachableAddress(a netip.Addr) string {
	switch {
	case a.IsLoopback():
		return "the machine itself (loopback)"
	case a.IsUnspecified():
		return "no address of a host"
	case a.IsLinkLocalUnicast(), a.Zone() != "":
		return "a link-local address"
	case a.IsMulticast():
		return "a multicast address"
	case a.Is6() && a.IsPrivate():
		return "a private address (unique local, RFC 4193)"
	case a.IsPrivate():
		return "a private address (RFC 1918)"
	}
	if netip.MustParsePrefix(nat64).Contains(a) {
		b := a.As16()
		return unreachableAddress(netip.AddrFrom4([4]byte(b[12:])))
	}
	for _, r := range reserved {
		if netip.MustParsePrefix(r.prefix).Contains(a) {
			return r.what
		}
	}
	return ""
}

// EncryptionWord is what the text of Encryption stands for.
type EncryptionWord int

const (
	UnknownTLS EncryptionWord = iota // also a bare "TLS", which products use for both
	NoTLS
	ImplicitTLS
	StartTLS
)

// Encryption reads the text of Encryption. Its values are not documented,
// so only words that leave no doubt count.
func Encryption(s string) EncryptionWord {
	compact := transform.CompactWord(s)
	start := strings.Contains(compact, "starttls") || strings.Contains(compact, "explicit")
	implicit := strings.Contains(strings.ReplaceAll(compact, "starttls", ""), "ssl") ||
		strings.Contains(compact, "smtps") || strings.Contains(compact, "implicit")
	switch {
	case start && implicit:
		return UnknownTLS
	case start:
		return StartTLS
	case implicit && !strings.HasPrefix(compact, "no"):
		return ImplicitTLS
	}
	if transform.Unencrypted(s) {
		return NoTLS
	}
	return UnknownTLS
}

// EncryptionIs says what stands in Encryption.
func EncryptionIs(s string) string {
	if s == "" {
		return "Encryption is empty"
	}
	return "Encryption is " + schema.Quote(s)
}
