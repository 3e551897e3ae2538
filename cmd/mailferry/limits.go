package main

import (
	"github.com/mailferry/mailferry/internal/sheet"
	"github.com/mailferry/mailferry/schema"
)

// Limits of the commands; those of documents are in package schema.
const (
	// maxMemory is where the garbage collector stops trading memory for time: one
	// document at its limit of 256 MiB then takes less than 1 GiB.
	maxMemory = 900 << 20
	// maxFile bounds what is read of a file that should be a bundle: a document at
	// its limit, armored.
	maxFile = schema.MaxDocument + schema.MaxDocument/2
	// maxRead bounds what is read of a file that is no bundle: the most that a sheet
	// may have.
	maxRead = sheet.MaxFile
	// keyHead is how many bytes into a file an identity shows: behind a few comments.
	keyHead = 4096
	// maxJobs is more than any Cloud takes at once.
	maxJobs = 100
	// weakPassphrase is the length in characters below which whoever has the file can
	// guess a passphrase by trying.
	weakPassphrase = 12
)
