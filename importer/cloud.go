// Package importer loads a cloud bundle into Cloud: the plan, the gate, the
// ledger that survives a crash, drift, and the report of what was done. How
// Cloud is reached is behind the interface [Cloud]; the ways in are the
// sub-packages rest and adminpage.
package importer

import (
	"context"
	"errors"

	"github.com/mailferry/mailferry/schema"
)

// Cloud is one Cloud site as far as outgoing mail is concerned. It never
// deletes. Implementations must be safe for concurrent use; a way in that has
// only one window serialises by itself.
//
// Errors: an answer that says no to one item is a *RefusedError and concerns
// that item alone. An error for which [Unsettled] is true leaves open whether
// the write happened. Every other error concerns the whole run, and the write
// did not happen.
type Cloud interface {
	// Site says which Cloud this is.
	Site() Site
	// List returns everything of one list that Cloud shows, in Cloud's order.
	// Secrets are never among it.
	List(ctx context.Context, list schema.List) ([]Remote, error)
	// Create makes a new item. Of it that is returned which Cloud's answer
	// shows, perhaps only the ID. It is not repeated by the implementation once a
	// request may have reached Cloud, except under the same Key where Cloud
	// honours keys.
	Create(ctx context.Context, w Write) (Remote, error)
	// Update changes the item with that id to w's fields. A zero w.Secret
	// leaves Cloud's secret as it is.
	Update(ctx context.Context, id string, w Write) (Remote, error)
	// Offered returns what Cloud's form says of a field of an item; the zero
	// Offer where nothing does (REST).
	Offered(ctx context.Context, it schema.Item, field string) (Offer, error)
	// Echoes returns the guard that plans, imports and drift reports add the
	// bundle's secrets to before they ask Cloud for anything. No error that
	// repeats a secret leaves the implementation, nor an id that is no name;
	// values and names do, and whoever shows them asks the guard.
	Echoes() *schema.EchoGuard
	Close() error
}

// Site names a Cloud.
type Site struct {
	URL       string // as given, without user or password
	Host      string // for file names and messages: host and port, or "sample-" and the folder's base name
	Rehearsal bool   // a sample Cloud: reports say so
	Keys      bool   // Idempotency-Key is honoured; see Write.Before where not
	MaxJobs   int    // how many writes at once make sense; 0 means no limit
}

// Offer is what Cloud's form says of a field.
type Offer struct {
	Values  []string // that can be chosen; nil: anything may be typed
	Default string   // what a drop-down has of itself in a new item
	Needed  bool     // the form does not take the field empty
	Absent  bool     // the form of such an item does not have the field, or lets nothing be entered in it
}

// Remote is an item as Cloud shows it: a *schema.CloudCredential or
// *schema.CloudConnection without a secret marker.
type Remote struct {
	ID   string
	Item schema.Item
}

// Write is what is sent for one item. Item carries the settings; a field that is
// empty there is sent as empty. Secret is the zero Secret where none applies or
// where Cloud's own stays.
type Write struct {
	Item   schema.Item
	Secret schema.Secret
	Key    string // Idempotency-Key, recorded in the ledger before the first attempt
	// Before, where it is not nil, is called once, just before the step from
	// which on Cloud may have the item: for a page, just before Save is pressed.
	// Where it fails that step is left out, and its error is the write's. A Cloud
	// without keys has to call it: what it was called for is never created again
	// without a person's word, and what it was not called for is.
	Before func() error
}

// RefusedError is Cloud's no to one item, in Cloud's words made harmless for a
// terminal: control characters neutralised, length bounded.
type RefusedError struct {
	Code  int    // HTTP status, or 0
	Words string // Cloud's own words
}

func (e *RefusedError) Error() string { return "Cloud refused it: " + e.Words }

type unsettledError struct{ err error }

func (e *unsettledError) Error() string { return e.err.Error() }
func (e *unsettledError) Unwrap() error { return e.err }

// MarkUnsettled says that err came after a write may have reached Cloud: whether
// it happened is for the next look at Cloud to show.
func MarkUnsettled(err error) error { return &unsettledError{err} }

// Unsettled reports whether err leaves open if a write happened.
func Unsettled(err error) bool {
	var u *unsettledError
	return errors.As(err, &u)
}

type waitingKey struct{}

// Waiting reports to whoever watches the run what a request waits for, in words,
// such as "Cloud, which asked for 3 s of patience"; "" says that it goes on. A
// Cloud calls it with the context of the call; nobody may be watching.
func Waiting(ctx context.Context, words string) {
	if report, ok := ctx.Value(waitingKey{}).(func(string)); ok {
		report(words)
	}
}

// UnfitError says that Cloud, as it was reached, must not be written to: a list
// of it cannot be read to its end, say. Before the first write it shuts the
// gate; after it, it stops the run as any other error does.
type UnfitError struct {
	Code string // of the gate's [Reason]
	Err  error
}

func (e *UnfitError) Error() string { return e.Err.Error() }
func (e *UnfitError) Unwrap() error { return e.Err }

// ErrUnauthorized says that Cloud did not accept the token or session.
var ErrUnauthorized = errors.New("Cloud did not accept the credentials of this run")
