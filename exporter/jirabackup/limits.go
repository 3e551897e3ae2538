package jirabackup

// Limits of this package, each with its reason. A backup may be gigabytes of
// tables that nobody asked for, so they bound what is held in memory at a time.
const (
	// The inflated document may be so many times its compressed size, but never
	// less than the one nor more than the other, where [Options] say nothing.
	defaultRatio       = 200
	defaultMinInflated = 1 << 30
	defaultMaxInflated = 64 << 30

	window    = 256 << 10 // bytes of the document that are looked at in one go
	maxToken  = 16 << 20  // bytes that encoding/xml holds at a time, and so of one value
	maxMarkup = 1 << 20   // bytes between a < and the next >: attributes take many times their bytes
	maxRow    = 32 << 20  // bytes of the values of one row together

	maxDepth      = 64 // elements within each other; a backup has 4
	maxAttributes = 64 // of an element; a backup has 6

	// maxContents and maxDirectory bound the names of tables and columns, and of
	// the archive's entries, in bytes, roughly: each costs nameCost beside its
	// own. A real backup has two entries, and some hundred tables of some ten
	// columns.
	maxContents  = 32 << 20
	maxDirectory = 32 << 20
	nameCost     = 256
)
