// Package page drives the pages of a web site in a real browser (Chrome, Edge or Chromium) as a
// person does: it finds controls by their visible label or accessible name, never by generated
// ids or classes, fills and reads them, presses buttons, and waits for what it expects to see
// rather than for time.
//
// What is on a page is read from the browser's own accessibility tree, which computes roles and
// names as a screen reader gets them, in every frame, also in those of other sites, and in open
// shadow roots. A name compares without regard to case, blanks, a required-mark and a closing
// colon.
//
// A [Browser] shows one [Page]; its whole is a [Scope], which narrows to a frame
// ([Scope.Within]) or a row ([Scope.Rows]). A [Look] is a scope at one moment, from which every
// [Control] is taken:
//
//	p, err := browser.Goto(ctx, "https://jira.example/admin")
//	app, err := p.Within(ctx, page.Heading("Outgoing Mail Connections"))
//	err = app.Press(ctx, "Add")
//	err = app.WaitFor(ctx, page.HasField("Service provider"))
//	look, err := app.Look(ctx)
//	name, err := look.Field(ctx, "Name")
//	err = name.Set(ctx, "corp mail")
//	look, err = app.Look(ctx)
//	err = look.Send(ctx, "Save")
//	err = app.WaitFor(ctx, page.AnyOf(page.HasTable("Name"), page.Text("is required")))
//
// Only the site of the address given is worked, and in it the frame that the app was found in:
// the call that reads, enters or presses first compares the origins of the tab and of the
// element's own document with those expected, and is an [ElsewhereError] where they differ.
// What a person does to sign in is theirs, see [Page.WaitSignedIn].
//
// Secrets are entered by such a call, into the field itself and nowhere else. They are never
// part of a script's text, an address, a log, an error or the clipboard; they are read only by
// [Control.Secret]. Messages between this program and the browser are never logged, and errors
// name labels, never what a field holds.
package page
