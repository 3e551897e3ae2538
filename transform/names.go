package transform

import "github.com/mailferry/mailferry/schema"

// Names knows what the items of one bundle are called on the other side. Only
// credentials are ever renamed. The zero Names is of a bundle without renames.
type Names struct {
	cloud  map[string]string // by the name on Server
	server map[string]string // by the name on Cloud, of credentials that are there
}

// NamesOf reads the renames of a bundle once, for any number of questions. A
// server bundle has none yet.
func NamesOf(b *schema.Bundle) Names {
	if b.Origin == nil {
		return Names{}
	}
	n := Names{renames(b.Origin.Rules), map[string]string{}}
	for _, c := range b.Origin.Credentials {
		if to, renamed := n.cloud[c.ItemName()]; renamed {
			n.server[to] = c.ItemName()
		}
	}
	return n
}

// Cloud is a credential's name on Cloud.
func (n Names) Cloud(server string) string { return renamed(n.cloud, server) }

// Server is the name on Server of an item of a cloud bundle: secrets are sealed
// under it.
func (n Names) Server(l schema.List, cloud string) string {
	if l != schema.Credentials {
		return cloud
	}
	return renamed(n.server, cloud)
}

func renames(rules *schema.Rules) map[string]string {
	to := make(map[string]string, len(rules.RenameCredentials))
	for _, r := range rules.RenameCredentials {
		to[r.From] = r.To
	}
	return to
}

func renamed(to map[string]string, name string) string {
	if other, ok := to[name]; ok {
		return other
	}
	return name
}
