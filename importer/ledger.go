package importer

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"github.com/mailferry/mailferry/schema"
)

// LedgerFormat is the format that a ledger's first record names.
const LedgerFormat = "mailferry/ledger/v1"

const (
	maxLedger = 1 << 30
	maxLine   = 1 << 20
	maxWords  = 500 // characters of Cloud's words that a record keeps
)

// What a record is.
const (
	typeLedger  = "ledger"  // the first: what the ledger is bound to
	typeIntent  = "intent"  // about to write; on disk before the request leaves
	typeOutcome = "outcome" // what came of it
)

// What came of an intent.
const (
	outWritten = "written" // Cloud has it as intended
	outRefused = "refused" // Cloud said no
	outVoid    = "void"    // not written, as far as that can matter
	outFound   = "found"   // there with every field equal, but not from this intent; its secret is not known
	outLost    = "lost"    // there otherwise than intended
)

// record is one line of a ledger. It holds names and digests, never a secret:
// Secret is a fingerprint under the ledger's own key.
type record struct {
	Prev string      `json:"prev"` // hex SHA-256 of the line before, without its line feed; "" in the first
	Type string      `json:"type"`
	Time schema.Time `json:"time"`

	Format string `json:"format,omitzero"`
	Cloud  string `json:"cloud,omitzero"`
	Bundle string `json:"bundle,omitzero"`
	Digest string `json:"digest,omitzero"`
	Seal   string `json:"seal,omitzero"` // armored age file: the fingerprint key

	Key    string      `json:"key,omitzero"` // Idempotency-Key; joins intent and outcome
	List   schema.List `json:"list,omitzero"`
	Name   string      `json:"name,omitzero"`
	Action string      `json:"action,omitzero"` // create or change
	Item   string      `json:"item,omitzero"`   // digest of the fields sent
	Secret string      `json:"secret,omitzero"` // fingerprint of the secret sent; "" none was
	Plan   string      `json:"plan,omitzero"`   // digest of the saved plan that is applied

	Result string `json:"result,omitzero"`
	ID     string `json:"id,omitzero"` // Cloud's; of the intent for a change
	Words  string `json:"words,omitzero"`
}

// written is what the ledger knows of an item that it wrote.
type written struct {
	time   schema.Time
	id     string
	item   string // digest of the fields
	secret string // fingerprint; "" unknown or none
	plan   string
	loaded bool // by an earlier run; its time does not tell: clocks are set back
	unsure bool // a later write of the secret may have happened
}

type entry struct {
	open *record
	done *written
}

// ledger is the account of all writes to one Cloud from one bundle. It is safe
// for concurrent use. Without a file it keeps the account in memory only.
type ledger struct {
	path      string
	fsys      files
	point     func(string)
	unlock    func() error
	first     []byte // of a ledger that is yet to begin
	anyBundle bool   // evidence of an earlier import is welcome
	mac       []byte // fingerprint key; nil where no identity opens it
	notes     []string

	mu      sync.Mutex
	loading bool
	f       file
	head    string
	lines   int
	entries map[itemKey]*entry
	byKey   map[string]itemKey // of open intents
	broken  error              // set once a write failed: the account is no longer sure

	syncing sync.Mutex
	synced  int // lines
}

func newLedger(o *Options) *ledger {
	return &ledger{path: o.Ledger, fsys: o.files, point: o.Point, entries: map[itemKey]*entry{}, byKey: map[string]itemKey{}}
}

// readLedger reads the ledger, if there is one, without ever writing it: a torn
// last line is passed over. anyBundle takes the ledger of another bundle too.
func readLedger(o *Options, anyBundle bool) (*ledger, error) {
	l := newLedger(o)
	l.anyBundle = anyBundle
	if o.Ledger == "" {
		return l, nil
	}
	raw, err := o.files.ReadFile(o.Ledger, maxLedger)
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return nil, placed(o.Ledger, err)
	}
	if _, err := l.load(o, raw); err != nil {
		return nil, placed(o.Ledger, err)
	}
	return l, nil
}

// openLedger opens the ledger to go on in it, locked until it is closed or the
// process ends: a second import is refused meanwhile. One that is refused is
// left as it is. Where there is none yet, none is made before [ledger.start].
func openLedger(o *Options) (_ *ledger, err error) {
	if o.Ledger == "" {
		return nil, errors.New("an import needs a ledger")
	}
	raw, err := o.files.ReadFile(o.Ledger, maxLedger)
	var first []byte
	if errors.Is(err, fs.ErrNotExist) {
		raw, err = firstLine(o)
		first = raw
	}
	if err != nil {
		return nil, placed(o.Ledger, err)
	}
	l, size, err := loadLedger(o, raw)
	if err != nil {
		return nil, err
	}
	if l.first = first; first != nil {
		return l, nil
	}
	unlock, err := o.files.Lock(o.Ledger + ".lock")
	if err != nil {
		return nil, placed(o.Ledger, err)
	}
	l.unlock = unlock
	defer func() {
		if err != nil {
			err = errors.Join(err, l.close())
		}
	}()
	now, err := o.files.ReadFile(o.Ledger, maxLedger)
	if err != nil {
		return nil, placed(o.Ledger, err)
	}
	if !bytes.Equal(now, raw) { // another import was at work until now
		fresh, good, err := loadLedger(o, now)
		if err != nil {
			return nil, err
		}
		l, size = fresh, good
		l.unlock = unlock
	}
	if size < len(now) {
		l.notes = append(l.notes, fmt.Sprintf("the ledger's last line was torn (%d bytes) and has been removed", len(now)-size))
	}
	if l.f, err = o.files.Append(o.Ledger, int64(size)); err != nil {
		return nil, placed(o.Ledger, err)
	}
	if size < len(now) {
		if err := l.f.Sync(); err != nil {
			return nil, placed(o.Ledger, err)
		}
	}
	return l, nil
}

func loadLedger(o *Options, raw []byte) (l *ledger, size int, err error) {
	l = newLedger(o)
	if size, err = l.load(o, raw); err != nil {
		return nil, 0, placed(o.Ledger, err)
	}
	if l.mac == nil {
		return nil, 0, schema.Hint(placed(o.Ledger, errors.New("its key opens to none of the identities")),
			"use the identity of the import that began it, or begin another with --ledger F")
	}
	return l, size, nil
}

// errBegun says that another import has begun the ledger meanwhile, so that what
// was seen of Cloud may no longer be true.
var errBegun = errors.New("another import began the ledger")

// start begins a new ledger, whole or not at all, and locks it. It comes after
// the first look at Cloud and before the first write: where there is nothing to
// do, or it cannot be done, nothing is left beside the bundle. (A lock file that
// was made cannot be taken away: whoever has it open would go on to lock a file
// that is none any more.)
func (l *ledger) start(o *Options) (err error) {
	if l.first == nil {
		return nil
	}
	if l.unlock, err = o.files.Lock(o.Ledger + ".lock"); err != nil {
		return placed(o.Ledger, err)
	}
	if _, err := o.files.ReadFile(o.Ledger, maxLedger); !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			return errBegun
		}
		return placed(o.Ledger, err)
	}
	if err := writeWhole(o.files, o.Ledger, l.first); err != nil {
		return placed(o.Ledger, err)
	}
	if l.f, err = o.files.Append(o.Ledger, int64(len(l.first))); err != nil {
		return placed(o.Ledger, err)
	}
	l.first = nil
	return nil
}

// firstLine is a new ledger's first record.
func firstLine(o *Options) ([]byte, error) {
	if len(o.Recipients) == 0 {
		return nil, errors.New("nobody to seal its key to")
	}
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	seal, err := sealArmored(key, o.Recipients)
	if err != nil {
		return nil, err
	}
	line, err := schema.Marshal(record{Type: typeLedger, Time: schema.At(o.Now()), Format: LedgerFormat,
		Cloud: sameSite(o.Cloud.Site().URL), Bundle: o.Bundle.Manifest.ID, Digest: o.Digest, Seal: seal})
	if err != nil {
		return nil, err
	}
	return append(line, '\n'), nil
}

// load reads all records and returns how many bytes of raw are good: a torn
// last line is not.
func (l *ledger) load(o *Options, raw []byte) (size int, err error) {
	l.loading = true
	defer func() { l.loading = false }()
	size = bytes.LastIndexByte(raw, '\n') + 1
	if size == 0 {
		return 0, errors.New("line 1: this is not a ledger")
	}
	for rest := raw[:size]; len(rest) > 0; {
		end := bytes.IndexByte(rest, '\n')
		line := rest[:end]
		rest = rest[end+1:]
		if err := l.read(o, line); err != nil {
			return 0, fmt.Errorf("line %d: %w", l.lines+1, err)
		}
		l.advance(line)
	}
	l.synced = l.lines
	return size, nil
}

func (l *ledger) advance(line []byte) {
	sum := sha256.Sum256(line)
	l.head = hex.EncodeToString(sum[:])
	l.lines++
}

func (l *ledger) read(o *Options, line []byte) error {
	var r record
	if len(line) > maxLine {
		return errors.New("longer than any record")
	}
	if err := schema.Strict(line, &r); err != nil {
		if l.lines == 0 {
			return errors.New("this is not a ledger")
		}
		return fmt.Errorf("damaged: %w", err)
	}
	if (l.lines == 0) != (r.Type == typeLedger) {
		return errors.New("damaged: a ledger begins with one record of what it is bound to")
	}
	if r.Prev != l.head {
		return schema.Hint(errors.New("damaged: the line before it is not the one that it was written after"),
			"the ledger was changed by hand or by another program; begin a new one with --ledger F, which looks at Cloud afresh")
	}
	if r.Type == typeLedger {
		return l.bind(o, r)
	}
	return l.apply(r)
}

// bind makes sure that the ledger is this Cloud's and this bundle's.
func (l *ledger) bind(o *Options, r record) error {
	if err := schema.CheckFormat(r.Format, LedgerFormat); err != nil {
		return err
	}
	if got, want := r.Cloud, sameSite(o.Cloud.Site().URL); got != want {
		return schema.Hint(fmt.Errorf("this is the ledger of another Cloud: %s, not %s", schema.Quote(got), schema.Quote(want)), "choose another with --ledger F")
	}
	if !l.anyBundle && (r.Bundle != o.Bundle.Manifest.ID || r.Digest != o.Digest) {
		return schema.Hint(errors.New("this is the ledger of another bundle: "+schema.Quote(r.Bundle)), "choose another with --ledger F")
	}
	key, err := openArmored(r.Seal, o.Identities)
	if err == nil && len(key) == 32 {
		l.mac = key
	}
	return nil
}

// apply brings the account up to date with one record.
func (l *ledger) apply(r record) error {
	switch r.Type {
	case typeIntent:
		if r.Key == "" || r.Name == "" || (r.List != schema.Credentials && r.List != schema.Connections) ||
			(r.Action != string(Create) && r.Action != string(ChangeIt)) {
			return errors.New("damaged: an intent that does not say what for")
		}
		k := itemKey{List: r.List, Name: r.Name}
		e := l.entries[k]
		if e == nil {
			e = &entry{}
			l.entries[k] = e
		}
		if e.open != nil {
			delete(l.byKey, e.open.Key)
		}
		e.open = &r
		l.byKey[r.Key] = k
	case typeOutcome:
		k, ok := l.byKey[r.Key]
		if !ok {
			return errors.New("damaged: an outcome without its intent")
		}
		e := l.entries[k]
		in := e.open
		e.open = nil
		delete(l.byKey, r.Key)
		switch r.Result {
		case outWritten:
			w := &written{time: r.Time, id: r.ID, item: in.Item, secret: in.Secret, plan: in.Plan, loaded: l.loading}
			if w.secret == "" && in.Action == string(ChangeIt) && e.done != nil {
				w.secret, w.unsure = e.done.secret, e.done.unsure
			}
			e.done = w
		case outVoid, outLost:
			if e.done != nil && in.Secret != "" && in.Action == string(ChangeIt) {
				e.done.unsure = true
			}
		case outRefused, outFound:
		default:
			return errors.New("damaged: an outcome of no known kind")
		}
	default:
		return errors.New("damaged: a record of no known type")
	}
	return nil
}

// add appends a record and returns once it lasts. Several goroutines that add
// at once share one sync.
func (l *ledger) add(r record) error {
	l.mu.Lock()
	if l.broken != nil {
		defer l.mu.Unlock()
		return l.broken
	}
	r.Prev = l.head
	if words := []rune(r.Words); len(words) > maxWords {
		r.Words = string(words[:maxWords])
	}
	line, err := schema.Marshal(r)
	if err == nil && l.f != nil {
		_, err = l.f.Write(append(line, '\n'))
	}
	if err == nil {
		err = l.apply(r)
	}
	if err != nil {
		err = placed(l.path, err)
		l.broken = err
		l.mu.Unlock()
		return err
	}
	l.advance(line)
	mine := l.lines
	l.mu.Unlock()
	if l.f == nil {
		return nil
	}
	l.point("before-" + r.Type + "-sync")
	if err := l.sync(mine); err != nil {
		return err
	}
	l.point("after-" + r.Type + "-sync")
	return nil
}

func (l *ledger) sync(line int) error {
	l.syncing.Lock()
	defer l.syncing.Unlock()
	if l.synced >= line {
		return nil
	}
	l.mu.Lock()
	upTo := l.lines
	l.mu.Unlock()
	if err := l.f.Sync(); err != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.broken = placed(l.path, err)
		return l.broken
	}
	l.synced = upTo
	return nil
}

// open returns the intent whose end nobody saw, or nil.
func (l *ledger) open(k itemKey) *record {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.entries[k]; e != nil {
		return e.open
	}
	return nil
}

// opens returns all intents whose end nobody saw.
func (l *ledger) opens() []*record {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []*record
	for _, k := range l.byKey {
		out = append(out, l.entries[k].open)
	}
	return out
}

// written returns what the ledger last wrote of an item.
func (l *ledger) written(k itemKey) (written, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.entries[k]; e != nil && e.done != nil {
		return *e.done, true
	}
	return written{}, false
}

func (l *ledger) close() error {
	var err error
	if l.f != nil {
		err = l.f.Close()
	}
	if l.unlock != nil {
		err = errors.Join(err, l.unlock())
	}
	return err
}
