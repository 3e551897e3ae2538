package importer

import (
	"fmt"

	"github.com/mailferry/mailferry/schema"
)

// ruleFor names the line of the rules to edit so that a field gets a value that
// Cloud offers.
func ruleFor(b *schema.Bundle, l schema.List, field, value string) string {
	if b.Origin == nil || b.Origin.Rules == nil {
		return ""
	}
	rules := b.Origin.Rules
	list := rules.Connections
	if l == schema.Credentials {
		list = rules.Credentials
	}
	for _, f := range list.Fields {
		if f.To != field {
			continue
		}
		if f.Values == "" {
			return fmt.Sprintf("; in the rules, give the line of %s that is to %s a value map, and map %s there", l, schema.Quote(field), schema.Quote(value))
		}
		for _, v := range rules.Values[f.Values] {
			if v.To == value {
				return fmt.Sprintf("; in the rules, edit the line of values.%s from %s to %s", f.Values,
					schema.Quote(v.From), schema.Quote(v.To))
			}
		}
		return fmt.Sprintf("; in the rules, add a line to values.%s from %s to one of them", f.Values,
			schema.Quote(value))
	}
	return ""
}
