package sealed

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/safefile"
	"github.com/mailferry/mailferry/schema"
)

// allowedSignersName is the copy that ExtractStatements writes.
const allowedSignersName = "allowed_signers"

// Extract writes into dir what stock tools need to verify each statement about b,
// the bundle that the verdict is of: NN.json with the exact signed bytes,
// NN.json.sig, the allowed_signers file as it was given; content.json, whose
// SHA-256 is the content digest, and content.jq, which makes it of the bundle; and
// a README.txt with the commands, in the verdict's order. Statements that are
// invalid are written like the others, so that ssh-keygen can say so. dir is made
// where it is missing; a file that is already there is an error. The content shows
// every setting and no secret, so all is for the owner alone.
func (v *Verdict) Extract(dir string, b *schema.Bundle) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("extract: %w", err)
	}
	var readme strings.Builder
	fmt.Fprintf(&readme, "Statements about the mailferry bundle %s\ncontent digest %s\n", v.Bundle, v.Digest)
	fmt.Fprintf(&readme, "\nRun these in this folder. content.json is what the digest is of:\necho '%s  content.json' | sha256sum -c\n", v.Digest)
	readme.WriteString("\nThat it is the bundle's, KEY and BUNDLE named for what they are:\nage -d -i KEY BUNDLE | jq -rjf content.jq | cmp - content.json\n")
	readme.WriteString("\nOf each statement, that the signature is good and the key allowed; the signed\nNN.json says which bundle, digest and decision it is about.\n")
	type file struct {
		name string
		doc  []byte
	}
	var content bytes.Buffer
	if err := b.WriteContent(&content); err != nil {
		return fmt.Errorf("extract: %w", err)
	}
	files := []file{{"content.json", content.Bytes()}, {"content.jq", []byte(schema.ContentJQ + "\n")}}
	if v.allowed != nil {
		files = append(files, file{allowedSignersName, v.allowed.raw})
	}
	for i, s := range v.Statements {
		name := fmt.Sprintf("%02d.json", i+1)
		files = append(files, file{name, []byte(s.statement.Statement)},
			file{name + ".sig", []byte(strings.TrimSuffix(s.statement.Signature, "\n") + "\n")})
		fmt.Fprintf(&readme, "\n%s\n%s\n", describe(s), keygenCommand(name, s))
	}
	for _, f := range append(files, file{"README.txt", []byte(readme.String())}) {
		put := func(w io.Writer) error { _, err := w.Write(f.doc); return err }
		if err := safefile.Write(filepath.Join(dir, f.name), false, put); err != nil {
			return schema.Hint(fmt.Errorf("extract: %w", err), "extract into a folder that is new")
		}
	}
	return nil
}

func describe(s *StatementVerdict) string {
	text := fmt.Sprintf("# %s: %s %s", cmp.Or(s.File, "embedded in the bundle"), s.State, s.Why)
	if s.Key != "" {
		text += fmt.Sprintf("\n# %s: %s, %s", s.Role, s.Decision, s.Key)
	}
	return strings.TrimSpace(text)
}

// keygenCommand checks against allowed_signers where the file names the signer,
// else the signature alone.
func keygenCommand(name string, s *StatementVerdict) string {
	if len(s.Signer) == 0 {
		return fmt.Sprintf("ssh-keygen -Y check-novalidate -n %s -s %s.sig < %s", StatementNamespace, name, name)
	}
	return fmt.Sprintf("ssh-keygen -Y verify -f %s -I %s -n %s -s %s.sig < %s", allowedSignersName,
		human.Pasted(s.Signer[0]), StatementNamespace, name, name)
}
