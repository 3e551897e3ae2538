package main

import (
	"fmt"
	"strings"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

// step adds a step.
func (h *atHand) step(why, format string, args ...any) {
	n := nextStep{Why: why}
	if format != "" {
		n.Command = "mailferry " + fmt.Sprintf(format, args...)
	}
	h.Next = append(h.Next, n)
}

// next works out what to do: the first thing that the files do not show as done.
func (h *atHand) next() {
	switch {
	case len(h.keys) == 0:
		h.step("No key is here. Make one; what it prints is for others, who seal to it.", "keygen -o me.key")
	case len(h.servers)+len(h.clouds) == 0:
		h.export()
	case h.untransformed() != nil:
		h.transform(h.untransformed())
	default:
		for _, b := range h.clouds {
			h.cloud(b)
		}
	}
}

// export is for whoever has no bundle yet.
func (h *atHand) export() {
	options := " -r RECIPIENT" // that of a plugin is not known
	switch r, _ := sealed.RecipientOf(h.keys[0].ids[0]); r.Key {
	case "":
	case sealed.PassphraseKey:
		options = " -p"
	default:
		options = " -r " + human.Pasted(r.Key)
	}
	if h.secrets != "" {
		options += " --secrets " + pasted(h.secrets)
	}
	const who = "Export, sealed to your key; -r KEY lets others open it, --reviewer KEY lets them see all but the secrets."
	switch {
	case len(h.sheets) > 0:
		h.step(who, "export%s -o server.age %s", options, pastedAll(h.sheets))
	case len(h.backups) > 0 && h.profile == "":
		h.step("Where the backup keeps the connections is not public. This suggests it: look at what it writes.",
			"inspect --suggest-profile -o profile.json %s", pasted(h.backups[0]))
	case len(h.backups) > 0:
		h.step(who, "export%s --profile %s -o server.age %s", options, pasted(h.profile), pasted(h.backups[0]))
	default:
		h.step("No source is here: put a Jira backup into this folder, or fill in this sheet, or see mailferry export --help "+
			"for databases and the admin pages.", "export --print-template connections -o connections.csv")
	}
}

func pastedAll(names []string) string {
	var out []string
	for _, n := range names {
		out = append(out, pasted(n))
	}
	return strings.Join(out, " ")
}

// untransformed is the first server bundle that no cloud bundle here is of.
func (h *atHand) untransformed() *bundleAtHand {
	for _, s := range h.servers {
		done := false
		for _, c := range h.clouds {
			of, err := c.Bundle.Origin.Digest()
			done = done || err == nil && of == s.Digest
		}
		if !done {
			return s
		}
	}
	return nil
}

func (h *atHand) transform(b *bundleAtHand) {
	if n := b.Bundle.Manifest.Counts.Missing; n > 0 {
		from := "-"
		if h.secrets != "" {
			from = pasted(h.secrets)
		}
		readers := ""
		for _, list := range []struct {
			flag string
			keys []schema.KeyHolder
		}{{" -r ", b.Bundle.Manifest.Recipients}, {" --reviewer ", b.Bundle.Manifest.Reviewers}} {
			for _, k := range list.keys {
				if k.Key != sealed.PassphraseKey { // which the key's -p is for
					readers += list.flag + human.Pasted(k.Key)
				}
			}
		}
		h.step(fmt.Sprintf("%s: %s missing. Give what you have before anybody reviews it. The readers are those that the file names: leave out whom you do not know.",
			human.Visible(b.name), human.Count(n, "secret")), "fill%s%s --secrets %s %s", b.key, readers, from, pasted(b.name))
	}
	out := "cloud.age"
	if len(h.clouds) > 0 {
		out = strings.TrimSuffix(b.name, ".age") + "-cloud.age"
	}
	h.step(human.Visible(b.name)+": rewrite it in Cloud's terms.", "transform%s -o %s %s", b.key, pasted(out), pasted(b.name))
}

// cloud is for a bundle that can be reviewed and imported.
func (h *atHand) cloud(b *bundleAtHand) {
	name, file := human.Visible(b.name), pasted(b.name)
	switch {
	case b.refusal > 0:
		h.step(name+": somebody rejects it. This says who, and why.", "verify%s %s", b.key, file)
		return
	case b.approvals == 0 && b.ledger == nil:
		h.step(name+": nobody has approved it. Read it:", "audit%s %s", b.key, file)
		h.step("Send it to who reviews. With a key of their own they answer with a file, which comes back and lies beside it:",
			"review -i KEY --approve --sign ~/.ssh/id_ed25519 %s", file)
	}
	if !b.reveals {
		h.step(name+": the key here opens the settings. Whoever imports needs a recipient's; without one, a person types from this sheet.",
			"guide%s -o runsheet.html %s", b.key, file)
		return
	}
	h.importing(b, name, file)
}

func (h *atHand) importing(b *bundleAtHand, name, file string) {
	secrets := ""
	if b.Bundle.Manifest.Counts.Missing > 0 {
		secrets = " --secrets -"
	}
	rehearsed := isRehearsal(b.ledger)
	to := " --cloud sample:rehearsal"
	switch {
	case h.cloudURL != "" && (b.ledger == nil || rehearsed):
		to, rehearsed = "", false
	case b.ledger != nil:
		to = " --cloud " + human.Pasted(b.ledger.Cloud)
	}
	for _, list := range schema.Lists() {
		if n := len(b.Bundle.Items(list)); n > 0 && (b.ledger == nil || to == "" || b.ledger.Written[list] == 0) {
			why := name + ": import its " + string(list) + "."
			if to == " --cloud sample:rehearsal" {
				why = name + ": rehearse the import of its " + string(list) + "; nothing leaves this machine."
			}
			h.step(why, "import %s%s%s%s %s", list, b.key, to, secrets, file)
			return // the connections wait for the credentials
		}
	}
	if rehearsed {
		h.step(name+" is rehearsed. Now the real Cloud: put in the address of the app's page.",
			"import %s%s --headed --cloud page+https://SITE.atlassian.net/…%s %s", firstList(b.Bundle), b.key, secrets, file)
		return
	}
	h.step(name+" is imported. Is Cloud as it says?", "diff%s%s %s", b.key, to, file)
}

// firstList is what is imported first.
func firstList(b *schema.Bundle) schema.List {
	if len(b.Credentials) > 0 {
		return schema.Credentials
	}
	return schema.Connections
}
