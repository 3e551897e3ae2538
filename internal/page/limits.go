package page

import "time"

// What one page may be or have. Admin pages stay far below; what is beyond is refused and never cut.
const (
	maxNodes    = 300_000 // of one document's tree; the largest admin pages have some ten thousand
	maxDepth    = 2_000   // of it, as reading is recursive and a page may nest on purpose
	maxFrames   = 200     // admin pages have a handful
	maxRows     = 20_000  // of one list
	maxParts    = 500     // by which a list is scrolled or turned, so that one that never ends is left in minutes
	maxSpots    = 3_000   // that are measured around one list, at about a millisecond each
	maxOptions  = 5_000   // of one drop-down list that is read to its end
	maxScrolls  = 1_000   // of one
	maxDialogs  = 100     // of the browser's own since something was last pressed: more than a person would answer
	maxMessages = 50      // that are repeated of what a page says
	maxListed   = 40      // names of a page that one error repeats
)

// How long a page may take; each wait as a whole is bounded by [Options.Timeout].
const (
	// DefaultTimeout bounds each wait when Options name no other time.
	DefaultTimeout = 15 * time.Second
	// settleTime is how long a page may go on drawing and loading before it is taken as it is.
	settleTime = 3 * time.Second
	// listWait is how long an open list may take to show what is looked for: pages wait for a
	// pause in typing, ask their server, and say meanwhile that they load.
	listWait = 4 * time.Second
	// takeWait is how long a press on an option may take to be taken, and a list or menu to
	// close or to fill.
	takeWait = 1500 * time.Millisecond
	// lazyWait is how long a list that was scrolled may take to begin loading more: many wait
	// for a pause in scrolling.
	lazyWait = 600 * time.Millisecond
	// totalWait is how much later than its rows a page may draw what it says of their number.
	totalWait = 300 * time.Millisecond
)
