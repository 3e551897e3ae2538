package probe

import (
	_ "embed"
	"html/template"
	"io"
	"strconv"
	"strings"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/webpage"
)

const fromHere = "Tried from this machine; what Cloud reaches is another question."

// Verdict sums the report up in one line.
func (r *Report) Verdict() string {
	var parts []string
	for _, s := range []State{Failed, Warning, Unknown, Note, Good} {
		if n := r.Summary[s]; n > 0 {
			text := human.Count(n, string(s))
			if s == Unknown || s == Good {
				text = strconv.Itoa(n) + " " + string(s)
			}
			parts = append(parts, text)
		}
	}
	if parts == nil {
		return "nothing to try"
	}
	return human.Count(len(r.Connections), "connection") + " and " +
		human.Count(len(r.Credentials), "credential") + ": " + strings.Join(parts, ", ")
}

// group is a list of results under its title.
type group struct {
	Title string
	Items []*Result
}

func (r *Report) groups() []group {
	out := []group{{"Connections", r.Connections}}
	if len(r.Credentials) > 0 {
		out = append(out, group{"OAuth2 credentials", r.Credentials})
	}
	return out
}

// Where is the host and port of a connection, for people; "" of others.
func (r *Result) Where() string {
	if r.server == nil {
		return ""
	}
	return r.server.Address()
}

// Facts are what a server showed, in words.
func (s *Server) Facts() string {
	var parts []string
	add := func(label string, values ...string) {
		if text := strings.Join(values, " "); text != "" {
			parts = append(parts, label+text)
		}
	}
	methods := func(when string, list []string, possible bool) {
		if list == nil && possible {
			list = []string{"none"}
		}
		add("sign-in "+when+" TLS: ", list...)
	}
	add("", map[Mode]string{Implicit: "TLS at once", StartTLS: "STARTTLS", Clear: "no TLS"}[s.Mode])
	if s.TLS != nil {
		add("", s.TLS.Version)
		add("certificate of ", s.TLS.Chain[0].Subject)
	}
	if s.Protocol == SMTP && s.Mode != "" {
		methods("before", s.MethodsClear, s.Mode != Implicit)
		methods("within", s.MethodsTLS, s.Mode != Clear)
		add("extensions: ", s.Extensions...)
		add("greets with: ", s.Greeting)
	}
	return strings.Join(parts, "; ")
}

var styles = map[State]human.Style{
	Good: human.Green, Note: human.Plain, Unknown: human.Plain, Warning: human.Yellow, Failed: human.Red}

// Text writes the report for a terminal.
func Text(w io.Writer, r *Report, t human.Terminal) error {
	const column = 7
	p := human.NewPrinter(w, t)
	p.Heading("Mailferry probe of " + r.Bundle)
	p.Wrapped(0, human.Strong, r.Verdict())
	p.Wrapped(0, human.Faint, fromHere)
	write := func(state State, title string, list checks) {
		p.Pair(0, column, string(state), styles[state], title)
		for _, c := range list {
			p.Pair(column+2, column, string(c.State), human.Plain, c.Text)
		}
	}
	for _, g := range r.groups() {
		p.Blank()
		p.Heading(g.Title)
		for _, res := range g.Items {
			title := human.Visible(res.Name)
			if where := res.Where(); where != "" {
				title += " (" + human.Visible(where) + ")"
			}
			write(res.State, title, res.Checks)
		}
	}
	if len(r.Servers) > 0 {
		p.Blank()
		p.Heading("Servers")
	}
	for _, s := range r.Servers {
		write(s.State, human.Visible(s.Address()), nil)
		if facts := s.Facts(); facts != "" {
			p.Wrapped(column+2, human.Plain, facts)
		}
		for _, c := range s.Checks {
			p.Pair(column+2, column, string(c.State), human.Plain, c.Step+": "+c.Text)
		}
	}
	return p.Flush()
}

//go:embed probe.html
var page string

// HTML writes the report as one page.
func HTML(w io.Writer, r *Report) error {
	return webpage.Write(w, webpage.Page{Title: "Mailferry probe: " + r.Bundle, Body: page,
		Funcs: template.FuncMap{"state": State.mark},
		Data: map[string]any{"Report": r, "Groups": r.groups(), "From": fromHere,
			"Footer": "Written by " + r.Tool + ". It shows no secret: what a server repeats of one is left out."}})
}

// mark shows a state by an icon and its word.
func (s State) mark() webpage.Mark {
	icon := string(s)
	if s == Unknown {
		icon = "off"
	}
	return webpage.Mark{Icon: icon, Word: string(s)}
}
