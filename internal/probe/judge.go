package probe

import (
	"fmt"
	"slices"

	"github.com/mailferry/mailferry/internal/findings"
	"github.com/mailferry/mailferry/schema"
)

// judge brings what was seen of servers to the connections and credentials that
// use them.
func (r *run) judge() {
	for _, c := range r.report.Connections {
		if c.server != nil {
			c.judge(c.server)
		}
	}
	for _, res := range r.report.Credentials {
		var out checks
		for _, e := range res.endpoints {
			state, text := Good, "answers over TLS"
			if worst := e.server.Checks.worst(); worst.State != Good {
				state, text = worst.State, worst.Text
			}
			out.add(StepEndpoint, state, fmt.Sprintf("%s %s: %s", e.what, schema.Quote(e.server.Address()), text))
		}
		res.Checks = append(out, res.Checks...)
	}
	r.report.finish()
}

// judge puts in front of a connection's checks what its server and its Encryption
// say together.
func (c *Result) judge(s *Server) {
	var out checks
	kind := findings.Encryption(c.terms.Encryption)
	for _, check := range s.Checks {
		unused := kind == findings.NoTLS && s.Mode != Implicit // the app does not come so far
		if check.State == Good || check.State == Note || unused &&
			(check.Step == StepTLS || check.Step == StepCertificate) {
			continue
		}
		out.add(StepServer, check.State, check.Text)
	}
	if s.Mode != "" {
		out = append(out, agreement(c, s, kind))
	}
	c.Checks = append(out, c.Checks...)
	methods, seen := s.methods(), s.Mode != "" && !s.unfit
	if kind == findings.NoTLS && s.Mode == StartTLS {
		methods, seen = s.MethodsClear, true
	}
	oauth := c.terms.UsesOAuth2()
	failed := func(k Check) bool { return k.Step == StepSignIn && k.State == Failed }
	switch {
	case !seen, slices.ContainsFunc(c.Checks, failed):
	case oauth && !slices.Contains(methods, "XOAUTH2") && !slices.Contains(methods, "OAUTHBEARER"):
		c.add(StepSignIn, Failed, "with this Encryption the server offers no sign-in by OAuth2")
	case !oauth && c.terms.Secret != nil && len(methods) == 0:
		c.add(StepSignIn, Failed, "there is a password, and with this Encryption the server offers no sign-in")
	}
}

// agreement says whether a setting and its server speak the same way.
func agreement(c *Result, s *Server, kind findings.EncryptionWord) Check {
	does := map[Mode]string{
		Implicit: "the server speaks TLS at once",
		StartTLS: "the server offers STARTTLS",
		Clear:    "the server has no TLS",
	}[s.Mode] + fmt.Sprintf(" on %d", s.Port)
	state := Failed
	switch {
	case kind == findings.UnknownTLS && s.Mode == Clear, kind == findings.NoTLS && s.Mode == StartTLS:
		state = Warning
	case kind == findings.UnknownTLS:
		state = Note
	case kind == findings.ImplicitTLS && s.Mode == Implicit,
		kind == findings.StartTLS && s.Mode == StartTLS,
		kind == findings.NoTLS && s.Mode == Clear:
		return Check{StepEncryption, Good, does + ", as Encryption says"}
	}
	return Check{StepEncryption, state, does + "; " + findings.EncryptionIs(c.terms.Encryption)}
}
