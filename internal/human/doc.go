// Package human is for text that people read: what comes from outside made
// visible, numbers with their nouns, names that people would take for one, and
// lines that fit a terminal.
package human
