package page

// The functions that run inside a page. Their text is fixed: labels, values and secrets reach
// them as arguments only. Each is called with an element as "this", and runs apart from the
// page's own scripts, in a world of its own on the same document.
const (
	// jsOrigin is the origin of the document, by what no script of a page can put another thing
	// in the place of. A document without an address has only the other name of it.
	jsOrigin = `(location.protocol === 'about:' ? origin : location.origin)`

	// jsGuard stands before each of the others. It compares the origins of the tab and of the
	// element's document with those that are expected, in the same turn in which the function
	// then reads, enters or presses: no navigation comes between them.
	jsGuard = `function(given, expected, ...args) {
		const own = ` + jsOrigin + `, around = {__proto__: null, ...location.ancestorOrigins};
		let top = own;
		for (let i = 0; i in around; i++) top = around[i];
		if (top !== given) return {top};
		if (own !== expected) return {own};
		if ((this.ownerDocument || this) !== document || !this.isConnected) return {moved: true};
		return {value: (%s).apply(this, args)};
	}`

	// jsDescribe tells what kind of control an element is and in which state, and never a text
	// field's value.
	jsDescribe = `function() {
		const e = this, tag = e.localName;
		const aria = name => e.getAttribute('aria-' + name);
		let disabled = e.matches(':disabled');
		for (let a = e; a && !disabled; a = a.parentElement) disabled = a.getAttribute('aria-disabled') === 'true';
		let checked = aria('checked') || '';
		if (tag === 'input' && (e.type === 'checkbox' || e.type === 'radio')) checked = e.indeterminate ? 'mixed' : String(e.checked);
		return {
			tag, disabled, checked,
			type: tag === 'input' ? e.type : '',
			suggest: tag === 'input' && !!e.list,
			rich: !!e.isContentEditable,
			multiple: tag === 'select' && e.multiple,
			readonly: !!e.readOnly || aria('readonly') === 'true',
			required: !!e.required || aria('required') === 'true',
			options: tag === 'select' ? Array.from(e.options).filter((o, i) => i < 10000 || o.selected).map(o =>
				({text: (o.label || o.text).replace(/\s+/g, ' ').trim(), selected: o.selected, off: o.disabled || !!(o.parentElement && o.parentElement.disabled)})) : null,
		};
	}`

	// jsValue reads what a text field holds, secrets included.
	jsValue = `function() {
		if ('value' in this) return String(this.value);
		return this.getAttribute('aria-valuetext') || this.getAttribute('aria-valuenow') || this.innerText.replace(/\n$/, '');
	}`

	// jsChosen reads what is chosen in a list that several may be chosen in.
	jsChosen = `function() {
		const chosen = this.localName === 'select' ? Array.from(this.selectedOptions, o => o.label || o.text)
			: Array.from(this.querySelectorAll('[role=option][aria-selected=true]'), o => o.innerText);
		return chosen.map(text => text.replace(/\s+/g, ' ').trim()).join(', ');
	}`

	// jsChecked tells which of the radio buttons is on; -1 where none is.
	jsChecked = `function(...radios) {
		return radios.findIndex(r => r.localName === 'input' ? r.checked : r.getAttribute('aria-checked') === 'true');
	}`

	// jsType puts text in the place of all that a field holds, as typing does, so that the page
	// hears of it, and reports whether the field had the cursor for it. Looking that the cursor is in the field, and entering, is one step: no
	// script of the page runs between them but those that typing calls by itself.
	jsType = `function(text) {
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
	}`

	// jsChoose picks the option with the text in a native select and tells the page as a person's
	// choice would.
	jsChoose = `function(text) {
		this.focus();
		this.selectedIndex = Array.from(this.options).findIndex(o => (o.label || o.text).replace(/\s+/g, ' ').trim() === text);
		this.dispatchEvent(new Event('input', {bubbles: true, composed: true}));
		this.dispatchEvent(new Event('change', {bubbles: true}));
	}`

	// jsActivate presses an element with all that a mouse would send, but straight at it, so
	// that a toast or a sticky bar that lies over it does not get in the way. Components differ
	// in which of these events they act on. It returns the fields, if any, because of which the
	// browser's own validation stopped a form from being sent. A press that would send a form
	// elsewhere is not made.
	jsActivate = `function(send) {
		const e = this;
		const sends = (` + jsSends + `)(e, send);
		if (sends()) return {sends: sends()};
		e.scrollIntoView({block: 'center', inline: 'nearest', behavior: 'instant'});
		const box = e.getBoundingClientRect();
		const at = {bubbles: true, cancelable: true, composed: true, view: window, detail: 1,
			clientX: box.left + box.width / 2, clientY: box.top + box.height / 2};
		const pointer = (type, buttons) => e.dispatchEvent(new PointerEvent(type,
			{...at, button: type === 'pointermove' ? -1 : 0, buttons, pointerId: 1, pointerType: 'mouse', isPrimary: true}));
		const mouse = (type, buttons) => e.dispatchEvent(new MouseEvent(type, {...at, button: 0, buttons}));
		pointer('pointerover', 0); mouse('mouseover', 0);
		pointer('pointermove', 0); mouse('mousemove', 0);
		pointer('pointerdown', 1);
		if (mouse('mousedown', 1) && e.isConnected && !e.closest('[role=listbox],[role=menu]')) e.focus({preventScroll: true});
		pointer('pointerup', 0); mouse('mouseup', 0);
		if (sends()) return {sends: sends()};
		const stopped = [], root = e.getRootNode();
		const note = event => {
			const f = event.target, label = f.labels && f.labels[0] ? f.labels[0].innerText : f.getAttribute('aria-label') || f.name || '';
			if (stopped.length < 20) stopped.push(label.trim() + ': ' + f.validationMessage);
		};
		root.addEventListener('invalid', note, true);
		if (e.isConnected) e.click();
		root.removeEventListener('invalid', note, true);
		return {stopped};
	}`

	// jsReveal brings the last row of a list into view, and with further what comes after it,
	// screen by screen and so that a list that holds only the rows in view skips none. A lazy
	// list then loads its next part. It reports whether anything moved.
	jsReveal = `function(further) {
		if (!further) {
			const top = this.getBoundingClientRect().top;
			this.scrollIntoView({block: 'end', behavior: 'instant'});
			if (Math.abs(this.getBoundingClientRect().top - top) > 1) return true;
		}
		let moved = false;
		for (let a = this; a; a = a.parentElement || (a.parentNode && a.parentNode.host)) {
			const scrolls = a === document.scrollingElement || /auto|scroll|overlay/.test(getComputedStyle(a).overflowY);
			if (!scrolls || moved) continue;
			const before = a.scrollTop;
			a.scrollTop += Math.max(20, a.clientHeight * 0.8);
			moved = a.scrollTop !== before;
		}
		return moved;
	}`

	// jsAround tells where the elements stand towards the list that is "this" and towards those
	// of them after the first count, which are headings and tables. What is shared is counted
	// from the top of the document, through shadow roots.
	jsAround = `function(count, ...nodes) {
		const chain = n => {
			const all = [];
			for (let a = n; a; a = a.parentElement || (a.parentNode && a.parentNode.host)) all.unshift(a);
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
		return {rowCount: Math.trunc(Number(this.getAttribute('aria-rowcount'))) || 0, spots};
	}`

	// jsEscape closes what an element opened, as the Escape key does.
	jsEscape = `function() {
		const at = document.activeElement;
		(at && at !== document.body ? at : this).dispatchEvent(new KeyboardEvent('keydown',
			{key: 'Escape', code: 'Escape', keyCode: 27, which: 27, bubbles: true, cancelable: true, composed: true, view: window}));
	}`

	// jsSends makes a function that says where a press of an element would send its form, in
	// words, when that is not to where the element's own document is from, into its own window;
	// else "". Attributes are read as what they are: a form's fields may have the names of its
	// properties.
	jsSends = `(e, always) => () => {
		const own = ` + jsOrigin + `, attribute = (n, name) => n && Element.prototype.getAttribute.call(n, name);
		let form = e.form;
		for (let n = e; n && !form; n = n.parentNode || n.host) if (n instanceof HTMLFormElement) form = n;
		if (!form || !always && !/^(submit|image)$/.test(e.type)) return '';
		const action = attribute(e, 'formaction') || attribute(form, 'action');
		if (action && URL.canParse(action, e.baseURI)) {
			const to = new URL(action, e.baseURI);
			if (to.protocol !== 'javascript:' && to.origin !== own) return to.origin === 'null' ? to.protocol : to.origin;
		}
		const target = attribute(e, 'formtarget') || attribute(form, 'target') || attribute(document.querySelector('base[target]'), 'target') || '';
		const around = location.ancestorOrigins, word = target.toLowerCase();
		const here = ['', '_self', window.name.toLowerCase()].includes(word)
			|| word === '_parent' && (!around.length || around[0] === own)
			|| word === '_top' && (!around.length || around[around.length - 1] === own)
			|| Array.from(document.querySelectorAll('iframe'), f => f.contentDocument && f.name.toLowerCase()).includes(word);
		return here ? '' : 'another window, named ' + target;
	}`

	// jsFrames waits until the page has drawn what it has to draw. A window that is not visible
	// draws nothing, hence the second way out.
	jsFrames = `new Promise(done => {
		const late = setTimeout(() => done(true), 250);
		let left = 2;
		const next = () => { if (--left) requestAnimationFrame(next); else { clearTimeout(late); setTimeout(() => done(true)); } };
		requestAnimationFrame(next);
	})`
)
