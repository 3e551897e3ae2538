package page

import (
	"context"
	"slices"
	"strconv"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/runtime"
)

// jsBehind finds the native lists that are hidden behind something that the page draws in
// their place: their label can be seen and they cannot. With a number it gives the elements of
// one: the list, its label, and what stands in its place.
const jsBehind = `function(which) {
	if (which >= 0) return globalThis.mailferryBehind[which];
	const seen = n => n.checkVisibility({checkVisibilityCSS: true, visibilityProperty: true}) && n.offsetWidth > 1 && n.offsetHeight > 1;
	const found = [], labels = [];
	for (const e of document.querySelectorAll('select')) {
		if (seen(e) && !e.closest('[aria-hidden=true],[inert]')) continue;
		const named = (e.getAttribute('aria-labelledby') || '').split(/\s+/).filter(Boolean).map(id => document.getElementById(id));
		const label = Array.from(e.labels || []).concat(named).find(l => l && seen(l) && !l.contains(e));
		if (!label || e.parentElement.querySelectorAll('select').length > 1) continue;
		found.push(e, label, ...e.parentElement.querySelectorAll('[role=combobox],[aria-haspopup]'));
		labels.push({label: label.innerText, elements: found.length});
	}
	globalThis.mailferryBehind = found;
	return labels;
}`

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
	if err := d.root.run(ctx, jsBehind, &found, -1); err != nil {
		return err
	}
	at := 0
	for _, f := range found {
		var ids []cdp.BackendNodeID
		for ; at < f.Elements; at++ {
			id, err := d.root.element(ctx, jsBehind, at)
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		list, label := &node{doc: d, backend: ids[0], role: "combobox", name: f.Label}, d.byID[ids[1]]
		if label == nil || d.byID[list.backend] != nil {
			continue
		}
		for _, id := range ids[2:] {
			if n := d.byID[id]; n != nil && n.parent != nil {
				n.parent.children = slices.DeleteFunc(n.parent.children, func(c *node) bool { return c == n })
			}
		}
		list.parent, d.byID[list.backend] = label.parent, list
		in := slices.Index(label.parent.children, label) + 1
		label.parent.children = slices.Insert(label.parent.children, in, list)
	}
	return nil
}

// element calls a function that returns an element.
func (n *node) element(ctx context.Context, function string, arg int) (cdp.BackendNodeID, error) {
	object, err := n.resolve(ctx, false)
	if err != nil {
		return 0, err
	}
	got, err := call(ctx, n.doc.session, runtime.CallFunctionOn, runtime.CallFunctionOnParams{
		FunctionDeclaration: function, ObjectID: object, Arguments: []*runtime.CallArgument{{Value: []byte(strconv.Itoa(arg))}}})
	if err != nil {
		return 0, err
	}
	if got.Result == nil || got.Result.ObjectID == "" {
		return 0, errDetached
	}
	described, err := call(ctx, n.doc.session, dom.DescribeNode, dom.DescribeNodeParams{ObjectID: got.Result.ObjectID})
	if err != nil {
		return 0, err
	}
	return described.Node.BackendNodeID, nil
}
