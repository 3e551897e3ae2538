package schema

import (
	"crypto/rand"
	"encoding/hex"
	"iter"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// Formats of documents. A later version of a format is refused by name.
const (
	ServerFormat  = "mailferry/server-bundle/v1"
	CloudFormat   = "mailferry/cloud-bundle/v1"
	ProfileFormat = "mailferry/profile/v1"
)

// List names the two lists of a bundle.
type List string

// The two lists.
const (
	Credentials List = "credentials"
	Connections List = "connections"
)

// Lists returns both, in the order of an import: connections name credentials.
func Lists() []List { return []List{Credentials, Connections} }

// One returns the singular: "credential" or "connection".
func (l List) One() string { return string(l[:len(l)-1]) }

// Marker stands where a secret was. It is all that anybody without a
// recipient's key learns: whether a secret is sealed in the bundle, and a
// fingerprint that shows equal secrets as equal within one key id.
type Marker struct {
	State       string `json:"state"`                // Sealed or Missing
	Fingerprint string `json:"fingerprint,omitzero"` // KEYID:HEX, eight and 64 lower-case hex digits; of sealed only
	Reason      string `json:"reason,omitzero"`      // why there is none; of missing only
}

// States of a Marker.
const (
	Sealed  = "sealed"
	Missing = "missing"
)

// KeyID returns the id of the key that made the fingerprint, or "". Only
// fingerprints of one key id can be compared.
func (m *Marker) KeyID() string {
	if m == nil || len(m.Fingerprint) < 8 {
		return ""
	}
	return m.Fingerprint[:8]
}

// ServerCredential is an OAuth2 credential as Server's panel shows it
// (SETTINGS → OAuth2 Client Credentials).
type ServerCredential struct {
	Name                  string            `json:"name"`
	ServiceProvider       string            `json:"service_provider,omitzero"`
	ClientID              string            `json:"client_id,omitzero"`
	ClientSecret          *Marker           `json:"client_secret,omitzero"`
	AuthorizationEndpoint string            `json:"authorization_endpoint,omitzero"`
	TokenEndpoint         string            `json:"token_endpoint,omitzero"`
	CallbackURL           string            `json:"callback_url,omitzero"`
	Grant                 string            `json:"grant,omitzero"`
	Extra                 map[string]string `json:"extra,omitzero"`
}

// CloudCredential is an OAuth2 credential for Cloud. The callback URL stays
// behind: it belongs to one Jira instance.
type CloudCredential struct {
	Name                  string  `json:"name"`
	ServiceProvider       string  `json:"service_provider,omitzero"`
	ClientID              string  `json:"client_id,omitzero"`
	ClientSecret          *Marker `json:"client_secret,omitzero"`
	AuthorizationEndpoint string  `json:"authorization_endpoint,omitzero"`
	TokenEndpoint         string  `json:"token_endpoint,omitzero"`
	Grant                 string  `json:"grant,omitzero"`
}

// ServerConnection is an Outgoing Mail Connection as Server's panel shows it.
// An empty text and port 0 mean that the panel's field is empty. Extra holds
// settings that the panel's documented fields do not name.
type ServerConnection struct {
	Name              string            `json:"name"`
	Description       string            `json:"description,omitzero"`
	FromAddress       string            `json:"from_address,omitzero"`
	Prefix            string            `json:"prefix,omitzero"`
	ConnectMode       string            `json:"connect_mode"`
	Encryption        string            `json:"encryption,omitzero"`
	Username          string            `json:"username,omitzero"`
	Password          *Marker           `json:"password,omitzero"`
	Host              string            `json:"host,omitzero"`
	Port              int               `json:"port,omitzero"`
	Debug             bool              `json:"debug"`
	OAuth2Credentials string            `json:"oauth2_credentials,omitzero"`
	Extra             map[string]string `json:"extra,omitzero"`
}

// CloudConnection is an Outgoing Mail Connection in Cloud's terms.
type CloudConnection struct {
	Name              string  `json:"name"`
	Description       string  `json:"description,omitzero"`
	FromEmailAddress  string  `json:"from_email_address,omitzero"`
	EmailPrefix       string  `json:"email_prefix,omitzero"`
	ServiceProvider   string  `json:"service_provider"`
	Encryption        string  `json:"encryption,omitzero"`
	Username          string  `json:"username,omitzero"`
	Password          *Marker `json:"password,omitzero"`
	Host              string  `json:"host,omitzero"`
	SMTPPort          int     `json:"smtp_port,omitzero"`
	Debug             bool    `json:"debug"`
	OAuth2Credentials string  `json:"oauth2_credentials,omitzero"`
}

// KeyHolder is someone who can open a bundle. The list in a manifest is a claim of
// whoever wrote the file: age headers name nobody. Writers of new layers never
// take keys from it.
type KeyHolder struct {
	Label string `json:"label,omitzero"`
	Key   string `json:"key"` // age1…, or "passphrase"
}

// String is the label, where there is one, and the key. The label is anybody's
// text: quote it, or make it visible.
func (r KeyHolder) String() string { return strings.TrimSpace(r.Label + " " + r.Key) }

// Source says where an export came from. Covered by the content digest.
type Source struct {
	Kind       string `json:"kind"` // csv, jira-backup, postgres, mysql, admin-pages; server-bundle in a cloud bundle
	Name       string `json:"name"` // a file's base name, or host and database; never a path or password
	SHA256     string `json:"sha256,omitzero"`
	AppVersion string `json:"app_version,omitzero"`
}

// Counts is a summary for people; the lists are the truth.
type Counts struct {
	Credentials int `json:"credentials"`
	Connections int `json:"connections"`
	Sealed      int `json:"sealed"`
	Missing     int `json:"missing"`
}

// Step is one line of a bundle's history: an unsigned claim.
type Step struct {
	Step string `json:"step"`
	Time Time   `json:"time"`
	Tool string `json:"tool"`
	Note string `json:"note,omitzero"`
}

// Manifest heads a bundle. Only ID and Source are covered by the content
// digest; the rest are claims of whoever wrote the file.
type Manifest struct {
	ID         string      `json:"id"` // 32 lower-case hex digits
	Created    Time        `json:"created"`
	Tool       string      `json:"tool"`
	Source     Source      `json:"source"`
	Recipients []KeyHolder `json:"recipients"`
	Reviewers  []KeyHolder `json:"reviewers"`
	Counts     Counts      `json:"counts"`
	History    []Step      `json:"history"`
}

// Record adds a step to the history, and says what wrote the bundle and when.
func (m *Manifest) Record(step, note string, now time.Time) {
	m.Tool = Tool()
	if m.Created.IsZero() {
		m.Created = At(now)
	}
	m.History = append(slices.Clone(m.History), Step{Step: step, Time: At(now), Tool: m.Tool, Note: note})
}

// Tool is this program or library with its version, as manifests name it.
func Tool() string {
	const module = "github.com/mailferry/mailferry"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range append(info.Deps, &info.Main) {
			if m.Path == module && m.Version != "" {
				return "mailferry " + m.Version
			}
		}
	}
	return "mailferry"
}

// NewID returns 32 random lower-case hex digits, for a bundle's id.
func NewID() string {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails: crypto/rand
	return hex.EncodeToString(id)
}

// Missing lists the items of the bundle whose secret is missing.
func (b *Bundle) Missing() []SecretKey {
	var out []SecretKey
	for it := range b.All() {
		if m := SecretMarker(it); m != nil && m.State == Missing {
			out = append(out, KeyOf(it))
		}
	}
	return out
}

// Origin is the server bundle's digested content inside a cloud bundle, with
// the rules that it was transformed by and the statements that stood beside it.
type Origin struct {
	Format      string         `json:"format"`
	Manifest    OriginManifest `json:"manifest"`
	Credentials []Item         `json:"credentials"` // *ServerCredential
	Connections []Item         `json:"connections"` // *ServerConnection
	Rules       *Rules         `json:"rules"`
	Statements  []Statement    `json:"statements"`
}

// OriginManifest is the part of a manifest that the digest covers.
type OriginManifest struct {
	ID     string `json:"id"`
	Source Source `json:"source"`
}

// Bundle is the one JSON document inside a bundle file, of either format. In a
// server bundle the items are *ServerCredential and *ServerConnection, and
// Origin is nil; in a cloud bundle they are *CloudCredential and
// *CloudConnection.
type Bundle struct {
	Format      string
	Manifest    Manifest
	Credentials []Item
	Connections []Item
	Origin      *Origin
	Sealed      []string // armored age files, opened by recipients only
}

// IsCloud reports whether b is a cloud bundle.
func (b *Bundle) IsCloud() bool { return b.Format == CloudFormat }

// Items returns one of the two lists.
func (b *Bundle) Items(l List) []Item {
	if l == Credentials {
		return b.Credentials
	}
	return b.Connections
}

// All yields the items of both lists, credentials first.
func (b *Bundle) All() iter.Seq[Item] { return each(b.Items) }

// ServerAll is All of what [Bundle.ServerItems] returns.
func (b *Bundle) ServerAll() iter.Seq[Item] { return each(b.ServerItems) }

func each(items func(List) []Item) iter.Seq[Item] {
	return func(yield func(Item) bool) {
		for _, l := range Lists() {
			for _, it := range items(l) {
				if !yield(it) {
					return
				}
			}
		}
	}
}

// ByKey indexes both lists, for whoever asks for more than a few items: [Find]
// looks through a list each time.
func (b *Bundle) ByKey() map[SecretKey]Item {
	out := make(map[SecretKey]Item, len(b.Credentials)+len(b.Connections))
	for it := range b.All() {
		out[KeyOf(it)] = it
	}
	return out
}

// SecretsID is the id that sealed parts are bound to: the server bundle's.
func (b *Bundle) SecretsID() string {
	if b.Origin != nil {
		return b.Origin.Manifest.ID
	}
	return b.Manifest.ID
}

// ServerItems returns the lists as Server has them: the bundle's own, or its
// origin's. Destinations of secrets are in these terms.
func (b *Bundle) ServerItems(l List) []Item {
	if b.Origin == nil {
		return b.Items(l)
	}
	return b.Origin.Items(l)
}

// Items returns one of the origin's lists.
func (o *Origin) Items(l List) []Item {
	if l == Credentials {
		return o.Credentials
	}
	return o.Connections
}

// Find returns the item of that exact name, or nil.
func Find(list []Item, name string) Item {
	for _, it := range list {
		if it.ItemName() == name {
			return it
		}
	}
	return nil
}

// Time is a moment in UTC to the second, written as RFC 3339 with a Z.
type Time struct{ time.Time }

// At truncates t to what a bundle writes.
func At(t time.Time) Time { return Time{t.UTC().Truncate(time.Second)} }

// Minute writes the moment for people.
func (t Time) Minute() string { return t.UTC().Format("2006-01-02 15:04 UTC") }

const jsonTime = `"2006-01-02T15:04:05Z"`

// MarshalJSON writes the one form that UnmarshalJSON takes.
func (t Time) MarshalJSON() ([]byte, error) { return []byte(t.UTC().Format(jsonTime)), nil }

// UnmarshalJSON takes RFC 3339 in UTC to the second, and nothing laxer.
func (t *Time) UnmarshalJSON(b []byte) error {
	v, err := time.Parse(jsonTime, string(b))
	if err != nil {
		return Invalid("", "not a time like 2026-01-31T12:00:00Z")
	}
	t.Time = v.UTC()
	return nil
}

// Statement is one file of evidence: the exact bytes that were signed, kept as
// a string so that no re-encoding can change them, and the SSH signature.
type Statement struct {
	Format    string `json:"format"`    // StatementFormat
	Statement string `json:"statement"` // a StatementBody as JSON
	Signature string `json:"signature"` // armored SSH signature, namespace mailferry
}

// StatementFormat is the format of statement files.
const StatementFormat = "mailferry/statement/v1"
