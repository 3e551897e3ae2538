package sealed

import (
	"slices"

	"github.com/mailferry/mailferry/internal/safefile"
	"github.com/mailferry/mailferry/schema"
)

// Left is a statement that does not go with a bundle, and why.
type Left struct{ File, Why string }

// Carried are the statements that go into the origin of what an opened server
// bundle is transformed to: those signed well and about its content. What was set
// aside is not mentioned.
func (c Collected) Carried(o *Opened) (statements []schema.Statement, left []Left) {
	for _, ev := range c.Evidence {
		signed, err := CheckStatement(ev.Statement)
		switch {
		case ev.Aside || slices.Contains(statements, ev.Statement):
		case err != nil:
			left = append(left, Left{ev.File, "its signature is not good"})
		case signed.Body.Digest != o.Digest:
			left = append(left, Left{ev.File, "it is about another content"})
		default:
			statements = append(statements, ev.Statement)
		}
	}
	return statements, left
}

// CopyTo puts what was collected about an opened bundle beside the file to, which
// has the same content, and returns the new files, also with an error. What was set
// aside, what lies there already and what the bundle has in itself is not copied.
func (c Collected) CopyTo(to string, o *Opened) ([]string, error) {
	beside, err := StatementsBeside(safefile.Real(to))
	if err != nil {
		return nil, err
	}
	have := map[schema.Statement]bool{}
	for _, f := range beside {
		if ev, err := ReadStatement(f); err == nil && LaidBeside(to, f) {
			have[ev.Statement] = true
		}
	}
	if o.Bundle.Origin != nil {
		for _, s := range o.Bundle.Origin.Statements {
			have[s] = true
		}
	}
	var files []string
	for _, ev := range c.Evidence {
		if ev.Aside || have[ev.Statement] {
			continue
		}
		have[ev.Statement] = true
		file, err := WriteStatement(to, ev.Statement)
		if err != nil {
			return files, err
		}
		files = append(files, file)
	}
	return files, nil
}
