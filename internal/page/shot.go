package page

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// Screenshot draws the tab as a PNG for someone who reports a problem. Every password field in every frame, and every field with
// one of the labels, is made invisible first; when that cannot be done for each of them, there is no picture. What a page
// repeats as plain text outside of fields stays visible: it is for the caller to ask for a picture only where a secret is nowhere else.
func (p *Page) Screenshot(ctx context.Context, secretLabels ...string) (picture []byte, err error) {
	snap, found, err := p.capture(ctx, "")
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errors.New("the page has no content yet")
	}
	secret := make(map[string]bool)
	for _, label := range secretLabels {
		secret[fold(label)] = true
	}
	type hidden struct {
		s      *session
		object runtime.RemoteObjectID
	}
	var done []hidden
	defer func() {
		for _, h := range done {
			// Without this the person would look at a page with fields that cannot be seen.
			if undo := h.s.functionOn(context.WithoutCancel(ctx), h.object, jsUnhide, nil); undo != nil && !stale(undo) {
				err = errors.Join(err, fmt.Errorf("show the fields again: %w", undo))
			}
		}
	}()
	for _, doc := range snap.docs {
		nodes, err := passwordNodes(ctx, doc)
		if err != nil {
			return nil, fmt.Errorf("look for password fields: %w", err)
		}
		for _, f := range fields(doc.root) {
			if f.node.doc == doc && labelIn(f, secret) {
				nodes = append(nodes, f.node.backend)
			}
		}
		for _, id := range nodes {
			object, err := doc.session.resolve(ctx, id)
			if err != nil {
				return nil, fmt.Errorf("blank a secret field: %w", err)
			}
			done = append(done, hidden{doc.session, object})
			var blank bool
			if err := doc.session.functionOn(ctx, object, jsHide, &blank); err != nil || !blank {
				return nil, errors.Join(errors.New("a secret field could not be blanked, so no picture was taken"), err)
			}
		}
	}
	got, err := call(ctx, p.tab, cdppage.CaptureScreenshot, cdppage.CaptureScreenshotParams{Format: cdppage.CaptureScreenshotFormatPng})
	if err != nil {
		return nil, err
	}
	return got.Data, nil
}

func labelIn(f *field, folded map[string]bool) bool {
	for label := range folded {
		if f.matches(label) {
			return true
		}
	}
	return false
}

// passwordNodes finds the password fields of a document, open shadow roots included, from the document itself: the accessibility
// tree does not tell them from text.
func passwordNodes(ctx context.Context, doc *document) ([]cdp.BackendNodeID, error) {
	object, err := doc.session.resolve(ctx, doc.root.backend)
	if err != nil {
		return nil, err
	}
	got, err := call(ctx, doc.session, dom.DescribeNode, dom.DescribeNodeParams{ObjectID: object, Depth: ptr(int64(-1)), Pierce: ptr(true)})
	if err != nil {
		return nil, err
	}
	var found []cdp.BackendNodeID
	var walk func(n *cdp.Node, depth int)
	walk = func(n *cdp.Node, depth int) {
		if n == nil || depth > maxDepth {
			return
		}
		if n.LocalName == "input" && strings.EqualFold(attribute(n, "type"), "password") {
			found = append(found, n.BackendNodeID)
		}
		for _, child := range n.Children {
			walk(child, depth+1)
		}
		for _, root := range n.ShadowRoots {
			walk(root, depth+1)
		}
	}
	walk(got.Node, 0)
	return found, nil
}

func attribute(n *cdp.Node, name string) string {
	for i := 0; i+1 < len(n.Attributes); i += 2 {
		if n.Attributes[i] == name {
			return n.Attributes[i+1]
		}
	}
	return ""
}
