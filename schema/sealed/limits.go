package sealed

import "time"

// Limits of this package, each with its reason; package schema has those of
// documents.
const (
	maxKeyFile    = 1 << 20  // bytes of a file of recipients or identities: thousands of keys
	maxSSHKeyFile = 64 << 10 // bytes of an SSH key's file; the largest RSA key takes 13 KB
	maxLabel      = 200      // characters that a manifest takes
	maxAgeHeader  = 4 << 20  // bytes; 2000 post-quantum readers, as many as a manifest lists, take 3.1 MB
	// maxScrypt bounds what a hostile file can make a passphrase cost: 2^20 is
	// about four times what age writes by default.
	maxScrypt = 20
	// padTo is the unit that a sealed part's length is rounded up to, so that it
	// shows little of how many secrets there are or how long.
	padTo = 1024

	minRSABits           = 3072
	maxAllowedFile       = 1 << 20 // bytes of an allowed_signers file: some ten thousand signers
	maxAllowedPrincipals = 256     // of one line: each is matched with all others
	maxPrincipal         = 255     // bytes, as long as a mail address may be
	maxRequired          = 100     // people of one role

	// maxStatements bounds the statements of one bundle, files and embedded
	// alike, to what a cloud bundle takes in.
	maxStatements = 1000
	// aheadAllowance is how far a signer's clock may run ahead of ours.
	aheadAllowance = 10 * time.Minute
)
