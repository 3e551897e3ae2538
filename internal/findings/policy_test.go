package findings_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailferry/mailferry/internal/findings"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

const policyDoc = `{"format":"mailferry/policy/v1","rules":{"port-25":"off","debug-on":"error"},"exceptions":[
 {"rule":"host-private","connection":"Relay","reason":"through the VPN gateway, agreed with Anna","expires":"2026-03-01"},
 {"rule":"debug-on","connection":"Relay","reason":"until the fault is found","expires":"2026-02-28"},
 {"rule":"port-encryption","connection":"Relay","reason":"odd but works","expires":"2026-12-31"},
 {"rule":"host-private","connection":"Elsewhere","reason":"another bundle","expires":"2020-01-01"}]}`

func TestAPolicyDecides(t *testing.T) {
	p := rig.Get(findings.DecodePolicy([]byte(policyDoc))).Or(t)
	relay := sound("Relay")
	relay.Host, relay.Port, relay.Debug = "10.0.0.25", 25, true
	list := findings.Audit(findings.Input{Bundle: bundle(relay), Policy: p, Now: now})
	want := []string{
		"note exception-unknown policy",
		"error host-private connections[0].host excepted",
		"error debug-on connections[0].debug",
		"warning exception-expired connections[0].name",
	}
	if got := linesOf(list); !slices.Equal(got, want) {
		t.Fatalf("found %q\nwant  %q", got, want)
	}
	if list[0].Detail != `that of host-private for connection "Elsewhere"` {
		t.Error(list[0].Detail)
	}
	if e := findings.Of(list, schema.Connections, 0)[0].Excepted; e.Reason != "through the VPN gateway, agreed with Anna" || e.Expires != "2026-03-01" {
		t.Errorf("excepted by %+v", e)
	}
	if c := findings.Count(list); c != (findings.Tally{Errors: 1, Warnings: 1, Notes: 1, Excepted: 1}) {
		t.Errorf("counted %+v", c)
	}
	later := findings.Audit(findings.Input{Bundle: bundle(relay), Policy: p, Now: now.Add(12 * time.Hour)})
	if findings.Of(later, schema.Connections, 0)[0].Excepted != nil {
		t.Error("an exception counts after its last day")
	}
}

func TestPoliciesAreReadStrictly(t *testing.T) {
	for name, c := range map[string]struct{ doc, want string }{
		"no reason":         {`{"format":"mailferry/policy/v1","exceptions":[{"rule":"port-25","connection":"A","expires":"2026-01-01"}]}`, "exceptions[0]: lacks reason"},
		"blank reason":      {`{"format":"mailferry/policy/v1","exceptions":[{"rule":"port-25","connection":"A","reason":" ","expires":"2026-01-01"}]}`, "exceptions[0].reason: an exception needs a written reason"},
		"no expiry":         {`{"format":"mailferry/policy/v1","exceptions":[{"rule":"port-25","connection":"A","reason":"r"}]}`, "exceptions[0]: lacks expires"},
		"no such day":       {`{"format":"mailferry/policy/v1","exceptions":[{"rule":"port-25","connection":"A","reason":"r","expires":"2026-02-30"}]}`, "line 1, column 95: exceptions[0].expires: not a day like 2026-12-31"},
		"neither item":      {`{"format":"mailferry/policy/v1","exceptions":[{"rule":"port-25","reason":"r","expires":"2026-01-01"}]}`, "exceptions[0]: lacks connection"},
		"both items":        {`{"format":"mailferry/policy/v1","exceptions":[{"rule":"port-25","connection":"A","credential":"B","reason":"r","expires":"2026-01-01"}]}`, "exceptions[0]: has a field that does not go with the others"},
		"unknown rule":      {`{"format":"mailferry/policy/v1","rules":{"port-26":"off"}}`, `rules: "port-26" is not a rule`},
		"unknown exception": {`{"format":"mailferry/policy/v1","exceptions":[{"rule":"x","connection":"A","reason":"r","expires":"2026-01-01"}]}`, `exceptions[0].rule: "x" is not a rule`},
		"unknown severity":  {`{"format":"mailferry/policy/v1","rules":{"port-25":"fatal"}}`, "rules.port-25: must be one of"},
		"unknown member":    {`{"format":"mailferry/policy/v1","ignore":[]}`, "ignore is not a known field"},
		"other format":      {`{"format":"mailferry/rules/v1"}`, "format: must be"},
		"twice":             {`{"format":"mailferry/policy/v1","rules":{"port-25":"off","port-25":"error"}}`, "stands twice"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := findings.DecodePolicy([]byte(c.doc))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	_, err := findings.DecodePolicy([]byte(`{"format":"mailferry/policy/v1","rules":{"y":"off","x":"off"},` + "\n" +
		`"exceptions":[{"rule":"x","connection":"A","reason":" ","expires":"2026-02-30"}]}`))
	want := []string{`line 1, column 33: rules: "x" is not a rule`, `line 1, column 33: rules: "y" is not a rule`,
		`line 2, column 16: exceptions[0].rule: "x" is not a rule`, "line 2, column 57: exceptions[0].expires: not a day like 2026-12-31",
		"line 2, column 44: exceptions[0].reason: an exception needs a written reason"}
	if got := schema.ErrorLines(err); !slices.Equal(got, want) {
		t.Errorf("all at once: %q", got)
	}
}
