package page

// jsChoice is one step of working a choice control that the page draws itself, and one look at
// it: what it shows as chosen, and its open list. It looks at the document rather than at the
// accessibility tree, because an open list may hide all else from that, the control too.
//
// A list belongs to the control where the control names it, or where it came up after the step
// "mark". An option is bare where nothing says that it can be chosen: a notice such as "No
// options" may have the role of an option and is known by that. Options that are not drawn are
// the mirror of a list that only keys work.
const jsChoice = `function(step, which) {
	const e = this;
	const kept = globalThis.mailferryLists ||= {before: new WeakSet(), numbers: new WeakMap(), last: 0, bare: new WeakSet()};
	const up = n => n.parentElement || (n.parentNode && n.parentNode.host) || null;
	const deep = (root, query, out = []) => {
		out.push(...root.querySelectorAll(query));
		for (const n of root.querySelectorAll('*')) if (n.shadowRoot) deep(n.shadowRoot, query, out);
		return out;
	};
	const named = (n, attribute) => (n.getAttribute(attribute) || '').split(/\s+/).filter(Boolean)
		.map(id => n.getRootNode().getElementById(id) || document.getElementById(id)).filter(Boolean);
	const rendered = n => n.checkVisibility({checkVisibilityCSS: true, visibilityProperty: true});
	const drawn = n => {
		if (!(n.offsetWidth > 1 && n.offsetHeight > 1)) return false;
		for (let a = up(n); a; a = up(a)) if (a.offsetParent && (a.offsetWidth <= 1 || a.offsetHeight <= 1) && getComputedStyle(a).overflow !== 'visible') return false;
		return true;
	};
	const active = () => { let a = document.activeElement; while (a && a.shadowRoot && a.shadowRoot.activeElement) a = a.shadowRoot.activeElement; return a; };
	` + jsText + `
	const LISTS = '[role=listbox],[role=menu],[role=tree],[role=grid]', OPTIONS = '[role=option],[role=menuitemradio],[role=menuitem],[role=treeitem]';
	let expanded = null;
	const own = new Set();
	for (let a = e, i = 0; a && i < 4 && !a.matches('form,[role=dialog]'); a = up(a), i++) {
		expanded = expanded || a.getAttribute('aria-expanded');
		for (const n of named(a, 'aria-controls').concat(named(a, 'aria-owns')))
			for (const list of n.matches(LISTS) ? [n] : deep(n, LISTS)) own.add(list);
	}
	const find = () => {
		let last = null;
		for (const n of deep(document, LISTS)) {
			if (!rendered(n) || n.contains(e) || !(own.has(n) && expanded !== 'false') && kept.before.has(n)) continue;
			if (!last || own.has(n) || !own.has(last)) last = n;
		}
		return last;
	};
	if (step === 'mark') {
		kept.before = new WeakSet();
		for (const n of deep(document, LISTS)) if (rendered(n)) kept.before.add(n);
	}
	let list = find(), moved = false, end = true;
	const optionsOf = list => deep(list, OPTIONS).filter(o => rendered(o) && !(o.parentElement && o.parentElement.closest(OPTIONS)));
	const number = o => kept.numbers.get(o) || (kept.numbers.set(o, ++kept.last), kept.last);
	const behind = () => !!e.closest('[aria-hidden=true],[inert]');
	if (step === 'focus') {
		e.scrollIntoView({block: 'center', behavior: 'instant'});
		e.focus();
	} else if (step === 'press') {
		(` + jsActivate + `).call(e, false);
	} else if (step === 'blur') {
		e.blur();
	} else if (step === 'beside') {
		const around = e.closest('form,[role=dialog],[role=alertdialog],dialog,body') || document.body;
		for (const type of ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click']) around.dispatchEvent(new (type.startsWith('p') ? PointerEvent : MouseEvent)(type,
			{bubbles: true, cancelable: true, composed: true, view: window}));
	} else if (step === 'key') {
		// The key goes to the control, or to what has the cursor in the list that is open.
		let at = active();
		if (!list || !at || at === document.body || !(list.contains(at) || at.contains(list) || behind())) { e.focus(); at = active(); }
		for (const type of ['keydown', 'keyup']) (at && at !== document.body ? at : e).dispatchEvent(new KeyboardEvent(type,
			{key: which[0], code: which[0], keyCode: which[1], which: which[1], bubbles: true, cancelable: true, composed: true, view: window}));
	} else if (step === 'take') {
		for (const o of list ? optionsOf(list) : []) if (number(o) === which) (` + jsActivate + `).call(o, false);
	} else if (step === 'scroll' && list) {
		const scrolls = n => n.scrollHeight > n.clientHeight + 1 && /auto|scroll|overlay/.test(getComputedStyle(n).overflowY);
		let box = null;
		for (let a = list, i = 0; a && i < 4 && !box; a = up(a), i++) if (scrolls(a)) box = a;
		box = box || Array.from(list.querySelectorAll('*')).find(scrolls);
		if (box) {
			const before = box.scrollTop;
			box.scrollTop = which === 'top' ? 0 : which === 'bottom' ? box.scrollHeight : before + Math.max(20, box.clientHeight * 0.8);
			moved = box.scrollTop !== before;
			end = box.scrollTop + box.clientHeight >= box.scrollHeight - 1;
		}
	}
	const options = [];
	if (!e.isConnected) return {options}; // the page drew it anew because of the step
	list = find();
	if (list) {
		const at = active(), current = [e, at, list].flatMap(n => n ? named(n, 'aria-activedescendant') : []);
		for (const o of optionsOf(list).slice(0, 5000)) {
			const shown = lines(o), label = tidy(o.getAttribute('aria-label') || named(o, 'aria-labelledby').map(n => n.textContent).join(' ')) || shown[0] || '';
			let off = o.matches(':disabled');
			for (let a = o; a && a !== list && !off; a = up(a)) off = a.getAttribute('aria-disabled') === 'true';
			options.push({number: number(o), key: o.id || label, text: label, full: shown.join(' '), off, drawn: drawn(o),
				bare: !o.hasAttribute('aria-selected') && !o.hasAttribute('aria-checked') && !o.hasAttribute('tabindex') && getComputedStyle(o).cursor !== 'pointer',
				active: current.length ? current.includes(o) : o === at});
		}
		if (options.length > 1 && options.every(o => o.bare)) kept.bare.add(e);
	}
	return {value: (` + jsShown + `).call(e), open: !!list, behind: behind(), options, bare: kept.bare.has(e), moved, end};
}`

// jsText declares tidy, and lines: the lines of text that a person sees in an element. What is
// hidden from people is left out; what stands in a box of its own is a line of its own.
const jsText = `const tidy = text => text.replace(/[\u200b-\u200f\u2060\ufeff\ue000-\uf8ff]/g, '').replace(/\s+/g, ' ').trim();
	const lines = (root, skip = () => false) => {
		let out = '';
		const add = n => {
			for (const c of n.childNodes) {
				if (c.nodeType === 3) out += c.data.replace(/\s+/g, ' ');
				else if (c.nodeType !== 1 || /^(svg|style|script)$/.test(c.localName) || c.getAttribute('aria-hidden') === 'true' || skip(c)) continue;
				else {
					const style = getComputedStyle(c), block = !/^(inline|contents)/.test(style.display);
					if (style.display === 'none' || style.visibility === 'hidden') continue;
					if (block) out += '\n';
					add(c);
					if (block) out += '\n';
				}
			}
		};
		add(root);
		return out.split('\n').map(tidy).filter(Boolean);
	};`

// jsShown reads what a choice control shows as chosen: its own text, or, where it is an empty
// input, the nearest text around it that is neither its label nor a description. A text that is
// drawn much fainter than the control's own letters is a placeholder, and so is a description
// that stands there and ends in an ellipsis.
const jsShown = `function() {
	const e = this;
	` + jsText + `
	if (e.localName === 'input' && e.value) return tidy(e.value);
	const root = e.getRootNode();
	const named = name => (e.getAttribute(name) || '').split(/\s+/).filter(Boolean).map(id => root.getElementById(id)).filter(Boolean);
	const labels = named('aria-labelledby').concat(Array.from(e.labels || [])).filter(l => !l.contains(e) && !e.contains(l));
	const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
	const rgba = color => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); return canvas.getImageData(0, 0, 1, 1).data; };
	const ground = n => { for (let a = n; a; a = a.parentElement) { const c = rgba(getComputedStyle(a).backgroundColor); if (c[3] > 250) return c; } return [255, 255, 255, 255]; };
	const light = c => { const [r, g, b] = [0, 1, 2].map(i => { const v = c[i] / 255; return v <= 0.04 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
	const contrast = n => {
		const style = getComputedStyle(n), c = rgba(style.color), under = ground(n);
		const seen = c[3] / 255 * (n === e ? 1 : Number(style.opacity)), mixed = [0, 1, 2].map(i => c[i] * seen + under[i] * (1 - seen));
		const a = light(mixed), b = light(under);
		return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
	};
	const holder = (n, text) => { for (const c of n.children) if (c.getAttribute('aria-hidden') !== 'true' && tidy(c.textContent).includes(text)) return holder(c, text); return n; };
	const faint = (n, text) => {
		const at = holder(n, text);
		for (let a = at; a; a = a.parentElement) { if (a.hasAttribute('data-placeholder')) return true; if (a === n) break; }
		if (e.matches(':disabled,[aria-disabled=true]')) return false;
		return contrast(at) < 0.6 * Math.max(contrast(e), ...labels.filter(l => l.checkVisibility()).map(contrast), 1);
	};
	const chosen = (n, skip) => { const text = lines(n, skip)[0] || ''; return text && !faint(n, text) ? text : ''; };
	if (e.localName !== 'input') return chosen(e, n => labels.includes(n));
	const described = named('aria-describedby'), after = n => e.compareDocumentPosition(n) & Node.DOCUMENT_POSITION_FOLLOWING;
	const skip = n => described.includes(n) && after(n) || n.localName === 'button' || n.hasAttribute('aria-live')
		|| /^(log|status|alert|listbox|menu|button)$/.test(n.getAttribute('role') || '') || n.offsetWidth <= 1 && n.offsetHeight <= 1 && getComputedStyle(n).display !== 'contents';
	for (let a = e.parentElement, i = 0; a && i < 6; a = a.parentElement, i++) {
		if (a.localName === 'label' || labels.some(l => a.contains(l))) break;
		const others = Array.from(a.querySelectorAll('input,select,textarea')).filter(o =>
			o !== e && o.type !== 'hidden' && o.tabIndex >= 0 && o.getAttribute('aria-hidden') !== 'true');
		if (others.length) break;
		const text = lines(a, skip)[0];
		const prompts = text && described.some(d => d.contains(holder(a, text))) && /(\.\.\.|…)$/.test(text);
		if (text) return prompts || faint(a, text) ? '' : text;
	}
	return '';
}`
