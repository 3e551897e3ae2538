package formprofile

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/mailferry/mailferry/internal/address"
	"github.com/mailferry/mailferry/internal/page"
	"github.com/mailferry/mailferry/schema"
)

// Scheme begins addresses of admin pages on a command line.
const Scheme = "page+"

// ErrSignedOut says that the app did not show itself, most likely because
// nobody is signed in, and that there is no window in which a person could be.
var ErrSignedOut = errors.New("not signed in")

// Options say how a site is worked.
type Options struct {
	Profile *schema.FormProfile
	// Guessed says that nobody named the profile's side.
	Guessed bool
	Browser page.Options
	// Notify receives what the person has to do in the browser's window, in one line.
	Notify func(string)
	Log    *slog.Logger // diagnostics, never with what a field holds; nil: none
	// Patience is after how long a step that fails is not begun again, a person's sign-in
	// aside: with the wait that it is in, it ends within a minute. 0: three quarters of one.
	Patience time.Duration
	// Waiting receives every 5 s what the site is waited for, in one line, from a goroutine
	// of its own; nil: nobody is there to read it.
	Waiting func(what string)
}

// Site is a site's admin pages in a browser of its own, which starts when it is
// first needed. It is for one goroutine at a time.
type Site struct {
	options Options
	address *url.URL
	browser *page.Browser
	app     *page.Scope         // nil: to be opened
	origin  string              // of the frame that the app was found in first; "" before that
	other   *schema.FormProfile // of the other side, as long as either may fit
	listed  schema.List         // the list that stands there; "" where a form may
	around  map[string]bool     // labels of the fields on that list's page
	waited  atomic.Pointer[string]
	watched bool          // by a Watch
	signing time.Duration // that sign-ins took so far
	vain    bool          // the last step waited in vain to its end
}

// New checks an address, with or without [Scheme]: https, or http on this
// machine, and without a password.
func New(address string, o Options) (*Site, error) {
	u, err := url.Parse(strings.TrimPrefix(address, Scheme))
	switch {
	case err != nil || u.Host == "":
		return nil, fmt.Errorf("not the address of a site")
	case u.User != nil:
		return nil, schema.Hint(errors.New("an address with a user in it"),
			"sign in in the browser: --headed opens a window")
	case inTheClear(u):
		return nil, schema.Hint(fmt.Errorf("%s: http would send what is typed in the clear",
			schema.Quote(u.Host)), "write https://")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, schema.Hint(fmt.Errorf("%s: not a web address", schema.Quote(u.Scheme)),
			"write page+https://…, as the browser shows it")
	}
	if o.Notify == nil {
		o.Notify = func(string) {}
	}
	o.Browser.Timeout = cmp.Or(o.Browser.Timeout, page.DefaultTimeout)
	o.Patience = cmp.Or(o.Patience, patience)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Site{options: o, address: u}, nil
}

// inTheClear reports whether what is sent to an address can be read on the way.
func inTheClear(u *url.URL) bool {
	return u.Scheme == "http" && !address.Loopback(u.Hostname())
}

// Host is the site's host and port.
func (s *Site) Host() string { return s.address.Host }

// URL is the site's address as given, with [Scheme], as [address.Bare].
func (s *Site) URL() string { return Scheme + address.Bare(s.address) }

// Profile is what the site is worked by.
func (s *Site) Profile() *schema.FormProfile { return s.options.Profile }

// Close ends the browser.
func (s *Site) Close() {
	if s.browser != nil {
		s.browser.Close()
	}
	s.browser, s.app = nil, nil
}

// Forget has the next step begin at the site's start page, as somebody does who
// reloads it. A form that stands half filled is left without Save.
func (s *Site) Forget() { s.app, s.listed = nil, "" }

// tries of one step when the page went away under it, or says that something
// failed; fewTries where the page is there and shows something else.
const (
	tries    = 4
	fewTries = 2
)

// Do takes one step on the site, and takes it again from the start page when
// the page went away under it: because a session ended, or a browser, or
// because the site failed for a moment. A person who can is asked to sign in
// again. A step must not have changed anything on the site when it fails. Where
// the address of the site leads to another, or the app's frame is of another,
// the error is a [*page.ElsewhereError].
func (s *Site) Do(ctx context.Context, step func() error) error {
	defer s.Watch()()
	began, signing, few := time.Now(), s.signing, fewTries
	if s.vain {
		few = 1 // what one step waited for in vain, the next most likely would too
	}
	for n := 1; ; n++ {
		err := s.open(ctx)
		opened := err == nil
		if opened {
			err = step()
		}
		var said *ProblemError
		var other *page.ElsewhereError
		again := errors.Is(err, page.ErrGone) || errors.As(err, &said)
		s.vain = !again && (errors.Is(err, page.ErrTimeout) || errors.Is(err, page.ErrAbsent))
		last := n == tries || s.vain && n >= few || time.Since(began)-(s.signing-signing) > s.options.Patience
		switch {
		case err == nil || ctx.Err() != nil || errors.Is(err, ErrSignedOut):
			return err
		case errors.As(err, &other):
			// A session that ended leads to where people sign in: opening the site
			// anew waits for them.
			if !opened || last || other.Sent {
				s.Forget()
				return s.advise(err, other)
			}
		case last:
			return err
		case !again && !s.vain:
			// A page that goes away while it is read may break in many ways.
			if there, lookErr := s.there(ctx); there || lookErr != nil {
				return err
			}
		}
		s.options.Log.Info("the page is opened again", "because", err)
		s.Forget()
	}
}

// there reports whether the app still shows itself.
func (s *Site) there(ctx context.Context) (bool, error) {
	if s.app == nil {
		return true, nil // it was never reached
	}
	look, err := s.app.Look(ctx)
	return err == nil && look.Shows(s.signedIn()), ctx.Err()
}

// ProblemError is what a page says went wrong while it was read.
type ProblemError struct{ Words string }

func (e *ProblemError) Error() string { return "the page says: " + e.Words }

// open makes sure that the app is there.
func (s *Site) open(ctx context.Context) error {
	if s.app != nil {
		return nil
	}
	p, err := s.visit(ctx, s.address)
	if errors.Is(err, page.ErrGone) && s.options.Browser.Attach == "" {
		s.options.Log.Info("the browser is gone; another is started")
		s.Close()
		p, err = s.visit(ctx, s.address)
	}
	if err != nil {
		return err
	}
	in := s.signedIn()
	s.waitFor("the app at %s, and for who signs in there", schema.Quote(s.address.Host))
	asked := time.Now()
	err = p.WaitSignedIn(ctx, s.options.Notify, in)
	s.signing += time.Since(asked)
	if err != nil {
		if errors.Is(err, page.ErrTimeout) {
			return schema.Hint(fmt.Errorf("%w at %s: %w", ErrSignedOut, s.address.Host, err),
				"sign in with --headed or --attach; where that is done, signed_in of the form profile names what to wait for")
		}
		return err
	}
	return s.enter(ctx, p)
}

// enter finds the app in the page. The origin of the frame that it is in is
// learnt the first time, and must be the same from then on.
func (s *Site) enter(ctx context.Context, p *page.Page) error {
	app, err := p.Within(ctx, s.signedIn())
	if err != nil {
		return err
	}
	if s.origin == "" {
		if u, err := url.Parse(app.Origin()); err != nil || inTheClear(u) {
			return fmt.Errorf("the app is in a frame of %s: http would send what is typed in the clear",
				schema.Quote(app.Origin()))
		}
		s.origin = app.Origin()
	}
	if err := app.CheckOrigin(s.origin); err != nil {
		return err
	}
	s.app = app
	return nil
}

// Save presses Save in a form, or the button that says so in a question that Save led to. Where
// the error is a [*page.ElsewhereError] it was not pressed.
func (s *Site) Save(ctx context.Context, f *Form, look *page.Look, button string) error {
	s.waitFor("the answer to Save in %s", schema.Quote(f.Profile.Heading))
	err := look.Send(ctx, button)
	var other *page.ElsewhereError
	if errors.As(err, &other) {
		s.Forget()
		return s.advise(err, other)
	}
	return err
}

// advise says what a person can do about a site that leads to another.
func (s *Site) advise(err error, other *page.ElsewhereError) error {
	switch b := s.options.Browser; {
	case other.Address == "":
		return schema.Hint(err, "look at the page in a browser of your own, and ask those who run the site")
	case other.App || b.Headed || b.Attach != "":
		return schema.Hint(err, "if the site was renamed, give %s%s instead", Scheme, other.Address)
	}
	return schema.Hint(err, "sign in with --headed or --attach; if the site was renamed, give %s%s instead",
		Scheme, other.Address)
}

func (s *Site) visit(ctx context.Context, address *url.URL) (*page.Page, error) {
	if s.browser == nil {
		s.waitFor("the browser to start")
		// An interrupted run still finishes the form that it is in: the browser
		// ends with Close.
		b, err := page.Open(context.WithoutCancel(ctx), s.options.Browser)
		if err != nil {
			return nil, err
		}
		s.browser = b
	}
	s.waitFor("%s to answer", schema.Quote(address.Host))
	return s.browser.Goto(ctx, address.String())
}

// signedIn is what shows that the app is open.
func (s *Site) signedIn() page.Cond {
	names := landmarks(s.options.Profile)
	if s.other != nil {
		names = append(names, landmarks(s.other)...)
	}
	return page.AnyOf(page.HasButton(names...), page.Heading(names...))
}

// landmarks are what a profile says of being signed in, and of the way to its lists.
func landmarks(p *schema.FormProfile) []string {
	return slices.Concat(p.SignedIn, p.Connections.Menu, p.Credentials.Menu,
		[]string{p.Connections.Heading, p.Credentials.Heading})
}

// show opens a list by the menu, or where it has an address of its own by that. Most often it
// stands there already, because a form of it was left just now.
func (s *Site) show(ctx context.Context, l schema.List) error {
	if s.listed == l {
		return nil
	}
	fl := s.options.Profile.List(l)
	s.listed = ""
	s.waitFor("the list %s", s.quoted(l))
	if fl.Path != "" {
		to, err := s.address.Parse(fl.Path)
		if err != nil || to.Scheme != s.address.Scheme || to.Host != s.address.Host {
			return fmt.Errorf("%s: the profile's path is not one of the site", l)
		}
		p, err := s.visit(ctx, to)
		if err != nil {
			return err
		}
		if err := s.enter(ctx, p); err != nil {
			return err
		}
	}
	if err := s.walk(ctx, fl); err != nil {
		return err
	}
	if err := s.app.WaitFor(ctx, Listed(fl)...); err != nil {
		return err
	}
	s.listed = l
	return s.noteAround(ctx)
}

// noteAround notes which fields the list's page has itself.
func (s *Site) noteAround(ctx context.Context) error {
	form, err := s.app.Look(ctx)
	if err != nil {
		return err
	}
	s.around = map[string]bool{}
	for _, label := range form.Labels() {
		s.around[label] = true
	}
	return nil
}

// walk presses the menu. Of its entries only those are pressed that are needed:
// pressing one that is open already may close it.
func (s *Site) walk(ctx context.Context, fl *schema.FormList) error {
	for menu := fl.Menu; len(menu) > 0; {
		if err := s.app.WaitFor(ctx, page.HasButton(menu...)); err != nil {
			return err
		}
		look, err := s.app.Look(ctx)
		if err != nil {
			return err
		}
		at := len(menu) - 1
		for at > 0 && !look.Shows(page.HasButton(menu[at])) {
			at--
		}
		if err := look.Press(ctx, menu[at]); err != nil {
			return err
		}
		menu = menu[at+1:]
	}
	return nil
}

// Listed is what shows that a list stands there and no form is open.
func Listed(fl *schema.FormList) []page.Cond {
	rows := page.HasTable(fl.Column)
	if fl.Empty != "" {
		rows = page.AnyOf(rows, page.Text(fl.Empty))
	}
	return []page.Cond{page.Heading(fl.Heading), page.Not(page.HasButton(fl.Save)), rows}
}

// complaint is an error where the page shows alerts, other than those that it did before.
func complaint(look, before *page.Look) error {
	old := map[page.Message]bool{}
	if before != nil { // what a toast says may stand for a while after it was true
		for _, m := range before.Messages() {
			old[m] = true
		}
	}
	var out []string
	for _, m := range look.Messages() {
		if (m.Kind == page.MessageAlert || m.Kind == page.MessageDialog) && !old[m] {
			out = append(out, m.String())
		}
	}
	if len(out) == 0 {
		return nil
	}
	return &ProblemError{strings.Join(out, "; ")}
}
