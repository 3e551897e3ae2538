package schema

import "github.com/go-json-experiment/json"

// Sides of a form profile.
const (
	ServerSide = "server"
	CloudSide  = "cloud"
)

// FormProfile says how a person finds connections and credentials on the admin
// pages of one side: by which menu, which buttons, which labels. The vendor may
// rename any of it, so it is data that an administrator edits and verifies.
// Names and labels compare without regard to case, blanks, a required-mark and
// a colon. Package formprofile has the shipped ones.
type FormProfile struct {
	Format      string   `json:"format"`
	Side        string   `json:"side"` // ServerSide or CloudSide
	Verified    bool     `json:"verified"`
	Note        string   `json:"note,omitzero"`
	SignedIn    []string `json:"signed_in"` // headings, buttons or links, any of which shows that the app is open and the person signed in
	Connections FormList `json:"connections"`
	Credentials FormList `json:"credentials"`
}

// FormList is one list and the form of its items.
type FormList struct {
	Path    string      `json:"path,omitzero"`  // of the list page on the site, where it has an address of its own
	Menu    []string    `json:"menu,omitzero"`  // what to press to come to the list, outermost first
	Heading string      `json:"heading"`        // of the list page
	Column  string      `json:"column"`         // the column that holds the names
	Empty   string      `json:"empty,omitzero"` // what a list without rows says; without it a look waits a moment before it believes that there are none
	Next    Names       `json:"next,omitzero"`  // the button to the list's next part, or several names that it may have; "none": a person knows that the list has no further parts
	Add     string      `json:"add"`
	Save    string      `json:"save"`
	Cancel  string      `json:"cancel"`
	More    string      `json:"more,omitzero"` // the ⋯ of a row; absent: the one button of the row that has a menu
	Edit    string      `json:"edit"`          // in that menu
	Decides string      `json:"decides,omitzero"`
	Note    string      `json:"note,omitzero"`
	Fields  []FormField `json:"fields,omitzero"` // absent fields are those of the bundle, under the vendor's documented labels
}

// FormField is one field of a form.
type FormField struct {
	Field    string   `json:"field"`             // a field's name in the bundle
	Label    string   `json:"label,omitzero"`    // as the form shows it; absent: the documented label
	Also     []string `json:"also,omitzero"`     // other labels that it may have
	Press    string   `json:"press,omitzero"`    // what to press on the form before the field is there
	With     []string `json:"with,omitzero"`     // on the form with these values of the deciding field, perhaps with others; absent: with all
	Optional bool     `json:"optional,omitzero"` // perhaps not on the form at all
	Note     string   `json:"note,omitzero"`
}

// Names are one name or several, as a string or an array of strings.
type Names []string

// UnmarshalJSON takes both forms.
func (n *Names) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*n = Names{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(n))
}

// Labels are all labels that the field may have, the likeliest first.
func (f *FormField) Labels() []string { return append([]string{f.Label}, f.Also...) }

// Field returns what the profile says of a field, nil where it says nothing.
func (l *FormList) Field(field string) *FormField {
	for i := range l.Fields {
		if l.Fields[i].Field == field {
			return &l.Fields[i]
		}
	}
	return nil
}

// List returns one of the two lists.
func (p *FormProfile) List(l List) *FormList {
	if l == Credentials {
		return &p.Credentials
	}
	return &p.Connections
}

// Bundle returns the format of the bundles whose fields the forms have.
func (p *FormProfile) Bundle() string {
	if p.Side == ServerSide {
		return ServerFormat
	}
	return CloudFormat
}

// Label returns what the form calls a field, "" where the profile does not say.
func (l *FormList) Label(field string) string {
	if f := l.Field(field); f != nil {
		return f.Label
	}
	return ""
}
