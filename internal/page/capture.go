package page

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

var errNoContent = errors.New("the page has no content yet")

// capture reads what the page shows now. With only set, nothing but that document and the
// frames of its site inside it is read, which spares the host page's own, often large, tree.
// The snapshot has no documents when that one is no longer there.
func (p *Page) capture(ctx context.Context, only frame) (snap *snapshot, err error) {
	for range 3 {
		docs, err := p.listDocuments(ctx)
		if err != nil {
			return nil, err
		}
		snap = &snapshot{top: docs[0]}
		if only.id != "" {
			if err := p.checkTop(snap.top); err != nil {
				return nil, err
			}
			if docs, err = p.inFrame(docs, only); err != nil || len(docs) == 0 {
				return snap, err
			}
		}
		if snap.docs, err = p.read(ctx, docs); err != nil {
			return nil, err
		}
		if len(snap.docs) > 0 && snap.docs[0] == docs[0] {
			return snap, nil
		}
		if p.tab.gone.Err() != nil {
			return nil, failure(ErrGone, "the page is gone: its tab or the browser was closed, or it crashed")
		}
	}
	if only.id == "" {
		return nil, errNoContent
	}
	return &snapshot{top: snap.top}, nil
}

// read reads the documents. One that another was loaded in place of meanwhile is left out: a
// frame that went away while it was being read was not part of what the page shows.
func (p *Page) read(ctx context.Context, docs []*document) ([]*document, error) {
	var read []*document
	sessions := make(map[*session]bool)
	for _, doc := range docs {
		sessions[doc.session] = true
		switch err := doc.read(ctx); {
		case err == nil:
			read = append(read, doc)
		case (doc.session == p.tab || ctx.Err() != nil) && !vanished(err):
			return nil, err
		}
	}
	// A document that is still there after it was read is the one that was read, and so is every
	// page around it.
	still := make(map[docKey]bool)
	for s := range sessions {
		now, err := s.documents(ctx)
		if err = ignoreTransient(err); err != nil && s == p.tab {
			return nil, err
		}
		for _, doc := range now {
			still[doc.key] = true
		}
	}
	read = slices.DeleteFunc(read, func(doc *document) bool { return !still[doc.key] })
	for _, doc := range read {
		if doc.parent != nil && doc != docs[0] {
			if err := p.graft(ctx, doc); err != nil {
				return nil, err
			}
		}
	}
	return read, nil
}

// vanished tells a frame that is no longer there, or not yet, from a browser that does not answer.
func vanished(err error) bool {
	lasting := []error{ErrGone, ErrTimeout, errFlooded, context.Canceled, context.DeadlineExceeded}
	return !errors.As(err, new(*ElsewhereError)) &&
		!slices.ContainsFunc(lasting, func(kind error) bool { return errors.Is(err, kind) })
}

// inFrame returns the document in the frame and those of the same site inside it. The frame
// must still be at the site that it was found at.
func (p *Page) inFrame(docs []*document, in frame) ([]*document, error) {
	kept := slices.DeleteFunc(slices.Clone(docs), func(doc *document) bool {
		for doc != nil && doc.key.frame != in.id {
			doc = doc.parent
		}
		return doc == nil
	})
	switch {
	case len(kept) == 0:
		return nil, nil
	case kept[0].failed:
		return nil, failure(ErrGone, "the frame that was worked in could not load %s", Clean(redacted(kept[0].url)))
	case kept[0].origin != in.origin:
		return nil, p.replaced(in.origin, kept[0].origin)
	}
	return slices.DeleteFunc(kept, func(doc *document) bool { return doc.origin != in.origin }), nil
}

func (d *document) read(ctx context.Context) error {
	var wire wireTree
	params := accessibility.GetFullAXTreeParams{FrameID: d.key.frame}
	if err := d.session.Call(ctx, accessibility.GetFullAXTree.Method, params, &wire); err != nil {
		return err
	}
	if err := d.build(&wire); err != nil {
		return err
	}
	if err := d.unhide(ctx); !errors.As(err, new(*ElsewhereError)) {
		return err
	}
	return nil
}

// graft hangs a frame's tree below the element that shows the frame. A frame whose element is
// hidden stays apart, as a person does not see it either.
func (p *Page) graft(ctx context.Context, doc *document) error {
	got, err := cdp.Call(ctx, doc.parent.session, dom.GetFrameOwner, dom.GetFrameOwnerParams{FrameID: doc.key.frame})
	if err != nil {
		if vanished(err) || doc.parent.session != p.tab {
			return nil
		}
		return err
	}
	if shown := doc.parent.byID[got.BackendNodeID]; shown != nil {
		doc.root.parent = shown
		shown.children = append(shown.children, doc.root)
	}
	return nil
}

// listDocuments names every document of the page, outermost first, and attaches to frames of
// other sites as it meets them.
func (p *Page) listDocuments(ctx context.Context) ([]*document, error) {
	for id, s := range p.frames {
		if s.gone.Err() != nil {
			delete(p.frames, id)
		}
	}
	for {
		docs, err := p.walkFrames(ctx)
		if err != nil {
			return nil, err
		}
		// A frame inside a frame is known only once the outer one is.
		more, err := p.attachFrames(ctx, docs)
		if err != nil || !more {
			return docs, err
		}
	}
}

// attachFrames opens a session with each frame target inside the documents and reports whether
// there was a new one.
func (p *Page) attachFrames(ctx context.Context, docs []*document) (bool, error) {
	ours := make(map[cdp.FrameID]bool, len(docs))
	for _, doc := range docs {
		ours[doc.key.frame] = true
	}
	var list target.GetTargetsResult
	if err := p.browser.do(ctx, target.GetTargets.Method, target.GetTargetsParams{}, &list); err != nil {
		return false, err
	}
	more := false
	for _, info := range list.TargetInfos {
		parent := info.ParentFrameID
		if parent == "" {
			parent = cdp.FrameID(info.ParentID)
		}
		// The same browser may show other tabs, whose frames are none of ours.
		if info.Type != "iframe" || p.frames[info.TargetID] != nil || !ours[parent] {
			continue
		}
		if len(p.frames) >= maxFrames {
			return false, errors.New("the page has too many frames to read")
		}
		s, err := attach(ctx, p.browser.ctx, p.browser.options.Timeout, p,
			chromedp.WithTargetID(info.TargetID), chromedp.WithDetachOnCancel())
		if err != nil {
			if ctx.Err() != nil {
				return false, ctx.Err()
			}
			continue // it went away again; the next look decides
		}
		p.frames[info.TargetID], s.around = s, parent
		more = true
	}
	return more, nil
}

// sessions are those of the tab and of every frame target.
func (p *Page) sessions() []*session {
	sessions := []*session{p.tab}
	for _, id := range slices.Sorted(maps.Keys(p.frames)) {
		sessions = append(sessions, p.frames[id])
	}
	return sessions
}

// walkFrames lists the documents of the tab and of every frame target.
func (p *Page) walkFrames(ctx context.Context) ([]*document, error) {
	byFrame := make(map[cdp.FrameID]*document)
	var order []*document
	for _, s := range p.sessions() {
		docs, err := s.documents(ctx)
		if err != nil {
			if s != p.tab && ctx.Err() == nil {
				continue
			}
			return nil, err
		}
		for _, doc := range docs {
			if byFrame[doc.key.frame] == nil && len(order) < maxFrames {
				byFrame[doc.key.frame] = doc
				order = append(order, doc)
			}
		}
	}
	for _, doc := range order {
		if owner := byFrame[doc.around]; owner != doc {
			doc.parent = owner
		}
	}
	depth := func(doc *document) (n int) {
		for at := doc.parent; at != nil && n <= maxFrames; at = at.parent {
			n++
		}
		return n
	}
	// Outermost first, and none that is in no known frame.
	docs := slices.DeleteFunc(order, func(doc *document) bool { return depth(doc) > maxFrames })
	slices.SortStableFunc(docs, func(a, b *document) int { return depth(a) - depth(b) })
	if len(docs) == 0 {
		return nil, errNoContent
	}
	for _, doc := range docs {
		doc.origin = doc.trueOrigin()
	}
	return docs, nil
}

// documents lists the documents that the session reaches now, outermost first.
func (s *session) documents(ctx context.Context) ([]*document, error) {
	got, err := cdp.Call(ctx, s, cdppage.GetFrameTree, cdp.Empty{})
	if err != nil {
		return nil, err
	}
	var docs []*document
	var walk func(tree *cdppage.FrameTree, depth int)
	walk = func(tree *cdppage.FrameTree, depth int) {
		if tree == nil || tree.Frame == nil || depth > maxFrames || len(docs) >= maxFrames {
			return
		}
		f := tree.Frame
		docs = append(docs, &document{session: s, key: docKey{f.ID, f.LoaderID}, origin: f.SecurityOrigin,
			around: cmp.Or(f.ParentID, s.around), url: f.URL, failed: f.UnreachableURL != ""})
		for _, child := range tree.ChildFrames {
			walk(child, depth+1)
		}
	}
	walk(got.FrameTree, 0)
	return docs, nil
}
