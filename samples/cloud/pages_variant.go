package cloud

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// kinds say what the admin pages look like, the first of each where the query on a
// page's address, such as ?list=paged&labels=aria, does not ask for another. Real sites
// differ in all of this.
var kinds = map[string][]string{
	"labels":   {"for", "wrap", "labelledby", "aria"}, // how labels are tied to fields
	"list":     {"all", "paged", "lazy"},              // paged: 20 a page; lazy: 20 more when the end comes into view
	"form":     {"page", "dialog"},
	"toast":    {"status", "alert", "cover", "none"}, // alert: though a success; cover: lies over Save
	"password": {"empty", "bullets"},                 // of a stored secret; bullets: a mask as the field's value
	"reorder":  {"", "true"},                         // fields and columns stand in reverse
}

// variantOf returns what a query asks for, as the script takes it: the kinds, "slow", how
// many milliseconds a list takes to appear (?slow=800ms), "relabel", other words
// (?relabel=Name=Connection+name, repeatable), and "withhold", values that lists do not
// offer though REST takes them (repeatable). A query that cannot be understood is an
// error, so that a misspelt one proves nothing by accident.
func variantOf(query url.Values) (map[string]any, error) {
	relabel := map[string]string{}
	v := map[string]any{"slow": 0, "relabel": relabel,
		"withhold": append([]string{}, query["withhold"]...)} // never null: the script looks into both
	for name, allowed := range kinds {
		value := cmp.Or(query.Get(name), allowed[0])
		if !slices.Contains(allowed, value) {
			return nil, fmt.Errorf("%s: choose one of %s", name, strings.Join(allowed, ", "))
		}
		v[name] = value
	}
	for name, values := range query {
		switch {
		case name == "slow":
			slow, err := time.ParseDuration(values[0])
			if err != nil || slow < 0 || slow > time.Minute {
				return nil, fmt.Errorf("slow: write it like 800ms, up to a minute")
			}
			v["slow"] = slow.Milliseconds()
		case name == "relabel":
			for _, value := range values {
				old, label, ok := strings.Cut(value, "=")
				if !ok {
					return nil, fmt.Errorf("relabel: write it like relabel=Name=Connection+name")
				}
				relabel[old] = label
			}
		case name != "withhold" && kinds[name] == nil:
			return nil, fmt.Errorf("pages have no variant of that name")
		}
	}
	return v, nil
}
