package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"filippo.io/age"
	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/exporter/source"
	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/sheet"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

func (e *env) startCommand() *cli.Command {
	return &cli.Command{
		Name:      "start",
		Usage:     "say where the files at hand stand, and what to do next",
		UsageText: "mailferry start\n   mailferry start -i reviewer.key server.age cloud.age",
		ArgsUsage: "[FILE…]",
		Description: "Looks at the files named, or at those in this folder, and prints the next command,\n" +
			"ready to paste. It runs none, asks nobody but for a passphrase of -i, and keeps nothing:\n" +
			"what is done shows in the files.",
		Flags:  flags(identityFlags(), []cli.Flag{jsonFlag()}),
		Action: e.start,
	}
}

// atHand are the files that a person has, by what they are.
type atHand struct {
	Files []fileAtHand `json:"files"`
	Next  []nextStep   `json:"next"`

	ids                                []age.Identity
	key                                string // the flags that name the identities
	keys                               []keyAtHand
	locked                             string   // -i for each key with a passphrase
	named                              []string // files that start was given
	sheets, backups, profiles, secrets []string
	unfit                              []string          // sheets that no export takes as they are
	runsheets                          map[string]string // by the digest that they are of
	ledgers                            []*importer.LedgerSummary
	servers, clouds                    []*bundleAtHand
	cloudURL                           string   // of MAILFERRY_CLOUD
	given                              []string // names for what the commands write
}

type fileAtHand struct {
	Name string `json:"name"`
	What string `json:"what"`
}

type keyAtHand struct {
	name string
	ids  []age.Identity
}

type bundleAtHand struct {
	name string
	*sealed.Opened
	approvals, rejections int
	ledger                *importer.LedgerSummary // how far an import went
}

func (e *env) start(c *cli.Context) error {
	h := &atHand{Files: []fileAtHand{}, Next: []nextStep{}, runsheets: map[string]string{},
		named: c.Args().Slice(), cloudURL: e.getenv(variableOf("cloud"))}
	names := h.named
	if len(names) == 0 {
		entries, err := os.ReadDir(".")
		if err != nil {
			return fmt.Errorf("this folder cannot be read: %w", err)
		}
		for _, entry := range entries {
			if entry.Type().IsRegular() {
				names = append(names, entry.Name())
			}
		}
	}
	if e.opens(c) { // else with the identities that lie here
		var err error
		if h.ids, err = e.identities(c); err != nil {
			return err
		}
		for _, f := range c.StringSlice("identity") {
			h.key += " -i " + pasted(f)
		}
		if c.Bool("passphrase") {
			h.key += " -p"
		}
	}
	var bundles []string // looked at once all keys are known
	for _, name := range names {
		kind, _ := source.KindOf(name) // what is no source may be a key
		if kind == source.Bundle {
			bundles = append(bundles, name)
		} else if err := e.lookAt(c, h, name, kind); err != nil && c.NArg() > 0 {
			return err
		}
	}
	if !e.opens(c) {
		e.takeKeys(h, bundles)
	}
	for _, name := range bundles {
		what, err := e.lookSealed(c, h, name)
		if err != nil {
			return err
		}
		h.add(name, what)
	}
	h.next()
	return e.result(c, "start-result", h, h.print)
}

// add notes what a file is.
func (h *atHand) add(name, what string) { h.Files = append(h.Files, fileAtHand{name, what}) }

// takeKeys opens with the keys that lie here. An SSH key may be for signing, or for
// machines: it counts where it opens something, or where there is no other key.
func (e *env) takeKeys(h *atHand, bundles []string) {
	keys := slices.DeleteFunc(slices.Clone(h.keys), func(k keyAtHand) bool {
		r, _ := sealed.RecipientOf(k.ids[0])
		return strings.HasPrefix(r.Key, "ssh-") && !slices.ContainsFunc(bundles, func(name string) bool {
			f, err := e.openFile(name)
			if err != nil {
				return false
			}
			defer f.Close()
			_, plan, err := openDocument(f, k.ids)
			return err == nil || plan != nil
		})
	})
	if len(keys) == 0 && h.locked == "" {
		keys = h.keys[:min(1, len(h.keys))]
	}
	for _, k := range keys {
		h.ids, h.key = append(h.ids, k.ids...), h.key+" -i "+pasted(k.name)
	}
}

// errLocked stands for the passphrase that start does not ask for by itself.
var errLocked = errors.New("protected by a passphrase")

// lookAt says what a file is that no key opens; one that has no part in this is left
// out.
func (e *env) lookAt(c *cli.Context, h *atHand, name string, kind source.Kind) error {
	if kind == source.Backup {
		h.backups = append(h.backups, name)
		h.add(name, "looks like a Jira backup")
		return nil
	}
	raw, err := e.readFile(name)
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(raw), "\n")
	columns := strings.ToLower(first)
	_, marked, isRunsheet := strings.Cut(string(raw), ` data-digest="`)
	_, isIdentity := keyFile(name)
	switch sheets, err := sheet.Parse(raw, schema.ServerFormat, sheet.Options{Warn: func(schema.Warning) {}}); {
	case isIdentity:
		ids, err := e.keys(c).Identities(bytes.NewReader(raw),
			func() (schema.Secret, error) { return schema.Secret{}, errLocked })
		switch {
		case err == nil:
			h.keys = append(h.keys, keyAtHand{name, ids})
		case errors.Is(err, errLocked):
			h.locked += " -i " + pasted(name)
		default:
			return nil
		}
		h.add(name, "an identity: keep it to yourself")
	case strings.Contains(first, importer.LedgerFormat):
		if l := importer.SummarizeLedger(raw); l != nil {
			h.ledgers = append(h.ledgers, l)
		}
	case schema.DecodeFile("profile", raw, &schema.Profile{}) == nil:
		h.profiles = append(h.profiles, name)
		h.add(name, "a profile: where a backup or database keeps connections")
	case err == nil:
		h.sheets = append(h.sheets, name)
		for _, items := range sheets {
			h.add(name, fmt.Sprintf("a sheet of %s, %s", items.List, human.Count(len(items.Rows), "row")))
		}
	case strings.Contains(columns, "kind") && strings.Contains(columns, "secret"):
		h.secrets = append(h.secrets, name)
		h.add(name, "secrets that a source could not give")
	case strings.Contains(columns, "from address"), strings.Contains(columns, "client id"):
		h.unfit = append(h.unfit, name)
		h.add(name, "a sheet that cannot be exported yet: "+human.Visible(err.Error()))
	case isRunsheet:
		digest, _, _ := strings.Cut(marked, `"`)
		h.runsheets[digest] = name
	}
	return nil
}

// lookSealed says what an age file is, as far as the keys at hand open it.
func (e *env) lookSealed(c *cli.Context, h *atHand, name string) (what string, err error) {
	f, err := e.openFile(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	o, plan, err := openDocument(f, h.ids)
	switch {
	case plan != nil:
		return "a saved plan", nil
	case len(h.ids) == 0, errors.As(err, new(*sealed.WrongKeyError)):
		return "an age file that no key here opens: -i FILE names one", nil
	case err != nil:
		return human.Visible(err.Error()), nil
	}
	b := &bundleAtHand{name: name, Opened: o}
	if err := e.judgeAtHand(c, h, b); err != nil {
		return "", err
	}
	if o.Bundle.IsCloud() {
		what, h.clouds = "a cloud bundle: ", append(h.clouds, b)
	} else {
		what, h.servers = "a server bundle: ", append(h.servers, b)
	}
	what += holds(o.Bundle.Manifest.Counts) + "; " + human.Count(b.approvals, "approval")
	if b.rejections > 0 {
		what += ", " + human.Count(b.rejections, "rejection")
	}
	if b.ledger != nil {
		what += "; imported into " + b.ledger.Cloud
	}
	return what, nil
}

// judgeAtHand looks at what there is about a bundle: statements and ledgers.
func (e *env) judgeAtHand(c *cli.Context, h *atHand, b *bundleAtHand) error {
	verdicts, err := e.judge(c, b.name, b.Opened, "")
	if err != nil {
		return err
	}
	v := verdicts[0]
	for _, s := range v.Statements {
		counts := s.State == sealed.StateCounts || v.ListsNobody() && s.State == sealed.StateUnlisted
		if counts && s.Role == schema.RoleReviewer && s.Decision == schema.DecisionApprove {
			b.approvals++
		}
	}
	b.rejections = len(v.Rejections) + len(v.Unheeded)
	for _, l := range h.ledgers { // a rehearsal counts until there is a Cloud
		if l.Bundle == b.Bundle.Manifest.ID && (!isRehearsal(l) || b.ledger == nil && h.cloudURL == "") {
			b.ledger = l
		}
	}
	return nil
}

func isRehearsal(l *importer.LedgerSummary) bool {
	return l != nil && strings.HasPrefix(l.Cloud, "sample:")
}

func (h *atHand) print(p *human.Printer) {
	for _, f := range h.Files {
		p.Wrapped(0, human.Plain, f.Name+": "+f.What)
	}
	for i, n := range h.Next {
		p.Blank()
		if i == 0 {
			p.Line(human.Strong, "Next")
		}
		p.Wrapped(0, human.Plain, n.Why)
		if n.Command != "" {
			p.Line(human.Strong, "    "+n.Command) // one line, however long: to paste
		}
	}
}

// nextStep is what to do, and the command for it.
type nextStep struct {
	Why     string `json:"why"`
	Command string `json:"command,omitzero"`
}

func (h *atHand) step(why, format string, args ...any) {
	h.Next = append(h.Next, nextStep{why, strings.TrimSpace("mailferry " + fmt.Sprintf(format, args...))})
}

// free is a name for what a command writes: this one, or the first numbered like it
// that nothing has. What is there may be another's, and no command replaces it.
func (h *atHand) free(name string) string {
	ext, out := filepath.Ext(name), name
	for n := 2; ; n++ {
		if _, err := os.Lstat(out); err != nil && !slices.Contains(h.given, out) {
			h.given = append(h.given, out)
			return pasted(out)
		}
		out = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(name, ext), n, ext)
	}
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
	case len(h.ids) == 0 && h.locked != "":
		h.step("The key here has a passphrase. This asks for it, and looks again.", "start%s %s", h.locked,
			pasted(h.named...))
	case len(h.ids) == 0:
		h.step("No key is here. Make one; what it prints is for others, who seal to it.", "keygen -o %s", h.free("me.key"))
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
		h.step(who, "export%s -o %s %s", options, h.free("server.age"), pasted(h.sheets...))
	case len(h.backups) > 0 && len(h.profiles) == 0:
		h.step("Where the backup keeps the connections is not public. This suggests it: look at what it writes.",
			"inspect --suggest-profile -o %s %s", h.free("profile.json"), pasted(h.backups[0]))
	case len(h.backups) > 0:
		h.step(who, "export%s --profile %s -o %s %s", options, pasted(h.profiles[0]), h.free("server.age"),
			pasted(h.backups[0]))
	case len(h.unfit) > 0:
		h.Next = append(h.Next, nextStep{Why: "Fill in the sheet, or mend it."})
	default:
		h.step("No source is here: put a Jira backup into this folder, or fill in this sheet, or see mailferry export --help "+
			"for databases and the admin pages.", "export --print-template connections -o %s", h.free("connections.csv"))
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
			name, human.Count(n, "secret")), "fill%s%s --secrets %s %s", h.key, readersOf(b.Bundle.Manifest),
			from, file)
	}
	out := "cloud.age"
	if len(h.clouds) > 0 {
		out = strings.TrimSuffix(b.name, ".age") + "-cloud.age"
	}
	h.step(name+": rewrite it in Cloud's terms.", "transform%s -o %s %s", h.key, h.free(out), file)
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
	runsheet := h.runsheets[b.Digest]
	switch {
	case b.Reveals():
		h.importing(b, name, file)
	case runsheet != "":
		h.step(name+": a person types it from "+human.Visible(runsheet)+". With a recipient's key this shows the secrets:",
			"reveal -i KEY %s", file)
	default:
		h.step(name+": the key here opens the settings. Whoever imports needs a recipient's; without one, a person types from this sheet.",
			"guide%s -o %s %s", h.key, h.free("runsheet.html"), file)
	}
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
		what, where, to = ": rehearse the import of its ", "; nothing leaves this machine.", " --cloud sample:"+h.free("rehearsal")
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
