package page

import (
	"fmt"
	"testing"
)

// BenchmarkConnection adds a connection and reads it back: Add, eleven fields and a list, Save,
// the row, Edit, every field, Cancel.
func BenchmarkConnection(b *testing.B) {
	site, browser := newSite(b), open(b, Options{})
	ctx := b.Context()
	check := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	p, err := browser.Goto(ctx, site.framed("connections.html"))
	check(err)
	app, err := p.Within(ctx, HasButton("Add"))
	check(err)
	values := [][2]string{{"Service provider", "SMTP"}, {"Encryption", "TLS"}, {"Name", ""}, {"Description", "text"}, {"From Email Address", "a@b.example"},
		{"Email Prefix", "[x]"}, {"Username", "svc"}, {"Host", "smtp.corp.example"}, {"SMTP Port", "465"}}
	for b.Loop() {
		name := fmt.Sprint("bench ", b.Elapsed())
		check(app.Press(ctx, "Add"))
		check(app.WaitFor(ctx, HasField("Host")))
		form, err := app.Look(ctx)
		check(err)
		for _, value := range values {
			c, err := form.Field(ctx, value[0])
			check(err)
			if value[0] == "Name" {
				value[1] = name
			}
			check(c.Set(ctx, value[1]))
		}
		password, err := form.Field(ctx, "Password")
		check(err)
		check(password.SetSecret(ctx, hidden("secret")))
		debug, err := form.Field(ctx, "Debug")
		check(err)
		check(debug.SetOn(ctx, true))
		check(app.Press(ctx, "Save"))
		check(app.WaitFor(ctx, HasTable("Name")))
		check(rowOf(b, app, name).Menu(ctx, "More actions", "Edit"))
		check(app.WaitFor(ctx, HasField("Host")))
		form, err = app.Look(ctx)
		check(err)
		for _, value := range values {
			c, err := form.Field(ctx, value[0])
			check(err)
			got, err := c.Get(ctx)
			check(err)
			if value[0] == "Host" && got != value[1] {
				b.Fatalf("%s holds %q", value[0], got)
			}
		}
		check(app.Press(ctx, "Cancel"))
		check(app.WaitFor(ctx, HasTable("Name")))
	}
}
