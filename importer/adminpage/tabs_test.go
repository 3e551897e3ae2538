package adminpage_test

import (
	"testing"
	"time"

	"github.com/mailferry/mailferry/internal/formprofile"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/adminsite"
	"github.com/mailferry/mailferry/schema"
)

// tabbed puts every form's fields behind two tabs.
const tabbed = `const tabs = document.createElement('div'), names = ['General', 'Server'];
let at = 0, form = null;
Object.assign(tabs, {role: 'tablist', innerHTML: names.map(n => '<button role=tab>' + n + '</button>').join('')});
const put = (e, key, value) => { if (e[key] !== value) e[key] = value; };
const draw = () => {
	const now = document.querySelector('form');
	if (now !== form) { form = now; at = 0; }
	put(tabs, 'hidden', !form);
	[...tabs.children].forEach((b, n) => { put(b, 'ariaSelected', String(n === at)); b.onclick = () => { at = n; draw(); }; });
	if (form) [...form.children].forEach((e, n) => { if (e !== form.lastChild) put(e.style, 'display', (n < 5 ? 0 : 1) === at ? '' : 'none'); });
};
if (!document.body.dataset.appSite) { document.body.append(tabs); new MutationObserver(draw).observe(document.body, {childList: true, subtree: true}); }`

// A form with tabs is found out and worked by the profile that a suggestion writes.
func TestFieldsBehindTabs(t *testing.T) {
	t.Parallel()
	b := bundleWith(2)
	s := newAround(t, adminsite.Options{}, tabbed)
	first := bundleWith(1)
	first.Connections[0].(*schema.CloudConnection).Name = "Old relay"
	first.Credentials[0].(*schema.CloudCredential).Name = "Old credential"
	importBoth(t, s.byREST(t), first)
	before := s.content(t)
	p := rig.Get(formprofile.New("page+"+s.srv.URL+"/?form=page", formprofile.Options{Profile: shipped(t), Browser: shell(t, 10*time.Second)})).Or(t)
	defer p.Close()
	profile, notes, err := p.Suggest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if host, name := profile.Connections.Field("host").Press, profile.Connections.Field("name").Press; host != "Server" || name != "General" {
		t.Fatalf("pressed for host %q, for name %q: %q", host, name, notes)
	}
	equal(t, s.content(t), before)
	importBoth(t, s.byPage(t, "form=page", func(known *schema.FormProfile) { *known = *profile }), b)
	both := newSite(t, adminsite.Options{})
	importBoth(t, both.byREST(t), first)
	importBoth(t, both.byREST(t), b)
	equal(t, s.content(t), both.content(t))
}
