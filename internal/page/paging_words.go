package page

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/mailferry/mailferry/internal/human"
)

// meaning is what the name of a control says of where it leads in a list.
type meaning int

const (
	meansOther   meaning = iota
	meansNext            // to the next part
	meansForward         // perhaps to the next part: nothing but an arrow
	meansMore            // shows more rows
	meansLoading         // more rows are on their way
	meansBack            // to parts before
	meansPage            // to a page by its number
	meansNumber          // perhaps to a page: nothing but a number
)

const (
	counted = `items?|entries|entry|results?|records?|elements?|objects?|connections?|credentials?|einträgen?`
	things  = `rows?|` + counted
	filler  = `go|goto|to|the|current|show|load|view|see|get|display|fetch|please|wait|of|list|table|pages?|\d+|` + things
	// Words of other languages that Jira has: a list that goes on behind one of them ended without
	// a word where they were not known.
	pageWords = `pages?|seiten?|p[aá]ginas?|sid[ae]|side|stran[ay]|strona|stránka|oldal|страниц[аыу]|sayfa|페이지`
	nextWords = `next|older|weiter|nächste[rn]?|vorwärts|suivante?s?|siguientes?|pr[oó]xim[oa]s?|seguintes?|avançar|avanti|` +
		`successiv[oa]|prossim[oa]|volgende|nästa|næste|neste|seuraava|następn[ay]|dalej|další|ďalšia|ďalej|következő|tovább|` +
		`sonraki|ileri|επόμεν[ηο]|следующ[аиу][яйею]|далее|вперед|далі|下一[页頁]|下页|后一页|次へ?|次のページ|다음|הבא|التالي`
	moreWords = `mehr|weitere[n]?|más|mais|meer|mer|flere?|lisää|więcej|více|viac|több|ещ[её]|больше|daha|altr[oi]|` +
		`(?:afficher|voir|charger) plus|更多|(?:加载|載入|显示|查看)更多|もっと(?:見る|読み込む)?|さらに表示|더 ?보기`
	moreFiller = pageWords + `|anzeigen|zeigen|laden|nachladen|afficher|voir|charger|mostrar|ver|cargar|` +
		`carregar|exibir|mostra|carica|toon|ergebnissen?|résultats|resultados|elementos|visa|vis|pokaż|zobrazit|göster|yükle|показать|загрузить|` +
		`einträge|zeilen|zur|zu|der|la|les?|los|las|de|du|à`
	// icons are the words by which icons are named that stand for an arrow where nobody gave them a better name.
	icons = `chevron|navigate|keyboard|arrow|caret|angle|double|circle|icon`
)

// meanings are those of names that hold one of the words and beside it nothing but filler:
// "Go to next page" leads on, "Next run" does not. Numbers, arrows, rel=next and pagers are
// looked at in any language.
var meanings = []struct {
	means meaning
	name  *regexp.Regexp
}{
	{meansLoading, only(`loading|fetching`, filler+`|more`)},
	{meansLoading, regexp.MustCompile(`^(?:could not|couldn t|cannot|can t|failed to|unable to) (?:load|fetch|get|show) ` +
		`(?:(?:the|all|any) )?(?:more|further|remaining|next|other)\b`)},
	{meansNext, only(nextWords, filler+`|`+moreFiller)},
	{meansMore, only(moreWords+`|more|(?:show|load|view|see|get|display|fetch) all`, filler+`|`+moreFiller)},
	{meansBack, only(`previous|prev|back|first|newer`, filler)},
	{meansForward, only(`right|forward|next`, icons)},
}

func only(words, beside string) *regexp.Regexp {
	return regexp.MustCompile(`^(?:(?:` + beside + `) )*(?:` + words + `)(?: (?:` + beside + `))*$`)
}

var (
	namedNumber = regexp.MustCompile(`(?i)(?:^|[^\p{L}])(?:` + pageWords + `)[ :]*(\d{1,6})|(\d{1,6}) ?[页頁ペ페]`)
	perPage     = regexp.MustCompile(`(?i)\bper$`)
	paging      = regexp.MustCompile(`(?i)paginat|paging|\bpager\b|\bpages?\b`)
	endsIn      = regexp.MustCompile(`(?:^|[^\d.,:/–-])(\d{1,5})[^\p{L}\d]*$`)
	pageOption  = regexp.MustCompile(`^(?:\pL+ )?(\d{1,5})(?:\D+\d+)?$`) // "2", "Page 2", "2 of 3"
	bareNumber  = regexp.MustCompile(`^\d+$`)
	rowsFrom    = regexp.MustCompile(`^(\d+) ?[-–—‑−~～] ?\d+$`)
	ofLists     = regexp.MustCompile(`(?i)\b(table|list|rows?|results?|footer|tool ?bar|navigation)\b`)
)

// aboutLists reports whether a heading or part of the page is named as one that goes with a list.
func aboutLists(name string) bool { return paging.MatchString(name) || ofLists.MatchString(name) }

// meaningOf reads the name of a control, and the number of the page that it leads to.
func meaningOf(name string) (meaning, int) {
	name = human.FoldLabel(name)
	words := strings.Join(strings.FieldsFunc(name,
		func(r rune) bool { return !unicode.In(r, unicode.L, unicode.M, unicode.Nd) }), " ")
	if words == "" {
		return arrow(name), 0
	}
	if n, err := strconv.Atoi(words); err == nil && n < 100_000 {
		return meansNumber, n
	}
	for _, m := range meanings {
		if m.name.MatchString(words) {
			return m.means, 0
		}
	}
	if m := namedNumber.FindStringSubmatchIndex(name); m != nil && !perPage.MatchString(name[:m[0]]) {
		return meansPage, count(namedNumber.FindString(name))
	}
	return meansOther, 0
}

// arrow is the meaning of a name without a word.
func arrow(name string) meaning {
	forward, back := strings.ContainsAny(name, "›»>→▶▸►❯⟩≫⇒⏭"), strings.ContainsAny(name, "‹«<←◀◂◄❮⟨≪⇐⏮")
	switch {
	case forward && !back:
		return meansForward
	case back && !forward:
		return meansBack
	}
	return meansOther
}

// claim is what a text says of how much of a list there is.
type claim struct {
	text    string
	pages   bool // at and of count pages, otherwise rows
	at, of  int  // at is 0 where the text does not say, as where a field holds it
	atLeast bool // or more
	perPart bool // perhaps of the rows of one part alone
	shown   int  // where not 0, it is one only if so many rows are shown: its word between the numbers is of any language
	end     bool // says that this is the end
}

const (
	amount   = `(\d{1,3}(?:[.,'’]\d{3})+|\d+)`
	outOf    = `[ \t]*(?:/|\(of|\b(?:out )?of\b(?: a total of\b| total\b)?)[ \t]*`
	kinds    = `(?:(?:outgoing|mail|e-?mail|oauth2?|client|total)[ \t]+)*`
	ofThings = `[ \t]*(?:` + kinds + `(` + things + `|row\(s\)))?[ \t]*`
)

var (
	// "1–10 of 23", "Showing 1 to 10 of 23 entries", "21–30 of more than 30", "1–10 von 23"
	rangeOf = regexp.MustCompile(`(?i)` + amount + `[ \t]*(?:[-–—‑−~～]|\b(?:to|through)\b)[ \t]*` + amount + `(?:` + outOf + `|([ \t]+\pL{1,6}[ \t]+))` +
		`(?:(more than|over|many)|(?:about|ca\.?)?)[ \t]*` + amount + `?[ \t]*(\+)?`)
	// "Page 2 of 3", "Page of 3" round a field
	pageOf       = regexp.MustCompile(`(?i)(?:^|[^\p{L}])pages?[ \t]*:?[ \t]*` + amount + `?` + outOf + amount)
	filteredFrom = regexp.MustCompile(`(?i)filtered from[ \t]+` + amount)
	// "Showing 10 of 23", "10 of 23 connections", "10 rows of 23", "Rows: 10 (of 23)", "Viewing 10 from 23", "2 / 3"
	someOf = regexp.MustCompile(`(?i)^(showing|displaying|viewing|(?:` + things + `):)?:?[ \t]*` + amount + ofThings +
		`(?:` + outOf + `|(\bfrom\b[ \t]*))` + amount + ofThings + `(selected)?(?: shown)?[.)]*$`)
	// "23 connections", "Total: 23", "Connections: 23"; "Rows: 25" may be the size of a page
	totalOf = regexp.MustCompile(`(?i)^(?:there (?:are|is)[ \t]+|(total(?: of)?|insgesamt|found)|` +
		`(` + kinds + `number of[ \t]+` + kinds + `(?:` + things + `):?|` + kinds + `(?:` + counted + `):))?` +
		`[: \t]*` + amount + ofThings + `((?:in )?total)?(?: found)?\.?$`)
)

// count reads a number with or without marks for thousands; 0 where there is none.
func count(digits string) int {
	n, err := strconv.Atoi(strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return r
		}
		return -1
	}, digits))
	if err != nil {
		return 0
	}
	return n
}

// claimsIn reads what a line of text says, and tells at which byte each claim begins. Its parts
// are divided by tabs.
func claimsIn(line string) (found []claim, at []int) {
	add := func(from int, c claim) {
		found, at = append(found, c), append(at, from)
	}
	eachMatch(rangeOf, line, func(from int, g []string) {
		first, last, of, shown := count(g[1]), count(g[2]), count(g[5]), 0
		more := g[4] != "" || g[6] != ""
		if g[5] == "" && g[4] == "" || first > last || of < last && g[5] != "" {
			return
		}
		if g[3] != "" {
			shown = last - first + 1
		}
		if more {
			of = max(of, last) + 1
		}
		add(from, claim{text: g[0], at: last, of: of, atLeast: more, end: last == of, shown: shown})
	})
	eachMatch(pageOf, line, func(from int, g []string) {
		n, of := count(g[1]), count(g[2])
		if of > 0 && n <= of && !perPage.MatchString(line[:from]) {
			add(from, claim{text: g[0], pages: true, at: n, of: of, end: n == of})
		}
	})
	eachMatch(filteredFrom, line, func(from int, g []string) { add(from, claim{text: g[0], of: count(g[1])}) })
	from := 0
	for _, part := range strings.Split(line, "\t") {
		text := strings.TrimSpace(part)
		if m := someOf.FindStringSubmatch(text); m != nil {
			n, of, selected := count(m[2]), count(m[5]), m[7] != ""
			rows := m[1]+m[3]+m[6] != ""
			if n <= of && (n > 0 || selected) && (rows || m[4] == "") {
				add(from, claim{text: text, pages: !rows && !selected, at: n, of: of, atLeast: selected, end: n == of && !selected})
			}
		} else if m := totalOf.FindStringSubmatch(text); m != nil && m[1]+m[2]+m[4]+m[5] != "" {
			total := m[1]+m[5] != ""
			add(from, claim{text: text, of: count(m[3]), perPart: !total, end: total})
		}
		from += len(part) + 1
	}
	return found, at
}

// eachMatch visits where a pattern fits, with its groups.
func eachMatch(pattern *regexp.Regexp, text string, visit func(from int, groups []string)) {
	for _, at := range pattern.FindAllStringIndex(text, -1) {
		visit(at[0], pattern.FindStringSubmatch(text[at[0]:]))
	}
}
