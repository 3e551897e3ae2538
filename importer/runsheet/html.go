package runsheet

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/mailferry/mailferry/internal/webpage"
)

//go:embed page.html.tmpl
var pageTemplate string

//go:embed page.css
var pageStyle string

//go:embed page.js
var pageScript string

// before is what a person should know who has never done this.
var before = [...]string{
	"You need to be an administrator of Email This Issue on the Cloud site.",
	"Work from top to bottom. If something of the same name is on Cloud already, " +
		"compare it field by field instead of adding a second one.",
	"Copy the values rather than typing them. Where a list has to be chosen from and does not offer the value, " +
		"choose what means the same and write it down.",
	"No password and no client secret is on this sheet. They are sealed in the bundle, " +
		"and only who holds a key to them can show them.",
	"Which servers answer, and which passwords, senders and client secrets are still good, " +
		"mailferry probe --login tells beforehand.",
}

// HTML writes the run sheet as one file that needs nothing else: it loads
// nothing, sends nothing, and runs no script but its own. Ticks are kept in the
// browser that they were made in, under the bundle's digest.
func HTML(w io.Writer, s Sheet) error {
	p, err := layOut(s)
	if err != nil {
		return err
	}
	return webpage.Write(w, webpage.Page{
		Title: "Run sheet: " + p.Count, Body: pageTemplate, Style: pageStyle, Script: pageScript,
		Funcs: template.FuncMap{"copied": copied},
		Data:  map[string]any{"Page": p, "Before": before, "Last": len(p.Parts) + 2},
	})
}

// copied is a text as the page's script reads it: in quotes, as JSON, with
// everything that cannot be seen escaped, so that nothing in the file acts on
// whoever looks at it as text. Line ends become HTML's, as before any form.
func copied(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	var out strings.Builder
	out.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			out.WriteRune('\\')
			out.WriteRune(r)
		case unicode.IsPrint(r):
			out.WriteRune(r)
		default:
			for _, unit := range utf16.AppendRune(nil, r) {
				fmt.Fprintf(&out, `\u%04x`, unit)
			}
		}
	}
	out.WriteByte('"')
	return out.String()
}
