// Package findings reads a bundle as an auditor would and says what is wrong,
// doubtful or worth knowing. The rules are one table, in rules.go. It sees
// settings and markers, never a secret: whether two secrets are equal is known
// to it by fingerprints, or by whoever holds a recipient's key.
package findings
