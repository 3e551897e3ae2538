package sealed

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/mailferry/mailferry/internal/safefile"
	"github.com/mailferry/mailferry/schema"
)

// allowedSignersName is the copy that ExtractStatements writes.
const allowedSignersName = "allowed_signers"

// Extract writes into dir what stock ssh-keygen needs to verify each statement
// by itself: NN.json with the exact signed bytes, NN.json.sig, the
// allowed_signers file as it was given, and a README.txt with one command for
// each, in the verdict's order. Those that are invalid are written like the
// others, so that ssh-keygen can say so. dir is made where it is missing; a file
// that is already there is an error.
func (v *Verdict) Extract(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("extract: %w", err)
	}
	var readme strings.Builder
	fmt.Fprintf(&readme, "Statements about the mailferry bundle %s\ncontent digest %s\n", v.Bundle, v.Digest)
	readme.WriteString("\nRun these in this folder. ssh-keygen says whether the signature is good and the\nkey is allowed; the signed .json says which bundle, digest and decision it is about.\n")
	type file struct {
		name string
		doc  []byte
	}
	var files []file
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
		if err := safefile.WriteNew(filepath.Join(dir, f.name), f.doc); err != nil {
			return schema.Hint(fmt.Errorf("extract: %w", err), "extract into a folder that is new")
		}
	}
	return nil
}

func describe(s StatementVerdict) string {
	from := s.File
	if from == "" {
		from = "embedded in the bundle"
	}
	text := fmt.Sprintf("# %s: %s", from, s.State)
	if s.Why != "" {
		text += ", " + s.Why
	}
	if s.Key != "" {
		text += fmt.Sprintf("\n# %s: %s, %s", s.Role, s.Decision, s.Key)
	}
	return text
}

// keygenCommand checks against allowed_signers where the file names the signer,
// else the signature alone.
func keygenCommand(name string, s StatementVerdict) string {
	if len(s.Signer) == 0 {
		return fmt.Sprintf("ssh-keygen -Y check-novalidate -n %s -s %s.sig < %s", StatementNamespace, name, name)
	}
	who := "'" + strings.ReplaceAll(s.Signer[0], "'", `'\''`) + "'"
	return fmt.Sprintf("ssh-keygen -Y verify -f %s -I %s -n %s -s %s.sig < %s", allowedSignersName, who, StatementNamespace, name, name)
}
