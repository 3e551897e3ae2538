// Package runsheet is the way into Cloud for where nothing but a person may
// touch it: a sheet that says what to type and choose on each form, in the
// form's own order, and what is left to do afterwards.
//
// A run sheet holds no secret and cannot: it is made from a bundle's settings,
// in which markers stand where the secrets were. It says where each secret is
// and who can show it.
package runsheet

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
)

// Sheet is what a run sheet is made from.
type Sheet struct {
	Bundle *schema.Bundle // a cloud bundle
	Digest string         // its content digest: ticks in a browser are kept under it
	File   string         // the bundle's base name, for the commands shown; "" for a placeholder
	Notes  []Note
}

// Note is something to know about a value, such as that nobody has verified that
// Cloud's form offers it.
type Note struct {
	List  schema.List
	Name  string // the item's name on Cloud; "" for a note about the whole bundle
	Field string // Cloud's field, such as "service_provider"; "" for the item as a whole
	Text  string
}

// Where Cloud keeps the two lists, as the vendor documents it.
const (
	credentialsMenu = "Administration tab → OAUTH2 → OAuth2 Credentials → Add"
	connectionsMenu = "Administration tab → OUTGOING MAILS → Outgoing Mail Connections → Add"
)

// laidOut is a run sheet laid out: what the HTML and the text form both show. Its
// texts are fit to be seen, with everything invisible written out; Copy alone
// holds a value as it is.
type laidOut struct {
	Digest, BundleID, Source, Created, Tool string
	Count                                   string
	Readers                                 []schema.KeyHolder
	Reveal                                  string // the command that shows all secrets, one at a time; "" where there are none
	Notes                                   []string
	Parts                                   []part
	After                                   []checklist
	Ticks                                   int
}

// part is one list: what to add under one menu.
type part struct {
	Number, Title, Menu, Intro string
	Cards                      []*card
}

// card is one item to add.
type card struct {
	ID, Name, Summary string
	Fields            []*field
	Notes             []string
	Then              []string
}

// How a field of the form is filled.
const (
	typeIt   = "type"
	chooseIt = "choose"
	switchIt = "switch"
	emptyIt  = "empty"
	secretIt = "secret"  // by what Command shows
	lackedIt = "missing" // by a secret that the bundle does not have
)

type field struct {
	Label, Of, How string
	Value          string // what to see; may have several lines; of a secret that is missing the reason
	Copy           string // what to paste; "" for no button
	Link           string // id of the card that Value names
	Command        string // shows a sealed secret
	All            bool   // Command shows all secrets: no shell takes the name as it is
	Notes          []string
}

type checklist struct {
	Title, Text string
	Items       []check
}

type check struct{ ID, Label string }

// layOut makes the page. Ids count items, so that names need no escaping in them.
func layOut(s Sheet) (*laidOut, error) {
	b := s.Bundle
	if b == nil || !b.IsCloud() {
		return nil, schema.Hint(errors.New("a run sheet is made from a cloud bundle"),
			"transform the server bundle first")
	}
	if len(b.Credentials)+len(b.Connections) == 0 {
		return nil, errors.New("the bundle holds nothing to add")
	}
	p := &laidOut{
		Digest: s.Digest, BundleID: b.Manifest.ID,
		Source: human.Visible(b.Manifest.Source.Name), Tool: human.Visible(b.Manifest.Tool),
		Count: human.Count(len(b.Connections), "connection"),
	}
	if n := len(b.Credentials); n > 0 {
		p.Count += " and " + human.Count(n, "OAuth2 credential")
	}
	if !b.Manifest.Created.IsZero() {
		p.Created = b.Manifest.Created.Format("2 January 2006, 15:04 UTC")
	}
	for _, r := range b.Manifest.Recipients {
		p.Readers = append(p.Readers,
			schema.KeyHolder{Label: human.Visible(r.Label), Key: shortKey(human.Visible(r.Key))})
	}
	l := &layout{sheet: s, doc: p, notes: map[Note][]string{}, cards: map[string]string{}}
	l.index()
	if len(b.Credentials) > 0 {
		l.part(schema.Credentials, "OAuth2 credentials", credentialsMenu,
			"These come first: a connection can only choose a credential that exists. "+
				"The labels are those of Server's form; Cloud's may be worded a little differently.")
	}
	if len(b.Connections) > 0 {
		l.part(schema.Connections, "Outgoing Mail Connections", connectionsMenu,
			"One form each, its fields in Cloud's order. Press Save at the end of each form, then tick it here.")
	}
	if l.sealed {
		p.Reveal = "mailferry reveal -i KEY " + l.file()
	}
	l.after()
	for _, part := range p.Parts {
		p.Ticks += len(part.Cards)
	}
	for _, c := range p.After {
		p.Ticks += len(c.Items)
	}
	return p, nil
}

// layout is a page in the making.
type layout struct {
	sheet  Sheet
	doc    *laidOut
	notes  map[Note][]string  // by place, Text left out
	common map[string]*common // by Text
	cards  map[string]string  // name of a credential → its card
	sealed bool               // some secret can be shown
}

// common is a note that is true of several items: it stands once, before them all.
type common struct {
	labels, items []string
	said          bool
}

// of says what the note is about.
func (c *common) of() string {
	what := human.Few(c.items, len(c.items))
	if len(c.labels) > 0 {
		return strings.Join(c.labels, ", ") + " of " + what
	}
	return what
}

// gather finds the notes that several items have.
func gather(notes []Note) map[string]*common {
	out := map[string]*common{}
	for _, n := range notes {
		c := out[n.Text]
		if c == nil {
			c = &common{}
			out[n.Text] = c
		}
		f, known := schema.FieldByName(schema.CloudFormat, n.List, n.Field)
		if known && !slices.Contains(c.labels, f.Label) {
			c.labels = append(c.labels, f.Label)
		}
		if len(c.items) == 0 || c.items[len(c.items)-1] != n.Name { // those of one item stand together
			c.items = append(c.items, n.Name)
		}
	}
	return out
}

func (l *layout) index() {
	b := l.sheet.Bundle
	l.common = gather(l.sheet.Notes)
	there := map[Note]bool{}
	for _, list := range schema.Lists() {
		for i, it := range b.Items(list) {
			there[Note{List: list, Name: it.ItemName()}] = true
			if list == schema.Credentials {
				l.cards[it.ItemName()] = cardID(list, i)
			}
			if m := schema.SecretMarker(it); m != nil && m.State == schema.Sealed {
				l.sealed = true
			}
		}
	}
	for _, n := range l.sheet.Notes {
		text := human.VisibleLines(n.Text)
		key := Note{List: n.List, Name: n.Name}
		if !there[key] {
			l.doc.Notes = append(l.doc.Notes, text)
			continue
		}
		if common := l.common[n.Text]; len(common.items) > 1 {
			if !common.said {
				common.said = true
				l.doc.Notes = append(l.doc.Notes, common.of()+": "+text)
			}
			continue
		}
		if _, known := schema.FieldByName(schema.CloudFormat, n.List, n.Field); known {
			key.Field = n.Field
		}
		l.notes[key] = append(l.notes[key], text)
	}
}

func cardID(l schema.List, i int) string { return fmt.Sprintf("%s-%d", l.One(), i+1) }

func (l *layout) part(list schema.List, title, menu, intro string) {
	p := part{Number: fmt.Sprint(len(l.doc.Parts) + 2), Title: title, Menu: menu, Intro: intro}
	for i, it := range l.sheet.Bundle.Items(list) {
		p.Cards = append(p.Cards, l.card(cardID(list, i), it))
	}
	l.doc.Parts = append(l.doc.Parts, p)
}

func (l *layout) card(id string, it schema.Item) *card {
	c := &card{ID: id, Name: human.Visible(it.ItemName()), Notes: l.notes[Note{List: it.List(), Name: it.ItemName()}]}
	for _, f := range schema.FieldsOf(it) {
		c.Fields = append(c.Fields, l.field(it, f))
	}
	switch it := it.(type) {
	case *schema.CloudCredential:
		c.Summary = human.Visible(it.ServiceProvider)
		c.Then = []string{"Note the redirect URI that Cloud shows for it. " +
			"It is not Server's: the provider has to be told (see Afterwards)."}
	case *schema.CloudConnection:
		c.Summary = human.Visible(it.FromEmailAddress)
	}
	return c
}

func (l *layout) field(it schema.Item, f schema.Field) *field {
	out := &field{
		Label: f.Label, Of: human.Visible(it.ItemName()), How: typeIt,
		Notes: slices.Clip(l.notes[Note{List: it.List(), Name: it.ItemName(), Field: f.Name}]),
	}
	if f.Secret {
		l.secret(it, out)
		return out
	}
	raw := schema.Text(it, f.Name)
	if f.Type == schema.Boolean {
		out.How, out.Value = switchIt, "Off"
		if raw == "true" {
			out.Value = "On"
		}
		return out
	}
	if raw == "" {
		out.How, out.Value = emptyIt, empty(it, f)
		return out
	}
	out.Value, out.Copy = human.Visible(raw), raw
	switch f.Name {
	case "description":
		out.Value = human.VisibleLines(raw) // the one field of several lines
	case "service_provider", "encryption":
		out.How = chooseIt
	case "oauth2_credentials":
		out.How, out.Link = chooseIt, l.cards[raw]
		if out.Link == "" {
			out.Notes = append(out.Notes, "This bundle does not hold that credential: it must be on Cloud already.")
		}
	}
	if out.Value != raw && out.Value != strings.ReplaceAll(raw, "\r\n", "\n") {
		out.Notes = append(out.Notes, "Has characters that cannot be seen, written here as ‹U+…›, ⏎ or ␣. "+
			"Copying takes the value as it is.")
	}
	return out
}

// empty says what to do with a field that has no value. The vendor documents
// that a connection through OAuth2 is not asked for these three.
func empty(it schema.Item, f schema.Field) string {
	if it.List() == schema.Connections && schema.Text(it, "oauth2_credentials") != "" {
		switch f.Name {
		case "host", "smtp_port", "password":
			return "not asked for with OAuth2"
		}
	}
	return "leave empty"
}

func (l *layout) secret(it schema.Item, out *field) {
	switch m := schema.SecretMarker(it); {
	case m == nil:
		f, _ := schema.FieldByName(schema.CloudFormat, it.List(), schema.SecretField(it.List()))
		out.How, out.Value = emptyIt, empty(it, f)
	case m.State == schema.Sealed:
		out.How = secretIt
		out.Command, out.All = l.command(it.ItemName())
	default:
		out.How, out.Value = lackedIt, human.Visible(m.Reason)
	}
}

// plainName is a text that stands for itself between double quotes in every
// shell, and cannot be read as a flag.
var plainName = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}\p{So} ._@()+,:/#&–-]*$`)

// windowsActs are characters by which a name in single quotes could still do
// something in a shell of Windows.
const windowsActs = `'"&|<>^%`

// file is how a command names the bundle.
func (l *layout) file() string {
	file := l.sheet.File
	if file == "" || !plainName.MatchString(file) {
		return "BUNDLE"
	}
	if strings.ContainsFunc(file, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("()&#", r) }) {
		return `"` + file + `"`
	}
	return file
}

// command is what shows a secret. People paste it into a shell, so a name that
// could mean something there is quoted, or where no quotes are good for every
// shell left out: the command without a name shows all.
func (l *layout) command(name string) (line string, placeholder bool) {
	reveal := "mailferry reveal -i KEY "
	switch {
	case plainName.MatchString(name):
		return reveal + l.file() + ` "` + name + `"`, false
	case strings.ContainsAny(name, windowsActs) || human.Visible(name) != name:
		return reveal + l.file(), true
	case strings.HasPrefix(name, "-"):
		return reveal + "-- " + l.file() + " " + human.Pasted(name), false
	}
	return reveal + l.file() + " " + human.Pasted(name), false
}

// after lists what no form has a field for.
func (l *layout) after() {
	b := l.sheet.Bundle
	all := func(schema.Item) bool { return true }
	secret := func(it schema.Item) bool { return schema.SecretMarker(it) != nil }
	redirect := checks(b, schema.Credentials, "redirect-", "", all)
	authorise := checks(b, schema.Connections, "authorise-", "",
		func(it schema.Item) bool { return schema.Text(it, "oauth2_credentials") != "" })
	test := checks(b, schema.Connections, "test-", "", all)
	change := append(checks(b, schema.Credentials, "change-", " (client secret)", secret),
		checks(b, schema.Connections, "change-", "", secret)...)
	add := func(title, text string, items []check) {
		if len(items) > 0 {
			l.doc.After = append(l.doc.After, checklist{title, text, items})
		}
	}
	add("Register Cloud's redirect URI", "With Google or Microsoft, in the app registration of each credential. "+
		"Server's callback URL belongs to Server alone and cannot be used again.", redirect)
	add("Authorise each OAuth2 connection", "Tokens do not travel. "+
		"Open the connection on Cloud, authorise it, and sign in as the account in its Username.", authorise)
	add("Send a test mail", "From each connection, to an address outside the company, "+
		"and look at From, prefix and reply.", test)
	add("Change the passwords", "Once Server sends no more mail. They have been on the way, and people have seen them.", change)
	add("Dispose of the bundle", "Nothing is needed from it once all of the above is done.", []check{
		{"dispose-copies", "All copies of the bundles are deleted, those in mail and chat too"},
		{"dispose-sheets", "Spreadsheets and files with secrets that they were made from are deleted"},
		{"dispose-paper", "Printed run sheets are shredded"},
	})
}

// checks are one for each item of a list that is wanted.
func checks(b *schema.Bundle, list schema.List, before, after string, wanted func(schema.Item) bool) []check {
	var out []check
	for i, it := range b.Items(list) {
		if wanted(it) {
			out = append(out, check{before + cardID(list, i), human.Visible(it.ItemName()) + after})
		}
	}
	return out
}

// shortKey keeps a key's two ends: post-quantum keys are some 2000 letters long.
func shortKey(key string) string {
	const most, ends = 70, 24
	if len(key) <= most {
		return key
	}
	return key[:ends] + "…" + key[len(key)-ends:]
}
