package report

import (
	"io"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/mailferry/mailferry/internal/findings"
	"github.com/mailferry/mailferry/schema"
)

// Format is the format of JSON reports; audit-report.schema.json describes it.
const Format = "mailferry/audit-report/v1"

// summary is what the report counts.
type summary struct {
	findings.Tally
	Credentials int `json:"credentials"`
	Connections int `json:"connections"`
	Sealed      int `json:"sealed"`
	Missing     int `json:"missing"`
}

func (b *Bundle) summary() summary {
	sealed, missing := b.secrets()
	return summary{findings.Count(b.Findings.All()), len(b.Content.Credentials), len(b.Content.Connections), sealed, missing}
}

func (r *Report) summary() summary {
	var all summary
	for _, b := range r.Bundles {
		s := b.summary()
		all.Errors += s.Errors
		all.Warnings += s.Warnings
		all.Notes += s.Notes
		all.Excepted += s.Excepted
		all.Credentials += s.Credentials
		all.Connections += s.Connections
		all.Sealed += s.Sealed
		all.Missing += s.Missing
	}
	return all
}

type jsonFinding struct {
	ID       string            `json:"id"`
	Severity findings.Severity `json:"severity"`
	Title    string            `json:"title"`
	Why      string            `json:"why"`
	Do       string            `json:"do"`
	Place    string            `json:"place"`
	List     schema.List       `json:"list,omitzero"`
	Item     string            `json:"item,omitzero"`
	Label    string            `json:"label,omitzero"`
	Detail   string            `json:"detail,omitzero"`
	Excepted *jsonException    `json:"excepted,omitzero"`
}

type jsonException struct {
	Reason  string `json:"reason"`
	Expires string `json:"expires"`
}

// JSON writes the report as one document, item by item. Items stand in it as
// in the bundle.
func JSON(w io.Writer, r *Report) error {
	enc := jsontext.NewEncoder(w, jsontext.WithIndent(" "))
	j := jsonWriter{enc: enc}
	j.token(jsontext.BeginObject)
	j.member("format", Format)
	j.member("created", r.Created.UTC().Format(time.RFC3339))
	j.member("tool", r.Tool)
	if r.Policy != "" {
		j.member("policy", r.Policy)
	}
	j.member("summary", r.summary())
	j.token(jsontext.String("bundles"))
	j.token(jsontext.BeginArray)
	for _, b := range r.Bundles {
		j.bundle(b)
	}
	j.token(jsontext.EndArray)
	j.token(jsontext.EndObject)
	return j.err
}

type jsonWriter struct {
	enc *jsontext.Encoder
	err error
}

func (j *jsonWriter) token(t jsontext.Token) {
	if j.err == nil {
		j.err = j.enc.WriteToken(t)
	}
}

func (j *jsonWriter) value(v any) {
	if j.err == nil {
		j.err = json.MarshalEncode(j.enc, v, json.Deterministic(true))
	}
}

func (j *jsonWriter) member(name string, v any) {
	j.token(jsontext.String(name))
	j.value(v)
}

func (j *jsonWriter) bundle(b *Bundle) {
	c := b.Content
	j.token(jsontext.BeginObject)
	j.member("file", b.File)
	j.member("format", c.Format)
	j.member("digest", b.Digest)
	j.member("sight", b.Sight)
	j.member("summary", b.summary())
	j.member("manifest", c.Manifest)
	j.member("signatures", b.Signatures)
	j.member("road", Road(c, b.Signatures))
	j.token(jsontext.String("findings"))
	j.token(jsontext.BeginArray)
	for f := range b.Findings.All() {
		out := jsonFinding{f.ID, f.Severity, f.Title, f.Why, f.Do, f.Place(), f.List, f.Item, "", f.Detail, nil}
		if f.List != "" {
			out.Label = b.label(&f)
		}
		if f.Excepted != nil {
			out.Excepted = &jsonException{f.Excepted.Reason, f.Excepted.Expires}
		}
		j.value(&out)
	}
	j.token(jsontext.EndArray)
	for _, l := range []schema.List{schema.Credentials, schema.Connections} {
		j.token(jsontext.String(string(l)))
		j.token(jsontext.BeginArray)
		for _, it := range c.Items(l) {
			j.value(it)
		}
		j.token(jsontext.EndArray)
	}
	j.token(jsontext.EndObject)
}
