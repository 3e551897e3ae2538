package cloud

import "time"

// Limits of the sample Cloud, each with its reason.
const (
	maxBody  = 1 << 20  // bytes of a request's body: an item has a few KB
	maxHead  = 64 << 10 // bytes of its headers; a token and a key take a few hundred
	maxKey   = 255      // characters of an Idempotency-Key: ours has 32
	pageSize = 100      // items in one answer of a list: tests and rehearsals turn pages early

	headTime = 10 * time.Second // for a request's headers, on a loopback interface
	readTime = time.Minute      // for all of it
	idleTime = 2 * time.Minute  // longer than the client keeps a connection, so that none ends under a request
)
