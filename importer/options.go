package importer

import (
	"cmp"
	"errors"
	"log/slog"
	"time"

	"filippo.io/age"

	"github.com/mailferry/mailferry/internal/selection"
	"github.com/mailferry/mailferry/schema"
)

// Policy says what happens to an item that Cloud has under the same name, but
// not as the bundle has it.
type Policy string

// The policies. The zero Policy is Fail.
const (
	Fail      Policy = "fail"      // any conflict shuts the gate: nothing is written
	Skip      Policy = "skip"      // what conflicts stays as Cloud has it
	Overwrite Policy = "overwrite" // Cloud's is changed to the bundle's, and what it replaces is kept
)

// ParsePolicy reads a policy as people write it.
func ParsePolicy(s string) (Policy, error) {
	switch p := Policy(s); p {
	case "", Fail:
		return Fail, nil
	case Skip, Overwrite:
		return p, nil
	}
	return "", errors.New("not one of fail, skip, overwrite")
}

// Options are what a plan, an import and a drift report depend on. Cloud and
// Bundle are needed; Run needs List, Secrets.Sealed and Ledger.Path as well, and
// an overwrite Conflicts.Keepers. Everything else may be left out.
type Options struct {
	Cloud  Cloud
	Bundle *schema.Bundle // a cloud bundle
	Digest string         // its content digest; "": it is computed
	List   schema.List    // which of the two imports Run is; plans and drift reports are of both

	Secrets   SecretSource
	Select    Selection
	Conflicts Conflicts
	Ledger    LedgerOptions
	Plan      *SavedPlan // what was approved: an import does exactly that, or refuses
	Jobs      int        // writes at once; 0: four, and never more than Cloud takes
	Watch     Watch

	take  selection.Selection
	leave selection.Selection // all but the excluded
	guard *schema.EchoGuard   // Cloud's; knows the bundle's secrets
	files files               // nil: the file system
}

// SecretSource gives the secrets of items by their names on Cloud.
type SecretSource struct {
	// Sealed gives the secret that the bundle seals for an item, or the zero
	// Secret. It is nil with a reviewer's key, which can plan and not import. The
	// method Secret of a bundle opened with a recipient's key is one, unless the
	// rules gave a credential another name (see transform.Names).
	Sealed func(list schema.List, name string) schema.Secret
	// Supplied gives a secret from outside the bundle. It counts only where
	// the bundle's marker says that the secret is missing; nil: none.
	Supplied func(list schema.List, name string) schema.Secret
}

// Selection is which items an import is about; the zero Selection is all. In a
// pattern * stands for any text and ? for one character; the whole name has to
// match.
type Selection struct {
	Include   []string // patterns of names to take; none: all
	Exclude   []string // patterns of names to leave; stronger than Include
	ReadyOnly bool     // import what is not blocked, and report what waits
}

// Conflicts is what happens to an item that Cloud has otherwise than the bundle.
type Conflicts struct {
	Policy         Policy
	RewriteSecrets bool // with Overwrite: send secrets even without evidence of another
	// Confirm is asked for each change that an overwrite would make, one at a
	// time, before anything is written; nil is yes to all.
	Confirm func(PlanItem) bool
	// Keepers can open what an overwrite replaced, which is kept beside the ledger.
	Keepers []age.Recipient
}

// LedgerOptions is where the account of writes is kept, and what is done about
// writes of which nobody saw the end.
type LedgerOptions struct {
	// Path is the ledger's. Run needs one. MakePlan and Drift read it if it is
	// there and never write it; "" is none.
	Path string
	// Again names items of List that Run writes although an earlier create of
	// theirs may have reached a Cloud without keys: somebody looked, and they are
	// not there. A name that Cloud shows, or that needs no such word, shuts the
	// gate.
	Again []string
	// Patience is how long Run looks for what it wrote to a Cloud without keys
	// and does not find, before a person is asked; 0: 20 s.
	Patience time.Duration
}

// Watch is who follows a run.
type Watch struct {
	Progress func(Progress)       // nil: nobody looks. Called from several goroutines, one at a time
	Log      *slog.Logger         // diagnostics; nil: none
	Warn     func(schema.Warning) // receives what the selection leaves out, one item each; nil: nobody looks
	Now      func() time.Time     // nil: time.Now
}

// Progress is where a run is.
type Progress struct {
	Done    int    // items dealt with in this run
	Total   int    // items that this run has to deal with
	Waiting string // what it waits for, in words; "" while it goes on
}

func (o *Options) defaults() error {
	switch {
	case o.Cloud == nil || o.Bundle == nil:
		return errors.New("an import needs a Cloud and a bundle")
	case !o.Bundle.IsCloud():
		return errServerBundle()
	}
	var err error
	if o.Digest == "" {
		if o.Digest, err = o.Bundle.Digest(); err != nil {
			return err
		}
	}
	o.Conflicts.Policy = cmp.Or(o.Conflicts.Policy, Fail)
	if o.Watch.Now == nil {
		o.Watch.Now = time.Now
	}
	if o.Watch.Log == nil {
		o.Watch.Log = slog.New(slog.DiscardHandler)
	}
	if o.Watch.Warn == nil {
		o.Watch.Warn = func(schema.Warning) {}
	}
	if o.files == nil {
		o.files = disk{}
	}
	if o.Ledger.Patience <= 0 {
		o.Ledger.Patience = defaultPatience
	}
	if o.Jobs <= 0 {
		o.Jobs = defaultJobs
	}
	if most := o.Cloud.Site().MaxJobs; most > 0 {
		o.Jobs = min(o.Jobs, most)
	}
	if o.take, err = selection.New(o.Select.Include, o.Select.Exclude, namesIn(o.Bundle)); err != nil {
		return err
	}
	if o.leave, err = selection.New(nil, o.Select.Exclude, namesIn(o.Bundle)); err != nil {
		return err
	}
	o.guard = o.Cloud.Echoes()
	for it := range o.Bundle.All() {
		secret, _, _ := o.secretOf(it)
		o.guard.Add(secret)
	}
	return nil
}

func (o *Options) now() schema.Time { return schema.At(o.Watch.Now()) }

// itemKey names an item, by its name on Cloud.
type itemKey = schema.SecretKey

// selected returns which items a run is about. A credential is selected by its
// name or because a selected connection needs it, so that the same patterns
// serve both imports; Exclude takes it out again by name. What is left out of the
// lists that the run is about is a warning.
func (o *Options) selected() map[itemKey]bool {
	in := map[itemKey]bool{}
	for _, it := range o.Bundle.Connections {
		if o.take.Has(it.ItemName()) {
			in[schema.KeyOf(it)] = true
			if cred := credentialOf(it); cred != "" && o.leave.Has(cred) {
				in[itemKey{List: schema.Credentials, Name: cred}] = true
			}
		}
	}
	for _, it := range o.Bundle.Credentials {
		if o.take.Has(it.ItemName()) {
			in[schema.KeyOf(it)] = true
		}
	}
	for it := range o.Bundle.All() {
		if !in[schema.KeyOf(it)] && (o.List == "" || o.List == it.List()) {
			o.Watch.Warn(schema.ItemWarning(it, "left out"))
		}
	}
	return in
}

// namesIn are what patterns are held against: the names of both lists.
func namesIn(b *schema.Bundle) []string {
	var out []string
	for it := range b.All() {
		out = append(out, it.ItemName())
	}
	return out
}

// credentialOf returns the name of the credential that a connection uses.
func credentialOf(it schema.Item) string {
	if c, ok := it.(*schema.CloudConnection); ok {
		return c.OAuth2Credentials
	}
	return ""
}

// secretOf returns an item's secret. need is false where none applies; missing
// is true where one applies and nobody has it. With a reviewer's key a sealed
// secret is neither missing nor known.
func (o *Options) secretOf(it schema.Item) (secret schema.Secret, need, missing bool) {
	m := schema.SecretMarker(it)
	switch {
	case m == nil:
		return schema.Secret{}, false, false
	case m.State == schema.Sealed:
		if o.Secrets.Sealed == nil {
			return schema.Secret{}, true, false
		}
		secret = o.Secrets.Sealed(it.List(), it.ItemName())
	case o.Secrets.Supplied != nil:
		secret = o.Secrets.Supplied(it.List(), it.ItemName())
	}
	return secret, true, secret.IsZero()
}
