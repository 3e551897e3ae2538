package schema

import "time"

// The limits of documents and formats stand here, each with its reason; those of
// the ways in and out (sources, pages, servers) stand where those are read.

// Limits of documents. Each is several times what a site has, and keeps a
// hostile document from taking many times its own size in memory, or minutes.
const (
	MaxDocument      = 256 << 20        // bytes; a bundle of 100,000 connections with passwords has 80 MB
	MaxItems         = 100_000          // connections, or credentials, in one bundle; a site has tens to hundreds
	MaxDepth         = 16               // nested objects and arrays; a cloud bundle has 7
	MaxSecret        = 16 << 10         // bytes of a password or client secret
	MaxStatement     = 1_000_000        // bytes of a statement's signed text, with the lists of readers
	MaxStatementFile = 4 << 20          // bytes of the file, which escapes that text's quotation marks
	maxText          = MaxStatementFile // bytes of any text as the document writes it, but for sealed parts
	maxName          = 8 << 10          // bytes of a member's name
	maxMembers       = 1000             // of an object, as many as any schema allows
	maxNumber        = 100              // bytes: reading a number takes time with the square of its length
	maxPiece         = 16 << 20         // bytes of an item, or of all that stands around the lists: they are validated whole
	maxValues        = 500_000          // of the same: a value takes far more memory than its text
	maxParts         = 1000             // sealed parts, as many as the schema allows
	MaxExtra         = 200              // extra values of one item, and characters of the key of one, as many as the schema allows
	MaxExtraValue    = 64 << 10         // characters of one, as the schema has it
)

// Limits of statements and of who may sign them.
const (
	MaxStatements        = 1000             // about one bundle, files and embedded alike: as many as a cloud bundle takes in
	MaxAllowedFile       = 1 << 20          // bytes of an allowed_signers file: some ten thousand signers
	MaxAllowedPrincipals = 256              // of one line: each is matched with all others
	MaxPrincipal         = 255              // bytes, as long as a mail address may be
	MaxRequired          = 100              // people of one role
	MinRSABits           = 3072             // of a key that signs
	ClockAhead           = 10 * time.Minute // how far a signer's clock may run ahead of ours
)

// Limits of keys and of age's layers.
const (
	MaxKeyFile    = 1 << 20  // bytes of a file of recipients or identities: thousands of keys
	MaxSSHKeyFile = 64 << 10 // bytes of an SSH key's file; the largest RSA key takes 13 KB
	MaxLabel      = 200      // characters that a manifest takes
	MaxAgeHeader  = 4 << 20  // bytes; 2000 post-quantum readers, as many as a manifest lists, take 3.1 MB
	MaxScrypt     = 20       // the exponent of what a hostile file can make a passphrase cost: four times what age writes by default
)

// Limits of what is repeated, and of what must not be.
const (
	MostErrors = 20 // errors of one input that are named: more than a person puts right before looking again
	maxQuote   = 60 // characters of a quoted text: two stand in one line
	mostQuotes = 10 // names in one message; the rest are counted
	fragment   = 10 // bytes of a longer secret that give it away; a shorter one counts as a whole
	// longest is where looking for fragments ends: an answer that repeats the
	// end of a very long secret and not its beginning goes unseen.
	longest = 64
)
