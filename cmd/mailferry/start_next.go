package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

// nextStep is what to do, and the command for it.
type nextStep struct {
	Why     string `json:"why"`
	Command string `json:"command"`
}

func (h *atHand) step(why, format string, args ...any) {
	h.Next = append(h.Next, nextStep{why, "mailferry " + fmt.Sprintf(format, args...)})
}

// pasted are files' names in a command, never taken for flags.
func pasted(names ...string) string {
	var out []string
	for _, name := range names {
		if strings.HasPrefix(name, "-") {
			name = "./" + name
		}
		out = append(out, human.Pasted(name))
	}
	return strings.Join(out, " ")
}

// next works out what to do: the first thing that the files do not show as done.
func (h *atHand) next() {
	untransformed := slices.IndexFunc(h.servers, func(s *bundleAtHand) bool {
		return !slices.ContainsFunc(h.clouds, func(c *bundleAtHand) bool {
			of, err := c.Bundle.Origin.Digest()
			return err == nil && of == s.Digest
		})
	})
	switch {
	case len(h.ids) == 0:
		h.step("No key is here. Make one; what it prints is for others, who seal to it.", "keygen -o me.key")
	case len(h.servers)+len(h.clouds) == 0:
		h.export()
	case untransformed >= 0:
		h.transform(h.servers[untransformed])
	default:
		for _, b := range h.clouds {
			h.cloud(b)
		}
	}
}

// export is for whoever has no bundle yet.
func (h *atHand) export() {
	options := " -r RECIPIENT" // that of a plugin is not known
	switch r, _ := sealed.RecipientOf(h.ids[0]); r.Key {
	case "":
	case sealed.PassphraseKey:
		options = " -p"
	default:
		options = " -r " + human.Pasted(r.Key)
	}
	if len(h.secrets) > 0 {
		options += " --secrets " + pasted(h.secrets[0])
	}
	const who = "Export, sealed to your key; -r KEY lets others open it, --reviewer KEY lets them see all but the secrets."
	switch {
	case len(h.sheets) > 0:
		h.step(who, "export%s -o server.age %s", options, pasted(h.sheets...))
	case len(h.backups) > 0 && len(h.profiles) == 0:
		h.step("Where the backup keeps the connections is not public. This suggests it: look at what it writes.",
			"inspect --suggest-profile -o profile.json %s", pasted(h.backups[0]))
	case len(h.backups) > 0:
		h.step(who, "export%s --profile %s -o server.age %s", options, pasted(h.profiles[0]), pasted(h.backups[0]))
	default:
		h.step("No source is here: put a Jira backup into this folder, or fill in this sheet, or see mailferry export --help "+
			"for databases and the admin pages.", "export --print-template connections -o connections.csv")
	}
}

func (h *atHand) transform(b *bundleAtHand) {
	name, file := human.Visible(b.name), pasted(b.name)
	if n := b.Bundle.Manifest.Counts.Missing; n > 0 {
		from := "-"
		if len(h.secrets) > 0 {
			from = pasted(h.secrets[0])
		}
		h.step(fmt.Sprintf("%s: %s missing. Give what you have before anybody reviews it. The readers are those that the file names: leave out whom you do not know.",
			name, human.Count(n, "secret")), "fill%s%s --secrets %s %s", h.key, readersOf(b.Bundle.Manifest), from, file)
	}
	out := "cloud.age"
	if len(h.clouds) > 0 {
		out = strings.TrimSuffix(b.name, ".age") + "-cloud.age"
	}
	h.step(name+": rewrite it in Cloud's terms.", "transform%s -o %s %s", h.key, pasted(out), file)
}

// readersOf are the readers that a bundle names, as flags; the key's own -p is that of
// a passphrase.
func readersOf(m schema.Manifest) (flags string) {
	if len(m.Recipients) == 1 && m.Recipients[0].Key == sealed.PassphraseKey {
		return ""
	}
	for _, r := range m.Recipients {
		flags += " -r " + human.Pasted(r.Key)
	}
	for _, r := range m.Reviewers {
		flags += " --reviewer " + human.Pasted(r.Key)
	}
	return flags
}

// cloud is for a bundle that can be reviewed and imported.
func (h *atHand) cloud(b *bundleAtHand) {
	name, file := human.Visible(b.name), pasted(b.name)
	if b.rejections > 0 {
		h.step(name+": somebody rejects it. This says who, and why.", "verify%s %s", h.key, file)
		return
	}
	if b.approvals == 0 && b.ledger == nil {
		h.step(name+": nobody has approved it. Read it:", "audit%s %s", h.key, file)
		h.step("Send it to who reviews. With a key of their own they answer with a file, which comes back and lies beside it:",
			"review -i KEY --approve --sign ~/.ssh/id_ed25519 %s", file)
	}
	if !b.Reveals() {
		h.step(name+": the key here opens the settings. Whoever imports needs a recipient's; without one, a person types from this sheet.",
			"guide%s -o runsheet.html %s", h.key, file)
		return
	}
	h.importing(b, name, file)
}

// importing says which list of a bundle comes next: into a rehearsal, then into the
// Cloud of MAILFERRY_CLOUD or that of the admin pages.
func (h *atHand) importing(b *bundleAtHand, name, file string) {
	secrets := ""
	if b.Bundle.Manifest.Counts.Missing > 0 {
		secrets = " --secrets -"
	}
	what, where, to := ": import its ", ".", ""
	switch {
	case b.ledger != nil:
		to = " --cloud " + human.Pasted(b.ledger.Cloud)
	case h.cloudURL == "":
		what, where, to = ": rehearse the import of its ", "; nothing leaves this machine.", " --cloud sample:rehearsal"
	}
	var lists []schema.List
	for _, l := range schema.Lists() {
		if len(b.Bundle.Items(l)) == 0 {
			continue
		}
		if lists = append(lists, l); b.ledger == nil || b.ledger.Written[l] == 0 {
			h.step(name+what+string(l)+where, "import %s%s%s%s %s", l, h.key, to, secrets, file)
			return // the connections wait for the credentials
		}
	}
	if isRehearsal(b.ledger) && len(lists) > 0 {
		h.step(name+" is rehearsed. Now the real Cloud: put in the address of the app's page.",
			"import %s%s --headed --cloud page+https://SITE.atlassian.net/…%s %s", lists[0], h.key, secrets, file)
		return
	}
	h.step(name+" is imported. Is Cloud as it says?", "diff%s%s %s", h.key, to, file)
}
