package page

import (
	"regexp"
	"slices"
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

// What a word can be in such a name.
type wordKind int

const (
	wordUnknown wordKind = iota
	wordNext
	wordMore
	wordAll
	wordLoading
	wordBack
	wordPage
	wordShow
	wordFill
	wordNumber
	wordKinds
)

const (
	pageWords = `page pages seite seiten página páginas pagina pagine sida side strona strony strana stránka stránku oldal
		страница страницу страницы sayfa sivu 页 頁 ページ 페이지`
	// arrowWords name the icons that stand for an arrow where nobody gave them a better name.
	arrowWords = `right forward next chevron navigate keyboard arrow caret angle double circle icon`
)

// pagingWords are those by which pages say these things, in the languages that Jira has and some others.
var pagingWords = kinds(map[wordKind]string{
	wordNext: `next nächste nächster nächsten weiter vorwärts suivant suivante suivants suivantes siguiente siguientes próximo
		próxima próximos próximas seguinte seguintes avançar avanti successivo successiva prossimo prossima volgende nästa næste
		neste seuraava następna następny następne dalej další ďalšia ďalší következő tovább sonraki ileri επόμενη επόμενο următor
		următoarea следующая следующий следующие следующую далее вперёд вперед наступна далі 下一页 下一頁 下页 后一页 次へ 次
		次のページ 다음 הבא التالي older`,
	wordMore: `more mehr weitere weiteren más mais meer mer fler flere lisää więcej více viac több ещё еще больше daha περισσότερα
		altri altro 更多 加载更多 載入更多 显示更多 查看更多 もっと もっと見る もっと読み込む さらに表示 더 더보기`,
	wordAll: `all alle tout tous toutes todo todos todas tutti tutte alles allt kaikki wszystkie vše все plus`,
	wordLoading: `loading fetching lädt geladen chargement cargando carregando caricamento laddar indlæser ladataan ładowanie načítání
		загрузка 加载中 載入中 読み込み中`,
	wordBack: `previous prev back zurück vorherige vorige précédent précédente anterior anteriores precedente föregående forrige
		edellinen poprzednia poprzedni zpět předchozí előző önceki предыдущая предыдущий назад 上一页 上一頁 前へ 이전 first erste
		première primera primeira prima eerste första første pierwsza první первая newer`,
	wordPage: pageWords,
	wordShow: `load show view see get display fetch laden nachladen anzeigen zeigen zeige charger afficher voir cargar mostrar ver
		carregar exibir carica mostra visualizza laad toon visa vis hent näytä lataa pokaż załaduj zobrazit načíst загрузить
		показать yükle göster 보기`,
	wordFill: `please wait wird werden in go to goto the result results row rows item items entry entries record records element elements connection
		connections credential credentials of list table zur zu der die la le les los las de du des à a ir para vai alla naar til
		ergebnisse einträge zeilen verbindungen résultats entrées éléments lignes resultados elementos registros filas linhas
		risultati elementi righe resultaten rijen`,
})

func kinds(lists map[wordKind]string) map[string]wordKind {
	out := make(map[string]wordKind)
	for kind, words := range lists {
		for _, word := range strings.Fields(words) {
			out[word] = kind
		}
	}
	return out
}

var (
	namedNumber = regexp.MustCompile(`(?i)(?:^|[^\p{L}])(?:` + oneOf(pageWords) + `)[ :]*(\d{1,6})|(\d{1,6}) ?(?:页|頁|ページ|페이지)`)
	paging      = regexp.MustCompile(`(?i)paginat|paging|\bpager\b|\bpages?\b|seite|blätter|página|sayfa|страниц|oldal|页|頁|ページ|페이지`)
	endsIn      = regexp.MustCompile(`(?:^|[^\d.,:/–-])(\d{1,5})[^\p{L}\d]*$`)
	ofLists     = regexp.MustCompile(`(?i)\b(table|list|rows?|results?|footer|tool ?bar|navigation)\b|tabelle|liste`)
)

func oneOf(words string) string { return strings.Join(strings.Fields(words), "|") }

// aboutLists reports whether a heading or part of the page is named as one that goes with a list.
func aboutLists(name string) bool { return paging.MatchString(name) || ofLists.MatchString(name) }

// meaningOf reads the name of a control, and the number of the page that it leads to.
func meaningOf(name string) (meaning, int) {
	name = human.FoldLabel(name)
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.M, unicode.Nd) })
	if len(words) == 0 {
		return arrow(name), 0
	}
	if n, err := strconv.Atoi(words[0]); err == nil && len(words) == 1 && n < 100_000 {
		return meansNumber, n
	}
	var has [wordKinds]bool
	for _, word := range words {
		kind := pagingWords[word]
		if _, err := strconv.Atoi(word); err == nil {
			kind = wordNumber
		}
		has[kind] = true
	}
	switch {
	case has[wordUnknown]:
	case has[wordLoading]:
		return meansLoading, 0
	case has[wordNext] && !has[wordBack]:
		return meansNext, 0
	case (has[wordMore] || has[wordAll] && has[wordShow]) && !has[wordBack]:
		return meansMore, 0
	case has[wordBack] && !has[wordNext]:
		return meansBack, 0
	}
	if m := namedNumber.FindStringSubmatchIndex(name); m != nil && !perPage.MatchString(name[:m[0]]) {
		g := groups(name, m)
		return meansPage, count(g[1] + g[2])
	}
	icons := strings.Fields(arrowWords)
	if !slices.ContainsFunc(words, func(word string) bool { return !slices.Contains(icons, word) }) &&
		slices.ContainsFunc(words, func(word string) bool { return slices.Contains(icons[:3], word) }) {
		return meansForward, 0
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
	end     bool // says that this is the end
}

const (
	amount  = `(\d{1,3}(?:[.,'’]\d{3})+|\d+)`
	through = `[ \t]*(?:[-–—‑−~～]|\b(?:to|through|bis|al?|até|do|till?|tot)\b|à)[ \t]*`
	outOf   = `[ \t]*(?:/|\((?:of|von)|\b(?:out of|of|von|aus|sur|de|di|van|a[vf]|ze?|od|su|sobre)\b|из|от|\bof a total of\b)[ \t]*`
	things  = `(?:items?|entries|entry|results?|records?|rows?|row\(s\)|elements?|objects?|connections?|credentials?|einträgen?|` +
		`eintrag|ergebnissen?|datensätzen?|zeilen|verbindungen?|treffern?|résultats?|éléments?|entrées?|lignes?|resultados?|` +
		`elementos?|registros?|entradas?|filas?|linhas?|conexiones|conexões|risultat[oi]|element[oi]|voci|righe|resultaten|rijen|` +
		`[条條項项筆笔件个個건개])`
	kindOf = `(?:(?:outgoing|mail|e-?mail|oauth2?|client|total)[ \t]+)*`
)

var (
	// "1–10 of 23", "Showing 1 to 10 of 23 entries", "21–30 of more than 30"
	rangeOf = regexp.MustCompile(`(?i)` + amount + through + amount + outOf +
		`(?:(more than|over|mehr als|über|plus de|más de|many)|(?:about|ca\.?)?)[ \t]*` + amount + `?[ \t]*(\+)?`)
	// "Page 2 of 3", "Page of 3" round a field
	pageOf = regexp.MustCompile(`(?i)(?:^|[^\p{L}])(?:` + oneOf(pageWords) + `)[ \t]*:?[ \t]*` + amount + `?` + outOf + amount +
		`|第[ \t]*(\d+)[ \t]*[页頁ペ][^\d\n]{0,6}?共[ \t]*(\d+)|(\d+)[ \t]*/[ \t]*(\d+)[ \t]*(?:页|頁|ページ|페이지|oldal)`)
	perPage      = regexp.MustCompile(`(?i)\b(?:per|pro|par|por)$`)
	filteredFrom = regexp.MustCompile(`(?i)(?:filtered from|gefiltert (?:von|aus))[ \t]+` + amount)
	// "Showing 10 of 23", "10 of 23 connections", "2 / 3"
	someOf = regexp.MustCompile(`(?i)^(showing|displaying|viewing|anzeige|zeige|affichage|mostrando)?:?[ \t]*` + amount + outOf + amount +
		`[ \t]*(?:` + kindOf + `(` + things + `))?[ \t]*(selected|ausgewählt)?(?: shown)?[.)]*$`)
	// "23 connections", "Total: 23", "共 23 条"
	allOf = regexp.MustCompile(`(?i)^(total(?: of)?|gesamt|insgesamt|totale?|共|全)?[: \t]*` + amount + `[ \t]*(?:` + kindOf + `(` + things +
		`))?[ \t]*(total|in total|insgesamt|au total|en total|in totale|totaal)?(?: found| gefunden)?\.?$`)
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
	for _, m := range rangeOf.FindAllStringSubmatchIndex(line, -1) {
		g := groups(line, m)
		first, last, of := count(g[1]), count(g[2]), count(g[4])
		more := g[3] != "" || g[5] != ""
		if g[4] == "" && g[3] == "" || first > last || of < last && g[4] != "" {
			continue
		}
		if more {
			of = max(of, last) + 1
		}
		add(m[2], claim{text: g[0], at: last, of: of, atLeast: more, end: last == of})
	}
	for _, m := range pageOf.FindAllStringSubmatchIndex(line, -1) {
		g := groups(line, m)
		n, of := count(g[1]+g[3]+g[5]), count(g[2]+g[4]+g[6])
		if of > 0 && n <= of && !perPage.MatchString(line[:m[0]]) {
			add(m[0], claim{text: g[0], pages: true, at: n, of: of, end: n == of})
		}
	}
	for _, m := range filteredFrom.FindAllStringSubmatchIndex(line, -1) {
		add(m[2], claim{text: line[m[0]:m[1]], of: count(line[m[2]:m[3]])})
	}
	from := 0
	for _, part := range strings.Split(line, "\t") {
		text := strings.TrimSpace(part)
		if m := someOf.FindStringSubmatch(text); m != nil {
			n, of := count(m[2]), count(m[3])
			rows := m[1]+m[4] != ""
			if n <= of && (n > 0 || m[5] != "") {
				add(from, claim{text: text, pages: !rows && m[5] == "", at: n, of: of, atLeast: m[5] != "", end: n == of && m[5] == ""})
			}
		} else if m := allOf.FindStringSubmatch(text); m != nil && m[1]+m[3]+m[4] != "" {
			total := m[1]+m[4] != ""
			add(from, claim{text: text, of: count(m[2]), perPart: !total, end: total})
		}
		from += len(part) + 1
	}
	return found, at
}

func groups(text string, at []int) []string {
	out := make([]string, len(at)/2)
	for i := range out {
		if at[2*i] >= 0 {
			out[i] = text[at[2*i]:at[2*i+1]]
		}
	}
	return out
}
