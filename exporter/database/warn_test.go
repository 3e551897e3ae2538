package database

import (
	"context"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

// plainSession is a session without encryption that nothing is read from.
type plainSession struct{ session }

func (plainSession) encrypted() bool { return false }

func TestAnUnencryptedConnectionToAnotherMachineIsWarnedOf(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	for url, want := range map[string]bool{
		"postgres://u@db.corp.example/jira": true,
		"mysql://u@10.0.0.7/jira":           true,
		"postgres://u@localhost/jira":       false,
		"mysql://u@127.0.0.1/jira":          false,
		"mysql://u@[::1]/jira":              false,
		"mysql://u@%2Frun%2Fsock/jira":      false,
		"postgres://u@%2Frun%2Fpgsql/jira":  false,
	} {
		d := rig.Get(Open(url, Options{})).Or(t)
		d.dial = func(context.Context, schema.Secret) (session, error) { return plainSession{}, nil }
		warned := false
		rig.Get(d.connect(t.Context(), func(w schema.Warning) { warned = warned || strings.Contains(w.What, "not encrypted") })).Or(t)
		if warned != want {
			t.Errorf("%s: warned %v, want %v", url, warned, want)
		}
	}
}
