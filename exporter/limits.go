package exporter

// Limits of this package. What a bundle may hold is in package schema, and each
// source has limits of its own.
const (
	maxWords = 12 // distinct words of a column that make a value map: more are hardly the choices of a menu
	maxWord  = 60 // characters of one of them

	maxAffixes = 4 // words around a column's name that a guess takes off: a hostile name may repeat them
)
