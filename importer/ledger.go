package importer

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"github.com/mailferry/mailferry/schema"
)

// LedgerFormat is the format that a ledger's first record names.
const LedgerFormat = ledgerFamily + "v2"

const ledgerFamily = "mailferry/ledger/"

// What a record is.
const (
	typeLedger  = "ledger"  // the first: what the ledger is bound to
	typeIntent  = "intent"  // about to write
	typePressed = "pressed" // about to send a create that Cloud could not tell from a second one
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

// record is one line of a ledger. It holds names and digests of settings, and
// of a secret what secretMark says: nothing that depends on its value.
type record struct {
	Prev string      `json:"prev"` // hex SHA-256 of the line before, without its line feed; "" in the first
	Type string      `json:"type"`
	Time schema.Time `json:"time"`

	Format string `json:"format,omitzero"`
	Cloud  string `json:"cloud,omitzero"`
	Bundle string `json:"bundle,omitzero"`
	Digest string `json:"digest,omitzero"`

	Key    string      `json:"key,omitzero"` // Idempotency-Key; joins the records of one write
	List   schema.List `json:"list,omitzero"`
	Name   string      `json:"name,omitzero"`
	Action string      `json:"action,omitzero"` // create or change
	Item   string      `json:"item,omitzero"`   // digest of the fields sent
	Secret string      `json:"secret,omitzero"` // secretMark of the secret sent; "" none was
	Plan   string      `json:"plan,omitzero"`   // id of the saved plan that is applied

	Result string `json:"result,omitzero"`
	ID     string `json:"id,omitzero"` // Cloud's; of the intent for a change
	Words  string `json:"words,omitzero"`

	earlier bool // by an earlier run; its time does not show that: clocks are set back
}

// creates reports whether an intent is to make an item.
func (r *record) creates() bool { return r.Action == string(ActionCreate) }

// entry is what the ledger knows of an item. sent is when Cloud may have come to
// have it, or had it; zero: it has not from here.
type entry struct {
	open *record // an intent whose end nobody saw
	done *record // the outcome of the last that was written, with what its intent says
	sent schema.Time
}

// ledger is the account of all writes to one Cloud from one bundle. It is safe
// for concurrent use. Without a file it keeps the account in memory only.
type ledger struct {
	path      string
	unlock    func() error
	anyBundle bool // evidence of an earlier import is welcome
	notes     []string

	mu      sync.Mutex
	loading bool
	f       file
	head    string
	lines   int // 0: there is no ledger yet
	size    int // bytes of them
	torn    int // bytes of a last line that has no end
	entries map[itemKey]*entry
	byKey   map[string]*entry // of open intents
	broken  error             // set once a write failed: the account is no longer sure

	syncing sync.Mutex
	synced  int // lines
}

// readLedger reads the ledger, if there is one, without ever writing it: a torn
// last line is passed over. anyBundle takes the ledger of another bundle too.
func readLedger(o *Options, anyBundle bool) (*ledger, error) {
	l := &ledger{path: o.Ledger.Path, anyBundle: anyBundle,
		entries: map[itemKey]*entry{}, byKey: map[string]*entry{}}
	if o.Ledger.Path == "" {
		return l, nil
	}
	raw, err := o.files.Read(o.Ledger.Path)
	if err == nil {
		err = l.load(o, raw)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, placed(o.Ledger.Path, err)
	}
	return l, nil
}

// load reads all records; a torn last line is left out.
func (l *ledger) load(o *Options, raw []byte) error {
	l.loading = true
	defer func() { l.loading = false }()
	good := raw[:bytes.LastIndexByte(raw, '\n')+1]
	if len(good) == 0 {
		return errNoLedger
	}
	for line := range bytes.Lines(good) {
		line = line[:len(line)-1]
		if err := l.read(o, line); err != nil {
			err = fmt.Errorf("line %d: %w", l.lines+1, err)
			if schema.HintOf(err) == "" {
				err = schema.Hint(err, "the ledger was changed by hand or by another program; "+beginNew)
			}
			return err
		}
		l.advance(line)
	}
	l.synced, l.torn = l.lines, len(raw)-len(good)
	return nil
}

const (
	beginNew = "begin a new ledger with --ledger F, which looks at Cloud afresh"
	another  = "choose another with --ledger F"
)

var errNoLedger = schema.Hint(errors.New("this is not a ledger"), beginNew)

func (l *ledger) advance(line []byte) {
	sum := sha256.Sum256(line)
	l.head = hex.EncodeToString(sum[:])
	l.lines++
	l.size += len(line) + 1
}

func (l *ledger) read(o *Options, line []byte) error {
	if l.lines == 0 {
		if err := checkHead(line); err != nil {
			return err
		}
	}
	var r record
	if err := schema.Strict(line, &r); err != nil {
		return fmt.Errorf("damaged: %w", err)
	}
	if (l.lines == 0) != (r.Type == typeLedger) {
		return errors.New("damaged: a ledger begins with one record of what it is bound to")
	}
	if r.Prev != l.head {
		return errors.New("damaged: the line before it is not the one that it was written after")
	}
	if r.Type == typeLedger {
		return l.bind(o, r)
	}
	return l.apply(r)
}

// LedgerSummary is what a ledger says of an import: into which Cloud, from which
// bundle (its id), and how many items of each list were written.
type LedgerSummary struct {
	Cloud, Bundle string
	Written       map[schema.List]int
}

// SummarizeLedger reads a ledger as far as it can be read, or returns nil where it
// has no first record. It is no check: an import holds its ledger to far more.
func SummarizeLedger(raw []byte) *LedgerSummary {
	var out *LedgerSummary
	lists := map[string]schema.List{} // by the key of an intent
	for line := range bytes.Lines(raw) {
		var r record
		if schema.Strict(bytes.TrimSuffix(line, []byte("\n")), &r) != nil {
			break
		}
		switch {
		case r.Type == typeLedger:
			out = &LedgerSummary{Cloud: r.Cloud, Bundle: r.Bundle, Written: map[schema.List]int{}}
		case out == nil:
			return nil
		case r.Type == typeIntent:
			lists[r.Key] = r.List
		case r.Type == typeOutcome && r.Result == outWritten:
			out.Written[lists[r.Key]]++
		}
	}
	return out
}

// checkHead distinguishes an older ledger from what is none.
func checkHead(line []byte) error {
	var head struct {
		Format string `json:"format"`
	}
	if err := json.Unmarshal(line, &head); err != nil || !strings.HasPrefix(head.Format, ledgerFamily) {
		return errNoLedger
	}
	if head.Format != LedgerFormat {
		err := fmt.Errorf("it was begun by another version of mailferry (%s)", schema.Quote(head.Format))
		return schema.Hint(err,
			"finish this import with the version that began it, or "+beginNew)
	}
	return nil
}

// bind makes sure that the ledger is this Cloud's and this bundle's.
func (l *ledger) bind(o *Options, r record) error {
	got, want := sameSite(r.Cloud), sameSite(o.Cloud.Site().URL)
	switch byPage := func(cloud string) bool { return strings.HasPrefix(cloud, "page+") }; {
	case l.anyBundle && byPage(got) != byPage(want): // one Cloud has an address for each way in
		l.notes = append(l.notes, "the ledger is of an import into "+schema.Quote(got)+
			": what is said of secrets is true of that Cloud")
	case got != want:
		return schema.Hint(fmt.Errorf("this is the ledger of another Cloud: %s, not %s",
			schema.Quote(got), schema.Quote(want)), another)
	}
	if !l.anyBundle && (r.Bundle != o.Bundle.Manifest.ID || r.Digest != o.Digest) {
		return schema.Hint(fmt.Errorf("this is the ledger of another bundle: %s", schema.Quote(r.Bundle)), another)
	}
	return nil
}

// apply brings the account up to date with one record.
func (l *ledger) apply(r record) error {
	if r.Type == typeIntent {
		return l.intend(r)
	}
	e := l.byKey[r.Key]
	if e == nil {
		return errors.New("damaged: what came of an intent that there is not")
	}
	switch r.Type {
	case typePressed:
		e.sent = r.Time
		return nil
	case typeOutcome:
		delete(l.byKey, r.Key)
		return l.conclude(e, r)
	}
	return errors.New("damaged: a record of no known type")
}

func (l *ledger) intend(r record) error {
	if r.Key == "" || r.Name == "" || (r.List != schema.Credentials && r.List != schema.Connections) ||
		!r.creates() && r.Action != string(ActionChange) {
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
	e.open, e.sent = &r, r.Time
	if r.creates() {
		e.sent = schema.Time{}
	}
	l.byKey[r.Key] = e
	return nil
}

func (l *ledger) conclude(e *entry, r record) error {
	in := e.open
	e.open = nil
	switch r.Result {
	case outWritten:
		r.Item, r.Secret, r.Plan, r.earlier = in.Item, in.Secret, in.Plan, l.loading
		if r.Secret == "" && !in.creates() && e.done != nil {
			r.Secret = e.done.Secret
		}
		e.done, e.sent = &r, r.Time
	case outRefused, outVoid, outFound:
		if in.creates() {
			e.sent = schema.Time{}
		}
	case outLost:
	default:
		return errors.New("damaged: an outcome of no known kind")
	}
	return nil
}

// add appends a record and returns once it lasts. Several goroutines that add
// at once share one sync.
func (l *ledger) add(r record) error {
	line, err := l.append(r)
	if err != nil || l.f == nil {
		return err
	}
	return l.sync(line)
}

// append writes a record and returns its line's number.
func (l *ledger) append(r record) (n int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken != nil {
		return 0, l.broken
	}
	if r.Type == typeIntent && l.size > maxLedger {
		err := fmt.Errorf("larger than %d bytes: no further write is begun", maxLedger)
		return 0, schema.Hint(placed(l.path, err), beginNew)
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
		l.broken = placed(l.path, err)
		return 0, l.broken
	}
	l.advance(line)
	return l.lines, nil
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

// of returns what the ledger knows of an item.
func (l *ledger) of(k itemKey) entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.entries[k]; e != nil {
		return *e
	}
	return entry{}
}

// opens returns all intents whose end nobody saw.
func (l *ledger) opens() []*record {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []*record
	for _, e := range l.byKey {
		out = append(out, e.open)
	}
	return out
}

// written returns what the ledger last wrote of an item.
func (l *ledger) written(k itemKey) (record, bool) {
	if done := l.of(k).done; done != nil {
		return *done, true
	}
	return record{}, false
}
