package page

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/css"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/inspector"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// session is a conversation with one browser target: the tab, or a frame of another site, which
// with site isolation is a target of its own and absent from the tab's frame tree.
type session struct {
	*chromedp.Target
	gone   context.Context // ends when the target can no longer answer
	end    context.CancelCauseFunc
	limit  time.Duration // the longest that one command may take
	page   *Page         // that it is a part of
	around cdp.FrameID   // that holds the frame of another site

	mu       sync.Mutex
	inFlight map[network.RequestID]request
	began    map[fetch.RequestID]string // where requests with a body were for, before they were led on
}

// request is one that is under way.
type request struct {
	since time.Time
	frame cdp.FrameID
}

// attach opens a session with the target that opts choose. The session lives until parent ends
// or the target goes away.
func attach(ctx, parent context.Context, limit time.Duration, page *Page,
	opts ...chromedp.ContextOption) (*session, error) {
	s := &session{limit: limit, page: page, inFlight: make(map[network.RequestID]request),
		began: make(map[fetch.RequestID]string)}
	base, stop := context.WithCancel(parent)
	tab, cancel := chromedp.NewContext(base, append(opts, chromedp.WithListener(s.event))...)
	s.gone, s.end = context.WithCancelCause(tab)
	// The target runs as long as the context of the first command, so that one cannot be the
	// caller's. A frame that goes away while it is attached to never answers.
	limited, done := context.WithTimeout(ctx, limit)
	defer done()
	unbind := context.AfterFunc(limited, stop)
	err := chromedp.Do(tab)
	if !unbind() {
		if err = ctx.Err(); err == nil {
			err = failure(ErrTimeout, "the browser did not answer within %s", limit)
		}
	}
	if err != nil {
		s.end(nil)
		cancel()
		stop()
		return nil, fmt.Errorf("attach to the page: %w", err)
	}
	s.Target = chromedp.FromContext(tab).Target
	detached, err := chromedp.Detached(tab)
	if err != nil {
		stop()
		return nil, fmt.Errorf("attach to the page: %w", err)
	}
	go func() {
		select {
		case <-detached:
		case <-s.gone.Done():
		}
		s.end(nil)
		stop()
		cancel()
	}()
	if err := s.prepare(ctx); err != nil {
		s.end(nil)
		return nil, err
	}
	return s, nil
}

// prepare turns off the reports that nobody here reads, because a mirror of the document and
// every style sheet costs more than the work itself, and asks that request bodies, which hold
// passwords, stay in the browser.
func (s *session) prepare(ctx context.Context) error {
	none, bodies := cdp.Empty{}, int64(0)
	steps := []struct {
		method string
		params any
	}{
		{dom.Disable.Method, none},
		{css.Disable.Method, none},
		{log.Disable.Method, none},
		{runtime.Disable.Method, none},
		{network.Disable.Method, none},
		{network.Enable.Method, network.EnableParams{MaxPostDataSize: &bodies}},
		{accessibility.Enable.Method, none},
		{emulation.SetFocusEmulationEnabled.Method, emulation.SetFocusEmulationEnabledParams{Enabled: true}},
	}
	for _, step := range steps {
		if err := s.Call(ctx, step.method, step.params, nil); err != nil {
			return err
		}
	}
	return nil
}

// event runs on the goroutine that reads the browser's messages and must neither block nor send
// a command.
func (s *session) event(event any) {
	switch event := event.(type) {
	case *inspector.EventTargetCrashed:
		s.end(nil)
	case *cdppage.EventJavascriptDialogOpening:
		// Leaving a page is what was asked for when this one appears; every other question is
		// answered with "no".
		accept := event.Type == cdppage.DialogTypeBeforeunload
		if !accept {
			if err := s.page.noteDialog(event.Message); err != nil {
				s.end(err)
				s.page.tab.end(err)
			}
		}
		go func() {
			// The tab and its frames may all hear of one dialog; whoever comes second gets an
			// error that means nothing.
			_ = s.Call(s.gone, cdppage.HandleJavaScriptDialog.Method,
				cdppage.HandleJavaScriptDialogParams{Accept: accept}, nil)
		}()
	case *cdppage.EventFrameNavigated:
		if event.Frame.ParentID == "" {
			s.mu.Lock()
			clear(s.inFlight) // the requests of the page before are nobody's now
			s.mu.Unlock()
		}
	case *network.EventRequestWillBeSent:
		switch event.Type {
		case network.ResourceTypeEventSource, network.ResourceTypeMedia, network.ResourceTypePing:
			return // such requests may stay open for as long as the page does
		}
		s.mu.Lock()
		s.inFlight[event.RequestID] = request{time.Now(), event.FrameID}
		s.mu.Unlock()
	case *fetch.EventRequestPaused:
		method, params := fetch.ContinueRequest.Method, any(fetch.ContinueRequestParams{RequestID: event.RequestID})
		if s.sentOn(event) {
			method = fetch.FailRequest.Method
			params = fetch.FailRequestParams{RequestID: event.RequestID, ErrorReason: network.ErrorReasonAborted}
		}
		go func() { _ = s.Call(s.gone, method, params, nil) }() // the page may go away before
	case *network.EventLoadingFinished:
		s.answered(event.RequestID)
	case *network.EventLoadingFailed:
		s.answered(event.RequestID)
	}
}

func (s *session) answered(id network.RequestID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.inFlight, id)
}

// busy reports whether a request is under way that is younger than limit: one that is older is
// kept open on purpose, as pages do that wait for news. The end of a request for what a frame
// of another site shows is told to that frame's own session alone.
func (s *session) busy(limit time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.inFlight {
		own := s.page.frames[target.ID(r.frame)]
		if time.Since(r.since) < limit && (own == nil || own == s) {
			return true
		}
	}
	return false
}

// Call sends one command to the target.
func (s *session) Call(ctx context.Context, method string, params, result any) error {
	err := ask(ctx, s.gone, s.limit, s.Target, method, params, result)
	if errors.Is(err, ErrGone) && s.page.tab != nil && s.page.tab != s && s.page.tab.gone.Err() == nil {
		return errFrameGone // the page did not: the next look decides
	}
	return err
}

// ask sends one command to the browser or to a target in it. Gone ends when nobody can answer.
// An error names the command and never its parameters, which may hold a secret.
func ask(ctx, gone context.Context, limit time.Duration, to cdp.Session, method string, params, result any) error {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	defer context.AfterFunc(gone, cancel)()
	err := to.Call(limited, method, params, result)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil && gone.Err() == nil:
		return ctx.Err()
	case errors.Is(context.Cause(gone), errFlooded):
		return context.Cause(gone)
	case gone.Err() != nil, errors.Is(err, chromedp.ErrTargetDetached), errors.Is(err, context.Canceled):
		return failure(ErrGone, "the page is gone: its tab or the browser was closed, or it crashed")
	case errors.Is(err, context.DeadlineExceeded):
		return failure(ErrTimeout, "the browser did not answer %s within %s", method, limit)
	}
	return fmt.Errorf("browser: %s: %w", method, err)
}

// evaluate reads a fixed expression in the target's own document.
func (s *session) evaluate(ctx context.Context, expression string, result any) error {
	got, err := cdp.Call(ctx, s, runtime.Evaluate, runtime.EvaluateParams{
		Expression: expression, ReturnByValue: new(true), AwaitPromise: new(true),
	})
	if err != nil {
		return err
	}
	if got.ExceptionDetails != nil || got.Result == nil {
		return errors.New("browser: the page's own script failed while it was being read")
	}
	return json.Unmarshal(got.Result.Value, result)
}

// watchRequests has the browser ask before each request of a document or script, until the page
// is opened anew.
func (s *session) watchRequests(ctx context.Context) error {
	var patterns []*fetch.RequestPattern
	for _, of := range []network.ResourceType{network.ResourceTypeDocument, network.ResourceTypeXHR, network.ResourceTypeFetch} {
		patterns = append(patterns, &fetch.RequestPattern{ResourceType: of})
	}
	_, err := cdp.Call(ctx, s, fetch.Enable, fetch.EnableParams{Patterns: patterns})
	return err
}

// sentOn reports whether a request is what a site has made of another by a redirect, body
// included, and goes to another origin than that one did. An app's own request may go anywhere.
func (s *session) sentOn(event *fetch.EventRequestPaused) bool {
	if !event.Request.HasPostData {
		return false
	}
	to := noOrigin
	if u, err := url.Parse(event.Request.URL); err == nil {
		to = originOf(u)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	from := cmp.Or(s.began[event.RedirectedRequestID], to)
	s.began[event.RequestID] = from
	if from == to {
		return false
	}
	s.page.mu.Lock()
	defer s.page.mu.Unlock()
	s.page.sentOn = &ElsewhereError{Given: s.page.given, Reached: siteName(to), Sent: true}
	return true
}
