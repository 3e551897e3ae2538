package page

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
)

func (d *driver) comboboxes(t *testing.T, query string) *Scope {
	t.Helper()
	p := d.at(t, d.framed("combobox.html?"+query))
	return rig.Get(p.Within(t.Context(), HasField("OAuth2 Credentials"))).Or(t)
}

func testCombobox(t *testing.T, d *driver) {
	ctx := t.Context()
	app := d.comboboxes(t, "")
	c := control(t, app, "OAuth2 Credentials")
	if c.Kind != KindCombobox {
		t.Fatalf("kind %s", c.Kind)
	}
	holds(t, app, "OAuth2 Credentials", "")
	for _, want := range []string{"credential 2", "credential 250", "credential 25"} {
		rig.OK(t, c.Set(ctx, want))
		holds(t, app, "OAuth2 Credentials", want)
	}
	err := c.Set(ctx, "credential")
	var refused *NotOfferedError
	if !errors.As(err, &refused) || len(refused.Choices) != 300 {
		t.Fatalf("got %v", err)
	}
	holds(t, app, "OAuth2 Credentials", "credential 25")
	rig.OK(t, control(t, app, "Plain").Set(ctx, "the list is out of the way"))
}

func testSilentCombobox(t *testing.T, d *driver) {
	app := d.comboboxes(t, "silent")
	rig.OK(t, control(t, app, "OAuth2 Credentials").Set(t.Context(), "credential 199"))
	holds(t, app, "OAuth2 Credentials", "credential 199")
}

func testComboboxOptions(t *testing.T, d *driver) {
	ctx := t.Context()
	app := d.comboboxes(t, "")
	got := rig.Get(control(t, app, "OAuth2 Credentials").Options(ctx)).Or(t)
	if len(got) != 300 {
		t.Fatalf("%d options", len(got))
	}
	for i, text := range got {
		if text != fmt.Sprint("credential ", i+1) {
			t.Fatalf("option %d is %q", i, text)
		}
	}
	holds(t, app, "OAuth2 Credentials", "")
	if got := rig.Get(control(t, app, "Encryption").Options(ctx)).Or(t); !slices.Equal(got, []string{"None", "STARTTLS", "SSL/TLS"}) {
		t.Fatalf("got %q", got)
	}
	holds(t, app, "Encryption", "None")
	if got := rig.Get(control(t, app, "Empty").Options(ctx)).Or(t); len(got) != 0 {
		t.Fatalf("got %q", got)
	}
	if shown := rig.Get(app.Look(ctx)).Or(t).Shows(Text("STARTTLS")); shown {
		t.Fatal("a list was left open")
	}
}

func testOtherComboboxes(t *testing.T, d *driver) {
	ctx := t.Context()
	app := d.comboboxes(t, "")
	for label, want := range map[string]string{"Encryption": "SSL/TLS", "Realm": "two", "Old pattern": "green", "Slotted": "two"} {
		rig.OK(t, control(t, app, label).Set(ctx, want))
		holds(t, app, label, want)
	}
	fails(t, control(t, app, "Encryption").Set(ctx, "Rot13"), ErrDisabled, "Rot13")
	var refused *NotOfferedError
	if err := control(t, app, "Encryption").Set(ctx, "starttls"); !errors.As(err, &refused) || !slices.Equal(refused.Choices, []string{"None", "STARTTLS", "SSL/TLS"}) {
		t.Fatalf("got %v", err)
	}
}

func testDialogCombobox(t *testing.T, d *driver) {
	ctx := t.Context()
	p := d.at(t, d.framed("modal.html"))
	app := rig.Get(p.Within(ctx, Heading("Behind"))).Or(t)
	rig.OK(t, app.Press(ctx, "Open"))
	rig.OK(t, app.WaitFor(ctx, Heading("Connection")))
	c := control(t, app, "Encryption")
	if got := rig.Get(c.Options(ctx)).Or(t); !slices.Equal(got, []string{"None", "TLS"}) {
		t.Fatalf("offered %q", got)
	}
	rig.OK(t, c.Set(ctx, "TLS"))
	rig.OK(t, app.Press(ctx, "Save"))
	rig.OK(t, app.WaitFor(ctx, Text("saved TLS"), Not(Heading("Connection"))))
	rig.OK(t, app.Press(ctx, "Open own"))
	rig.OK(t, app.WaitFor(ctx, Heading("Own")))
	_, err := fieldOf(ctx, app, "Encryption")
	fails(t, err, ErrAbsent, "the page has: Realm")
	realm := control(t, app, "Realm")
	if got := rig.Get(realm.Options(ctx)).Or(t); !slices.Equal(got, []string{"None", "TLS"}) {
		t.Fatalf("offered %q", got)
	}
	rig.OK(t, realm.Set(ctx, "None"))
	rig.OK(t, app.WaitFor(ctx, Heading("Own")))
	holds(t, app, "Realm", "None")
}
