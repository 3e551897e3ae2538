package rig

import "testing"

// Got is what a call gave that may have failed.
type Got[T any] struct {
	value T
	err   error
}

// Get takes what a call gave: rig.Get(os.ReadFile(name)).Or(t).
func Get[T any](value T, err error) Got[T] { return Got[T]{value, err} }

// Or returns what a call gave, and ends the test where the call failed.
func (g Got[T]) Or(t testing.TB) T {
	t.Helper()
	OK(t, g.err)
	return g.value
}

// OK ends the test where something failed.
func OK(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
