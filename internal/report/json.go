package report

import (
	"io"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/mailferry/mailferry/internal/findings"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

// Format is the format of JSON reports; audit-report.schema.json describes it.
const Format = "mailferry/audit-report/v1"

// summary is what the report counts, whatever the manifest claims.
type summary struct {
	findings.Tally
	schema.Counts
}

func (b *Bundle) summary() summary {
	return summary{findings.Count(b.Findings), sealed.Count(b.Bundle)}
}

func (r *Report) summary() summary {
	all := summary{Tally: r.Tally()}
	for _, b := range r.Bundles {
		s := b.summary()
		all.Credentials += s.Credentials
		all.Connections += s.Connections
		all.Sealed += s.Sealed
		all.Missing += s.Missing
	}
	return all
}

type jsonReport struct {
	Format  string       `json:"format"`
	Created string       `json:"created"`
	Tool    string       `json:"tool"`
	Policy  string       `json:"policy,omitzero"`
	Summary summary      `json:"summary"`
	Bundles []jsonBundle `json:"bundles"`
}

type jsonBundle struct {
	File        string          `json:"file"`
	Format      string          `json:"format"`
	Digest      string          `json:"digest"`
	Sight       string          `json:"sight"`
	Summary     summary         `json:"summary"`
	Manifest    schema.Manifest `json:"manifest"`
	Signatures  []Signature     `json:"signatures"`
	Road        []Link          `json:"road"`
	Findings    []jsonFinding   `json:"findings"`
	Credentials []schema.Item   `json:"credentials"`
	Connections []schema.Item   `json:"connections"`
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

// JSON writes the report as one document. Items stand in it as in the bundle.
func JSON(w io.Writer, r *Report) error {
	out := jsonReport{Format: Format, Created: r.Created.UTC().Format(time.RFC3339), Tool: r.Tool,
		Policy: r.Policy, Summary: r.summary()}
	for _, b := range r.Bundles {
		c := b.Bundle
		j := jsonBundle{b.File, c.Format, b.Digest, b.Sight(), b.summary(), c.Manifest, b.Signatures,
			b.Road(), nil, c.Credentials, c.Connections}
		for _, f := range b.Findings {
			jf := jsonFinding{f.ID, f.Severity, f.Title, f.Why, f.Do, f.Place(), f.List, f.Item, "", f.Detail, nil}
			if f.List != "" {
				jf.Label = b.label(f)
			}
			if f.Excepted != nil {
				jf.Excepted = &jsonException{f.Excepted.Reason, f.Excepted.Expires}
			}
			j.Findings = append(j.Findings, jf)
		}
		out.Bundles = append(out.Bundles, j)
	}
	return json.MarshalWrite(w, out, json.Deterministic(true), jsontext.WithIndent(" "))
}
