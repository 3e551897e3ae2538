package human_test

import (
	"testing"

	"github.com/mailferry/mailferry/internal/human"
)

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"plain":        "plain",
		"Büro サポート ✉️": "Büro サポート ✉️",
		" a b ":        "␣a b␣",
		"a\nb":         "a⏎b",
		"\x1b[2J":      "‹U+001B›[2J",
		"a\u202eb":     "a‹U+202E›b",
		"a\u200bb":     "a‹U+200B›b",
		"a\u00a0b":     "a‹U+00A0›b",
		"a\xffb":       "a‹invalid byte›b",
		"a\u3164b":     "a‹U+3164›b",
		"a\u2028b":     "a‹U+2028›b",
	} {
		if got := human.Visible(in); got != want {
			t.Errorf("Visible(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"export", "import", "inspect", "transform", "o"}
	for typed, want := range map[string]string{"exprot": "export", "transfrom": "transform", "insp": "inspect", "zzz": "", "": "", "obundle": "", "exporting": "export"} {
		if got := human.Nearest(typed, names); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", typed, got, want)
		}
	}
}

func TestLabelsFoldAsPeopleReadThem(t *testing.T) {
	for label, want := range map[string]string{
		"◻ Debug:": "debug", "◼ Debug": "debug", "›": "›",
		"From Address": "from address", " FROM\u00a0 Address: ": "from address", "Name *": "name", "Name\u200b (required)": "name",
		"\ue123 Host": "host", "Required": "required", "*": "*", "Port：": "port", "Nom : *": "nom",
	} {
		if got := human.FoldLabel(label); got != want {
			t.Errorf("FoldLabel(%q) = %q, want %q", label, got, want)
		}
	}
}

func TestNamesFoldThatPeopleTakeForOne(t *testing.T) {
	for _, same := range []string{"büro süd", "BÜRO SÜD", "Bu\u0308ro Su\u0308d", " Büro\u00a0 Süd\t", "Bü\u200bro Süd", "Ｂüro Süd", "BüroSüd"} {
		if human.FoldName(same) != human.FoldName("Büro Süd") {
			t.Errorf("%+q folds to %+q", same, human.FoldName(same))
		}
	}
	if human.FoldName("STRASSE") != human.FoldName("Straße") {
		t.Error("ß and SS are two")
	}
	for _, other := range []string{"Buro Sud", "Büro-Süd", "Büro Süd 2", "В\u00fcro Süd"} {
		if human.FoldName(other) == human.FoldName("Büro Süd") {
			t.Errorf("%+q is folded to the same", other)
		}
	}
}
