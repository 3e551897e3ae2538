package importer

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

// memory is a Cloud in the test's own process, for what no sample Cloud does:
// one that takes two items of a name, and one that loses answers on purpose.
type memory struct {
	mu      sync.Mutex
	site    Site
	lists   map[schema.List][]Remote
	secrets map[string]string // by id
	writes  int
	offers  map[string]Offer
	keys    map[string]Remote
	echoes  schema.EchoGuard
	waits   string              // what a create says it waits for
	stores  func(schema.Item)   // nil, or changes what is stored
	hides   func(Remote) bool   // nil, or tells what a list does not show now
	before  func(w Write) error // nil, or decides before a write
	after   func(w Write) error // nil, or decides after it
}

func newMemory() *memory {
	return &memory{site: Site{URL: "https://cloud.example", Host: "cloud.example"}, lists: map[schema.List][]Remote{},
		secrets: map[string]string{}, offers: map[string]Offer{}, keys: map[string]Remote{}}
}

func (m *memory) Site() Site { return m.site }

func (m *memory) List(_ context.Context, list schema.List) ([]Remote, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(m.lists[list]), func(r Remote) bool { return m.hides != nil && m.hides(r) }), nil
}

func (m *memory) Create(ctx context.Context, w Write) (Remote, error) {
	if m.waits != "" {
		Waiting(ctx, m.waits)
		defer Waiting(ctx, "")
	}
	return m.write("", w)
}

func (m *memory) Update(_ context.Context, id string, w Write) (Remote, error) { return m.write(id, w) }

func (m *memory) write(id string, w Write) (Remote, error) {
	if w.Before != nil {
		if err := w.Before(); err != nil {
			return Remote{}, err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.before != nil {
		if err := m.before(w); err != nil {
			return Remote{}, err
		}
	}
	if was, ok := m.keys[w.Key]; ok && m.site.Keys {
		return was, nil
	}
	m.writes++
	list := w.Item.List()
	r := Remote{ID: id, Item: bare(w.Item)}
	if m.stores != nil {
		m.stores(r.Item)
	}
	if id == "" {
		r.ID = fmt.Sprintf("%s-%d", list.One(), len(m.lists[list])+1)
		m.lists[list] = append(m.lists[list], r)
	} else {
		for i := range m.lists[list] {
			if m.lists[list][i].ID == id {
				m.lists[list][i] = r
			}
		}
	}
	if !w.Secret.IsZero() {
		m.secrets[r.ID] = w.Secret.Reveal()
	}
	m.keys[w.Key] = r
	if m.after != nil {
		if err := m.after(w); err != nil {
			return Remote{}, err
		}
	}
	return r, nil
}

func (m *memory) Offered(_ context.Context, _ schema.Item, field string) (Offer, error) {
	return m.offers[field], nil
}

func (m *memory) Echoes() *schema.EchoGuard { return &m.echoes }

func (m *memory) Close() error { return nil }

// put places an item on Cloud as though it had always been there.
func (m *memory) put(it schema.Item) {
	list := it.List()
	m.lists[list] = append(m.lists[list], Remote{ID: fmt.Sprintf("old-%d", len(m.lists[list])+1), Item: bare(it)})
}

// secretOf returns the secret of the connection of that name.
func (m *memory) secretOf(name string) string {
	for _, r := range m.lists[schema.Connections] {
		if r.Item.ItemName() == name {
			return m.secrets[r.ID]
		}
	}
	return ""
}

// bare copies an item without its marker, as Cloud shows it.
func bare(it schema.Item) schema.Item {
	switch it := it.(type) {
	case *schema.CloudCredential:
		c := *it
		c.ClientSecret = nil
		return &c
	case *schema.CloudConnection:
		c := *it
		c.Password = nil
		return &c
	}
	panic("not a cloud item")
}

func sealedMarker() *schema.Marker { return &schema.Marker{State: schema.Sealed} }

func credential(name string) *schema.CloudCredential {
	return &schema.CloudCredential{Name: name, ServiceProvider: "Google", ClientID: "id-" + name, ClientSecret: sealedMarker(),
		AuthorizationEndpoint: "https://accounts.example/auth", TokenEndpoint: "https://accounts.example/token"}
}

func smtp(name string) *schema.CloudConnection {
	return &schema.CloudConnection{Name: name, ServiceProvider: "General SMTP service", FromEmailAddress: "a@corp.example",
		Host: "smtp.corp.example", SMTPPort: 587, Encryption: "STARTTLS", Username: "mailer", Password: sealedMarker()}
}

func oauth(name, cred string) *schema.CloudConnection {
	return &schema.CloudConnection{Name: name, ServiceProvider: "GMail/GSuite with OAuth2", FromEmailAddress: "a@corp.example",
		Username: "a@corp.example", OAuth2Credentials: cred}
}

func bundleOf(items ...schema.Item) *schema.Bundle {
	b := &schema.Bundle{Format: schema.CloudFormat, Manifest: schema.Manifest{ID: "0123456789abcdef0123456789abcdef"},
		Credentials: []schema.Item{}, Connections: []schema.Item{}}
	for _, it := range items {
		if it.List() == schema.Credentials {
			b.Credentials = append(b.Credentials, it)
		} else {
			b.Connections = append(b.Connections, it)
		}
	}
	return b
}

// secretsOf gives every item a secret of its own.
func secretsOf(list schema.List, name string) schema.Secret {
	return schema.NewSecret("secret of " + list.One() + " " + name)
}

// operator opens what is sealed to whoever imports.
func operator(t testing.TB) age.Identity {
	t.Helper()
	id := rig.Get(age.NewScryptIdentity(passphrase)).Or(t)
	return id
}

const passphrase = "the importer's tests"

func toOperator(t testing.TB) age.Recipient {
	t.Helper()
	r := rig.Get(age.NewScryptRecipient(passphrase)).Or(t)
	r.SetWorkFactor(2)
	return r
}

// optionsFor are options of an import by a recipient.
func optionsFor(t testing.TB, c Cloud, b *schema.Bundle, list schema.List) Options {
	t.Helper()
	digest := rig.Get(b.Digest()).Or(t)
	return Options{Cloud: c, Bundle: b, Digest: digest, List: list, Secrets: SecretSource{Sealed: secretsOf},
		Ledger:    LedgerOptions{Path: t.TempDir() + "/b.ledger.jsonl", Patience: time.Millisecond},
		Conflicts: Conflicts{Keepers: []age.Recipient{toOperator(t)}}}
}
