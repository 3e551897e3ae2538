package rest

import (
	"time"

	"golang.org/x/time/rate"
)

// Limits of this package, each with its reason. How much a list may hold in all
// is the schema's to say: a document's size and its number of items.
const (
	maxAnswer  = 16 << 20 // bytes of an answer that says yes: a page of a list, with room
	maxRefusal = 64 << 10 // bytes read of any other; the rest is left
	maxHeader  = 64 << 10 // bytes of an answer's headers
	maxWords   = 3000     // characters of Cloud's words that are put together: a screen full
	maxCursor  = 1000     // bytes; it has to fit into an address
	maxID      = 200      // bytes; it stands in addresses, ledgers and reports

	connectTimeout = 10 * time.Second
	answerTimeout  = 30 * time.Second // where Options name none
	idleTimeout    = 90 * time.Second // less than most gateways keep a connection
	maxJobs        = 64               // connections kept open; more writes at once would not help any Cloud

	attempts = 4 // of a request that may be repeated
	backoff  = 200 * time.Millisecond
	maxWait  = 5 * time.Minute // longest time that one request is put off by 429 or 503

	defaultPause = time.Second           // after a refusal that names none: limits are mostly by the second
	leastPause   = 20 * time.Millisecond // Retry-After: 0 must not become a race
	longestPause = time.Minute           // where each refusal doubles it: then a limit by the minute is over
	gain         = rate.Limit(0.1)       // writes a second for each that gets through: a tenth in a second
	slowest      = rate.Limit(0.05)      // writes a second: below, a run of hundreds would take a night

	leastInID        = 8 // characters from which a secret in an id is no coincidence
	leastInTransport = 4 // and in what the transport says: most of that is its own words and an address
)
