package probe

import (
	"time"

	"golang.org/x/time/rate"
)

// Limits of this package, each with its reason. Twenty hosts that do not answer are
// three rounds of eight: 45 seconds.
const (
	stepTime    = 10 * time.Second // of a name, a connection, a handshake, an answer
	lookTime    = 15 * time.Second // of all steps of a look at one host and port
	sessionTime = 30 * time.Second // of one sign-in with its senders
	wholeTime   = 30 * time.Minute // more than a thousand dead hosts
	hostsAtOnce = 8
	portsAtOnce = 16                  // of one host: no site has as many
	pace        = rate.Limit(1)       // sign-ins a second at one host: servers count failures by the minute
	soon        = 30 * 24 * time.Hour // a certificate that ends within is worth a warning

	maxAnswer    = 128 << 10 // bytes of one answer: a long list, with room
	maxGreeting  = 512       // bytes kept of it: RFC 5321's longest line
	maxAddresses = 16        // shown of a name
	maxMethods   = 20        // shown of a server; there are fewer
	maxNames     = 20        // shown of a certificate, and certificates of a chain
)
