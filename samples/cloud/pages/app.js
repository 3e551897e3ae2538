// The app: navigation, lists, menus and forms.
import {h, reconcile, style} from './dom.js';
import {ask, config, drawWith, redraw, say, state} from './state.js';
import {openList} from './controls.js';
import {drawForm, openForm} from './form.js';
import {sheet} from './style.js';

const pageRows = 20;
const titles = {connections: 'Outgoing Mail Connections', credentials: 'OAuth2 Credentials'};
const columns = {
	connections: ['name', 'from_email_address', 'service_provider', 'host'],
	credentials: ['name', 'service_provider', 'client_id'],
};
const one = {connections: 'Connection', credentials: 'OAuth2 credential'};

async function load(from) {
	const view = state.view, paged = config.variant.list !== 'all';
	state.loading = true;
	redraw();
	try {
		if (config.slow) await new Promise(done => setTimeout(done, config.slow));
		const answer = await ask('GET', view + (paged ? `?limit=${pageRows}&cursor=${from}` : ''));
		if (state.view !== view) return;
		state.rows = config.variant.list === 'lazy' && from ? state.rows.concat(answer.items) : answer.items;
		state.next = answer.next;
	} catch (error) {
		state.alert = error.message;
	}
	state.loading = false;
	redraw();
}

function go(view) {
	Object.assign(state, {view, rows: [], next: null, starts: [''], form: null, menu: null, list: null, alert: null});
	load('');
}

function turn(by) {
	if (by > 0) state.starts.push(state.next); else state.starts.pop();
	load(state.starts.at(-1));
}

// The last row's coming into view loads more.
const seen = new IntersectionObserver(entries => {
	if (entries.some(e => e.isIntersecting) && state.next && !state.loading) load(state.next);
});

function closed(saved) {
	const list = state.form.list;
	state.form = state.list = null;
	if (!saved) return redraw();
	if (config.variant.toast !== 'none') {
		state.toast = {text: `${one[list]} saved`, role: config.variant.toast === 'alert' ? 'alert' : 'status'};
		const mine = state.toast;
		setTimeout(() => { if (state.toast === mine) { state.toast = null; redraw(); } }, 8000);
	}
	state.starts = [''];
	load('');
}

async function act(what, row) {
	state.menu = null;
	redraw();
	if (what === 'Edit') return openForm(state.view, row.id, closed);
	try {
		await ask('POST', 'pressed/' + (what === 'Delete' ? 'delete' : 'test'));
		state.alert = what === 'Delete' ? 'This sample deletes nothing.' : 'This sample sends no mail.';
	} catch (error) {
		state.alert = error.message;
	}
	redraw();
}

function table() {
	const list = state.view, labels = Object.fromEntries(config.fields[list].map(f => [f.name, f.label]));
	const shown = config.variant.reorder ? columns[list].toReversed() : columns[list];
	return h('div', {class: 'scroll'},
		h('table', {class: 'table', 'aria-busy': state.loading ? 'true' : null},
			h('thead', null, h('tr', null, shown.map(name => h('th', {scope: 'col', key: name}, say(labels[name]))), h('th', {scope: 'col', key: 'actions'}, 'Actions'))),
			h('tbody', null, state.rows.map((row, i) => h('tr', {key: row.id},
				shown.map(name => h('td', {key: name}, row[name] ?? '')),
				h('td', {key: 'actions'}, h('button', {
					class: 'more', type: 'button', 'aria-haspopup': 'menu', 'aria-expanded': state.menu?.row === row ? 'true' : 'false', 'aria-label': say('More actions'),
					onClick: event => {
						const box = event.currentTarget.getBoundingClientRect();
						state.menu = state.menu?.row === row ? null : {row, box};
						redraw();
					},
				}, '⋯')))))),
		state.rows.length === 0 && !state.loading && h('p', {class: 'quiet'}, 'There is nothing here yet.'),
		config.variant.list === 'lazy' && state.next && h('div', {class: 'sentinel', key: 'end ' + state.rows.length, ref: node => seen.observe(node)}, 'Loading more…'),
		config.variant.list === 'paged' && h('nav', {class: 'pages', 'aria-label': 'Pages'},
			h('button', {class: 'button', type: 'button', disabled: state.starts.length === 1 || state.loading, onClick: () => turn(-1)}, say('Previous')),
			h('span', null, `Page ${state.starts.length}`),
			h('button', {class: 'button', type: 'button', disabled: !state.next || state.loading, onClick: () => turn(1)}, say('Next'))));
}

function listPage() {
	const waiting = state.loading && state.rows.length === 0;
	return h('section', {class: 'page', key: state.view},
		h('div', {class: 'head'}, h('h1', null, say(titles[state.view])),
			h('button', {class: 'button primary', type: 'button', onClick: () => openForm(state.view, null, closed)}, say('Add'))),
		state.alert && h('div', {role: 'alert', class: 'alert'}, state.alert),
		waiting ? h('div', {class: 'spinner'}, 'Loading…') : table());
}

function side() {
	const group = (name, title, view) => h('div', {class: 'group', key: name},
		h('button', {class: 'grouphead', type: 'button', 'aria-expanded': String(state.groups[name]), onClick: () => { state.groups[name] = !state.groups[name]; redraw(); }},
			h('span', {'aria-hidden': 'true'}, state.groups[name] ? '▾ ' : '▸ '), say(title)),
		state.groups[name] && h('a', {href: '#', class: state.view === view ? 'link current' : 'link', 'aria-current': state.view === view ? 'page' : null,
			onClick: event => { event.preventDefault(); go(view); }}, say(titles[view])));
	return h('nav', {class: 'side', 'aria-label': 'Administration'}, group('mail', 'OUTGOING MAILS', 'connections'), group('oauth', 'OAUTH2', 'credentials'));
}

function overview() {
	return h('section', {class: 'page', key: 'overview'}, h('h1', null, 'Email This Issue'),
		h('p', null, 'Send e-mails from issues, and turn e-mails into issues. Administrators set up mail connections in the Administration tab.'));
}

function app() {
	const tab = name => h('button', {class: state.tab === name ? 'tab current' : 'tab', type: 'button', role: 'tab', 'aria-selected': String(state.tab === name),
		onClick: () => { Object.assign(state, {tab: name, form: null, list: null, menu: null}); redraw(); }}, say(name));
	const dialog = config.variant.form === 'dialog';
	return [
		h('div', {class: 'bar', key: 'bar'}, h('span', {class: 'brand'}, '✉ Email This Issue'), h('div', {role: 'tablist', class: 'tabs'}, tab('Overview'), tab('Administration'))),
		state.tab === 'Overview' ? overview() : h('div', {class: 'main', key: 'main'}, side(), h('main', {class: 'content'},
			state.form && !dialog ? drawForm(state.form)
				: state.view ? listPage() : h('p', {class: 'quiet'}, 'Choose what to set up.')))];
}

function overlays() {
	const menu = state.menu;
	return [
		state.form && config.variant.form === 'dialog' && h('div', {class: 'veil', key: 'form'}, drawForm(state.form)),
		menu && h('div', {key: 'menu', class: 'menu', role: 'menu', style: `top:${Math.min(menu.box.bottom + 4, innerHeight - 130)}px;right:${document.documentElement.clientWidth - menu.box.right}px`},
			['Edit', 'Test Connection', 'Delete'].filter(what => what !== 'Test Connection' || state.view === 'connections').map(what =>
				h('button', {key: what, type: 'button', role: 'menuitem', class: what === 'Delete' ? 'item danger' : 'item', onClick: () => act(what, menu.row)}, say(what)))),
		openList(),
		state.toast && h('div', {key: 'toast', class: 'toast'}, h('div', {role: state.toast.role}, '✔ ' + state.toast.text)),
		state.form && config.variant.toast === 'cover' && h('div', {key: 'cover', class: 'cover'}, h('div', {role: 'status'}, 'New: connections can be tested from the list')),
	].filter(Boolean);
}

addEventListener('pointerdown', event => {
	if (state.menu && !event.target.closest('[role=menu],[aria-haspopup=menu]')) { state.menu = null; redraw(); }
});
addEventListener('keydown', event => {
	if (event.key === 'Escape' && state.menu) { state.menu = null; redraw(); }
});

style(sheet);
drawWith(() => {
	reconcile(document.querySelector('#root'), app());
	reconcile(document.querySelector('#portal'), overlays());
});
redraw();
