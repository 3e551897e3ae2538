package page

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

func testSnippets(t *testing.T, d *driver) {
	for _, test := range []struct {
		file string
		run  func(t *testing.T, s *Scope)
	}{
		{"alert-inside", func(t *testing.T, s *Scope) {
			said := rig.Get(s.Look(t.Context())).Or(t).Messages()
			const needed = "This field is required"
			if want := []Message{{MessageField, "Host", needed}, {MessageField, "Port", needed}, {MessageAlert, "", "Name is taken"}, {MessageAlert, "", "Could not load"}}; !slices.Equal(said, want) {
				t.Fatalf("said %q", said)
			}
		}},
		{"alike-drawn-anew", func(t *testing.T, s *Scope) {
			all := rig.Get(rig.Get(s.Look(t.Context())).Or(t).Fields(t.Context())).Or(t)
			rig.OK(t, s.Press(t.Context(), "Draw anew"))
			var held []string
			for _, c := range all {
				held = append(held, rig.Get(c.Get(t.Context())).Or(t))
			}
			if !slices.Equal(held, []string{"a", "b", "c", "d", "e"}) {
				t.Fatalf("they hold %q", held)
			}
		}},
		{"button-with-label", func(t *testing.T, s *Scope) {
			if folds := rig.Get(s.Look(t.Context())).Or(t).Sight().Folds; !slices.Equal(folds, []string{"Advanced settings"}) {
				t.Fatalf("folds %q", folds)
			}
			holds(t, s, "Service provider", "SMTP")
			offers(t, s, "Service provider", "SMTP", "Google")
			rig.OK(t, control(t, s, "Service provider").Set(t.Context(), "Google"))
			holds(t, s, "Service provider", "Google")
			holds(t, s, "Zone", "one")
			offers(t, s, "Zone", "one", "two")
			rig.OK(t, control(t, s, "Zone").Set(t.Context(), "two"))
			holds(t, s, "Zone", "two")
			offers(t, s, "Realm", "a", "b")
			rig.OK(t, control(t, s, "Realm").Set(t.Context(), "b"))
			holds(t, s, "Realm", "b")
		}},
		{"described-value", func(t *testing.T, s *Scope) { holds(t, s, "Service provider", "General SMTP service") }},
		{"header-td", func(t *testing.T, s *Scope) {
			rows := rig.Get(s.Rows(t.Context(), "Name")).Or(t)
			if len(rows) != 1 || rows[0].text == "" {
				t.Fatalf("%d rows", len(rows))
			}
		}},
		{"hidden-behind-list", func(t *testing.T, s *Scope) {
			offers(t, s, "Encryption", "None", "SSL", "TLS")
			rig.OK(t, control(t, s, "Encryption").Set(t.Context(), "TLS"))
			holds(t, s, "Encryption", "TLS")
		}},
		{"highlight-taken", func(t *testing.T, s *Scope) {
			offers(t, s, "Service provider", "SMTP", "Google")
			holds(t, s, "Service provider", "")
			rig.OK(t, control(t, s, "Service provider").Set(t.Context(), "Google"))
			offers(t, s, "Encryption", "None", "TLS")
			holds(t, s, "Encryption", "")
			offers(t, s, "Realm", "one", "two")
			holds(t, s, "Realm", "two")
			offers(t, s, "Zone", "x", "y")
			holds(t, s, "Service provider", "Google")
		}},
		{"icon-font", func(t *testing.T, s *Scope) {
			rig.OK(t, s.Press(t.Context(), "More"))
		}},
		{"input-with-list", func(t *testing.T, s *Scope) {
			form := rig.Get(s.Look(t.Context())).Or(t)
			if labels := form.Labels(); !slices.Equal(slices.DeleteFunc(labels, func(l string) bool { return l == "" }), []string{"Service provider *"}) {
				t.Fatalf("fields %q", labels)
			}
			offers(t, s, "Service provider", "SMTP", "Google")
			rig.OK(t, control(t, s, "Service provider").Set(t.Context(), "Google"))
			holds(t, s, "Service provider", "Google")
		}},
		{"kept-on-leave", func(t *testing.T, s *Scope) {
			rig.OK(t, control(t, s, "SMTP Port").Set(t.Context(), "25"))
			rig.OK(t, control(t, s, "Host").Set(t.Context(), "mail.example"))
			rig.OK(t, rig.Get(s.Look(t.Context())).Or(t).Send(t.Context(), "Save"))
			rig.OK(t, s.WaitFor(t.Context(), Heading("Saved 25 mail.example")))
			rig.OK(t, control(t, s, "SMTP Port").Set(t.Context(), "587"))
			rig.OK(t, rig.Get(s.Look(t.Context())).Or(t).Send(t.Context(), "Save"))
			rig.OK(t, s.WaitFor(t.Context(), Heading("Saved 587 mail.example")))
		}},
		{"late-native", func(t *testing.T, s *Scope) {
			holds(t, s, "OAuth2 Credentials", "Google Workspace")
			holds(t, s, "Realm", "None")
		}},
		{"late-value", func(t *testing.T, s *Scope) { holds(t, s, "OAuth2 Credentials", "Google Workspace") }},
		{"switch-in-checkbox", func(t *testing.T, s *Scope) {
			rig.OK(t, control(t, s, "Debug").SetOn(t.Context(), true))
			holds(t, s, "Debug", "true")
		}},
		{"list-closed-beside", func(t *testing.T, s *Scope) {
			offers(t, s, "Encryption", "None", "TLS")
			rig.OK(t, s.WaitFor(t.Context(), Heading("Form")))
			holds(t, s, "Encryption", "TLS")
		}},
		{"list-of-itself", func(t *testing.T, s *Scope) {
			for label, choices := range map[string][]string{"Service provider": {"SMTP", "Google"}, "Encryption": {"None", "TLS"}} {
				holds(t, s, label, "")
				offers(t, s, label, choices...)
				holds(t, s, label, "")
				rig.OK(t, control(t, s, label).Set(t.Context(), choices[1]))
				holds(t, s, label, choices[1])
			}
		}},
		{"list-without-role", func(t *testing.T, s *Scope) {
			holds(t, s, "Service provider", "")
			offers(t, s, "Service provider", "SMTP", "Google")
			holds(t, s, "Encryption", "None")
			offers(t, s, "Encryption", "None", "SSL", "TLS")
			rig.OK(t, control(t, s, "Service provider").Set(t.Context(), "SMTP"))
			holds(t, s, "Service provider", "SMTP")
			rig.OK(t, control(t, s, "Encryption").Set(t.Context(), "TLS"))
			holds(t, s, "Encryption", "TLS")
			holds(t, s, "Realm", "two")
			if labels := rig.Get(s.Look(t.Context())).Or(t).Labels(); !slices.Equal(labels, []string{"Service provider *", "Encryption", "Realm", "Host"}) {
				t.Fatalf("fields %q", labels)
			}
		}},
		{"live-inside", func(t *testing.T, s *Scope) {
			holds(t, s, "Encryption", "None")
			rig.OK(t, control(t, s, "Encryption").Set(t.Context(), "TLS"))
			holds(t, s, "Encryption", "TLS")
			rig.OK(t, control(t, s, "Mode").Set(t.Context(), "OAuth2"))
			holds(t, s, "Mode", "OAuth2")
		}},
		{"menu-of-links", func(t *testing.T, s *Scope) {
			rig.OK(t, s.Menu(t.Context(), "", "Edit"))
			rig.OK(t, s.WaitFor(t.Context(), Heading("Form of Edit")))
		}},
		{"menus-of-two", func(t *testing.T, s *Scope) {
			rig.OK(t, s.Menu(t.Context(), "Actions for B", "Edit"))
			rig.OK(t, s.WaitFor(t.Context(), Heading("Form of B")))
		}},
		{"notice-option", func(t *testing.T, s *Scope) { offers(t, s, "Service provider", "SMTP", "Google") }},
		{"named-by-option", func(t *testing.T, s *Scope) {
			holds(t, s, "Encryption", "SSL")
			offers(t, s, "Encryption", "None", "SSL", "TLS")
			rig.OK(t, control(t, s, "Encryption").Set(t.Context(), "TLS"))
			holds(t, s, "Encryption", "TLS")
			holds(t, s, "Service provider", "")
			holds(t, s, "Realm", "two")
		}},
		{"native-behind", func(t *testing.T, s *Scope) {
			if labels := rig.Get(s.Look(t.Context())).Or(t).Labels(); !slices.Equal(labels, []string{"Service provider", "Encryption", "Realm"}) {
				t.Fatalf("fields %q", labels)
			}
			holds(t, s, "Service provider", "Google")
			rig.OK(t, control(t, s, "Service provider").Set(t.Context(), "SMTP"))
			holds(t, s, "Service provider", "SMTP")
			offers(t, s, "Encryption", "None", "SSL", "TLS")
			rig.OK(t, control(t, s, "Encryption").Set(t.Context(), "TLS"))
			holds(t, s, "Encryption", "TLS")
			holds(t, s, "Realm", "two")
			if err := control(t, s, "Realm").Set(t.Context(), "one"); !errors.As(err, new(*NotOfferedError)) {
				t.Fatalf("set: %v", err)
			}
		}},
		{"nothing-yet", func(t *testing.T, s *Scope) {
			if got := rig.Get(s.Look(t.Context())).Or(t).Sight().Notice; got != "No connections yet" {
				t.Fatalf("the page says %q", got)
			}
		}},
		{"paged-by-number", func(t *testing.T, s *Scope) {
			var names []string
			rig.OK(t, s.EachRow(t.Context(), []string{"Next", "Next page"}, []string{"Name"}, func(r *Row) (bool, error) {
				name, _ := r.Cell("Name")
				names = append(names, name)
				return true, nil
			}))
			if !slices.Equal(names, []string{"A", "B", "C"}) {
				t.Fatalf("read %q", names)
			}
		}},
		{"paged-other-next", func(t *testing.T, s *Scope) {
			err := s.EachRow(t.Context(), []string{"Next"}, []string{"Name"}, func(*Row) (bool, error) { return true, nil })
			if !errors.Is(err, ErrIncomplete) || !strings.Contains(err.Error(), "Page 2, Next Page") {
				t.Fatalf("got %v", err)
			}
		}},
		{"select2", func(t *testing.T, s *Scope) {
			holds(t, s, "Encryption", "TLS")
			offers(t, s, "Encryption", "None", "TLS")
			rig.OK(t, control(t, s, "Encryption").Set(t.Context(), "None"))
			holds(t, s, "Encryption", "None")
		}},
		{"row-of-symbols", opensRow},
		{"menu-of-list-items", opensRow},
		{"menu-of-options", opensRow},
		{"menu-of-pictures", func(t *testing.T, s *Scope) {
			rig.OK(t, s.Press(t.Context(), "Add"))
			rig.OK(t, s.WaitFor(t.Context(), Heading("Form of Add")))
			opensRow(t, s)
		}},
		{"split-button", opensRow},
		{"row-that-is-pressed", opensRow},
		{"row-of-glyphs", func(t *testing.T, s *Scope) {
			rows := rig.Get(s.Rows(t.Context(), "Name")).Or(t)
			fails(t, rows[0].Open(t.Context(), "", "Edit", "Name"), ErrAbsent, "Remove options")
			if deleted := rig.Get(s.Look(t.Context())).Or(t).Shows(Heading("Deleted")); deleted {
				t.Fatal("a button was pressed to see what it does")
			}
		}},
		{"rows-to-come", func(t *testing.T, s *Scope) {
			if rows := rig.Get(s.Rows(t.Context(), "Name")).Or(t); len(rows) > 0 {
				t.Fatalf("%d rows", len(rows))
			}
		}},
		{"combobox-in-combobox", choosesProvider},
		{"option-around-link", choosesProvider},
		{"group-in-group", choosesProvider},
		{"options-in-shadow", choosesProvider},
		{"pressed-buttons", choosesProvider},
		{"radio-with-description", choosesProvider},
		{"radios-without-group", func(t *testing.T, s *Scope) {
			if labels := rig.Get(s.Look(t.Context())).Or(t).Labels(); !slices.Equal(labels, []string{"Service provider *", "Encryption", "Debug", "Host"}) {
				t.Fatalf("fields %q", labels)
			}
			offers(t, s, "Service provider", "SMTP", "Google")
			holds(t, s, "Service provider", "")
			rig.OK(t, control(t, s, "Service provider").Set(t.Context(), "Google"))
			holds(t, s, "Service provider", "Google")
			offers(t, s, "Encryption", "None", "TLS")
			holds(t, s, "Encryption", "TLS")
		}},
		{"loose-labels", func(t *testing.T, s *Scope) {
			form := rig.Get(s.Look(t.Context())).Or(t)
			want := []string{"Name", "Description *", "Host", "Encryption", "Debug", "Active", "Service provider", "Realm", "Zone"}
			if labels := form.Labels(); !slices.Equal(labels, want) {
				t.Fatalf("fields %q", labels)
			}
			for label, text := range map[string]string{"Name": "a", "Description": "b", "Host": "c", "Encryption": "TLS", "Service provider": "Google"} {
				rig.OK(t, control(t, s, label).Set(t.Context(), text))
				holds(t, s, label, text)
			}
			rig.OK(t, control(t, s, "Debug").SetOn(t.Context(), true))
			holds(t, s, "Debug", "true")
			holds(t, s, "Active", "false")
			holds(t, s, "Realm", "one")
			holds(t, s, "Zone", "two")
		}},
		{"shadow-options", func(t *testing.T, s *Scope) {
			offers(t, s, "Encryption", "None", "SSL", "TLS")
			rig.OK(t, control(t, s, "Encryption").Set(t.Context(), "TLS"))
			holds(t, s, "Encryption", "TLS")
		}},
		{"value-not-named", func(t *testing.T, s *Scope) {
			offers(t, s, "Encryption", "None", "TLS")
			holds(t, s, "Encryption", "")
			holds(t, s, "Realm", "one")
			offers(t, s, "Realm", "one", "two")
			rig.OK(t, control(t, s, "Realm").Set(t.Context(), "two"))
			holds(t, s, "Realm", "two")
			offers(t, s, "Service provider", "SMTP", "Google")
			rig.OK(t, control(t, s, "Service provider").Set(t.Context(), "Google"))
			holds(t, s, "Service provider", "Google")
			offers(t, s, "Zone", "x", "y")
			rig.OK(t, control(t, s, "Zone").Set(t.Context(), "y"))
			holds(t, s, "Zone", "y")
			rig.OK(t, control(t, s, "Password").SetSecret(t.Context(), schema.NewSecret("correct horse")))
		}},
	} {
		t.Run(test.file, func(t *testing.T) { test.run(t, d.at(t, d.host+"snippets/"+test.file+".html").Scope) })
	}
}

func opensRow(t *testing.T, s *Scope) {
	rows := rig.Get(s.Rows(t.Context(), "Name")).Or(t)
	rig.OK(t, rows[0].Open(t.Context(), "", "Edit", "Name"))
	rig.OK(t, s.WaitFor(t.Context(), Heading("Form of Edit")))
}

func choosesProvider(t *testing.T, s *Scope) {
	holds(t, s, "Service provider", "SMTP")
	offers(t, s, "Service provider", "SMTP", "Google")
	rig.OK(t, control(t, s, "Service provider").Set(t.Context(), "Google"))
	holds(t, s, "Service provider", "Google")
}

func offers(t *testing.T, s *Scope, label string, want ...string) {
	t.Helper()
	if got := rig.Get(control(t, s, label).Options(t.Context())).Or(t); !slices.Equal(got, want) {
		t.Fatalf("%s offers %q, want %q", label, got, want)
	}
}
