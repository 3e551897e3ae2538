// The host page: decoys, and the way to the login page when the app says that the session is over.
'use strict';
document.querySelector('#quick').addEventListener('submit', async event => {
	event.preventDefault();
	await fetch('/pressed', {method: 'POST'});
	document.querySelector('#saved').textContent = 'Saved the filter';
});
document.querySelector('.search').addEventListener('submit', event => event.preventDefault());
addEventListener('message', event => {
	if (event.origin === document.body.dataset.appSite && event.data === 'session ended') {
		location.assign('/login?next=' + encodeURIComponent(location.pathname + location.search));
	}
});
