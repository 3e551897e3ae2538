package schema

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
