package main

import (
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
)

// cloudAPI names the OpenAPI description among the schemas.
const cloudAPI = "cloud-api"

func (e *env) schemaCommand() *cli.Command {
	return &cli.Command{
		Name:  "schema",
		Usage: "print the JSON Schema of a document, or list them",
		UsageText: "mailferry schema\n" +
			"   mailferry schema -o profile.schema.json profile",
		ArgsUsage: "[NAME]",
		Description: "Editors check and complete a document that names its schema: \"$schema\":\n" +
			"\"profile.schema.json\" in rules, profiles, policies and form profiles. cloud-api is the\n" +
			"OpenAPI description of the REST interface.",
		Flags:  outputFlags("the schema"),
		Action: e.schema,
	}
}

func (e *env) schema(c *cli.Context) error {
	names := append(schema.SchemaNames(), cloudAPI)
	slices.Sort(names)
	if c.NArg() == 0 {
		for _, name := range names {
			e.print("%s", name)
		}
		return nil
	}
	name := c.Args().First()
	if name == cloudAPI {
		return e.document(c, schema.CloudAPI())
	}
	if !slices.Contains(names, name) {
		err := usage("schema: there is none of the name %s", quoted(name))
		if near := human.Nearest(name, names); near != "" {
			return schema.Hint(err, "did you mean %s?", near)
		}
		return schema.Hint(err, "mailferry schema lists them")
	}
	doc, err := schema.SchemaFile(name)
	if err != nil {
		return err
	}
	return e.document(c, doc)
}
