package schema

// Rules say how a server bundle becomes a cloud bundle. They are data that an
// administrator edits; package transform holds the shipped ones and refuses
// rules that would change a connection's name, host, port or username.
type Rules struct {
	Format            string                 `json:"format"`
	Note              string                 `json:"note,omitzero"`
	Credentials       ListRules              `json:"credentials"`
	Connections       ListRules              `json:"connections"`
	Values            map[string][]ValueRule `json:"values"`
	RenameCredentials []Rename               `json:"rename_credentials,omitzero"`
}

// ListRules are the rules for one of the two lists.
type ListRules struct {
	Fields []FieldRule `json:"fields"`
	Drops  []DropRule  `json:"drops"`
}

// FieldRule carries Server's field From to Cloud's field To, through the value
// map named Values if one is named.
type FieldRule struct {
	From   string `json:"from"`
	To     string `json:"to"`
	Values string `json:"values,omitzero"`
}

// DropRule leaves a value behind and says why. Field is a server field,
// "extra.KEY", or "extra.*" for every extra value. When limits the rule to items
// whose fields have one of the values listed, every field of When together.
type DropRule struct {
	Field    string              `json:"field"`
	When     map[string][]string `json:"when,omitzero"`
	Reason   string              `json:"reason"`
	Verified bool                `json:"verified"`
}

// ValueRule maps one value of a dropdown or column. Verified false means that
// nobody has seen the value work: it is a guess that the program announces.
type ValueRule struct {
	From     string `json:"from"`
	To       string `json:"to"`
	Verified bool   `json:"verified"`
	Note     string `json:"note,omitzero"`
}

// Rename gives a credential another name on Cloud.
type Rename struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Profile says where a Jira backup or database keeps connections and
// credentials. The app's table and column names are not public, so a profile is
// data that an administrator finds, edits and verifies.
type Profile struct {
	Format      string                 `json:"format"`
	Verified    bool                   `json:"verified"`
	Note        string                 `json:"note,omitzero"`
	Connections TableProfile           `json:"connections"`
	Credentials *TableProfile          `json:"credentials,omitzero"`
	Values      map[string][]ValueRule `json:"values,omitzero"`
}

// TableProfile maps the columns of one table. Table names match without regard
// to case: backups write them in upper case, databases as they please.
type TableProfile struct {
	Table   string          `json:"table"`
	Columns []ColumnProfile `json:"columns"`
}

// ColumnProfile maps one column to a field of the server bundle.
type ColumnProfile struct {
	Field   string   `json:"field"`            // a field's name, or "extra.KEY"
	Column  string   `json:"column,omitzero"`  // empty: not mapped; Choices lists what there is
	Choices []string `json:"choices,omitzero"` // columns to choose from
	Values  string   `json:"values,omitzero"`  // a value map of the profile
	Lookup  string   `json:"lookup,omitzero"`  // oauth2_credentials only: the key column of the credentials table
	Secret  string   `json:"secret,omitzero"`  // Plain or Opaque; needed for secret fields, refused for others
	Note    string   `json:"note,omitzero"`
}

// How a column holds a secret.
const (
	Plain  = "plain"  // the secret itself
	Opaque = "opaque" // ciphertext of an unknown cipher: never leaves the exporter
)

// ValueMap looks a value up in a named map. ok is false where the map does not
// list it; the value is then carried as it is.
func ValueMap(values map[string][]ValueRule, name, value string) (rule ValueRule, ok bool) {
	for _, r := range values[name] {
		if r.From == value {
			return r, true
		}
	}
	return ValueRule{From: value, To: value}, false
}
