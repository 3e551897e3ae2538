package importer

import (
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

// Options are everything that a plan, an import and a drift report depend on.
type Options struct {
	Cloud  Cloud
	Bundle *schema.Bundle // a cloud bundle
	Digest string         // its content digest

	// Secrets gives the secret that the bundle seals for an item, or the zero
	// Secret. It is nil with a reviewer's key, which can plan and not import.
	Secrets func(list schema.List, name string) schema.Secret
	// Supplied gives a secret from outside the bundle. It counts only where
	// the bundle's marker says that the secret is missing; nil: none.
	Supplied func(list schema.List, name string) schema.Secret

	List           schema.List // which of the two imports Run is
	OnConflict     Policy
	RewriteSecrets bool     // with Overwrite: send secrets even without evidence of another
	Include        []string // names to take, as package selection reads patterns; none: all
	Exclude        []string // names to leave, as patterns; stronger than Include
	ReadyOnly      bool     // import what is not blocked; what waits is reported
	Plan           *SavedPlan
	Jobs           int // writes at once; 0: four, and never more than Cloud takes

	// Ledger is the path of the ledger. Run needs one. MakePlan and Drift read
	// it if it is there and never write it; "" is none.
	Ledger     string
	Recipients []age.Recipient // who can open what an overwrite replaced

	// Again names items of List that Run writes although an earlier create of
	// theirs may have reached a Cloud without keys: somebody looked, and they are
	// not there. A name that Cloud shows, or that needs no such word, shuts the
	// gate.
	Again []string
	// Patience is how long Run looks for what it wrote to a Cloud without keys
	// and does not find, before a person is asked; 0: 20 s.
	Patience time.Duration

	// Confirm is asked for each change that an overwrite would make, one at a
	// time, before anything is written; nil is yes to all.
	Confirm  func(PlanItem) bool
	Progress func(Progress) // nil: nobody looks. Called from several goroutines, one at a time
	Now      func() time.Time
	Log      *slog.Logger // diagnostics; nil: none

	// Point, if not nil, is called at named moments around each write; see
	// Points. It exists so that a test can kill the process there.
	Point func(name string)

	take   selection.Selection
	leave  selection.Selection // all but the excluded
	guard  *EchoGuard          // Cloud's; knows the bundle's secrets
	traced bool                // Point was given
	files  files               // nil: the file system
	noLook bool                // mutation for the crash harness: retry without having looked
}

// Progress is where a run is.
type Progress struct {
	List    schema.List
	Done    int     // items dealt with in this run
	Total   int     // items that this run has to deal with
	Failed  int     // among Done
	Rate    float64 // items a second since the start
	Waiting string  // what it waits for, in words; "" while it goes on
}

const (
	defaultJobs = 4
	// A list that lags behind what was saved does so for seconds.
	defaultPatience = 20 * time.Second
)

func (o *Options) defaults() error {
	switch {
	case o.Cloud == nil || o.Bundle == nil:
		return errors.New("an import needs a Cloud and a bundle")
	case !o.Bundle.IsCloud():
		return errServerBundle()
	}
	if o.OnConflict == "" {
		o.OnConflict = Fail
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.traced = o.Point != nil; !o.traced {
		o.Point = func(string) {}
	}
	if o.files == nil {
		o.files = disk{}
	}
	if o.Patience <= 0 {
		o.Patience = defaultPatience
	}
	if o.Jobs <= 0 {
		o.Jobs = defaultJobs
	}
	if most := o.Cloud.Site().MaxJobs; most > 0 {
		o.Jobs = min(o.Jobs, most)
	}
	var err error
	if o.take, err = selection.New(o.Include, o.Exclude); err != nil {
		return err
	}
	if o.leave, err = selection.New(nil, o.Exclude); err != nil {
		return err
	}
	o.guard = o.Cloud.Echoes()
	for _, list := range bothLists() {
		for _, it := range o.Bundle.Items(list) {
			secret, _, _ := o.secretOf(it)
			o.guard.Add(secret)
		}
	}
	return nil
}

// itemKey names an item, by its name on Cloud.
type itemKey = schema.SecretKey

func keyOf(it schema.Item) itemKey { return itemKey{List: it.List(), Name: it.ItemName()} }

// selected tells which items a run is about. A credential is selected by its
// name or because a selected connection needs it, so that the same patterns
// serve both imports; Exclude takes it out again by name.
func (o *Options) selected() map[itemKey]bool {
	in := map[itemKey]bool{}
	for _, it := range o.Bundle.Connections {
		if o.take.Has(it.ItemName()) {
			in[keyOf(it)] = true
			if cred := credentialOf(it); cred != "" && o.leave.Has(cred) {
				in[itemKey{List: schema.Credentials, Name: cred}] = true
			}
		}
	}
	for _, it := range o.Bundle.Credentials {
		if o.take.Has(it.ItemName()) {
			in[keyOf(it)] = true
		}
	}
	return in
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
		if o.Secrets == nil {
			return schema.Secret{}, true, false
		}
		secret = o.Secrets(it.List(), it.ItemName())
	case o.Supplied != nil:
		secret = o.Supplied(it.List(), it.ItemName())
	}
	return secret, true, secret.IsZero()
}
