package main

import (
	"cmp"
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/terminal"
)

// width is the terminal's, or 80.
func (e *env) width() int { return cmp.Or(terminal.Width(fileOf(e.stdout)), 80) }

// terminal says what printed text may use. NO_COLOR is honoured.
func (e *env) terminal() human.Terminal {
	colour := e.getenv("NO_COLOR") == "" && e.getenv("TERM") != "dumb" && isTerminal(e.stdout) && terminal.Escapes(fileOf(e.stdout))
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

// progressBytes shows how far a long read is, on a terminal; nothing when
// piped. The second function clears it.
func (e *env) progressBytes(what string) (update func(read, total int64), done func()) {
	if !e.showsProgress() {
		return nil, func() {}
	}
	bar := e.bar(what, progressbar.OptionShowBytes(true))
	return func(read, total int64) {
		if bar.GetMax64() != total {
			bar.ChangeMax64(total)
		}
		_ = bar.Set64(read)
	}, func() { _ = bar.Clear() }
}

func (e *env) bar(what string, counts progressbar.Option) *progressbar.ProgressBar {
	return progressbar.NewOptions64(-1, counts, progressbar.OptionSetWriter(e.stderr), progressbar.OptionSetDescription(oneLine(what)),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionFullWidth(),
		progressbar.OptionSetPredictTime(true))
}

// progressItems shows how far an import is, on a terminal.
func (e *env) progressItems(what string) (update func(importer.Progress), done func()) {
	if !e.showsProgress() {
		return nil, func() {}
	}
	bar := e.bar(what, progressbar.OptionShowCount())
	return func(p importer.Progress) {
		if bar.GetMax() != p.Total {
			bar.ChangeMax(p.Total)
		}
		text := what
		if p.Waiting != "" {
			text += " (" + p.Waiting + ")"
		}
		bar.Describe(oneLine(text))
		_ = bar.Set(p.Done)
	}, func() { _ = bar.Clear() }
}
