// What the app knows, and how it asks its site.
export const config = JSON.parse(document.querySelector('#config').textContent);
if (config.variant.reorder) Object.values(config.fields).forEach(fields => fields.reverse());
for (const [field, values] of Object.entries(config.choices)) {
	config.choices[field] = values.filter(value => !config.variant.withhold.includes(value));
}

export const state = {
	tab: 'Overview',
	groups: {mail: false, oauth: false},
	view: null, // "connections" or "credentials"
	rows: [], next: null, starts: [''], loading: false, // next and starts are the list's cursors
	form: null,
	menu: null,
	list: null, // the open list of a combobox
	toast: null,
	alert: null,
};

let drawing = false, draw = () => {};

/** drawWith says how the state becomes a page. */
export function drawWith(how) { draw = how; }

/** redraw draws once all that is being done now is done. */
export function redraw() {
	if (drawing) return;
	drawing = true;
	queueMicrotask(() => { drawing = false; draw(); });
}

/** say gives the words that the variant has for a label. */
export const say = text => config.variant.relabel[text] ?? text;

/** ask sends a request and gives the answer's document; what goes wrong is an Error with problems, by field where known. */
export async function ask(method, path, body) {
	let answer, text;
	try {
		answer = await fetch('/app/api/' + path, {
			method, headers: {Authorization: 'JWT ' + config.token, ...(body && {'Content-Type': 'application/json'})},
			body: body && JSON.stringify(body), cache: 'no-store',
		});
		text = await answer.text();
	} catch {
		throw Object.assign(new Error('The site did not answer. Try again.'), {problems: []});
	}
	if (answer.status === 401 && answer.headers.get('X-Session') === 'ended') {
		parent.postMessage('session ended', config.host);
		throw Object.assign(new Error('Your session has ended. Log in again.'), {problems: []});
	}
	let document = {};
	try { document = text ? JSON.parse(text) : {}; } catch {
		throw Object.assign(new Error('The site gave an answer that cannot be read.'), {problems: []});
	}
	if (!answer.ok) {
		throw Object.assign(new Error(document.detail || 'The site refused.'), {problems: document.errors || []});
	}
	return document;
}
