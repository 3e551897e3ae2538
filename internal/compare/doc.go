// Package compare compares two bundles item by item and field by field,
// without seeing a secret: those are compared by fingerprint where one key made
// both, or by whoever holds a recipient's key, and are else not comparable,
// which is never the same as changed.
package compare
