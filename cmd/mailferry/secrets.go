package main

import (
	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/exporter/source"
	"github.com/mailferry/mailferry/internal/secretsfile"
	"github.com/mailferry/mailferry/internal/terminal"
	"github.com/mailferry/mailferry/schema"
)

// secretsFile reads the file of --secrets, or asks on the terminal for those
// wanted where the flag says "-".
func (e *env) secretsFile(c *cli.Context, wanted []secretsfile.Wanted) (schema.Secrets, error) {
	file := c.String("secrets")
	if file == "" {
		return nil, nil
	}
	entries, err := e.readSecrets(c, file, wanted)
	if err != nil {
		return nil, err
	}
	out := schema.Secrets{}
	for _, s := range entries {
		out[schema.SecretKey{List: s.List, Name: s.Name}] = s.Secret
	}
	return out, nil
}

func (e *env) readSecrets(c *cli.Context, file string, wanted []secretsfile.Wanted) ([]secretsfile.Entry, error) {
	if file == "-" {
		t, err := terminal.Open()
		if err != nil {
			return nil, err
		}
		defer t.Close()
		return secretsfile.Prompt(c.Context, t, wanted)
	}
	raw, err := readFile(file)
	if err != nil {
		return nil, err
	}
	if source.OfContent(raw) != source.Bundle {
		return secretsfile.Read(file, nil, e.warn)
	}
	ids, err := e.identities(c)
	if err != nil {
		return nil, err
	}
	return secretsfile.Read(file, ids, e.warn)
}

// missing lists the secrets that a bundle lacks.
func missing(b *schema.Bundle) []secretsfile.Wanted {
	out := []secretsfile.Wanted{}
	for _, l := range []schema.List{schema.Credentials, schema.Connections} {
		for _, it := range b.Items(l) {
			if m := schema.SecretMarker(it); m != nil && m.State == schema.Missing {
				out = append(out, secretsfile.Wanted{List: l, Name: it.ItemName()})
			}
		}
	}
	return out
}
