// What runs inside a page. Its text is fixed: labels, values and secrets reach it as arguments
// only. It runs with an element as "this", apart from the page's own scripts, in a world of its
// own on the same document.
//
// It compares the origins of the tab and of the element's document with those that are expected,
// in the same turn in which the function of the name then reads, enters or presses: no
// navigation comes between them.
function inPage(given, expected, name, ...args) {
	// By what no script of a page can put another thing in the place of. A document without an
	// address has only the other name of its origin.
	const origin = location.protocol === 'about:' ? globalThis.origin : location.origin;
	const around = {__proto__: null, ...location.ancestorOrigins};
	let top = origin;
	for (let i = 0; i in around; i++) top = around[i];
	if (top !== given) return {top};
	if (origin !== expected) return {own: origin};
	if ((this.ownerDocument || this) !== document || !this.isConnected) return {moved: true};

	// up is the element around another, and below what is right inside one, as the page draws
	// them: through shadow roots and slots.
	const up = n => n.assignedSlot || n.parentElement || (n.parentNode && n.parentNode.host) || null;
	const below = n => n.shadowRoot ? n.shadowRoot.childNodes
		: n.localName === 'slot' && n.assignedNodes().length ? n.assignedNodes() : n.childNodes;
	const inside = (n, root) => { for (; n; n = up(n)) if (n === root) return true; return false; };
	const tidy = text => text.replace(/[\u200b-\u200f\u2060\ufeff\ue000-\uf8ff]/g, '').replace(/\s+/g, ' ').trim();
	const squeeze = text => text.replace(/\s+/g, ' ').trim();
	const OPTIONS = '[role=option],[role=menuitemradio],[role=menuitem],[role=treeitem]';
	// named are the elements that an attribute names by their ids.
	const named = (n, attribute) => (n.getAttribute(attribute) || '').split(/\s+/).filter(Boolean)
		.map(id => n.getRootNode().getElementById(id) || document.getElementById(id)).filter(Boolean);
	const active = () => { let a = document.activeElement; while (a && a.shadowRoot && a.shadowRoot.activeElement) a = a.shadowRoot.activeElement; return a; };
	const rendered = n => n.checkVisibility({checkVisibilityCSS: true, visibilityProperty: true});
	const textOf = option => squeeze(option.label || option.text);
	const mouse = (n, type, more) => n.dispatchEvent(new (type.startsWith('p') ? PointerEvent : MouseEvent)(type,
		{bubbles: true, cancelable: true, composed: true, view: window, ...more}));
	const key = (n, type, key, code, altKey = false) => n.dispatchEvent(new KeyboardEvent(type,
		{key, code: key, keyCode: code, which: code, altKey, bubbles: true, cancelable: true, composed: true, view: window}));

	// lines are the lines of text that a person sees in an element. What is hidden from people is
	// left out; what stands in a box of its own is a line of its own.
	const lines = (root, skip = () => false) => {
		let out = '';
		const add = n => {
			for (const c of below(n)) {
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
	};

	// sends says where a press of an element would send its form, in words, when that is not to
	// where the element's own document is from, into its own window; else "". Attributes are read
	// as what they are: a form's fields may have the names of its properties.
	const sends = (e, always) => {
		const attribute = (n, name) => n && Element.prototype.getAttribute.call(n, name);
		let form = e.form;
		for (let n = e; n && !form; n = n.parentNode || n.host) if (n instanceof HTMLFormElement) form = n;
		if (!form || !always && !/^(submit|image)$/.test(e.type)) return '';
		const action = attribute(e, 'formaction') || attribute(form, 'action');
		if (action && URL.canParse(action, e.baseURI)) {
			const to = new URL(action, e.baseURI);
			if (to.protocol !== 'javascript:' && to.origin !== origin) return to.origin === 'null' ? to.protocol : to.origin;
		}
		const target = attribute(e, 'formtarget') || attribute(form, 'target') || attribute(document.querySelector('base[target]'), 'target') || '';
		const around = location.ancestorOrigins, word = target.toLowerCase();
		const here = ['', '_self', window.name.toLowerCase()].includes(word)
			|| word === '_parent' && (!around.length || around[0] === origin)
			|| word === '_top' && (!around.length || around[around.length - 1] === origin)
			|| Array.from(document.querySelectorAll('iframe'), f => f.contentDocument && f.name.toLowerCase()).includes(word);
		return here ? '' : 'another window, named ' + target;
	};

	// activate presses an element with all that a mouse would send, but straight at it, so that a
	// toast or a sticky bar that lies over it does not get in the way. Components differ in which
	// of these events they act on. It returns the fields, if any, because of which the browser's
	// own validation stopped a form from being sent. A press that would send a form elsewhere is
	// not made.
	const activate = (e, send) => {
		if (sends(e, send)) return {sends: sends(e, send)};
		e.scrollIntoView({block: 'center', inline: 'nearest', behavior: 'instant'});
		const box = e.getBoundingClientRect();
		const at = {detail: 1, button: 0, buttons: 0, clientX: box.left + box.width / 2, clientY: box.top + box.height / 2};
		const pen = {...at, pointerId: 1, pointerType: 'mouse', isPrimary: true};
		mouse(e, 'pointerover', pen); mouse(e, 'mouseover', at);
		mouse(e, 'pointermove', {...pen, button: -1}); mouse(e, 'mousemove', at);
		mouse(e, 'pointerdown', {...pen, buttons: 1});
		if (mouse(e, 'mousedown', {...at, buttons: 1}) && e.isConnected && !e.closest('[role=listbox],[role=menu]')) e.focus({preventScroll: true});
		mouse(e, 'pointerup', pen); mouse(e, 'mouseup', at);
		if (sends(e, send)) return {sends: sends(e, send)};
		const stopped = [], root = e.getRootNode();
		const note = event => {
			const f = event.target, label = f.labels && f.labels[0] ? f.labels[0].innerText : f.getAttribute('aria-label') || f.name || '';
			if (stopped.length < 20) stopped.push(label.trim() + ': ' + f.validationMessage);
		};
		root.addEventListener('invalid', note, true);
		if (e.isConnected) e.click();
		root.removeEventListener('invalid', note, true);
		return {stopped};
	};

	// shown reads what a choice control shows as chosen: its own text, or what an input in it
	// holds, or, where it is an empty input, the nearest text around it that is neither its label
	// nor a description. A text that is drawn much fainter than the control's own letters is a
	// placeholder, and so is a description that stands there and ends in an ellipsis.
	// At is where the text stands, of an input that does not hold it itself.
	const shown = e => shownAt(e).text;
	const shownAt = e => {
		const held = (text, at) => ({text: text || '', at});
		if (e.localName === 'input' && e.value) return held(tidy(e.value));
		const control = e.closest('[role=combobox]');
		const root = e.getRootNode(), labelsFor = n => n.id ? Array.from(root.querySelectorAll('label')).filter(l => l.htmlFor === n.id) : [];
		const labels = [e, control].flatMap(n => n ? named(n, 'aria-labelledby').concat(Array.from(n.labels || labelsFor(n))) : [])
			.filter(l => !l.contains(e) && !e.contains(l) && !l.matches(OPTIONS)); // some are labelled by what is chosen
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
			return contrast(at) < Math.min(7, 0.6 * Math.max(contrast(e), ...labels.filter(l => l.checkVisibility()).map(contrast)));
		};
		// Some controls draw their label in themselves.
		const bare = text => tidy(text || '').replace(/\s*\*$/, ''), names = (labels.length ? labels.map(l => l.textContent) : [e.getAttribute('aria-label')]).map(bare);
		const first = (n, skip) => lines(n, skip).find(text => !names.includes(bare(text))) || '';
		if (e.localName !== 'input') {
			const text = first(e, n => labels.includes(n));
			if (text) return held(!faint(e, text) && text);
			const input = e.querySelector('input');
			return held(input && rendered(input) && input.offsetWidth > 1 && tidy(input.value));
		}
		const described = named(e, 'aria-describedby'), after = n => e.compareDocumentPosition(n) & Node.DOCUMENT_POSITION_FOLLOWING;
		// What is live is no value, unless it stands inside the control.
		const live = n => n.hasAttribute('aria-live') || /^(log|status|alert)$/.test(n.getAttribute('role') || '');
		const skip = n => described.includes(n) && after(n) || /^(button|label)$/.test(n.localName) || live(n) && !inside(n, control)
			|| /^(listbox|menu|button)$/.test(n.getAttribute('role') || '') || n.offsetWidth <= 1 && n.offsetHeight <= 1 && getComputedStyle(n).display !== 'contents';
		for (let a = e.parentElement, i = 0; a && i < 6; a = a.parentElement, i++) {
			if (a.localName === 'label' || labels.some(l => a.contains(l))) break;
			const others = Array.from(a.querySelectorAll('input,select,textarea')).filter(o =>
				o !== e && o.type !== 'hidden' && o.tabIndex >= 0 && o.getAttribute('aria-hidden') !== 'true');
			if (others.length) break;
			const text = first(a, skip);
			const prompts = text && described.some(d => d.contains(holder(a, text))) && /(\.\.\.|…)$/.test(text);
			if (text) return held(!prompts && !faint(a, text) && text, holder(a, text));
		}
		return held();
	};

	// overlaid tells whether an empty input is drawn with a text in its place, as one is that says nothing of its list.
	const overlaid = e => {
		const {text, at} = shownAt(e), a = e.getBoundingClientRect(), b = at && at.getBoundingClientRect();
		return !!text && !at.contains(e) && b.top < a.bottom && b.bottom > a.top && (a.width < 16 || b.left < a.right && b.right > a.left);
	};

	const value = e => 'value' in e ? String(e.value)
		: e.getAttribute('aria-valuetext') || e.getAttribute('aria-valuenow') || e.innerText.replace(/\n$/, '');

	// chosen reads what is chosen in a list that several may be chosen in.
	const chosen = e => (e.localName === 'select' ? Array.from(e.selectedOptions, textOf)
		: Array.from(e.querySelectorAll('[role=option][aria-selected=true]'), o => squeeze(o.innerText))).join(', ');

	const describe = (e, kind, radios) => {
		const tag = e.localName, aria = name => e.getAttribute('aria-' + name);
		let disabled = e.matches(':disabled');
		for (let a = e; a && !disabled; a = a.parentElement) disabled = a.getAttribute('aria-disabled') === 'true';
		// The choices of a list without one may be yet to come, until it was seen so for a while.
		const bare = globalThis.mailferryBare ||= new WeakMap();
		if (tag !== 'select' || e.multiple || Array.from(e.options).some(o => o.value && !o.disabled)) bare.delete(e);
		else if (!bare.has(e)) bare.set(e, performance.now());
		let checked = aria('checked') || '';
		if (tag === 'input' && (e.type === 'checkbox' || e.type === 'radio')) checked = e.indeterminate ? 'mixed' : String(e.checked);
		const drops = kind === 'text' && tag === 'input' && /^(text|search)$/.test(e.type) && (e.readOnly ? getComputedStyle(e).cursor === 'pointer' : !e.value && overlaid(e));
		const suggest = tag === 'input' && !!e.list, several = tag === 'select' && e.multiple;
		const holds = several || kind === 'list of choices' ? chosen : tag === 'select' || e.type === 'password' ? () => ''
			: (kind === 'combobox' || drops) && !suggest ? shown : kind === 'combobox' || /text/.test(kind) ? value : () => '';
		return {
			tag, disabled, checked, suggest,
			holds: holds(e),
			type: tag === 'input' ? e.type : '',
			rich: !!e.isContentEditable,
			multiple: several,
			drops,
			coming: bare.has(e) && performance.now() - bare.get(e) < 1500,
			readonly: !!e.readOnly && !/^(checkbox|radio)$/.test(e.type) || aria('readonly') === 'true',
			required: !!e.required || aria('required') === 'true',
			options: radios.length ? radios.map(r => ({
				text: lines((r.labels && r.labels[0]) || named(r, 'aria-labelledby')[0] || r)[0] || '',
				selected: r.localName === 'input' ? r.checked : (r.getAttribute('aria-checked') || r.getAttribute('aria-pressed')) === 'true',
				off: r.matches(':disabled,[aria-disabled=true]')})) : tag === 'select' ? Array.from(e.options).filter((o, i) => i < 10000 || o.selected).map(o =>
				({text: textOf(o), selected: o.selected, off: o.disabled || !!(o.parentElement && o.parentElement.disabled)})) : null,
		};
	};

	const functions = {
		// describe tells of each field what kind of control its element is, in which state, and what
		// it holds, but for a password. Of about, each is what the accessibility tree takes the field
		// for, and the number of radio buttons that follow its element.
		describe(about, ...elements) {
			return about.map(([kind, buttons]) => {
				const e = elements.shift(), radios = elements.splice(0, buttons);
				return e.isConnected && e.ownerDocument === document ? describe(e, kind, radios) : null;
			});
		},

		// value reads what a text field holds, secrets included.
		value() { return value(this); },

		// type puts text in the place of all that a field holds, as typing does, so that the page
		// hears of it, and reports whether the field had the cursor for it. Looking that the cursor
		// is in the field, and entering, is one step: no script of the page runs between them but
		// those that typing calls by itself.
		type(text) {
			const held = () => this.isConnected && this.getRootNode().activeElement === this;
			this.scrollIntoView({block: 'center', behavior: 'instant'});
			this.focus();
			if (!held()) return false;
			if (typeof this.select === 'function') this.select();
			else {
				const range = document.createRange(), selection = window.getSelection();
				range.selectNodeContents(this);
				selection.removeAllRanges();
				selection.addRange(range);
			}
			const ahead = {inputType: text ? 'insertText' : 'deleteContentBackward', data: text || null, bubbles: true, cancelable: true, composed: true};
			if (!this.dispatchEvent(new InputEvent('beforeinput', ahead))) return true;
			if (!held()) return false;
			document.execCommand(text ? 'insertText' : 'delete', false, text);
			return true;
		},

		// choose picks the option with the text in a native select and tells the page as a
		// person's choice would.
		choose(text) {
			this.focus();
			this.selectedIndex = Array.from(this.options).findIndex(o => textOf(o) === text);
			this.dispatchEvent(new Event('input', {bubbles: true, composed: true}));
			this.dispatchEvent(new Event('change', {bubbles: true}));
		},

		// leave takes the cursor from the field that has it, to the element where that takes it.
		leave() {
			this.focus({preventScroll: true});
			if (active() && !inside(active(), this)) active().blur();
		},

		activate(send) { return activate(this, send); },

		// opened tells which of the items stand in what an element names as what it opens.
		opened(...items) {
			const own = named(this, 'aria-controls').concat(named(this, 'aria-owns'));
			return Array.from(items.keys()).filter(i => !own.length || own.some(n => inside(items[i], n)));
		},

		// escape closes what an element opened, as the Escape key does.
		escape() {
			const at = document.activeElement;
			key(at && at !== document.body ? at : this, 'keydown', 'Escape', 27);
		},

		// clicks tells whether an element looks as though it could be pressed.
		clicks() { return getComputedStyle(this).cursor === 'pointer'; },

		// reveal brings the last row of a list into view, and with further what comes after it,
		// screen by screen and so that a list that holds only the rows in view skips none. A lazy
		// list then loads its next part. It reports whether anything moved.
		reveal(further) {
			if (!further) {
				const top = this.getBoundingClientRect().top;
				this.scrollIntoView({block: 'end', behavior: 'instant'});
				if (Math.abs(this.getBoundingClientRect().top - top) > 1) return true;
			}
			let moved = false;
			for (let a = this; a; a = up(a)) {
				const scrolls = a === document.scrollingElement || /auto|scroll|overlay/.test(getComputedStyle(a).overflowY);
				if (!scrolls || moved) continue;
				const before = a.scrollTop;
				a.scrollTop += Math.max(20, a.clientHeight * 0.8);
				moved = a.scrollTop !== before;
			}
			return moved;
		},

		// layout tells where the elements stand towards the list that is "this" and towards those
		// of them after the first count, which are headings and tables. What is shared is counted
		// from the top of the document, through shadow roots.
		layout(count, ...nodes) {
			const chain = n => {
				const all = [];
				for (let a = n; a; a = up(a)) all.unshift(a);
				return all;
			};
			const shared = (a, b) => { let i = 0; while (i < a.length && a[i] === b[i]) i++; return i; };
			const element = n => n.nodeType === 1 ? n : n.parentElement;
			// A heading stands where the box is that holds nothing else.
			const alone = n => {
				const text = n.textContent.trim();
				while (!n.matches('table,[role]:not([role=heading])') && n.parentElement && n.parentElement.textContent.trim() === text) n = n.parentElement;
				return n;
			};
			const list = chain(this), borders = nodes.slice(count).map(n => chain(alone(element(n))));
			const spots = nodes.map((n, i) => {
				const e = element(n), own = borders[i - count] || chain(e), at = shared(own, list), style = getComputedStyle(e);
				let beside = false;
				if (list[at] && own[at]) {
					const a = list[at].getBoundingClientRect(), b = own[at].getBoundingClientRect();
					beside = (b.left >= a.right || b.right <= a.left) && b.top < a.bottom && b.bottom > a.top;
				}
				const current = e.closest('[aria-current]');
				return {depth: own.length, shared: at, with: borders.map(b => shared(own, b)), beside,
					next: /(^|\s)next(\s|$)/i.test(e.getAttribute('rel') || ''),
					current: !!current && current.getAttribute('aria-current') !== 'false',
					clicks: style.cursor === 'pointer' || own.slice(at).some(a => !!a.onclick),
					still: style.pointerEvents === 'none' || style.cursor === 'not-allowed' || !!e.closest('[aria-disabled=true]')};
			});
			const busy = [this, ...this.querySelectorAll('tr,tbody,li,[role=row],[role=rowgroup],[role=listitem]')].some(n => n.getAttribute('aria-busy') === 'true');
			return {busy, next: !!document.querySelector('link[rel~=next i]'), rowCount: Math.trunc(Number(this.getAttribute('aria-rowcount'))) || 0, spots};
		},

		// behind finds the native lists that are hidden behind something that the page draws in
		// their place: their label can be seen and they cannot. It keeps the elements of each: the
		// list, its label, and what stands in its place.
		behind() {
			const seen = n => rendered(n) && n.offsetWidth > 1 && n.offsetHeight > 1;
			const found = [], labels = [];
			for (const e of document.querySelectorAll('select')) {
				if (seen(e) && !e.closest('[aria-hidden=true],[inert]')) continue;
				// Some give its label to a plain input that they draw after it.
				const after = e.nextElementSibling, inputs = Array.from(after ? after.querySelectorAll('input:not([name],[role],[type=hidden])') : [])
					.filter(i => Array.from(i.labels).some(l => e.compareDocumentPosition(l) & Node.DOCUMENT_POSITION_PRECEDING));
				const label = Array.from(e.labels || []).concat(named(e, 'aria-labelledby'), inputs.flatMap(i => Array.from(i.labels))).find(l => seen(l) && !l.contains(e));
				if (!label || e.parentElement.querySelectorAll('select').length > 1) continue;
				found.push(e, label, ...inputs, ...e.parentElement.querySelectorAll('[role=combobox],[aria-haspopup]'));
				labels.push({label: label.innerText, elements: found.length});
			}
			globalThis.mailferryBehind = found;
			return labels;
		},

		// choice is one step of working a choice control that the page draws itself, and one look
		// at it: what it shows as chosen, and its open list. It looks at the document rather than
		// at the accessibility tree, because an open list may hide all else from that, the control
		// too.
		//
		// A list belongs to the control where the control names it, or where it came up after the
		// step "mark"; of a control that says that the list that it names is closed, no other does.
		// An option is bare where nothing says that it can be chosen, that another is chosen included: a notice such as "No options"
		// may have the role of an option and is known by that. Options that are not drawn are the
		// mirror of a list that only keys work.
		choice(step, which) {
			const e = this;
			const kept = globalThis.mailferryLists ||= {before: new WeakSet(), drawn: null, numbers: new WeakMap(), last: 0, bare: new WeakSet()};
			const deep = (root, query, out = []) => {
				for (const n of below(root)) {
					if (n.nodeType !== 1) continue;
					if (n.matches(query)) out.push(n);
					deep(n, query, out);
				}
				return out;
			};
			const drawn = n => {
				if (!(n.offsetWidth > 1 && n.offsetHeight > 1)) return false;
				for (let a = up(n); a; a = up(a)) if (a.offsetParent && (a.offsetWidth <= 1 || a.offsetHeight <= 1) && getComputedStyle(a).overflow !== 'visible') return false;
				return true;
			};
			const LISTS = '[role=listbox],[role=menu],[role=tree],[role=grid]';
			let expanded = null;
			const own = new Set();
			for (let a = e, i = 0; a && i < 4 && !a.matches('form,[role=dialog]'); a = up(a), i++) {
				expanded = expanded || a.getAttribute('aria-expanded');
				for (const n of named(a, 'aria-controls').concat(named(a, 'aria-owns')))
					for (const list of n.matches(LISTS) ? [n] : deep(n, LISTS)) own.add(list);
			}
			const shut = expanded === 'false' && own.size > 0;
			const within = (o, query) => { for (o = up(o); o; o = up(o)) if (o.matches(query)) return true; return false; };
			// Where no list has come up since the step "mark", it may be one without a role: of what was drawn since then, the last
			// part that holds items, which are li elements or look as though they could be pressed, and are no controls.
			const items = root => {
				const all = deep(root, '*').filter(n => !kept.drawn.has(n) && (n.localName === 'li' || n.tabIndex >= 0 || getComputedStyle(n).cursor === 'pointer')
					&& !n.matches('button,input,textarea,select,[role]') && !inside(e, n) && rendered(n) && lines(n).length);
				const one = all.filter(n => all.every(o => o === n || !inside(o, n) || lines(o).join() === lines(n).join()));
				return one.filter(n => !one.some(o => o !== n && inside(n, o)));
			};
			const unmarked = () => {
				let last = own.size || kept.marked || !kept.drawn ? null : items(document.body).at(-1);
				for (let a = last; a && !kept.drawn.has(a); a = up(a)) last = a;
				return last;
			};
			const optionsOf = list => list === kept.plain ? items(list) : deep(list, OPTIONS).filter(o => rendered(o) && !within(o, OPTIONS));
			const find = () => {
				let last = null;
				for (const n of deep(document, LISTS)) {
					const came = !kept.before.has(n);
					if (n === e && optionsOf(n).length) return n; // a drop-down that is its own list
					if (!rendered(n) || inside(e, n) || !(shut ? own.has(n) && came : own.has(n) || came)) continue;
					if (!last || own.has(n) || !own.has(last)) last = n;
				}
				kept.marked ||= !!last;
				kept.plain ||= unmarked();
				return last || (kept.plain && rendered(kept.plain) ? kept.plain : null);
			};
			if (step === 'mark') {
				kept.before = new WeakSet(deep(document, LISTS).filter(rendered));
				kept.drawn = new WeakSet(deep(document, '*').filter(rendered));
				kept.plain = null, kept.marked = false;
			}
			let list = find(), moved = false, end = true;
			const number = o => kept.numbers.get(o) || (kept.numbers.set(o, ++kept.last), kept.last);
			// A mouse hits what fills an element, and that may be what listens.
			const drawnIn = n => Array.from(n.childNodes).filter(c => c.nodeType === 1 || c.nodeType === 3 && c.data.trim());
			const fills = n => { const [c, ...more] = drawnIn(n); return c && !more.length && c.click ? [n, ...fills(c)] : [n]; };
			const behind = () => !!e.closest('[aria-hidden=true],[inert]');
			if (step === 'focus') {
				e.scrollIntoView({block: 'center', behavior: 'instant'});
				e.focus();
			} else if (step === 'press') {
				activate(fills(e).findLast(n => n.tabIndex >= 0) || e, false);
			} else if (step === 'blur') {
				e.blur();
			} else if (step === 'beside') {
				const around = e.closest('form,[role=dialog],[role=alertdialog],dialog,body') || document.body;
				for (const type of ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click']) mouse(around, type);
			} else if (step === 'key') {
				// The key goes to the control, or to what has the cursor in the list that is open.
				let at = active();
				if (!list || !at || at === document.body || !(inside(at, list) || inside(list, at) || behind())) { e.focus(); at = active(); }
				for (const type of ['keydown', 'keyup']) key(at && at !== document.body ? at : e, type, ...which);
			} else if (step === 'take') {
				for (const o of list ? optionsOf(list) : []) if (number(o) === which) activate(fills(o).at(-1), false);
			} else if (step === 'scroll' && list) {
				const scrolls = n => n.scrollHeight > n.clientHeight + 1 && /auto|scroll|overlay/.test(getComputedStyle(n).overflowY);
				let box = null;
				for (let a = list, i = 0; a && i < 4 && !box; a = up(a), i++) if (scrolls(a)) box = a;
				box = box || deep(list, '*').find(scrolls);
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
					const texts = lines(o), label = tidy(o.getAttribute('aria-label') || named(o, 'aria-labelledby').map(n => n.textContent).join(' ')) || texts[0] || '';
					let off = o.matches(':disabled');
					for (let a = o; a && a !== list && !off; a = up(a)) off = a.getAttribute('aria-disabled') === 'true';
					options.push({number: number(o), key: o.id + ' ' + label, text: label, full: texts.join(' '), off, drawn: drawn(o),
						bare: !o.hasAttribute('aria-selected') && !o.hasAttribute('aria-checked') && !o.hasAttribute('tabindex') && getComputedStyle(o).cursor !== 'pointer',
						selected: o.getAttribute('aria-selected') === 'true', active: current.length ? current.includes(o) : o === at});
				}
				if (options.length > 1 && options.every(o => o.bare || o.selected)) kept.bare.add(e);
			}
			return {value: shown(e), open: !!list, expanded: expanded === 'true', behind: behind(), options, bare: kept.bare.has(e), moved, end};
		},
	};
	return {value: functions[name].apply(this, args)};
}
