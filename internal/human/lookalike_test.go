package human_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mailferry/mailferry/internal/human"
)

func TestTextsThatLookAlikeHaveOneSkeleton(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"anna", "\u0430nna", true},                                // Cyrillic a
		{"BEA", "\u0412\u0395\u0410", true},                        // Cyrillic Ve, Greek Epsilon, Cyrillic A: the small ve looks otherwise
		{"anna", "\uff41\uff4e\uff4e\uff41", true},                 // full-width
		{"anna", "\U0001d41a\U0001d427\U0001d427\U0001d41a", true}, // mathematical
		{"zo\u00eb", "zoe\u0308", true},                            // composed and not
		{"anna", "an\u200bna", true},                               // zero width
		{"anna smith", "anna\u00a0 smith", true},
		{"paul", "pauI", true},
		{"paul", "pau1", true},
		{"bob", "b0b", true},
		{"Ian", "lan", true},
		{"ian", "lan", false},
		{"anna", "ann\u00e4", false},
		{"anna", "ana", false},
		{"stern", "stem", false},                                             // both are names of people
		{"cassa", "ϲаѕѕа", true},                                             // a lunate sigma, which is no letter of today's Greek
		{"ANNA@corp.example", "\ua4ee\ua4e0\ua4e0\ua4ee@corp.example", true}, // Lisu
		{"corp.example", "\u2ca5\u2c9frp\ua4f8\u212example", true},           // Coptic, a sign, a Lisu stop
		{"bob", "b\U0001042cb", true},                                        // Deseret
		{"zo\u00eb", "zo\u0451", true},                                       // Cyrillic io, composed
		{"an-na", "an\u2010na", true},
		{"o'neil", "o\u2019neil", true},
		{"aaron", "\ua733ron", true},
		{"bjo\u0338rn", "bj\u00f8rn", true},
		{"\u03c0\u03ad\u03c4\u03c1\u03bf\u03c2", "\u1d28\u03ad\u03c4\u03c1\u03bf\u03c2", true}, // no letter of ASCII
		{"\u5de5\u85e4", "\u30a8\u85e4", true},                                                 // Han and Katakana
		{"mia", "rnia", false},
		{"bj\u00f8rn", "bjorn", false},
	} {
		if got := human.Skeleton(c.a) == human.Skeleton(c.b); got != c.same {
			t.Errorf("%+q and %+q have the skeletons %+q and %+q", c.a, c.b, human.Skeleton(c.a), human.Skeleton(c.b))
		}
	}
}

func TestLettersBesideEachOtherMayLookLikeOne(t *testing.T) {
	for a, b := range map[string]string{"modem": "rnodern", "wwf": "vvvvf", "barn": "bam"} {
		if human.LooseSkeleton(a) != human.LooseSkeleton(b) {
			t.Errorf("%s and %s are told apart", a, b)
		}
	}
	if human.LooseSkeleton("ra") == human.LooseSkeleton("m") {
		t.Error("ra looks like m")
	}
}

func TestASkeletonIsItsOwnSkeletonAndInLowerCase(t *testing.T) {
	for _, s := range []string{"Anna@Corp.Example", "\u0412\u0395\u0410", "ΣΊΣΥΦΟΣ", "l1I|0O", "rrnnVVvRN", "ӔϾϹϒ"} {
		once := human.Skeleton(s)
		if again := human.Skeleton(once); again != once {
			t.Errorf("%+q: %+q becomes %+q", s, once, again)
		}
	}
}

// confusables are the letters of Greek, Cyrillic and Armenian that Unicode's table
// (UTS #39, version 13) draws like ASCII, each before what it looks like.
const confusables = "ͺi ͿJ ΑA ΒB ΕE ΖZ ΗH Ιl ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX αa γy νv οo ρp σo υu ϒY ϜF ϱp ϲc " +
	"ϳj ϹC ϺM ЅS Іl ЈJ АA ВB ЕE З3 КK МM НH ОO РP СC ТT УY ХX Ьb аa б6 гr еe оo рp сc " +
	"уy хx ѕs іi јj ѡw ѴV ѵv ҮY үy һh ҽe Ӏl ӏi ӔAE ӕae Ӡ3 ԁd ԌG ԛq ԜW ԝw ՍU ՏS ՕO աw " +
	"գq զq հh ոn ռn սu ցg քf օo ᴦr ιi Ꙅ2 ꙇi"

func TestWhatUnicodeListsAsAlikeLooksAlike(t *testing.T) {
	for pair := range strings.FieldsSeq(confusables) {
		letter, size := utf8.DecodeRuneInString(pair)
		// Unicode's table takes I for l; here case decides before that.
		if got, want := human.Skeleton("x"+string(letter)+"x"), human.Skeleton("x"+pair[size:]+"x"); got != want && letter != 'ӏ' {
			t.Errorf("%c looks like %s and becomes %q", letter, pair[size:], got)
		}
	}
}
