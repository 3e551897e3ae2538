package importer

import (
	"time"

	"github.com/mailferry/mailferry/schema"
)

// Limits of this package, each with its reason. The guard against repeated
// secrets has its own.
const (
	defaultJobs = 4 // writes at once

	rounds      = 6                // how often one run tries what is left open, without any progress
	grace       = 10 * time.Second // for writes under way when a run is interrupted
	firstWait   = 100 * time.Millisecond
	longestWait = 5 * time.Second // between two looks at Cloud
	// A list that lags behind what was saved does so for seconds.
	defaultPatience = 20 * time.Second

	maxWords = 500 // characters of Cloud's words that a record keeps
	// maxLedger is the size from which no further write is begun: the ledger is
	// a document, and is read whole. What was begun is still recorded.
	maxLedger = schema.MaxDocument
	// mostAlike is how many names alike a person is shown. Cloud could have
	// thousands for each of thousands of items.
	mostAlike = 10
)
