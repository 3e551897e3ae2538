package importer

import (
	"context"
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
			return fmt.Sprintf("; in the rules, give the line of %s that is to %s a value map, and map %s there",
				l, schema.Quote(field), schema.Quote(value))
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

// withDefaults is an item with what a new one has of itself on Cloud's form in the place of
// what the bundle leaves empty, and the fields concerned: what an import leaves on Cloud, and
// no difference from it. remote is the item on Cloud, or nil; what is empty there is not asked for.
func (o *Options) withDefaults(ctx context.Context, it, remote schema.Item) (full schema.Item, fields []string,
	err error) {
	full = schema.NewItem(schema.CloudFormat, it.List())
	for _, f := range schema.FieldsOf(it) {
		value, ok := schema.Get(it, f.Name)
		if !ok && !f.Secret && (remote == nil || schema.Text(remote, f.Name) != "") {
			offer, err := o.Cloud.Offered(ctx, it, f.Name)
			if err != nil {
				return nil, nil, fmt.Errorf("asking Cloud what it offers for %s: %w", f.Label, err)
			}
			// What a page repeats of a secret is no value.
			if text := offer.Default; text != "" && o.guard.Quotable(text) == text {
				if value, err = f.Parse(text); err != nil {
					return nil, nil, fmt.Errorf("Cloud's default for %s: %w", f.Label, err)
				}
				fields = append(fields, f.Name)
			}
		}
		if err := schema.Set(full, f.Name, value); err != nil {
			return nil, nil, err
		}
	}
	return full, fields, nil
}
