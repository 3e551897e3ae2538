// The host page: decoys, and a new context token, or the login page of a site that has one, when the app says that the session is over.
'use strict';
document.querySelector('#quick').addEventListener('submit', async event => {
	event.preventDefault();
	await fetch('/pressed', {method: 'POST'});
	document.querySelector('#saved').textContent = 'Saved the filter';
});
document.querySelector('.search').addEventListener('submit', event => event.preventDefault());
addEventListener('message', event => {
	if (event.origin === document.body.dataset.appSite && event.data === 'session ended') {
		location.reload();
	}
});
