package database

import "time"

// Limits of this package, each with its reason: a server may be hostile, or be
// none.
const (
	maxCell    = 64 << 10  // characters in one value; a field of a bundle takes far fewer
	maxColumns = 1_000_000 // columns in all tables of the database; Jira's has thousands
	maxNames   = 64 << 20  // bytes in the names of those
	// maxUnread bounds what a server may send before its next row is complete.
	// The widest row asked for is a few MiB; drivers gather whatever else comes,
	// in one endless message or many, for as long as it comes.
	maxUnread     = 32 << 20
	maxOptionFile = 1 << 20 // bytes of ~/.my.cnf
	maxIncludes   = 10      // levels of !include that are followed, as in MariaDB

	connectTimeout = 15 * time.Second
	grace          = 5 * time.Second // how long after its time-out a statement may keep silent
)
