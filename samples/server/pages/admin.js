// Menus of rows, dialogs, and fields that come and go with the connect mode.
'use strict';
let menu = null, veil = null;

const shut = () => {
	if (!menu) return;
	menu.opener.setAttribute('aria-expanded', 'false');
	menu.remove();
	menu = null;
};

document.addEventListener('click', async event => {
	const opener = event.target.closest('.more'), cancel = event.target.closest('[data-cancel]');
	if (opener) {
		const again = menu && menu.opener === opener;
		shut();
		if (again) return;
		menu = document.querySelector('#menu').content.firstElementChild.cloneNode(true);
		menu.opener = opener;
		opener.setAttribute('aria-expanded', 'true');
		const box = opener.getBoundingClientRect(), path = opener.dataset.path;
		menu.style.top = scrollY + box.bottom + 'px';
		menu.style.right = document.documentElement.clientWidth - box.right + 'px';
		const edit = menu.querySelector('[data-edit]');
		edit.href = path + '/edit';
		if (document.querySelector('table[data-dialog]')) {
			edit.addEventListener('click', async click => {
				click.preventDefault();
				shut();
				const answer = await fetch(path + '/edit', {headers: {'X-Requested-With': 'XMLHttpRequest'}});
				if (answer.redirected || !answer.ok) return location.reload(); // to the login page
				veil = document.createElement('div');
				veil.className = 'veil';
				veil.innerHTML = await answer.text();
				document.body.append(veil);
			});
		}
		menu.querySelector('[data-delete]').addEventListener('click', () => {
			shut();
			fetch(path + '/delete', {method: 'POST'});
		});
		document.body.append(menu);
	} else if (menu && !event.target.closest('[role=menu]')) {
		shut();
	}
	if (cancel && veil) {
		event.preventDefault();
		veil.remove();
		veil = null;
	}
});

document.addEventListener('change', event => {
	if (!event.target.matches('[data-mode]')) return;
	const mode = event.target.value.includes('OAuth2') ? 'oauth2' : 'smtp';
	for (const field of event.target.form.querySelectorAll('[data-shown]')) field.hidden = field.dataset.shown !== mode;
});
