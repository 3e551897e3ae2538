// Package sealed is the bundle file itself: an ordinary age file around one JSON
// document, the secrets sealed again inside it, and the signed statements that
// lie beside it.
//
// Two keys give two sights. The outer layer opens to recipients and reviewers;
// the sealed parts inside open to recipients alone. Whoever opens a bundle with
// a recipient's key has every fingerprint and every destination checked against
// the settings, so that settings which were altered after sealing give out no
// secret.
//
// age authenticates that a file is whole, not who wrote it: anybody who knows
// the recipients' public keys can write a well-formed bundle. Statements say who
// stands behind its content.
package sealed
