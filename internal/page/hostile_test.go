package page

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/target"

	"github.com/mailferry/mailferry/internal/rig"
)

// untilRead serves a page of that script; at /file it serves a download, and at
// /read what the script asks for when it is done. The channel is closed once the
// browser has had all that it wants of that.
func untilRead(t *testing.T, script string) (address string, read <-chan struct{}) {
	t.Helper()
	done := make(chan struct{})
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			fmt.Fprintf(w, "<!doctype html><title>hostile</title><p>here<script>%s</script>", script)
		case "/file":
			defer close(done)
			w.Header().Set("Content-Disposition", `attachment; filename="../../planted.bin"`)
			// More than lies in buffers on the way, so that somebody has to take it.
			for part, n := make([]byte, 1<<20), 0; n < 64 && r.Context().Err() == nil; n++ {
				if _, err := w.Write(part); err != nil {
					return
				}
			}
		case "/read":
			close(done)
		}
	}))
	t.Cleanup(site.Close)
	return site.URL, done
}

func TestADownloadLeavesNoFile(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_DOWNLOAD_DIR", filepath.Join(home, "Downloads"))
	address, taken := untilRead(t, `location = '/file'`)
	b := open(t, Options{})
	_, err := b.Goto(t.Context(), address)
	rig.OK(t, err)
	<-taken
	b.Close()
	if files, _ := os.ReadDir(filepath.Join(home, "Downloads")); len(files) > 0 {
		t.Errorf("the page left %s", files[0].Name())
	}
}

func TestAPageOpensNoOther(t *testing.T) {
	address, read := untilRead(t, `for (let i = 0; i < 5; i++) window.open('/other' + i, '_blank'); fetch('/read')`)
	b := open(t, Options{})
	_, err := b.Goto(t.Context(), address)
	rig.OK(t, err)
	<-read
	var list target.GetTargetsResult
	rig.OK(t, b.do(context.Background(), target.GetTargets.Method, target.GetTargetsParams{}, &list))
	pages := 0
	for _, info := range list.TargetInfos {
		if info.Type == "page" {
			pages++
		}
	}
	if pages != 1 {
		t.Errorf("%d pages are open", pages)
	}
}

func TestAChoiceFarDownALongListIsRead(t *testing.T) {
	address, read := untilRead(t, `
		const label = document.body.appendChild(document.createElement('label')), list = document.createElement('select');
		label.append('Far', list);
		for (let i = 0; i < 10010; i++) list.append(new Option('choice ' + i, i));
		list.selectedIndex = 10005;
		fetch('/read');`)
	b := open(t, Options{})
	p, err := b.Goto(t.Context(), address)
	rig.OK(t, err)
	<-read
	holds(t, p.Scope, "Far", "choice 10005")
}

func TestAPageThatOpensDialogsWithoutEndIsLeft(t *testing.T) {
	address, _ := untilRead(t, `setTimeout(() => { for (;;) prompt('Your password?') })`)
	b := open(t, Options{})
	p, err := b.Goto(t.Context(), address)
	if err == nil {
		err = p.WaitFor(t.Context(), Heading("never"))
	}
	fails(t, err, errFlooded, `one dialog after another, more than 100; the last says "Your password?"`)
	_, err = b.Goto(t.Context(), address)
	fails(t, err, errFlooded)
}

func testEndlessLists(t *testing.T, d *driver) {
	d.browser.parts = 3
	t.Cleanup(func() { d.browser.parts = maxParts })
	for name, script := range map[string]string{
		"of parts":           `next.onclick = () => { cell.textContent = ++n }`,
		"that is drawn anew": `next.remove(); setInterval(() => { cell.textContent = ++n }, 1)`,
		"above a feed":       `next.remove(); const feed = () => document.body.append(Object.assign(document.createElement('p'), {textContent: 'news', style: 'height: 2000px'})); feed(); onscroll = feed`,
	} {
		address, read := untilRead(t, `document.body.innerHTML = '<table><tr><th>Name</th><tr><td id=cell>0</table><button id=next>Next</button>'; let n = 0; `+script+`; fetch('/read')`)
		p := d.at(t, address)
		<-read
		err := p.EachRow(t.Context(), []string{"Next"}, []string{"Name"}, func(*Row) (bool, error) { return true, nil })
		if err == nil || !strings.Contains(err.Error(), "the list goes on after 3 parts and ") {
			t.Errorf("a list %s: %v", name, err)
		}
	}
}
