package runsheet

import (
	"fmt"

	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/transform"
)

// NotesOf returns what the transform was not sure of, in Cloud's terms.
func NotesOf(b *schema.Bundle) ([]Note, error) {
	notes, err := transform.Notes(b)
	if err != nil {
		return nil, err
	}
	var out []Note
	names := transform.NamesOf(b)
	for _, n := range notes {
		note := Note{List: n.List, Name: n.Name, Field: transform.CloudField(b.Origin.Rules, n.List, n.Field),
			Text: n.Text}
		if n.List == schema.Credentials {
			note.Name = names.Cloud(n.Name)
		}
		switch n.Kind {
		case transform.Mapped, transform.Renamed:
			continue
		case transform.Dropped:
			note.Text = fmt.Sprintf("left behind: %s (%s)", n.Field, n.Text)
		case transform.Unverified:
			note.Text = "nobody has checked this word on Cloud: choose what means the same"
			if n.Text != "" {
				note.Text += ": " + n.Text
			}
		}
		out = append(out, note)
	}
	return out, nil
}
