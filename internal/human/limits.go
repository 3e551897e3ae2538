package human

// Limits of what a person is shown, each with its reason.
const (
	maxClean = 300 // characters of a foreign machine's words: three lines
	maxNear  = 100 // characters that are compared of a name: the time grows with the square
	mostFew  = 3   // names that stand for many
)
