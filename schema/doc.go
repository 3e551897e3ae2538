// Package schema says what a mailferry bundle holds: the Go types, the JSON
// Schemas (draft-07, embedded), the strict decoding in front of them and the
// typed checks behind, the content digest, and the type of a secret.
//
// A field's name, label, type and secrecy are said once, in the JSON Schema
// beside its Go struct; everything that lists, compares, copies or hides
// fields asks [Fields]. The package imports none of the project's others.
package schema
