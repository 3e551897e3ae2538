package human_test

import (
	"testing"

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
	} {
		if got := human.Skeleton(c.a) == human.Skeleton(c.b); got != c.same {
			t.Errorf("%+q and %+q have the skeletons %+q and %+q", c.a, c.b, human.Skeleton(c.a), human.Skeleton(c.b))
		}
	}
}

func TestASkeletonIsItsOwnSkeletonAndInLowerCase(t *testing.T) {
	for _, s := range []string{"Anna@Corp.Example", "\u0412\u0395\u0410", "ΣΊΣΥΦΟΣ", "l1I|0O"} {
		once := human.Skeleton(s)
		if again := human.Skeleton(once); again != once {
			t.Errorf("%+q: %+q becomes %+q", s, once, again)
		}
	}
}
