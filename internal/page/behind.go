package page

import (
	"context"
	"slices"
	"strconv"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/runtime"
)

// unhide puts the native lists that are hidden behind something drawn into the tree, and takes
// out what stands in their place.
func (d *document) unhide(ctx context.Context) error {
	if len(d.labels) == 0 || d.root.backend == 0 {
		return nil
	}
	var found []struct {
		Label    string `json:"label"`
		Elements int    `json:"elements"` // until its own end
	}
	if err := d.root.run(ctx, "behind", &found); err != nil {
		return err
	}
	at := 0
	for _, f := range found {
		var ids []cdp.BackendNodeID
		for ; at < f.Elements; at++ {
			id, err := d.root.element(ctx, at)
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		list, label := &node{doc: d, backend: ids[0], role: "combobox", name: f.Label}, d.byID[ids[1]]
		if label == nil {
			continue
		}
		for _, id := range ids[2:] {
			if n := d.byID[id]; n != nil && n.parent != nil {
				n.parent.children = slices.DeleteFunc(n.parent.children, func(c *node) bool { return c == n })
			}
		}
		if d.byID[list.backend] != nil {
			continue
		}
		list.parent, d.byID[list.backend] = label.parent, list
		in := slices.Index(label.parent.children, label) + 1
		label.parent.children = slices.Insert(label.parent.children, in, list)
	}
	return nil
}

// element is one of those that behind in page.js has found.
func (n *node) element(ctx context.Context, at int) (cdp.BackendNodeID, error) {
	object, err := n.resolve(ctx, false)
	if err != nil {
		return 0, err
	}
	got, err := cdp.Call(ctx, n.doc.session, runtime.CallFunctionOn, runtime.CallFunctionOnParams{
		FunctionDeclaration: "function(at) { return mailferryBehind[at]; }", ObjectID: object,
		Arguments: []*runtime.CallArgument{{Value: []byte(strconv.Itoa(at))}}})
	if err != nil {
		return 0, err
	}
	if got.Result == nil || got.Result.ObjectID == "" {
		return 0, errDetached
	}
	described, err := cdp.Call(ctx, n.doc.session, dom.DescribeNode, dom.DescribeNodeParams{ObjectID: got.Result.ObjectID})
	if err != nil {
		return 0, err
	}
	return described.Node.BackendNodeID, nil
}
