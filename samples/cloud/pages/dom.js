// A small stand-in for React: descriptions of elements, reconciled with the document, and controlled fields. As with React, a
// field hears of a change only through an input event after its own value was set past the page's script: setting .value and
// dispatching an event is ignored.
const salt = Math.random().toString(36).slice(2, 8);
const ids = new Map();

/** id gives what is called name an id that is another one on each load of the page. */
export function id(name) {
	if (!ids.has(name)) ids.set(name, `:${salt}${(ids.size * 7 + 11).toString(36)}:`);
	return ids.get(name);
}

/** cls gives the generated class names of the names in the style sheet. */
export const cls = names => names.split(' ').map(name => 'css-' + hash(name)).join(' ');

function hash(name) {
	let sum = 7;
	for (const c of salt + name) sum = (sum * 31 + c.charCodeAt(0)) % 2176782336;
	return sum.toString(36).padStart(6, '0');
}

/** style puts a style sheet, in which a class is written %name, into the document. */
export function style(text) {
	const sheet = document.createElement('style');
	sheet.textContent = text.replace(/%([a-z]+)/g, (_, name) => '.' + cls(name));
	document.head.append(sheet);
}

/** h describes an element. Children that are null, undefined or false are none. */
export function h(tag, props, ...children) {
	return {tag, props: props || {}, children: children.flat(9).filter(c => c !== null && c !== undefined && c !== false)};
}

/** reconcile makes the children of a node what is wanted, and keeps the elements that stay. */
export function reconcile(parent, wanted) {
	const key = (w, i) => typeof w === 'object' ? w.tag + ' ' + (w.props.key ?? i) : 'text ' + i;
	const keys = new Set(wanted.map(key)), have = new Map();
	for (const node of Array.from(parent.childNodes)) {
		if (keys.has(node.reactKey) && !have.has(node.reactKey)) have.set(node.reactKey, node);
		else node.remove();
	}
	wanted.forEach((w, i) => {
		const isText = typeof w !== 'object';
		let node = have.get(key(w, i));
		const fresh = !node;
		if (fresh) {
			node = isText ? document.createTextNode('') : document.createElement(w.tag);
			node.reactKey = key(w, i);
		}
		if (isText) {
			if (node.data !== String(w)) node.data = String(w);
		} else {
			if (fresh && w.props.type) node.setAttribute('type', w.props.type);
			reconcile(node, w.children); // before the properties: a select takes its value from its options
			update(node, w.props, fresh);
		}
		if (parent.childNodes[i] !== node) parent.insertBefore(node, parent.childNodes[i] || null);
		if (fresh && !isText && w.props.ref) queueMicrotask(() => w.props.ref(node));
	});
}

function update(node, props, fresh) {
	if (fresh) {
		node.reactProps = {};
		if ('value' in props && node.localName !== 'select') track(node);
	}
	const before = node.reactProps;
	node.reactProps = props;
	for (const name of new Set([...Object.keys(before), ...Object.keys(props)])) {
		const value = props[name];
		if (name === 'key' || name === 'ref' || before[name] === value && name !== 'value' && name !== 'checked') continue;
		if (name.startsWith('on')) {
			const type = name === 'onChange' ? (node.localName === 'select' || node.type === 'checkbox' ? 'change' : 'input') : name.slice(2).toLowerCase();
			node.reactEvents ||= new Set();
			if (node.reactEvents.has(type)) continue;
			node.reactEvents.add(type);
			node.addEventListener(type, event => {
				if (type === 'input' && node.reactChanged && !node.reactChanged()) return;
				node.reactProps[name]?.(event);
			});
		} else if (name === 'value' || name === 'checked') {
			if (node[name] !== value) node[name] = value;
		} else if (name === 'class') {
			node.className = value ? cls(value) : '';
		} else if (value === null || value === undefined || value === false) {
			node.removeAttribute(name);
		} else {
			node.setAttribute(name, value === true ? '' : value);
		}
	}
}

// track remembers what the page's own script has put into a field.
function track(node) {
	const own = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(node), 'value');
	let last = own.get.call(node);
	Object.defineProperty(node, 'value', {
		configurable: true,
		get() { return own.get.call(this); },
		set(value) { last = String(value); own.set.call(this, value); },
	});
	node.reactChanged = () => {
		const now = own.get.call(node);
		const changed = now !== last;
		last = now;
		return changed;
	};
}
