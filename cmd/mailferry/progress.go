package main

import (
	"cmp"
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/terminal"
)

// width is the terminal's, or 80.
func (e *env) width() int { return cmp.Or(terminal.Width(fileOf(e.stdout)), 80) }

// terminal says what printed text may use. NO_COLOR is honoured.
func (e *env) terminal() human.Terminal {
	colour := e.getenv("NO_COLOR") == "" && e.getenv("TERM") != "dumb" && isTerminal(e.stdout) &&
		terminal.Escapes(fileOf(e.stdout))
	return human.Terminal{Width: e.width(), Colour: colour}
}

// showsProgress reports whether a line that moves can be shown.
func (e *env) showsProgress() bool { return isTerminal(e.stderr) && e.getenv("TERM") != "dumb" }

// waiting says on a terminal what a page is waited for, on a line of its own; nil
// when piped.
func (e *env) waiting() func(what string) {
	if !e.showsProgress() || !terminal.Escapes(fileOf(e.stderr)) {
		return nil
	}
	const clearLine = "\r\x1b[K" // of a bar that stands there
	return func(what string) {
		fmt.Fprint(e.stderr, clearLine)
		e.say("waiting for %s", what)
	}
}

// progress shows on a terminal how far something long is, in bytes or in items, and what
// it waits for; nothing when piped. The second function clears it.
func (e *env) progress(what string, counts progressbar.Option) (update func(done, total int64, waiting string),
	end func()) {
	if !e.showsProgress() {
		return func(int64, int64, string) {}, func() {}
	}
	bar := progressbar.NewOptions64(-1, counts, progressbar.OptionSetWriter(e.stderr),
		progressbar.OptionSetDescription(oneLine(what)),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(),
		progressbar.OptionFullWidth(),
		progressbar.OptionSetPredictTime(true))
	return func(done, total int64, waiting string) {
		if bar.GetMax64() != total {
			bar.ChangeMax64(total)
		}
		if waiting != "" {
			waiting = " (" + waiting + ")"
		}
		bar.Describe(oneLine(what + waiting))
		_ = bar.Set64(done)
	}, func() { _ = bar.Clear() }
}

// inBytes and inItems are what progress counts.
func inBytes() progressbar.Option { return progressbar.OptionShowBytes(true) }
func inItems() progressbar.Option { return progressbar.OptionShowCount() }
