package page

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailferry/mailferry/internal/rig"
)

func (d *driver) connections(t *testing.T, query string) *Scope {
	t.Helper()
	p := d.at(t, d.framed("connections.html?"+query))
	return rig.Get(p.Within(t.Context(), Heading("Outgoing Mail Connections"), HasButton("Add"))).Or(t)
}

func (d *driver) add(t *testing.T, query string) *Scope {
	t.Helper()
	app := d.connections(t, query)
	rig.OK(t, app.Press(t.Context(), "Add"))
	rig.OK(t, app.WaitFor(t.Context(), HasField("Host")))
	return app
}

// hasProblem is a message that tells of something wrong.
var hasProblem = Cond{"an error message", func(v *Look) bool {
	return slices.ContainsFunc(v.Messages(), func(m Message) bool { return m.Kind != MessageStatus })
}}

// rowOf finds a row by its name, on whatever part of the list.
func rowOf(t testing.TB, s *Scope, name string) (row *Row) {
	t.Helper()
	err := s.EachRow(t.Context(), []string{"Next"}, []string{"Name"}, func(r *Row) (bool, error) {
		if text, _ := r.Cell("Name"); text == name {
			row = r
		}
		return row == nil, nil
	})
	if err != nil || row == nil {
		t.Fatalf("no row %q: %v", name, err)
	}
	return row
}

func testAddConnection(t *testing.T, d *driver) {
	ctx := t.Context()
	app := d.add(t, "late=60")
	form := rig.Get(app.Look(ctx)).Or(t)
	rig.OK(t, rig.Get(form.Field(ctx, "Service provider")).Or(t).Set(ctx, "SMTP"))
	// Choosing draws all fields anew a little later, under the hands of whoever goes on.
	rig.OK(t, rig.Get(form.Field(ctx, "Encryption")).Or(t).Set(ctx, "TLS"))
	for label, value := range map[string]string{"Name": "new one", "Description": "d", "From Email Address": "a@b.example", "Email Prefix": "[x]", "Username": "u", "Host": "h.example", "SMTP Port": "465"} {
		rig.OK(t, rig.Get(form.Field(ctx, label)).Or(t).Set(ctx, value))
	}
	rig.OK(t, rig.Get(form.Field(ctx, "Password")).Or(t).SetSecret(ctx, hidden("s")))
	rig.OK(t, rig.Get(form.Field(ctx, "Debug")).Or(t).SetOn(ctx, true))
	rig.OK(t, app.Press(ctx, "Save"))
	rig.OK(t, app.WaitFor(ctx, HasTable("Name", "Host"), Text("Connection saved")))
	row := rowOf(t, app, "new one")
	if host, found := row.Cell("host"); !found || host != "h.example" {
		t.Fatalf("host %q", host)
	}
	rig.OK(t, row.Menu(ctx, "More actions", "Edit"))
	rig.OK(t, app.WaitFor(ctx, HasField("Name")))
	for label, value := range map[string]string{"Name": "new one", "Encryption": "TLS", "SMTP Port": "465", "Debug": "true", "From Email Address": "a@b.example"} {
		holds(t, app, label, value)
	}
}

func testProvider(t *testing.T, d *driver) {
	ctx := t.Context()
	app := d.add(t, "late=60")
	_, err := fieldOf(ctx, app, "OAuth2 Credentials")
	fails(t, err, ErrAbsent)
	rig.OK(t, control(t, app, "Service provider").Set(ctx, "Google"))
	rig.OK(t, app.WaitFor(ctx, HasField("OAuth2 Credentials"), Not(HasField("Host"))))
	rig.OK(t, control(t, app, "OAuth2 Credentials").Set(ctx, "cred"))
	rig.OK(t, control(t, app, "Service provider").Set(ctx, "SMTP"))
	rig.OK(t, app.WaitFor(ctx, HasField("SMTP Port"), Not(HasField("OAuth2 Credentials"))))
}

func testValidation(t *testing.T, d *driver) {
	ctx := t.Context()
	app := d.add(t, "late=30")
	rig.OK(t, app.Press(ctx, "Save"))
	rig.OK(t, app.WaitFor(ctx, hasProblem))
	messages := rig.Get(app.Look(ctx)).Or(t).Messages()
	if got := fmt.Sprint(messages); got != "[Name *: A name is needed Please correct the fields]" {
		t.Fatalf("got %s", got)
	}
}

func testRefusal(t *testing.T, d *driver) {
	ctx := t.Context()
	app := d.add(t, "")
	rig.OK(t, control(t, app, "Name").Set(ctx, "refuse me"))
	rig.OK(t, app.Press(ctx, "Save"))
	rig.OK(t, app.WaitFor(ctx, hasProblem))
	messages := rig.Get(app.Look(ctx)).Or(t).Messages()
	if len(messages) != 1 || messages[0].Kind != MessageAlert || messages[0].Text != "Quota exceeded: no more connections" {
		t.Fatalf("got %+v", messages)
	}
	holds(t, app, "Name", "refuse me")
}

func testToast(t *testing.T, d *driver) {
	ctx := t.Context()
	app := d.add(t, "")
	for i := range 2 { // the second time, the first one's toast covers all of the page
		if i > 0 {
			rig.OK(t, app.Press(ctx, "Add"))
			rig.OK(t, app.WaitFor(ctx, HasField("Host")))
		}
		rig.OK(t, control(t, app, "Name").Set(ctx, fmt.Sprint("toasted ", i)))
		rig.OK(t, app.Press(ctx, "Save"))
		rig.OK(t, app.WaitFor(ctx, Text(fmt.Sprint("toasted ", i)), HasTable("Name")))
	}
}

func testDialogScope(t *testing.T, d *driver) {
	ctx := t.Context()
	app := d.add(t, "dialog")
	rig.OK(t, control(t, app, "Name").Set(ctx, "in the dialog")) // behind it is a filter of that name
	rig.OK(t, app.WaitFor(ctx, Heading("Connection"), Heading("Outgoing Mail Connections")))
	rig.OK(t, app.Press(ctx, "Save"))
	rig.OK(t, app.WaitFor(ctx, Not(Heading("Connection")), Text("in the dialog")))
}

func testOldDialog(t *testing.T, d *driver) {
	ctx := t.Context()
	p := d.at(t, d.host+"dialogs.html")
	rig.OK(t, p.Press(ctx, "OK"))
	rig.OK(t, p.WaitFor(ctx, Text("hinted")))
}

func testBrowserDialog(t *testing.T, d *driver) {
	ctx := t.Context()
	p := d.at(t, d.host+"dialogs.html")
	rig.OK(t, p.Press(ctx, "Ask"))
	rig.OK(t, p.WaitFor(ctx, Text("answer: false")))
	messages := rig.Get(p.Look(ctx)).Or(t).Messages()
	if len(messages) != 1 || messages[0] != (Message{Kind: MessageDialog, Text: "Discard changes?"}) {
		t.Fatalf("got %+v", messages)
	}
	rig.OK(t, p.WaitFor(ctx, hasProblem))
	rig.OK(t, p.Press(ctx, "OK"))
	if messages := rig.Get(p.Look(ctx)).Or(t).Messages(); len(messages) != 0 {
		t.Fatalf("an old dialog is still told: %v", messages)
	}
}

func testNativeValidation(t *testing.T, d *driver) {
	ctx := t.Context()
	p := d.at(t, d.host+"dialogs.html")
	fails(t, p.Press(ctx, "Send"), ErrRefused, "the form was not sent: Code:", "fill out")
}

func testRows(t *testing.T, d *driver) {
	ctx := t.Context()
	app := d.connections(t, "")
	rows := rig.Get(app.Rows(ctx, "host", "name")).Or(t)
	if len(rows) != 3 || strings.Join(rows[0].Columns(), "|") != "Name|Host|Actions" {
		t.Fatalf("%d rows, columns %q", len(rows), rows[0].Columns())
	}
	if name, _ := rows[2].Cell("NAME"); name != "conn 3" {
		t.Fatalf("name %q", name)
	}
	if _, found := rows[0].Cell("Port"); found {
		t.Fatal("a column that is not there was found")
	}
	_, err := app.Rows(ctx, "Port")
	fails(t, err, ErrAbsent, "no table with the columns Port", "Name, Host, Actions")
}

func testRowMenu(t *testing.T, d *driver) {
	ctx := t.Context()
	app := d.connections(t, "late=40")
	row := rowOf(t, app, "conn 2")
	fails(t, app.Menu(ctx, "More actions", "Edit"), ErrAmbiguous, "three")
	rig.OK(t, row.Menu(ctx, "", "Edit"))
	rig.OK(t, app.WaitFor(ctx, HasField("Host")))
	holds(t, app, "Host", "smtp2.corp.example")
	rig.OK(t, app.Press(ctx, "Cancel"))
	rig.OK(t, app.WaitFor(ctx, HasTable("Name")))
	row = rowOf(t, app, "conn 3")
	fails(t, row.Menu(ctx, "More actions", "Delete"), ErrDisabled, "Delete")
	d.impatient(t, 300*time.Millisecond)
	row = rowOf(t, app, "conn 1")
	fails(t, row.Menu(ctx, "More actions", "Rename"), ErrAbsent, `has no "Rename"; it has: Edit, Test, Delete`)
}

func testPagedRows(t *testing.T, d *driver) {
	ctx := t.Context()
	app := d.connections(t, "rows=45&page=10&late=20")
	var names []string
	rig.OK(t, app.EachRow(ctx, []string{"Next"}, []string{"Name"}, func(row *Row) (bool, error) {
		name, _ := row.Cell("Name")
		names = append(names, name)
		return true, nil
	}))
	if len(names) != 45 || names[0] != "conn 1" || names[44] != "conn 45" {
		t.Fatalf("%d rows: %q", len(names), names)
	}
	app = d.connections(t, "rows=45&page=10")
	row := rowOf(t, app, "conn 27")
	rig.OK(t, row.Menu(ctx, "More actions", "Edit"))
	rig.OK(t, app.WaitFor(ctx, HasField("Host")))
	holds(t, app, "Name", "conn 27")
}

func testLazyRows(t *testing.T, d *driver) {
	ctx := t.Context()
	for _, list := range []struct {
		page, first string
		count       int
	}{{"lazy.html", "item ", 70}, {"lazy.html?pause=200", "item ", 70}, {"virtual.html", "row ", 200}} {
		p := d.at(t, d.framed(list.page))
		app := rig.Get(p.Within(ctx, Text(list.first+"10"))).Or(t)
		count := 0
		rig.OK(t, app.EachRow(ctx, nil, nil, func(row *Row) (bool, error) {
			if count++; row.Text() != fmt.Sprint(list.first, count) {
				t.Errorf("row %d is %q", count, row.Text())
			}
			return true, nil
		}))
		if count != list.count {
			t.Fatalf("%s: %d rows", list.page, count)
		}
	}
}
