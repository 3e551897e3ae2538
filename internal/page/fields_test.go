package page

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailferry/mailferry/internal/rig"
)

func testLabels(t *testing.T, d *driver) {
	p := d.at(t, d.host+"fields.html")
	form := rig.Get(p.Look(t.Context())).Or(t)
	kinds := map[string]Kind{
		"name": KindText, "FROM  address": KindText, "Host": KindText, "SMTP Port": KindText, "Description:": KindMultiline,
		"Password": KindPassword, "Debug": KindCheckbox, "Notify me": KindSwitch, "Encryption *": KindSelect,
		"Connect Mode": KindRadio, "Callback URL": KindText, "Realm": KindText, "Username": KindText,
	}
	for label, kind := range kinds {
		c, err := form.Field(t.Context(), label)
		if err != nil {
			t.Errorf("%s: %v", label, err)
			continue
		}
		if c.Kind != kind {
			t.Errorf("%s is a %s, want %s", label, c.Kind, kind)
		}
	}
	all := rig.Get(form.Fields(t.Context())).Or(t)
	if len(all) != len(form.Labels()) || all[0].Label != "Name *" || !all[0].Required {
		t.Errorf("fields: %d of %d, first %+v", len(all), len(form.Labels()), all[0])
	}
	if form.Has("Nowhere") || !form.Has("host") {
		t.Error("Has is wrong")
	}
}

func testFields(t *testing.T, d *driver) {
	ctx := t.Context()
	p := d.at(t, d.host+"fields.html")
	holds(t, p.Scope, "Name", "old name")
	holds(t, p.Scope, "Description", "first  line\nsecond")
	for label, value := range map[string]string{
		"Name": "Über <b>\"mail\"</b> ${x} `y` 漢字 🚀", "From Address": "a@b.example", "Host": "smtp.corp.example", "SMTP Port": "465",
		"Description": "one\n\n  two\\", "Encryption": "SSL/TLS", "Connect Mode": "Google OAuth2", "Realm": "anything", "Username": `CORP\svc`,
	} {
		c := control(t, p.Scope, label)
		rig.OK(t, c.Set(ctx, value))
		if got := rig.Get(c.Get(ctx)).Or(t); got != value {
			t.Errorf("%s holds %q right after it was set to %q", label, got, value)
		}
		holds(t, p.Scope, label, value)
		rig.OK(t, c.Set(ctx, value)) // once more is no change
	}
	rig.OK(t, control(t, p.Scope, "Name").Set(ctx, ""))
	holds(t, p.Scope, "Name", "")
	for _, label := range []string{"Debug", "Notify me"} {
		c := control(t, p.Scope, label)
		for _, on := range []bool{true, true, false} {
			rig.OK(t, c.SetOn(ctx, on))
			holds(t, p.Scope, label, map[bool]string{true: "true", false: "false"}[on])
		}
	}
	fails(t, control(t, p.Scope, "Debug").Set(ctx, "true"), nil, "takes no text")
	fails(t, control(t, p.Scope, "Host").SetOn(ctx, true), nil, "not a checkbox")
}

func testPageHears(t *testing.T, d *driver) {
	ctx := t.Context()
	p := d.at(t, d.host+"fields.html")
	rig.OK(t, control(t, p.Scope, "Name").Set(ctx, "new"))
	rig.OK(t, control(t, p.Scope, "Encryption").Set(ctx, "None"))
	rig.OK(t, control(t, p.Scope, "Connect Mode").Set(ctx, "Google OAuth2"))
	rig.OK(t, control(t, p.Scope, "Debug").SetOn(ctx, true))
	rig.OK(t, control(t, p.Scope, "Password").SetSecret(ctx, hidden("pä$$ w0rd")))
	rig.OK(t, p.WaitFor(ctx, Text(`model: {"by-for":"new","enc":"n","mode":"2","debug":true,"password length":9}`)))
	rig.OK(t, control(t, p.Scope, "Name").Set(ctx, ""))
	rig.OK(t, p.WaitFor(ctx, Text(`{"by-for":""`)))
}

func testOddFields(t *testing.T, d *driver) {
	ctx := t.Context()
	p := d.at(t, d.host+"odd.html")
	d.impatient(t, 300*time.Millisecond)
	want := map[string]struct {
		kind Kind
		text string
	}{
		"Allowed senders": {KindList, "anna@corp.example, no reply"},
		"Region":          {KindSelect, "US"},
		"Tags":            {KindList, "bulk, alerts"},
		"Priority":        {KindList, "high"},
		"Signature":       {KindMultiline, "Kind regards\n\nSupport"},
		"Retries":         {KindText, "7"},
		"Batch":           {KindText, "4"},
		"Delay":           {KindText, "30 s"},
		"Valid from":      {KindText, "2026-03-01"},
		"Quiet from":      {KindText, "22:30"},
		"Next run":        {KindText, "2026-03-01T10:00"},
		"Month":           {KindText, "2026-03"},
		"Colour":          {KindText, "#0052cc"},
		"Sender":          {KindRadio, "Sender"},
		"Others":          {KindList, "list"},
	}
	all := rig.Get(rig.Get(p.Look(ctx)).Or(t).Fields(ctx)).Or(t)
	if len(all) != len(want) {
		t.Errorf("%d fields, want %d", len(all), len(want))
	}
	for _, c := range all {
		got, err := c.Get(ctx)
		if w := want[c.Label]; err != nil || c.Kind != w.kind || got != w.text {
			t.Errorf("%q is a %s with %q, %v; want a %s with %q", c.Label, c.Kind, got, err, w.kind, w.text)
		}
	}
	for _, label := range []string{"Allowed senders", "Tags", "Priority"} {
		fails(t, control(t, p.Scope, label).Set(ctx, "news"), nil, "is a list of choices and takes no text")
	}
	rig.OK(t, control(t, p.Scope, "Region").Set(ctx, "EU"))
	holds(t, p.Scope, "Region", "EU")
	fails(t, control(t, p.Scope, "Retries").Set(ctx, "3"), ErrRefused, "does not hold what was typed")
}

func testUnusable(t *testing.T, d *driver) {
	ctx := t.Context()
	p := d.at(t, d.host+"fields.html")
	d.impatient(t, 300*time.Millisecond)
	fails(t, control(t, p.Scope, "Callback URL").Set(ctx, "x"), ErrDisabled, `"Callback URL" is read-only`)
	fails(t, control(t, p.Scope, "Tenant").Set(ctx, "x"), ErrDisabled, `"Tenant" is disabled`)
	fails(t, p.Press(ctx, "Save"), ErrDisabled, "Save is disabled")
	err := control(t, p.Scope, "Prefix").Set(ctx, "much too long")
	fails(t, err, ErrRefused, `"Prefix" does not hold what was typed`)
	if strings.Contains(err.Error(), "much") {
		t.Fatalf("an error repeats what was typed: %v", err)
	}
	fails(t, control(t, p.Scope, "Encryption").Set(ctx, "Rot13"), ErrDisabled, "does not allow")
}

func testSelect(t *testing.T, d *driver) {
	ctx := t.Context()
	p := d.at(t, d.host+"fields.html")
	c := control(t, p.Scope, "Encryption")
	want := []string{"Choose…", "None", "STARTTLS", "SSL/TLS"}
	if got := rig.Get(c.Options(ctx)).Or(t); !slices.Equal(got, want) {
		t.Fatalf("offered %q, want %q", got, want)
	}
	err := c.Set(ctx, "starttls")
	var refused *NotOfferedError
	if !errors.As(err, &refused) || !slices.Equal(refused.Choices, want) || refused.Label != "Encryption" {
		t.Fatalf("got %v", err)
	}
	holds(t, p.Scope, "Encryption", "Choose…")
	mode := control(t, p.Scope, "Connect Mode")
	if got := rig.Get(mode.Options(ctx)).Or(t); !slices.Equal(got, []string{"SMTP", "Google OAuth2"}) {
		t.Fatalf("offered %q", got)
	}
	if err := mode.Set(ctx, "Carrier pigeon"); !errors.As(err, &refused) {
		t.Fatalf("got %v", err)
	}
}

func testSecret(t *testing.T, d *driver) {
	ctx := t.Context()
	p := d.at(t, d.host+"fields.html")
	c := control(t, p.Scope, "Password")
	_, err := c.Get(ctx)
	fails(t, err, nil, "is a password")
	secret, err := c.Secret(ctx)
	rig.OK(t, err)
	if secret.Reveal() != "old secret" {
		t.Fatal("the password was not read")
	}
	fails(t, c.Set(ctx, "x"), nil, "takes no text")
	_, err = control(t, p.Scope, "API Token").Secret(ctx)
	fails(t, err, ErrMasked, "a mask in place of the secret")
	_, err = control(t, p.Scope, "Host").Secret(ctx)
	fails(t, err, ErrMasked, "is empty")
	_, err = control(t, p.Scope, "Debug").Secret(ctx)
	fails(t, err, nil, "holds no secret")
}

func testAmbiguous(t *testing.T, d *driver) {
	ctx := t.Context()
	p := d.at(t, d.host+"fields.html")
	_, err := fieldOf(ctx, p.Scope, "Folder")
	fails(t, err, ErrAmbiguous, "two fields named Folder")
	fails(t, p.Press(ctx, "Archive"), ErrAmbiguous, "Archive")
}

func testAbsent(t *testing.T, d *driver) {
	p := d.at(t, d.host+"fields.html")
	_, err := fieldOf(t.Context(), p.Scope, "Security token")
	fails(t, err, ErrAbsent, "no field named Security token; the page has: Name *, From Address:, Host (required), SMTP Port, Description")
	fails(t, p.Press(t.Context(), "Delete"), ErrAbsent, "no button or link named Delete; the page has:", "Archive")
}
