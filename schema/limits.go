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
