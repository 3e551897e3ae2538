// Package jirabackup reads the Active Objects tables of a Jira XML backup: the
// activeobjects.xml inside the backup's zip, or that file by itself.
//
// A backup may hold gigabytes of tables that nobody asked for, so it is read as
// a stream, in constant memory: encoding/xml reads the document, and a sieve in
// front of it drops the rows of the other tables. Everything outside of those
// rows must be well-formed, also behind the wanted table; inside them only the
// archive's checksum, which is checked before anything is returned, notices
// damage. A bare activeobjects.xml has no checksum, which is said when it is read.
//
// The file may be hostile. There are no DTDs and no entities but the five of
// XML; names, nesting, tags, values and the inflated size are bounded; encrypted,
// split and truncated archives and those that hold the document twice are refused.
//
// Names of tables and columns are compared without regard to case, by
// [exporter.FoldName].
package jirabackup
