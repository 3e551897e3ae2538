package sheet

import "github.com/mailferry/mailferry/schema"

// Limits that a sheet is held to. It is a document that people write, and is read
// whole.
const (
	MaxFile    = 64 << 20  // bytes in a file, and in a workbook unzipped
	MaxColumns = 256       // columns in a row; the panel has a dozen
	MaxCell    = 256 << 10 // bytes in a cell; a field of a bundle takes far fewer
	MaxRows    = schema.MaxItems

	// maxTags bounds the tags of a workbook: the library takes up to 400 bytes for
	// each. A row of twelve cells has about a hundred.
	maxTags = 2_000_000
)
