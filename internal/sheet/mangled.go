package sheet

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// What spreadsheets write in place of a value that they took for something
// else. The patterns cover a whole cell: a sentence with a date in it is fine.
var (
	exponent = regexp.MustCompile(`^[+-]?[0-9]([.,][0-9]+)?[Ee][+-]?[0-9]{1,3}$`)
	hashes   = regexp.MustCompile(`^#{3,}$`)
	failed   = regexp.MustCompile(`^(#(\p{Lu}/\p{Lu}|NV|GETTING_DATA|[¡¿]?[\p{Lu}\pM0-9/_]+[!?])|(Err|Hiba|Ошибка|Błąd|Hata) ?:5[0-9]{2})$`)
	dates    = regexp.MustCompile(`^(` + strings.Join([]string{
		`[0-9]{1,2}\. ?[0-9]{1,2}\. ?([0-9]{2}){1,2}`,              // 01.02.2024, 1. 2. 2024
		`[0-9]{1,2}/[0-9]{1,2}/([0-9]{2}){1,2}`,                    // 1/2/2024
		`[0-9]{1,2}-[0-9]{1,2}-([0-9]{2}){1,2}`,                    // 1-2-2024
		`[0-9]{4}([-./][0-9]{1,2}){2}\.?( [0-9]{1,2}:[0-9]{2}.*)?`, // 2024-02-01, 2024/2/1 12:30
		`[0-9]{1,2}[-. ]{1,2}` + month + `([-. ][0-9]{2,4})?`,      // 2-Jan, 02. Jan 24
		month + `[-. ][0-9]{2,4}`,                                  // Jan-24
		`([0-9]{2,4}年)?[0-9]{1,2}月([0-9]{1,2}日)?`,                  // 2024年2月1日
	}, "|") + `)$`)
)

// month is how spreadsheets shorten the months in the languages of Europe, but for
// what is a word elsewhere (pro, out, set).
const month = `(?i:jan|janv|ene|gen|янв|січ|oca|feb|févr?|úno|lut|фев|февр|лют|şub|mar|mars|mär|mrz|mrt|bře|мар|март|бер|` +
	`apr|avr|abr|kwi|апр|кві|nis|may|mai|maj|mei|mag|kvě|май|мая|jun|juin|giu|cze|čvn|июн|haz|jul|juil|lug|čvc|июл|` +
	`aug|août|ago|srp|авг|ağu|sep|sept|wrz|zář|сен|сент|eyl|oct|okt|ott|paź|říj|окт|жов|eki|nov|ноя|нояб|kas|` +
	`dec|dez|déc|dic|gru|дек|гру)\.?`

const formulaError = "shows the error of a formula, not a value"

// mangled says what a spreadsheet seems to have made of a cell, or "".
func mangled(cell string) string {
	if strings.ContainsRune(cell, utf8.RuneError) {
		return "has a character (\uFFFD) that stands for one lost in an earlier conversion"
	}
	if len(cell) > 60 || !strings.HasPrefix(cell, "#") && !strings.ContainsAny(cell, "0123456789") {
		return ""
	}
	switch {
	case exponent.MatchString(cell):
		return "looks like a long number that a spreadsheet has shortened"
	case dates.MatchString(cell):
		return "looks like a date, which a spreadsheet may have made of something else"
	case hashes.MatchString(cell):
		return "shows only # signs: the column was too narrow when the sheet was saved"
	case failed.MatchString(cell):
		return formulaError
	}
	return ""
}
