package main

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
)

const screenRows = 24

var sequence = regexp.MustCompile(`^\x1b\[(\??)([0-9]*)([A-Za-z])`)

// screen is what a terminal shows after it was sent a text. alternates says
// whether it has an alternate screen; one that has not passes over it.
func screen(t *testing.T, sent string, columns int, alternates bool) string {
	t.Helper()
	rows := [][]rune{nil}
	row, column := 0, 0
	var kept [][]rune
	keptRow := 0
	down := func() {
		if row++; row == len(rows) {
			rows = append(rows, nil)
		}
	}
	for len(sent) > 0 {
		if m := sequence.FindStringSubmatch(sent); m != nil {
			sent = sent[len(m[0]):]
			n, _ := strconv.Atoi(m[2])
			switch m[1] + m[3] {
			case "A":
				row = max(row-n, len(rows)-screenRows, 0)
			case "J":
				rows = rows[:row+1]
				rows[row] = rows[row][:min(column, len(rows[row]))]
			case "?h":
				if alternates {
					kept, keptRow, rows = rows, row, make([][]rune, row+1)
				}
			case "?l":
				if alternates {
					rows, row, column = kept, keptRow, 0
				}
			default:
				t.Fatalf("a sequence that this terminal does not know: %q", m[0])
			}
			continue
		}
		r := []rune(sent)[0]
		sent = sent[len(string(r)):]
		switch {
		case r == '\r':
			column = 0
		case r == '\n':
			down()
		default:
			if column == columns {
				down()
				column = 0
			}
			for len(rows[row]) <= column {
				rows[row] = append(rows[row], ' ')
			}
			rows[row][column] = r
			column++
		}
	}
	var out strings.Builder
	for _, r := range rows {
		out.WriteString(string(r) + "\n")
	}
	return out.String()
}

// cleared fails where a piece of what was shown is on the screen still, or what
// stood there before is not.
func cleared(t *testing.T, sent string, columns int) {
	t.Helper()
	const before = "what stood there before\r\n"
	for _, alternates := range []bool{true, false} {
		got := screen(t, before+sent, columns, alternates)
		flat := strings.ReplaceAll(got, "\n", "")
		for _, piece := range []string{"Service", "Desk", "made-up", "Kestrel", "-41", "Press", "Enter", "clear"} {
			if strings.Contains(flat, piece) {
				t.Errorf("%d columns, alternate screen %v: %q is left:\n%s%q", columns, alternates, piece, got, sent)
			}
		}
		if !strings.Contains(flat, "what stood there before") {
			t.Errorf("%d columns, alternate screen %v: more is cleared than was shown:\n%s%q", columns, alternates, got, sent)
		}
	}
}

func reveal(t *testing.T, columns int, bin, dir string) *person {
	t.Helper()
	return sitAt(t, columns, bin, dir, exec.Command(filepath.Join(bin, "mailferry"), "reveal", "-i", "ops.key", "server.age", "Service Desk"))
}

func TestASecretIsClearedHoweverItWraps(t *testing.T) {
	bin, dir, _ := desk(t)
	for _, columns := range []int{10, 11, 17, 20, 21, 22, 23, 33, 34, 35, 80} { // the lines have 34 and 22
		p := reveal(t, columns, bin, dir)
		p.sees("Press Enter to clear. ")
		p.types(strings.Repeat("typed ahead ", 9) + "\n")
		code, sent := p.leaves()
		if code != 0 || !strings.Contains(sent, "made-up-Kestrel-41") || strings.Contains(sent, "ahead") {
			t.Errorf("%d columns: exit %d: %q", columns, code, sent)
		}
		cleared(t, sent, columns)
	}
}

func TestASecretIsClearedAfterTheWindowChangedItsSize(t *testing.T) {
	bin, dir, _ := desk(t)
	for _, widths := range [][2]int{{20, 80}, {80, 20}, {35, 10}} {
		p := reveal(t, widths[0], bin, dir)
		p.sees("Press Enter to clear. ")
		resize(t, p.tty, widths[1])
		p.types("\n")
		_, sent := p.leaves()
		// The terminal wraps what it shows anew, or leaves it as it is; which of
		// the two nobody can ask it. What is shown has to go either way.
		for _, columns := range widths {
			for _, alternates := range []bool{true, false} {
				got := strings.ReplaceAll(screen(t, sent, columns, alternates), "\n", "")
				if strings.Contains(got, "made-up") || strings.Contains(got, "Kestrel") || strings.Contains(got, "Press") {
					t.Errorf("%v, wrapped at %d: %q", widths, columns, got)
				}
			}
		}
	}
}

func TestASecretIsClearedAtEverySignalThatEndsOrStops(t *testing.T) {
	bin, dir, _ := desk(t)
	ends := map[string]func(p *person) error{}
	for s := syscall.Signal(1); s <= 64; s++ {
		switch s {
		case syscall.SIGKILL, syscall.SIGSTOP, 32, 33, 34: // nothing in Go can catch those
			continue
		case syscall.SIGURG, syscall.SIGWINCH, syscall.SIGCHLD, syscall.SIGCONT, syscall.SIGIO, syscall.SIGPIPE, syscall.SIGPROF:
			continue // they end nothing
		}
		ends[s.String()] = func(p *person) error { return p.cmd.Process.Signal(s) }
	}
	for name, key := range map[string]string{"Ctrl-C": "\x03", "Ctrl-Z": "\x1a", `Ctrl-\`: "\x1c"} {
		ends[name] = func(p *person) error { p.types(key); return nil }
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			p := reveal(t, 20, bin, dir)
			p.sees("Press Enter to clear. ")
			rig.OK(t, end(p))
			code, sent := p.leaves()
			if code != exitFailed {
				t.Errorf("exit %d: %q", code, sent)
			}
			shown, said, _ := strings.Cut(sent, "\x1b[?1049l")
			cleared(t, shown+"\x1b[?1049l", 20)
			if !strings.Contains(said, "interrupted") || strings.Contains(said, "goroutine") {
				t.Errorf("it says %q", said)
			}
		})
	}
}

// In the background it would be stopped where it asks, with the secret on the
// screen.
func TestASecretIsNotShownInTheBackground(t *testing.T) {
	bin, dir, _ := desk(t)
	p := sitAt(t, 80, bin, dir, exec.Command("sh", "-c", `set -m; mailferry reveal -i ops.key server.age "Service Desk" & wait $!`))
	if code, sent := p.leaves(); code != exitFailed || strings.Contains(sent, "made-up") || !strings.Contains(sent, "another program has the terminal") {
		t.Errorf("exit %d: %q", code, sent)
	}
}

// Without a name all secrets come in the run sheet's order, one at a time, forth
// and back, and nothing of any is left.
func TestAllSecretsCanBeGoneThroughAndAreCleared(t *testing.T) {
	bin, dir, _ := desk(t)
	turns := func(p *person, keys string) string {
		for i, key := range strings.Split(keys, "") {
			p.seesTimes("q: end. ", i+1)
			p.types(key)
		}
		_, sent := p.leaves()
		return sent
	}
	p := sit(t, bin, dir, "reveal", "-i", "ops.key", "server.age")
	sent := turns(p, "bn \r\x7fbq")
	var order []string
	for _, m := range regexp.MustCompile(`(\d+) of 12, (credential|connection)`).FindAllStringSubmatch(sent, -1) {
		order = append(order, m[1])
	}
	if got := strings.Join(order, " "); p.cmd.ProcessState.ExitCode() != 0 || got != "1 1 2 3 4 3 2" {
		t.Errorf("exit %d, pages %s: %q", p.cmd.ProcessState.ExitCode(), got, sent)
	}
	for _, alternates := range []bool{true, false} {
		if got := screen(t, sent, 80, alternates); strings.Contains(got, "made-up") || strings.Contains(got, " of 12") {
			t.Errorf("left: %s", got)
		}
	}
	p = sit(t, bin, dir, "reveal", "-i", "ops.key", "server.age")
	sent = turns(p, strings.Repeat("n", 12))
	if p.cmd.ProcessState.ExitCode() != 0 || !strings.Contains(sent, "12 of 12, connection") || !strings.Contains(sent, `the secret of connection "Legal" is missing`) {
		t.Errorf("to the end: %q", sent)
	}
	p = sit(t, bin, dir, "reveal", "-i", "ops.key", "server.age")
	p.seesTimes("q: end. ", 1)
	p.types("\x03")
	if code, sent := p.leaves(); code == 0 || strings.Contains(screen(t, sent, 80, false), "made-up") {
		t.Errorf("Ctrl-C: exit %d: %q", code, sent)
	}
}

func TestWhatTheEyeMissesIsSaid(t *testing.T) {
	for text, want := range map[string]string{
		"abc":       "",
		" ab  ":     "it begins with 1 blank; it ends with 2 blanks",
		"O0Il1|":    "character 1 is the capital letter O; character 2 is the digit 0; character 3 is the capital letter I; character 4 is the small letter l; character 5 is the digit 1; character 6 is a vertical bar",
		"p\u0430ss": "character 2 is U+0430, which looks like a",

		"K\u2013m\u22124\u2010\ufe63\uff0d\ufe58": "character 2 is U+2013, which looks like -; character 4 is U+2212, which looks like -; " +
			"character 6 is U+2010, which looks like -; character 7 is U+FE63, which looks like -; " +
			"character 8 is U+FF0D, which looks like -; character 9 is U+FE58, which looks like -",
		"\u201cK\u201d\u2019":          "character 1 is U+201C, which looks like \"; character 3 is U+201D, which looks like \"; character 4 is U+2019, which looks like '",
		"\uff21\U0001d41a\ufb01\u2160": "character 1 is U+FF21, which looks like A; character 2 is U+1D41A, which looks like a; character 3 is U+FB01, which looks like fi; character 4 is U+2160, which looks like I",
		"\u2113\u0131\u212bß":          "character 1 is U+2113, which looks like l; character 2 is U+0131, which looks like l; character 3 is U+212B, which looks like Å",
		"e\u0301é":                     "character 2 is U+0301, a mark on the one before it",
		"x\u200b…\u20ac\u02bc":         "character 2 is U+200B; character 3 is U+2026, which looks like ...; character 4 is U+20AC; character 5 is U+02BC, which looks like '",
		"Straße, Łódź, пуля, 秘密":       "character 16 is U+0443, which looks like y",
		" a  b \t c ":                  "it begins with 1 blank; it ends with 1 blank; characters 3 to 4 are blanks; characters 6 to 8 are blanks",
		"a\u00a0b\u3000":               "it ends with 1 blank; character 2 is U+00A0, which looks like a blank; character 4 is U+3000, which looks like a blank",
	} {
		if got := strings.Join(missedByTheEye(text), "; "); got != want {
			t.Errorf("%q: %s", text, got)
		}
	}
}
