// Package jirabackup reads the Active Objects tables of a Jira XML backup: the
// activeobjects.xml inside the backup's zip, or that file by itself.
//
// A backup may hold gigabytes of tables that nobody asked for, so a [Backup] is
// read as a stream, in constant memory, and what is not wanted is skipped on
// bytes. Skipped is not unchecked: the archive's checksum, the encoding, illegal
// characters, references, the balance of the tags and the end of the document
// are checked from the first byte to the last, and a document that is broken
// behind the wanted table is an error like any other.
//
// What is read is hostile until it proves otherwise. There are no DTDs and no
// entities but the five of XML; names, nesting, values and the inflated size are
// bounded; encrypted, split and doubled archives are refused.
//
// The reader is deliberately stricter than encoding/xml where XML 1.0 or
// Namespaces in XML is: an undeclared prefix, a doubled attribute, attributes
// without white space between them, a reference to a surrogate, characters that
// XML forbids inside comments, a declaration after the start. And it is stricter than XML in
// three ways that no exporter needs: element and attribute names are ASCII, a
// character reference has at most 32 bytes, and names in one place must differ.
package jirabackup
