// The form of a connection or of a credential.
import {h} from './dom.js';
import {ask, config, redraw, say, state} from './state.js';
import {field} from './controls.js';

const names = {connections: 'Outgoing Mail Connection', credentials: 'OAuth2 Credentials'};
const mask = '••••••••';
const kinds = {
	description: 'multiline', debug: 'switch', encryption: 'select', grant: 'select', service_provider: 'combobox', oauth2_credentials: 'combobox',
};

/** openForm shows the form of an item, or of a new one where there is no id, and calls closed when it is left. */
export async function openForm(list, id, closed) {
	const form = {
		list, id, closed, values: {debug: false}, errors: {}, alert: null, saving: false, loading: true, credentials: [],
		set(name, value) {
			form.values[name] = value;
			delete form.errors[name];
			redraw();
		},
		provider: () => list === 'connections' ? config.providers.find(p => p.label === form.values.service_provider) : null,
		required: () => (form.provider()?.required ?? config.fields[list].filter(f => f.required).map(f => f.name))
			.concat(list === 'credentials' && !id ? ['client_secret'] : []),
	};
	state.form = form;
	state.alert = null;
	redraw();
	try {
		const [item, credentials] = await Promise.all([
			id ? ask('GET', `${list}/${id}`) : {}, list === 'connections' ? ask('GET', 'credentials') : {items: []}]);
		Object.assign(form.values, item);
		form.credentials = credentials.items.map(c => c.name).filter(name => !config.variant.withhold.includes(name));
		if (form.values.smtp_port) form.values.smtp_port = String(form.values.smtp_port);
		if (id && config.variant.password === 'bullets') form.values.password = form.values.client_secret = mask;
	} catch (error) {
		form.alert = error.message;
	}
	form.loading = false;
	redraw();
}

// shown lists the fields that the form has for the provider chosen.
function shown(form) {
	const hidden = form.provider()?.hidden ?? ['oauth2_credentials'];
	return config.fields[form.list].filter(f => !hidden.includes(f.name)).map(f => ({
		...f,
		kind: f.type === 'secret' ? 'password' : kinds[f.name] || 'text',
		choices: f.name === 'oauth2_credentials' ? form.credentials : config.choices[form.list + '.' + f.name] || [],
		hint: f.type === 'secret' && form.id ? 'Leave empty to keep the stored one' : null,
	}));
}

async function save(form) {
	if (form.saving) return;
	Object.assign(form, {saving: true, errors: {}, alert: null});
	redraw();
	const body = {}, fields = shown(form);
	for (const f of fields) {
		const value = form.values[f.name];
		if (f.type === 'boolean') body[f.name] = value === true;
		else if (f.type === 'integer' && /^[0-9]{1,9}$/.test(value || '')) body[f.name] = Number(value);
		else if (value && !(f.type === 'secret' && form.id && value === mask)) body[f.name] = value;
	}
	try {
		await ask(form.id ? 'PUT' : 'POST', form.list + (form.id ? '/' + form.id : ''), body);
		form.saving = false;
		return form.closed(true);
	} catch (error) {
		const elsewhere = [];
		for (const p of error.problems) {
			const f = fields.find(f => f.name === p.field);
			if (f) form.errors[f.name] = `${say(f.label)} ${p.detail}`;
			else elsewhere.push(p.detail);
		}
		form.alert = elsewhere.join('; ') || (error.problems.length ? null : error.message);
	}
	form.saving = false;
	redraw();
}

/** drawForm draws it, as a page or as a dialog. */
export function drawForm(form) {
	// The vendor's panel of a connection is titled so, also where the button was Add.
	const title = `${form.id || form.list === 'connections' ? 'Edit' : 'Add'} ${say(names[form.list])}`;
	const dialog = config.variant.form === 'dialog';
	const body = form.loading ? h('div', {class: 'spinner'}, 'Loading…') : shown(form).map(f => field(f, form));
	return h('section', {class: dialog ? 'dialog' : 'page', key: 'form', role: dialog ? 'dialog' : null, 'aria-modal': dialog ? 'true' : null, 'aria-label': dialog ? title : null},
		h('h1', null, title),
		form.alert && h('div', {role: 'alert', class: 'alert', key: 'alert'}, form.alert),
		h('form', {class: 'form', key: 'fields', novalidate: true, onSubmit: event => { event.preventDefault(); save(form); }},
			body,
			h('div', {class: 'foot', key: 'foot'},
				h('button', {class: 'button primary', type: 'submit', disabled: form.saving || form.loading}, say('Save')),
				h('button', {class: 'button', type: 'button', disabled: form.saving, onClick: () => form.closed(false)}, say('Cancel')))));
}
