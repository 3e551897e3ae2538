package page

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mailferry/mailferry/internal/rig"
)

// shapes serves any body that is asked for.
func shapes(t *testing.T) func(body string) string {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			select {
			case <-time.After(300 * time.Millisecond):
			case <-r.Context().Done():
			}
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<!doctype html><title>List</title>", r.URL.Query().Get("body"))
	}))
	t.Cleanup(srv.Close)
	return func(body string) string { return srv.URL + "/?body=" + url.QueryEscape(body) }
}

// connections is a list with two rows, each with a button of its own.
const connections = `<table><thead><tr><th>Name<th>Host<th>Actions</tr></thead><tbody>
	<tr><td>A<td>a.example<td><button>More</button></tr><tr><td>B<td>b.example<td><button>More</button></tr></tbody></table>`

// list puts the list under its heading in a panel, and what goes with it after it.
func list(after string) string {
	return `<h1>Administration</h1><main><h2>Outgoing Mail Connections</h2><button>Add</button>` + connections + after + `</main>`
}

// testPaging reads lists whose profile names "Next" and which have none, or none that can be pressed.
func testPaging(t *testing.T, d *driver) {
	serve := shapes(t)
	pager := func(inside string) string { return list(`<nav aria-label="Pagination">` + inside + `</nav>`) }
	for name, test := range map[string]struct {
		body string
		sees string // part of the refusal; "" is a list that ends
	}{
		// It goes on.
		"numbered buttons and another name":   {pager(`<button>Page 1</button><button>Page 2</button><button aria-label="Next Page">›</button>`), "Page 2, Next Page"},
		"numbered links of an old pager":      {list(`<ol><li><a href="#">1</a></li><li><a href="#">2</a></li><li><a href="#">Next page</a></li></ol>`), "2, Next page"},
		"numbers alone, the first a text":     {list(`<p>Pages: 1 | <a href="#2">2</a></p>`), "rows: 2"},
		"numbers alone, the first marked":     {list(`<a href="#1" aria-current="page">1</a> <a href="#2">2</a> <a href="#3">3</a>`), "2, 3"},
		"Go to page":                          {list(`<ul><li><button aria-label="page 1" aria-current="true">1</button></li><li><button aria-label="Go to page 2">2</button></li></ul>`), "Go to page 2"},
		"an arrow alone":                      {list(`<button disabled>‹</button><button>›</button>`), "›"},
		"a bracket":                           {list(`<a href="#">&gt;</a>`), ">"},
		"an arrow in an unnamed landmark":     {list(`<nav><a href="#p">‹</a><a href="#n">›</a></nav>`), "›"},
		"an arrow drawn by the style sheet":   {list(`<style>.n::before{content:"›"}</style><button><i class=n></i></button>`), "›"},
		"an icon font's name":                 {list(`<button><i>navigate_next</i></button>`), "navigate_next"},
		"a picture":                           {list(`<button><img alt="right" width=9 height=9></button>`), "right"},
		"a title":                             {list(`<button title="Next page"><svg width=9 height=9></svg></button>`), "Next page"},
		"a pager of list items":               {list(`<ul><li title="Previous Page" aria-disabled=true tabindex=0>x</li><li title="Next Page" tabindex=0><button tabindex=-1><span role=img aria-label=right></span></button></li></ul>`), "Next Page"},
		"a span that is pressed":              {list(`<span style="cursor:pointer">Next page</span>`), "Next page"},
		"a span with a handler":               {list(`<div onclick="0"><span>Load more</span></div>`), "Load more"},
		"rel=next":                            {list(`<a rel="next nofollow" href="#">Vorwärts immer</a>`), "Vorwärts immer"},
		"a landmark with nameless buttons":    {pager(`<button disabled><svg width=9 height=9></svg></button><button><svg width=9 height=9></svg></button>`), "Pagination"},
		"a landmark in an unknown language":   {pager(`<button disabled>Trước</button><button>Tiếp</button>`), "Pagination"},
		"more":                                {list(`<button>More</button>`), "More"},
		"load more":                           {list(`<div><button>Load more…</button></div>`), "Load more"},
		"show all":                            {list(`<a href="#">Show all (23)</a>`), "Show all (23)"},
		"a range of a total":                  {list(`<div>1–2 of 3</div>`), "1–2 of 3"},
		"a range in pieces":                   {list(`<div>Showing <b>1</b>-<b>2</b> of <b>23</b></div>`), "1 - 2 of 23"},
		"a range in columns":                  {list(`<div style="display:flex"><span>1–2</span><span>of</span><span>23</span></div>`), "of"},
		"a range in other words":              {list(`<div>1–2 von 23 Einträgen</div>`), "1–2 von 23"},
		"a range of entries":                  {list(`<div role=status>Showing 1 to 2 of 23 entries</div>`), "1 to 2 of 23"},
		"a page that opens a menu":            {list(`<button aria-haspopup=menu>Page 1 of 3</button>`), "Page 1 of 3"},
		"a range that opens a menu":           {list(`<button aria-haspopup=menu>1–2 of 23</button>`), "1–2 of 23"},
		"some of a total":                     {list(`<div>Showing 2 of 23</div>`), "Showing 2 of 23"},
		"a page of pages":                     {list(`<div>Page 1 of 3</div>`), "Page 1 of 3"},
		"a page of pages round a field":       {list(`<div>Page <input size=2 value=1 aria-label="Page"> of 3</div>`), "of 3"},
		"a total":                             {list(`<div>Total: 23</div>`), "Total: 23"},
		"a total of items":                    {list(`<div>3 connections</div>`), "3 connections"},
		"a total that is less":                {list(`<div>1–1 of 1</div>`), "the list was read to 2 rows, and the page tells of another number: 1–1 of 1"},
		"a filter that is on":                 {list(`<div>Showing 1 to 2 of 2 entries (filtered from 40 total entries)</div>`), "filtered from 40"},
		"a caption":                           {strings.Replace(list(""), "<thead>", "<caption>3 connections</caption><thead>", 1), "3 connections"},
		"a declared number of rows":           {strings.Replace(list(""), "<table>", "<table aria-rowcount=24>", 1), "aria-rowcount 24"},
		"a total and a next that is disabled": {list(`<span>1–2 of 3</span><button disabled>Next</button>`), "1–2 of 3"},
		"a footer in the table":               {strings.Replace(list(""), "</tbody>", `</tbody><tfoot><tr><td colspan=3>Rows per page: <select><option>5</select> 1–2 of 13 <button aria-label="Go to previous page" disabled></button><button aria-label="Go to next page"></button></td></tr></tfoot>`, 1), "Go to next page"},
		"a list in a frame":                   {`<h1>Jira</h1><iframe srcdoc="<h2>Connections</h2><table><tr><th>Name<tr><td>A</table><button>Next page</button>"></iframe>`, "Next page"},
		"a footer of the page":                {list("") + `<footer><a href="#">Next page</a></footer>`, "Next page"},
		"a table that arranges a pager":       {list(`<table><tr><td>1–2 of 23</td><td><a href="#">Next page</a></td></tr></table>`), "Next page"},
		"numbers, and a size of a page":       {list(`<a href="#1">1</a> <a href="#2">2</a> <p>Rows per page: 3</p>`), "2"},
		"a pager above the list":              {`<main><h2>Connections</h2><div>1–2 of 3</div>` + connections + `</main>`, "1–2 of 3"},
		"a pager beside the heading": {`<h1>Administration</h1><main><div><div style="float:right">1–2 of 3 <button>›</button></div><h2>Connections</h2></div>` + connections + `</main>`,
			"1–2 of 3"},
		"a pager with a heading of its own": {list(`<nav aria-label="Connections"><h3>Pagination</h3></nav><nav aria-label="Pages"><h3>Pages</h3><a href="#">Next page</a></nav>`), "Next page"},
		"after help with a heading":         {list(`<aside><h3>Help</h3>Words.</aside><div><h3>Tip</h3>More words.</div><div><button>Load more</button></div>`), "Load more"},
		"in a frame's own shadow root": {list(`<div id=h></div><script>h.attachShadow({mode: 'open'}).innerHTML = '<nav aria-label="Pagination"><button>Next page</button></nav>'</script>`),
			"Next page"},
		"after a table of its own": {list(`<nav aria-label=Pagination><button>Next page</button></nav><h2>Log</h2><table><tr><th>Time<tr><td>1</table>`), "Next page"},

		"a link in the head":               {`<head><link rel="next" href="?p=2"></head>` + list(""), "rel=next"},
		"a drop-down of pages":             {list(`<label>Page <select><option>1<option>2</select></label>`), "Page 1 of 2"},
		"a drop-down that tells the pages": {list(`<select aria-label="Page"><option>1 of 2<option>2 of 2</select>`), "Page 1 of 2"},
		"tabs with numbers":                {list(`<div role=tablist aria-label="Pages"><button role=tab aria-selected=true>1</button><button role=tab>2</button></div>`), "rows: 2"},
		"ranges":                           {list(`<p><b>1–2</b> <a href="#">3–4</a>`), "3–4"},
		"a bar that runs":                  {list(`<div role=progressbar aria-label="Loading"></div>`), "Loading"},
		"a list that is on its way":        {strings.Replace(list(""), "<table>", "<table aria-busy=true>", 1), "aria-busy"},
		"a row that is on its way":         {strings.Replace(list(""), "<tr><td>B", "<tr aria-busy=true><td>B", 1), "aria-busy"},
		"rows that did not come":           {list(`<p>Could not load further rows. Retry`), "Could not load further rows"},

		"rows that are on their way": {list(`<div>Loading more…</div>`), "Loading more…"},

		// It ends.
		"nothing at all":                 {list(""), ""},
		"the last page in a drop-down":   {list(`<label>Page <select><option>1<option selected>2</select></label>`), ""},
		"drop-downs that count no pages": {list(`<label>Rows per page <select><option>1<option>2</select></label><label>Page <select><option>10<option>20</select></label><select aria-label="Page"><option>1</select>`), ""},
		"the last of tabs with numbers":  {list(`<div role=tablist aria-label="Pages"><button role=tab>1</button><button role=tab aria-selected=true>2</button></div>`), ""},
		"tabs that are no pages":         {list(`<div role=tablist aria-label="Steps"><button role=tab aria-selected=true>1</button><button role=tab>2</button></div>`), ""},
		"ranges of something else":       {list(`<p><a href="#">1–2</a> <a href="#">9–17</a>`), ""},
		"a bar that measures":            {list(`<div role=progressbar aria-label="Storage" aria-valuenow=3></div>`), ""},
		"a button that is busy":          {strings.Replace(list(""), "<button>More", "<button aria-busy=true>More", 1), ""},
		"texts with numbers": {list(`<p>3 connections per user allowed<p>Connections: 3 per user<p>Number of retries: 3<p>Version: 3<p>Found 3 problems
			<p>There are 3 ways to connect.<p>Showing 2 connections from 3 servers<p>Rows: 25<p>Max connections: 3<p>If it could not load more rows, retry.<p><span>3</span> <span>New</span>`), ""},
		"next is disabled":                 {list(`<button>Previous</button><button disabled>Next</button>`), ""},
		"an arrow is disabled":             {list(`<button>‹</button><button aria-disabled=true>›</button>`), ""},
		"a link looks disabled":            {list(`<a href="#">« Previous</a> <a href="#" style="pointer-events:none">Next page »</a>`), ""},
		"its item is disabled":             {list(`<ul><li><a href="#">1</a></li><li aria-disabled=true><a href="#" aria-label="Next page">»</a></li></ul>`), ""},
		"next is a text":                   {list(`<div><a href="#">Previous</a> <a href="#">1</a> <span>2</span> <span>Next</span></div>`), ""},
		"the last page, marked":            {pager(`<a href="#1">1</a><a href="#2">2</a><a href="#3" aria-current=page>3</a>`), ""},
		"the last page, as a text":         {list(`<a href="#1">1</a> <a href="#2">2</a> <b>3</b>`), ""},
		"the last page, unmarked":          {pager(`<button>Page 1</button><button>Page 2</button><button disabled>Next Page</button>`), ""},
		"only Previous is left":            {pager(`<a href="#">Previous</a>`), ""},
		"one page":                         {pager(`<button disabled>‹</button><button>1</button><button disabled>›</button>`), ""},
		"page 3 of 3":                      {list(`<span>Page 3 of 3</span><button>Previous</button><button disabled>Next</button>`), ""},
		"buttons with the number of pages": {pager(`<button>Page 1 of 2</button><button aria-current=true disabled>Page 2 of 2</button>`), ""},
		"page 3 of 3, and an arrow":        {list(`<span>Page 3 of 3</span><a href="#">›</a>`), ""},
		"all of a total":                   {list(`<span>1–2 of 2</span>`), ""},
		"all of a total, and arrows":       {list(`<span>1–2 of 2</span> <a href="#">‹</a> <a href="#">›</a>`), ""},
		"as many items":                    {list(`<div>2 connections</div><div>Total: 2</div>`), ""},
		"as many rows declared":            {strings.Replace(list(""), "<table>", "<table aria-rowcount=3>", 1), ""},
		"a drawn size of a page": {list(`<div><button disabled>Previous Page</button><button aria-current=true>Page 1</button><button disabled>Next Page</button>
			<div onclick="0" style="cursor:pointer"><input readonly aria-haspopup=listbox aria-label="Jump to Page Dropdown" value=5><span tabindex=-1>5</span><div role=button aria-haspopup=listbox aria-label=Choose></div></div></div>`), ""},
		"how many are chosen":         {list(`<div>0 of 2 row(s) selected.</div>`), ""},
		"sizes of a page":             {list(`<div>Rows per page: <a href="#">10</a> <a href="#">25</a> <a href="#">50</a></div>`), ""},
		"a size of a page":            {list(`<button>25 rows</button><button>25 per page</button>`), ""},
		"ports and times":             {list(`<p>Use port 465 or 587, from 9 to 17, 24/7, since 10.0.0, on 2 of our servers.</p>`), ""},
		"ports in other words":        {list(`<p>Ports 465-587 oder 2525, 1-3 mal 20</p>`), ""},
		"a menu named More":           {list(`<button aria-haspopup=menu>More</button><button aria-expanded=false>Show more</button>`), ""},
		"words with more in them":     {list(`<a href="#">Learn more</a> <a href="#">More options</a> <a href="#">Next run</a> <a href="#">Older versions of this app</a>`), ""},
		"More before the list":        {`<h1>A</h1><h2>Connections</h2><button>More</button>` + connections, ""},
		"hidden":                      {list(`<nav aria-label=Pagination style="display:none"><a href="#">Next page</a></nav><div hidden>1–2 of 3</div>`), ""},
		"a breadcrumb":                {`<nav aria-label="Breadcrumb"><a href="#">Administration</a> <a href="#">&gt;</a> <a href="#">Mail</a></nav>` + list(""), ""},
		"a nameless breadcrumb":       {`<div><a href="#">Administration</a> <a href="#">&gt;</a> <a href="#">Mail</a></div>` + list(""), ""},
		"steps before the list":       {`<main><a href="#">1</a> <a href="#">2</a> <a href="#">3</a><h2>Connections</h2>` + connections + `</main>`, ""},
		"a menu of the site":          {`<nav><a href="#">Users</a><a href="#">More</a></nav>` + list(""), ""},
		"a menu of the site after it": {list("") + `<nav><a href="#">Users</a><a href="#">More</a></nav>`, ""},
		"a footer of the site":        {list("") + `<footer><a href="#">About</a><a href="#">More</a></footer>`, ""},
		"a sidebar with a heading":    {`<div style="display:flex"><div><h4>Mail</h4><a href="#">More</a></div>` + list("") + `</div>`, ""},
		"a sidebar after it":          {`<div style="display:flex">` + list("") + `<div><a href="#">More</a><a href="#">›</a></div></div>`, ""},
		"a sidebar that is one":       {list("") + `<aside>1–10 of 23 <a href="#">Next page</a></aside>`, ""},
		"comments under a heading":    {list(`<h3>Comments</h3><p>Words.</p><nav aria-label="Comments pages"><a href="#">1</a><a href="#">2</a><a href="#">Next page</a></nav>`), ""},
		"comments in a part":          {list(`<div><div><h3>Comments</h3></div><p>1–10 of 23</p><button>Load more</button></div>`), ""},
		"comments under a header":     {list(`<div><header><h3>Comments</h3></header></div><p>1–10 of 23</p><button>Load more</button>`), ""},
		"comments in a region":        {list(`<section aria-label="Comments"><p>1–10 of 23</p><a href="#">Next page</a></section>`), ""},
		"comments before it":          {`<main><h2>Comments</h2><p>1–10 of 23</p><a href="#">Next page</a><h2>Connections</h2>` + connections + `</main>`, ""},
		"a table with its own pager":  {list(`<div><table><tr><th>Time<tr><td>1</table><p>1–10 of 23</p><a href="#">Next page</a></div>`), ""},
		"a table and its pager after": {list(`<table><tr><th>Time<tr><td>1</table><a href="#">1</a> <a href="#">2</a> <button>Next page</button>`), ""},
		"a table and its pager before": {`<main><h2>Log</h2><table><tr><th>Time<tr><td>1</table><a href="#">1</a> <a href="#">2</a><button>Next</button><h2>Connections</h2>` +
			connections + `</main>`, ""},
		"another's Next":     {list(`<div><table><tr><th>Time<tr><td>1</table><button>Next</button></div>`), ""},
		"a pager in a frame": {list(`<iframe srcdoc="<a href='#'>Next page</a> 1–2 of 3"></iframe>`), ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := d.at(t, serve(test.body))
			n := 0
			err := p.EachRow(t.Context(), []string{"Next"}, []string{"Name"}, func(*Row) (bool, error) { n++; return true, nil })
			switch {
			case test.sees == "" && err != nil:
				t.Errorf("refused: %v", err)
			case test.sees != "" && (!errors.Is(err, ErrIncomplete) || !strings.Contains(err.Error(), test.sees)):
				t.Errorf("%d rows, lacks %q: %v", n, test.sees, err)
			}
			if test.sees != "" {
				rig.OK(t, p.EachRow(t.Context(), []string{NoNext}, []string{"Name"}, func(*Row) (bool, error) { return true, nil }))
			}
		})
	}
}

// testGrowing reads lists that get their further rows in place, to the last.
func testGrowing(t *testing.T, d *driver) {
	serve := shapes(t)
	const grow = `<script>let n = 0; const tbody = document.querySelector('tbody');
		const grow = () => { for (let i = 0; i < 5 && n < 12; i++) tbody.insertRow().insertCell().textContent = 'row ' + ++n; more.hidden = n >= 12; };
		const top0 = document.scrollingElement, low = () => top0.scrollTop + innerHeight >= top0.scrollHeight - 2;</script>`
	const table = `<main><h2>Connections</h2><table><thead><tr><th>Name</tr></thead><tbody></tbody></table>`
	for name, test := range map[string]struct {
		next []string
		body string
	}{
		"by a mark far below it": {[]string{"Next"}, table + `<div style="height:1500px"></div><div id=more>·</div>` + grow +
			`<script>grow(); new IntersectionObserver(e => { if (e[0].isIntersecting) grow(); }).observe(more)</script>`},
		"by the end of the page": {nil, table + `<div id=more style="height:900px"></div><p>The end.` + grow +
			`<script>grow(); onscroll = () => { if (low()) setTimeout(grow, 100); }</script>`},
		"by a button before it":        {[]string{"Show more"}, `<button id=more onclick="grow()">Show more</button>` + table + grow + `<script>grow()</script>`},
		"by a button":                  {[]string{"Load more"}, table + `<button id=more onclick="grow()">Load more</button>` + grow + `<script>grow()</script>`},
		"when its rows come late":      {[]string{"Next"}, table + `<div id=more></div>` + grow + `<script>fetch('/slow').then(() => { while (n < 12) grow(); })</script>`},
		"by a button of another table": {[]string{"Next"}, table + `<div id=more></div><div><table><tr><th>Time<tr><td>1</table><button>Next</button></div>` + grow + `<script>while (n < 12) grow()</script>`},
		"by an arrow before one to the last part": {[]string{"Next", "›", "»"}, table + `<button id=more onclick="turn(from + 5)">›</button><button id=last onclick="turn(10)">»</button>
			<script>let from; const turn = at => { from = at; const tbody = document.querySelector('tbody'); tbody.replaceChildren();
			for (let i = at + 1; i <= at + 5 && i <= 12; i++) tbody.insertRow().insertCell().textContent = 'row ' + i; more.disabled = last.disabled = at >= 10; }; turn(0)</script>`},
		"by an arrow in other words, before one to the last part": {[]string{"Next", "More"}, table + `<button id=more onclick="turn(from + 5)">❯</button><button id=last onclick="turn(10)">❯❯</button>
			<script>let from; const turn = at => { from = at; const tbody = document.querySelector('tbody'); tbody.replaceChildren();
			for (let i = at + 1; i <= at + 5 && i <= 12; i++) tbody.insertRow().insertCell().textContent = 'row ' + i; more.disabled = last.disabled = at >= 10; }; turn(0)</script>`},
		"by a button that begins again after the last part": {[]string{"Next"}, table + `<button id=more onclick="turn((from + 5) % 15)">Next</button><p>1–5 of 12</p>
			<script>let from; const turn = at => { from = at; const tbody = document.querySelector('tbody'); tbody.replaceChildren();
			for (let i = at + 1; i <= at + 5 && i <= 12; i++) tbody.insertRow().insertCell().textContent = 'row ' + i; }; turn(0)</script>`},
		"by a link that looks disabled at the end": {[]string{"Next"}, table + `<a href="#" id=more onclick="tbody.replaceChildren(); grow(); if (n >= 12) { more.hidden = false; more.style.pointerEvents = 'none'; } return false">Next</a>` +
			grow + `<script>grow()</script>`},
	} {
		t.Run(name, func(t *testing.T) {
			p := d.at(t, serve(test.body))
			var names []string
			err := p.EachRow(t.Context(), test.next, []string{"Name"}, func(r *Row) (bool, error) { names = append(names, r.Text()); return true, nil })
			if err != nil || len(names) != 12 || names[0] != "row 1" || names[11] != "row 12" {
				t.Errorf("%v, rows %q", err, names)
			}
		})
	}
}

func TestWhatNamesOfControlsMean(t *testing.T) {
	for means, names := range map[meaning]string{
		meansNext: `Next|NEXT PAGE|next page. current page 1 of 2|Next ›|Next >|» Next|Go to next page|Show next 10 results|Next page (2)|Older entries|Weiter|Nächste Seite|Zur nächsten Seite|` +
			`Suivant|Page suivante|Siguiente »|Página siguiente|Próxima página|Avanti|Pagina successiva|Volgende|Nästa sida|Næste|Neste side|Seuraava|Następna strona|` +
			`Další stránka|Következő oldal|Следующая страница|Далее|Sonraki sayfa|下一页|次へ|다음 페이지|הבא|التالي`,
		meansForward: `›|»|>|→|▶|❯|>>|chevron_right|navigate_next|arrow forward|right|angle-right|Chevron Right icon`,
		meansMore: `More|Load more|Load more…|Show more|See more results|Show 5 more connections|+20 more|View all|Show all (23)|Mehr|Mehr anzeigen|Weitere laden|Weitere Einträge laden|` +
			`Voir plus|Afficher plus de résultats|Cargar más|Ver mais|Carica altri|Meer laden|Pokaż więcej|Показать ещё|加载更多|もっと見る|더 보기`,
		meansLoading: `Loading|Loading…|Loading more rows|Please wait, loading`,
		meansBack:    `Previous|‹|«|<|Previous page|Back|First page`,
		meansPage:    `Page 2|Go to page 2|page 2, current|Current page, page 2|Seite 2|Página 2|第 2 页|2ページ`,
		meansNumber:  `2|[2]`,
		meansOther: `|Add|Save|Learn more|More options|More actions|Next run|Next steps|Read more|One more thing|All|Show all columns|Plus|Page size 25|25 per page|Rows per page: 25|25 rows|Sort by name|` +
			`<>|…|keyboard|Left|Moreover|Nextcloud|Show details|Load file|Export all|10.0.1|Forward email`,
	} {
		for name := range strings.SplitSeq(names, "|") {
			if got, n := meaningOf(name); got != means || (means == meansPage || means == meansNumber) && n != 2 {
				t.Errorf("%q means %d of %d, want %d", name, got, n, means)
			}
		}
	}
}

func TestWhatTextsClaimOfAList(t *testing.T) {
	for text, want := range map[string]claim{
		"1-10 of 23":                          {at: 10, of: 23},
		"1 – 10 / 23":                         {at: 10, of: 23},
		"Connections 1‑10 of 1,234":           {at: 10, of: 1234},
		"Showing 1 to 10 of 23 entries":       {at: 10, of: 23},
		"Showing 21 to 23 of 23 entries":      {at: 23, of: 23, end: true},
		"Results 1 - 10 of about 1.234":       {at: 10, of: 1234},
		"1–10 of more than 10":                {at: 10, of: 11, atLeast: true},
		"1–10 of many":                        {at: 10, of: 11, atLeast: true},
		"1–10 of 100+":                        {at: 10, of: 101, atLeast: true},
		"1–10\tof\t23":                        {at: 10, of: 23},
		"0–0 of 0":                            {end: true},
		"1–10 von 23 Einträgen":               {at: 10, of: 23, shown: 10},
		"Ports 465-587 oder 2525":             {at: 587, of: 2525, shown: 123},
		"Page 1 of 3":                         {pages: true, at: 1, of: 3},
		"You are on page 3 of 3":              {pages: true, at: 3, of: 3, end: true},
		"Page: 1 / 3":                         {pages: true, at: 1, of: 3},
		"Page\t of 3":                         {pages: true, of: 3},
		"1 / 3":                               {pages: true, at: 1, of: 3},
		"3 of 3":                              {pages: true, at: 3, of: 3, end: true},
		"Showing 10 of 23":                    {at: 10, of: 23},
		"10 of 23 outgoing mail connections":  {at: 10, of: 23},
		"0 of 23 row(s) selected.":            {of: 23, atLeast: true},
		"Showing 10 connections of 23":        {at: 10, of: 23},
		"Showing 10 connections out of 23":    {at: 10, of: 23},
		"Displaying 10 rows of 23":            {at: 10, of: 23},
		"Rows: 10 (of 23)":                    {at: 10, of: 23},
		"10 of total 23 rows":                 {at: 10, of: 23},
		"Viewing 10 from 23":                  {at: 10, of: 23},
		"10 rows of 23 selected":              {at: 10, of: 23, atLeast: true},
		"Connections: 23":                     {of: 23, perPart: true},
		"Number of connections: 23":           {of: 23, perPart: true},
		"There are 23 connections.":           {of: 23, perPart: true},
		"Found 23":                            {of: 23, end: true},
		"Insgesamt 23 Einträge":               {of: 23, end: true},
		"23 connections":                      {of: 23, perPart: true},
		"Total: 23":                           {of: 23, end: true},
		"Total 23 items":                      {of: 23, end: true},
		"23 items in total":                   {of: 23, end: true},
		"(filtered from 40 total entries)":    {of: 40},
		"Use port 465 or 587, from 9 to 17.":  {},
		"24/7":                                {},
		"Rows per page: 10 / 25":              {},
		"Step 2 of 3":                         {},
		"2 of 3 servers answer":               {},
		"3 connections failed":                {},
		"used by 3 connections":               {},
		"up to 50 connections":                {},
		"Version 10.0.0, 2024-01-15, 1 of us": {},
		"0 / 200":                             {},
		"3 connections per user allowed":      {},
		"Connections: 3 per user":             {},
		"Number of retries: 3":                {},
		"There are 3 ways to connect.":        {},
		"Found 3 problems":                    {},
		"10 from 23":                          {},
		"2 connections from 3 servers":        {},
		"Rows: 25":                            {},
		"Version: 3":                          {},
	} {
		got, at := claimsIn(text)
		switch {
		case want == (claim{}):
			if len(got) > 0 {
				t.Errorf("%q claims %+v", text, got)
			}
		case len(got) != 1 || at[0] < 0 || at[0] >= len(text):
			t.Errorf("%q claims %+v at %d", text, got, at)
		default:
			if got[0].text = ""; got[0] != want {
				t.Errorf("%q claims %+v, want %+v", text, got[0], want)
			}
		}
	}
}
