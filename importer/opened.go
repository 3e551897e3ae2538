package importer

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/mailferry/mailferry/internal/safefile"
	"github.com/mailferry/mailferry/internal/selection"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
	"github.com/mailferry/mailferry/transform"
)

// For begins the options of what is done with an opened cloud bundle: its content,
// the secrets that the key reaches, and to whom evidence is sealed. That is whoever
// opened it: a list of readers found in the file is nobody's word. include and
// exclude are the patterns of [Selection]; they must take one of the connections.
func For(o *sealed.Opened, include, exclude []string) (Options, error) {
	opts := Options{Bundle: o.Bundle, Digest: o.Digest, Select: Selection{Include: include, Exclude: exclude}}
	if !o.Bundle.IsCloud() {
		return opts, errServerBundle()
	}
	sel, err := selection.New(include, exclude, namesIn(o.Bundle))
	if err != nil {
		return opts, err
	}
	if !sel.All() && !slices.ContainsFunc(o.Bundle.Connections,
		func(it schema.Item) bool { return sel.Has(it.ItemName()) }) {
		return opts, schema.Hint(errors.New("no connection is selected"),
			"--include selects connections; the credentials that they need come along")
	}
	if o.PartsOpened > 0 || o.Parts == 0 {
		names := transform.NamesOf(o.Bundle)
		opts.Secrets.Sealed = func(l schema.List, name string) schema.Secret {
			return o.Secret(l, names.Server(l, name))
		}
	}
	for _, id := range o.Identities() {
		if r, ok := sealed.RecipientOf(id); ok {
			opts.Conflicts.Keepers = append(opts.Conflicts.Keepers, r.Age())
			break
		}
	}
	return opts, nil
}

func errServerBundle() error {
	return schema.Hint(errors.New("is a server bundle; Cloud takes a cloud bundle"),
		"mailferry transform -i KEY -r RECIPIENT -o cloud.age BUNDLE")
}

// LedgerBeside is where the ledger of a bundle's file and a Cloud lies, unless it is
// kept elsewhere: beside the bundle. An underscore stands in no host name, so that two
// sites never share one.
func LedgerBeside(bundle string, site Site) string {
	host := site.Host
	if u, err := url.Parse(strings.TrimPrefix(sameSite(site.URL), "page+")); err == nil {
		host = cmp.Or(u.Host, host) // however it was spelled
	}
	return safefile.Real(bundle) + "." + strings.NewReplacer("[", "", "]", "", ":", "_", "/", "_", `\`,
		"_").Replace(host) + ".ledger.jsonl"
}
