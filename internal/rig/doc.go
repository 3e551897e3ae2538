// Package rig holds test rigs: everything below it is for tests alone, and no
// package that ends up in the program may import it. A rig starts a real part (a
// browser, a database server, a process to kill) or makes a sample site behave in
// a way that no rehearsal needs.
package rig
