package main

import (
	"filippo.io/age"
	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/internal/secretsfile"
	"github.com/mailferry/mailferry/internal/terminal"
	"github.com/mailferry/mailferry/schema"
)

// secretsFile reads the file of --secrets, or asks on the terminal for those
// wanted where the flag says "-".
func (e *env) secretsFile(c *cli.Context, wanted []schema.SecretKey) (schema.Secrets, error) {
	file := c.String("secrets")
	switch file {
	case "":
		return nil, nil
	case "-":
		t, err := terminal.Open()
		if err != nil {
			return nil, err
		}
		defer t.Close()
		return secretsfile.Prompt(c.Context, t, wanted)
	}
	return secretsfile.Read(file, c.String("encoding"), func() ([]age.Identity, error) { return e.identities(c) }, e.warning)
}
