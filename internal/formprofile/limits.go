package formprofile

import "time"

// maxChoices are the values of the deciding field that are tried: vendors offer a handful of
// providers, and each costs a look at the form.
const maxChoices = 25

// How long a page may take for a step of its own; what is waited for by name has
// [page.Options.Timeout].
const (
	// patience is what Options.Patience is of itself: three quarters of a minute, so that a
	// failing page ends within one.
	patience = 45 * time.Second
	// waitingEvery is how often [Options.Waiting] is called.
	waitingEvery = 5 * time.Second
	// believe is how long a list without rows must stay so before it counts as empty, where the
	// profile does not know what an empty one says.
	believe = 1500 * time.Millisecond
	// still is how long a form has to stay as it is before it counts as drawn.
	still = 500 * time.Millisecond
	// drawn is how long fields may take that a choice brings with it.
	drawn = 2 * time.Second
	// moment is drawn where the profile does not know which fields those are.
	moment = 300 * time.Millisecond
)
