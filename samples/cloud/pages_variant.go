package cloud

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// variant says what the admin pages look like. Real sites differ in all of
// this. The zero value is the first of each; the query on a page's address has
// the same names as the JSON members, such as ?list=paged&labels=aria.
type variant struct {
	Labels   string            `json:"labels"`   // how labels are tied to fields: for, wrap, labelledby, aria
	List     string            `json:"list"`     // all, paged (20 a page), lazy (20 more when the end comes into view)
	Form     string            `json:"form"`     // page, dialog
	Toast    string            `json:"toast"`    // status, alert (though a success), cover (lies over Save), or none
	Password string            `json:"password"` // of a stored secret: empty, bullets (a mask as the field's value)
	Slow     time.Duration     `json:"-"`        // how long a list takes to appear, such as 800ms
	Reorder  bool              `json:"reorder"`  // fields and columns stand in reverse; ?reorder=true
	Relabel  map[string]string `json:"relabel"`  // other words; ?relabel=Name=Connection+name, repeatable
	Withhold []string          `json:"withhold"` // values that lists do not offer though REST takes them; repeatable
}

// variantOf returns what a query asks for. A query that cannot be understood is
// an error, so that a misspelt one proves nothing by accident.
func variantOf(query url.Values) (variant, error) {
	v := variant{Relabel: map[string]string{}, Withhold: []string{}} // never null: the script looks into both
	kinds := map[string]struct {
		to      *string
		allowed []string
	}{
		"labels":   {&v.Labels, []string{"for", "wrap", "labelledby", "aria"}},
		"list":     {&v.List, []string{"all", "paged", "lazy"}},
		"form":     {&v.Form, []string{"page", "dialog"}},
		"toast":    {&v.Toast, []string{"status", "alert", "cover", "none"}},
		"password": {&v.Password, []string{"empty", "bullets"}},
	}
	for name, values := range query {
		last := values[len(values)-1]
		switch name {
		case "slow":
			var err error
			if v.Slow, err = time.ParseDuration(last); err != nil || v.Slow < 0 || v.Slow > time.Minute {
				return v, fmt.Errorf("slow: write it like 800ms, up to a minute")
			}
		case "reorder":
			v.Reorder = last == "true"
		case "relabel":
			for _, value := range values {
				old, label, ok := strings.Cut(value, "=")
				if !ok {
					return v, fmt.Errorf("relabel: write it like relabel=Name=Connection+name")
				}
				v.Relabel[old] = label
			}
		case "withhold":
			v.Withhold = append(v.Withhold, values...)
		default:
			kind, known := kinds[name]
			if !known {
				return v, fmt.Errorf("pages have no variant of that name")
			}
			*kind.to = last
		}
	}
	for name, kind := range kinds {
		if *kind.to == "" {
			*kind.to = kind.allowed[0]
		}
		if !slices.Contains(kind.allowed, *kind.to) {
			return v, fmt.Errorf("%s: choose one of %s", name, strings.Join(kind.allowed, ", "))
		}
	}
	return v, nil
}
