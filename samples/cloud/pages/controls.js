// The fields of the forms.
import {h, id} from './dom.js';
import {config, say, state, redraw} from './state.js';

/** field draws one field with its label, in the way of the variant, and its validation message. */
export function field(f, form) {
	const me = id(form.list + f.name), labelId = id(form.list + f.name + ' label'), problemId = id(form.list + f.name + ' problem');
	const problem = form.errors[f.name], label = say(f.label), required = form.required().includes(f.name);
	const text = [label, required && h('span', {class: 'mark', 'aria-hidden': 'true'}, ' *')];
	const combobox = f.kind === 'combobox';
	// A label around a combobox would be named by what is chosen as well.
	const tie = config.variant.labels === 'wrap' && combobox ? 'for' : config.variant.labels;
	const common = {
		id: me,
		'aria-required': required ? 'true' : null,
		'aria-invalid': problem ? 'true' : null,
		'aria-errormessage': problem ? problemId : null,
		'aria-describedby': problem ? problemId : null,
		'aria-labelledby': tie === 'labelledby' ? labelId : null,
		'aria-label': tie === 'aria' ? label : null,
	};
	const control = kinds[f.kind](f, form, common);
	const head = {
		for: () => h('label', {for: me, id: labelId, class: 'label'}, text),
		labelledby: () => h('div', {id: labelId, class: 'label'}, text),
		aria: () => h('div', {class: 'label', 'aria-hidden': 'true'}, text),
		wrap: () => null,
	}[tie]();
	return h('div', {class: f.kind === 'switch' ? 'field row' : 'field', key: f.name},
		tie === 'wrap' ? h('label', {class: 'wrap'}, h('span', {class: 'label'}, text), control) : [head, control],
		problem && h('div', {id: problemId, class: 'problem'}, problem));
}

const input = type => (f, form, common) => h('input', {
	...common, type, class: 'input', autocomplete: type === 'password' ? 'new-password' : 'off', spellcheck: 'false',
	value: form.values[f.name] ?? '', placeholder: f.hint,
	onFocus: event => { if (type === 'password') event.target.select(); },
	onChange: event => form.set(f.name, event.target.value),
});

const kinds = {
	text: input('text'),
	password: input('password'),
	multiline: (f, form, common) => h('textarea', {
		...common, class: 'input area', rows: 4, value: form.values[f.name] ?? '', onChange: event => form.set(f.name, event.target.value),
	}),
	switch: (f, form, common) => h('span', {class: 'toggle'},
		h('input', {...common, type: 'checkbox', role: 'switch', class: 'check', checked: form.values[f.name] === true,
			onChange: event => form.set(f.name, event.target.checked)}),
		h('span', {class: 'slider', 'aria-hidden': 'true'})),
	select: (f, form, common) => {
		const value = form.values[f.name] ?? '', offered = ['', ...f.choices];
		if (!offered.includes(value)) offered.push(value); // stored by other ways than this page
		return h('select', {...common, class: 'input', value, onChange: event => form.set(f.name, event.target.value)},
			offered.map(choice => h('option', {key: choice, value: choice}, choice)));
	},
	combobox,
};

const optionHeight = 36;

// In the manner of react-select: the choice is drawn beside an empty input, typing filters, and the list, at the end of the
// body, holds only the options that are in view.
function combobox(f, form, common) {
	const open = state.list?.name === f.name ? state.list : null;
	const value = form.values[f.name] ?? '', listId = id(form.list + f.name + ' list'), hintId = id(form.list + f.name + ' hint');
	const filter = open ? open.filter : '';
	const show = () => {
		if (state.list?.name === f.name) return;
		const box = document.getElementById(common.id).closest('[data-control]').getBoundingClientRect();
		state.list = {name: f.name, listId, filter: '', top: 0, active: 0, box, offered: () => f.choices, choose};
		redraw();
	};
	const close = () => { if (state.list?.name === f.name) { state.list = null; redraw(); } };
	const choose = choice => { state.list = null; form.set(f.name, choice); };
	const described = [common['aria-describedby'], !value && !filter && hintId].filter(Boolean).join(' ');
	return h('div', {class: 'input control', 'data-control': '', onMousedown: event => {
		if (event.target.localName !== 'input') event.preventDefault();
		document.getElementById(common.id).focus();
		if (open) close(); else show();
	}},
	h('div', {class: 'value'},
		!filter && (value ? h('div', {class: 'single', key: 'single'}, value) : h('div', {class: 'hint', id: hintId, key: 'hint'}, 'Select…')),
		h('input', {
			...common, key: 'input', class: 'typed', type: 'text', role: 'combobox', autocomplete: 'off', spellcheck: 'false', 'aria-autocomplete': 'list',
			'aria-haspopup': 'listbox', 'aria-expanded': open ? 'true' : 'false', 'aria-controls': open ? listId : null,
			'aria-activedescendant': open && matching(open).length ? listId + open.active : null, 'aria-describedby': described || null,
			value: filter,
			onChange: event => { const typed = event.target.value; show(); state.list.filter = typed; state.list.top = state.list.active = 0; redraw(); },
			onBlur: close,
			onKeydown: event => {
				const key = event.key, at = state.list?.name === f.name ? state.list : null;
				if (key === 'ArrowDown' || key === 'ArrowUp') {
					event.preventDefault();
					if (!at) return show();
					const last = matching(at).length - 1;
					at.active = Math.min(last, Math.max(0, at.active + (key === 'ArrowDown' ? 1 : -1)));
					at.top = Math.max(0, (at.active - 6) * optionHeight);
					const box = document.getElementById(listId);
					if (box) box.scrollTop = at.top;
					redraw();
				} else if (key === 'Enter' && at) {
					event.preventDefault();
					const choice = matching(at)[at.active];
					if (choice !== undefined) choose(choice);
				} else if (key === 'Escape' && at) {
					event.stopPropagation();
					close();
				}
			},
		})),
	h('span', {class: 'arrow', 'aria-hidden': 'true'}, '▾'));
}

const matching = list => list.offered().filter(choice => choice.toLowerCase().includes(list.filter.toLowerCase()));

/** openList draws the list of the combobox that is open. */
export function openList() {
	const list = state.list;
	if (!list) return null;
	const all = matching(list), first = Math.max(0, Math.floor(list.top / optionHeight) - 1);
	const below = list.box.bottom + 4, height = Math.min(288, Math.max(optionHeight, all.length * optionHeight));
	const top = below + height > innerHeight ? Math.max(4, list.box.top - height - 4) : below;
	return h('div', {
		key: 'list', id: list.listId, role: 'listbox', class: 'list', onMousedown: event => event.preventDefault(),
		style: `top:${top}px;left:${list.box.left}px;width:${list.box.width}px;height:${height}px`,
		onScroll: event => { if (state.list) { state.list.top = event.target.scrollTop; redraw(); } },
	}, h('div', {class: 'room', role: 'presentation', style: `height:${Math.max(1, all.length) * optionHeight}px`},
		all.length === 0 && h('div', {class: 'none'}, 'No options'),
		all.slice(first, first + 11).map((choice, i) => h('div', {
			key: choice, id: list.listId + (first + i), role: 'option', class: first + i === list.active ? 'option active' : 'option',
			'aria-selected': 'false', 'aria-setsize': all.length, 'aria-posinset': first + i + 1,
			style: `top:${(first + i) * optionHeight}px`, onClick: () => list.choose(choice),
		}, choice))));
}
