package sealed

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/plugin"

	"github.com/mailferry/mailferry/internal/safefile"
	"github.com/mailferry/mailferry/schema"
)

// Recipient is a public key that a layer is encrypted to.
type Recipient struct {
	schema.KeyHolder // as the manifest lists it
	age              age.Recipient
}

// Holders are who a bundle is written for. Recipients open everything; reviewers
// open the settings and never a secret. A passphrase stands alone and opens
// both layers.
type Holders struct {
	Recipients []Recipient
	Reviewers  []Recipient
	Passphrase schema.Secret
}

// PassphraseKey stands in the manifest where a passphrase was used.
const PassphraseKey = "passphrase"

// Keys parses what people write for keys. UI is asked by age plugins; nil
// refuses keys that need a plugin, which would run a program from PATH. Warn, where
// it is not nil, is called with which keys of a file are left out.
type Keys struct {
	UI   *plugin.ClientUI
	Warn func(string)
}

// Recipient parses "age1…", "ssh-ed25519 AAAA…" or "ssh-rsa AAAA…", which
// "LABEL=" may stand before.
func (k Keys) Recipient(s string) (Recipient, error) {
	s = strings.TrimSpace(s)
	label, key, labelled := strings.Cut(s, "=")
	if !labelled || isSSHKey(s) { // whose base64 may end in =
		label, key = "", s
	}
	label, key = strings.TrimSpace(label), strings.TrimSpace(key)
	if isSSHKey(key) {
		return sshRecipient(label, key)
	}
	r := Recipient{KeyHolder: schema.KeyHolder{Label: label, Key: key}}
	var err error
	upper := strings.ToUpper(s)
	switch {
	case strings.Contains(upper, "AGE-SECRET-KEY-") || strings.Contains(upper, "AGE-PLUGIN-"):
		return r, schema.Hint(errors.New("a secret key was given where a recipient belongs"),
			"mailferry keygen -y -i FILE prints the recipient of an identity; a secret key on a command line is no longer secret")
	case strings.HasPrefix(key, "age1pq1"):
		r.age, err = age.ParseHybridRecipient(key)
	case strings.HasPrefix(key, "age1") && strings.Count(key, "1") > 1 && isPlugin(key):
		if k.UI == nil {
			return r, schema.Hint(fmt.Errorf("recipient %s needs an age plugin", schema.Quote(key)),
				"--allow-plugins lets it run a program from PATH")
		}
		r.age, err = plugin.NewRecipient(key, k.UI)
	case strings.HasPrefix(key, "age1"):
		r.age, err = age.ParseX25519Recipient(key)
	default:
		return r, schema.Hint(fmt.Errorf("%s is not an age recipient", schema.Quote(key)),
			"a recipient begins with age1, ssh-ed25519 or ssh-rsa; mailferry keygen makes a key pair")
	}
	if err != nil {
		return r, schema.Hint(fmt.Errorf("%s is not an age recipient: a character is wrong or missing",
			schema.Quote(key)), "copy the whole line that keygen printed")
	}
	return r, nil
}

func isPlugin(key string) bool {
	name, _, err := plugin.ParseRecipient(key)
	return err == nil && name != "" && name != "pq"
}

// RecipientsFile reads recipients, one a line, as age -R does: also a .pub file, or
// GitHub's list of a person's keys, of which those that age does not take are left
// out. A comment on the line before a recipient labels it.
func (k Keys) RecipientsFile(r io.Reader) ([]Recipient, error) {
	raw, err := io.ReadAll(io.LimitReader(r, schema.MaxKeyFile))
	if err != nil {
		return nil, err
	}
	lines, err := safefile.Lines(raw)
	if err != nil {
		return nil, err
	}
	var out []Recipient
	var errs schema.Errors
	label := ""
	for n, line := range lines {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
			label = ""
		case strings.HasPrefix(line, "#"):
			label = strings.TrimSpace(strings.TrimPrefix(line, "#"))
		default:
			rec, err := k.Recipient(line)
			if other := (*sshTypeError)(nil); errors.As(err, &other) {
				if k.Warn != nil {
					k.Warn(fmt.Sprintf("line %d: %v: left out", n+1, other))
				}
				continue
			}
			if err != nil {
				errs.Add(fmt.Errorf("line %d: %w", n+1, err))
				continue
			}
			if rec.Label == "" && len(label) <= schema.MaxLabel {
				rec.Label = label
			}
			out = append(out, rec)
			label = ""
		}
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, errors.New("holds no recipient")
	}
	return out, nil
}

// Identities reads an identity file as age -i does, or an SSH private key. Where
// the file is itself encrypted with a passphrase, passphrase is asked for it.
func (k Keys) Identities(r io.Reader, passphrase func() (schema.Secret, error)) ([]age.Identity, error) {
	raw, err := io.ReadAll(io.LimitReader(r, schema.MaxKeyFile))
	if err != nil {
		return nil, err
	}
	if text, encoding, err := safefile.Text(raw); err != nil {
		return nil, err
	} else if encoding != safefile.Bytes {
		raw = []byte(text)
	}
	if IsAge(raw) {
		if raw, err = openIdentity(raw, passphrase); err != nil {
			return nil, err
		}
	}
	if bytes.Contains(raw, []byte("PRIVATE KEY-----")) {
		id, err := parseSSHIdentity(raw, passphrase)
		return []age.Identity{id}, err
	}
	lines, err := safefile.Lines(raw)
	if err != nil {
		return nil, err
	}
	var ids []age.Identity
	for n, line := range lines {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		id, err := k.identity(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil, schema.Hint(errors.New("holds no identity"),
			"an identity begins with AGE-SECRET-KEY-; mailferry keygen -o FILE makes one")
	}
	return ids, nil
}

// openIdentity opens an identity file that is encrypted with a passphrase. What no
// passphrase opens is refused before one is asked for.
func openIdentity(raw []byte, passphrase func() (schema.Secret, error)) ([]byte, error) {
	const damaged = "the identity file is damaged: use another copy of it; the passphrase may be right"
	h, err := ReadHeader(bytes.NewReader(raw))
	switch {
	case errors.Is(err, ErrDamaged):
		return nil, schema.Hint(ErrDamaged, damaged)
	case err != nil:
		return nil, err
	case !slices.Contains(h.Stanzas, "scrypt"):
		return nil, schema.Hint(errors.New("encrypted to a key, not with a passphrase"),
			"an identity file is plain, or encrypted with a passphrase: age -p; is it a bundle?")
	}
	pass, err := passphrase()
	if err != nil {
		return nil, err
	}
	id, err := PassphraseIdentity(pass)
	if err != nil {
		return nil, err
	}
	plain, err := Decrypt(bytes.NewReader(raw), schema.MaxKeyFile, id)
	switch wrong := (*WrongKeyError)(nil); {
	case errors.As(err, &wrong):
		return nil, schema.Hint(errors.New("the passphrase does not open it"),
			"the identity file is protected by a passphrase of its own")
	case errors.Is(err, ErrDamaged):
		return nil, schema.Hint(ErrDamaged, damaged)
	}
	return plain, err
}

func (k Keys) identity(line string) (age.Identity, error) {
	switch {
	case strings.HasPrefix(line, "AGE-SECRET-KEY-PQ-1"):
		return quiet(age.ParseHybridIdentity(line))
	case strings.HasPrefix(line, "AGE-SECRET-KEY-1"):
		return quiet(age.ParseX25519Identity(line))
	case strings.HasPrefix(line, "AGE-PLUGIN-"):
		if k.UI == nil {
			return nil, schema.Hint(errors.New("the identity needs an age plugin"),
				"--allow-plugins lets it run a program from PATH")
		}
		id, err := plugin.NewIdentity(line, k.UI)
		if err != nil {
			return nil, errors.New("not a whole age identity")
		}
		return &pluginIdentity{id}, nil
	case strings.HasPrefix(line, "age1"):
		return nil, schema.Hint(errors.New("holds a recipient, not an identity"),
			"the identity is the file that begins with AGE-SECRET-KEY-; keep it to yourself")
	case isSSHKey(line):
		return nil, schema.Hint(errors.New("holds a public SSH key, not a private one"),
			"the private key is the file without .pub")
	default:
		return nil, errors.New("not an age identity")
	}
}

// quiet replaces a parser's error, which may quote a secret key.
func quiet[T age.Identity](id T, err error) (age.Identity, error) {
	if err != nil {
		return nil, errors.New("not a whole age identity")
	}
	return id, nil
}

// pluginIdentity distinguishes a plugin's own failure from a file's.
type pluginIdentity struct{ *plugin.Identity }

// PluginError is what an age plugin says when it fails.
type PluginError struct {
	Plugin string
	Err    error
}

func (e *PluginError) Error() string {
	return fmt.Sprintf("the age plugin %s failed: %s", schema.Quote(e.Plugin), schema.Quote(e.Err.Error()))
}
func (e *PluginError) Unwrap() error { return e.Err }

// Unwrap implements age.Identity.
func (p *pluginIdentity) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	key, err := p.Identity.Unwrap(stanzas)
	if err != nil && !errors.Is(err, age.ErrIncorrectIdentity) {
		return nil, &PluginError{p.Name(), err}
	}
	return key, err
}

// RecipientOf returns the public half of an identity, where it has one. That of a
// plugin can be sealed to and has no Key to print.
func RecipientOf(id age.Identity) (Recipient, bool) {
	switch id := id.(type) {
	case *age.X25519Identity:
		return recipientOf(id.Recipient().String(), id.Recipient()), true
	case *age.HybridIdentity:
		return recipientOf(id.Recipient().String(), id.Recipient()), true
	case *sshIdentity:
		return id.recipient, true
	case *pluginIdentity:
		return recipientOf("", id.Recipient()), true
	case *passphraseIdentity:
		rs, err := Holders{Passphrase: id.pass}.age(nil)
		if err != nil {
			return Recipient{}, false
		}
		return recipientOf(PassphraseKey, rs[0]), true
	default:
		return Recipient{}, false
	}
}

func recipientOf(key string, r age.Recipient) Recipient {
	return Recipient{schema.KeyHolder{Key: key}, r}
}

// Age returns the recipient as package age wants it.
func (r Recipient) Age() age.Recipient { return r.age }

// passphraseIdentity opens passphrase bundles and remembers the passphrase, so
// that what an import writes beside a ledger opens to the same.
type passphraseIdentity struct {
	*age.ScryptIdentity
	pass schema.Secret
}

var _ age.Identity = (*passphraseIdentity)(nil)

// PassphraseIdentity opens bundles written with that passphrase.
func PassphraseIdentity(pass schema.Secret) (age.Identity, error) {
	id, err := age.NewScryptIdentity(pass.Reveal())
	if err != nil {
		return nil, errors.New("the passphrase is empty")
	}
	id.SetMaxWorkFactor(schema.MaxScrypt)
	return &passphraseIdentity{id, pass}, nil
}

// Check says what age would refuse, or accept and not mean.
func (r Holders) Check() error {
	if !r.Passphrase.IsZero() {
		if len(r.Recipients)+len(r.Reviewers) > 0 {
			return errors.New("a passphrase stands alone: give it, or recipients and reviewers")
		}
		return nil
	}
	if len(r.Recipients) == 0 {
		return schema.Hint(errors.New("no recipient is given"),
			"-r age1… names who may open everything; mailferry keygen makes a key pair")
	}
	seen := map[string]string{}
	pq := map[bool]string{}
	for _, list := range []struct {
		as string
		rs []Recipient
	}{{"recipient", r.Recipients}, {"reviewer", r.Reviewers}} {
		for _, rec := range list.rs {
			if as, dup := seen[rec.Key]; dup && as != list.as {
				return fmt.Errorf("%s is given as recipient and as reviewer: a recipient sees everything anyway", schema.Quote(rec.Key))
			} else if dup {
				return schema.Hint(fmt.Errorf("%s %s is given twice", list.as, schema.Quote(rec.Key)),
					"of a bundle that is rekeyed, the readers listed are given already")
			}
			seen[rec.Key] = list.as
			pq[strings.HasPrefix(rec.Key, "age1pq1")] = rec.Key
		}
	}
	if len(pq) == 2 {
		return schema.Hint(fmt.Errorf("post-quantum and classic keys do not mix: %s with %s",
			schema.Quote(pq[true]), schema.Quote(pq[false])),
			"one classic key would undo the protection of the others: make all keys with keygen --pq, or none")
	}
	return nil
}

// age returns the recipients of a layer.
func (r Holders) age(layer []Recipient) ([]age.Recipient, error) {
	if !r.Passphrase.IsZero() {
		rec, err := age.NewScryptRecipient(r.Passphrase.Reveal())
		if err != nil {
			return nil, errors.New("the passphrase cannot be used")
		}
		return []age.Recipient{rec}, nil
	}
	out := make([]age.Recipient, len(layer))
	for i, rec := range layer {
		out[i] = rec.age
	}
	return out, nil
}

// listed writes readers as the manifest claims them.
func (r Holders) listed() (recipients, reviewers []schema.KeyHolder) {
	if !r.Passphrase.IsZero() {
		return []schema.KeyHolder{{Key: PassphraseKey}}, nil
	}
	for _, rec := range r.Recipients {
		recipients = append(recipients, rec.KeyHolder)
	}
	for _, rec := range r.Reviewers {
		reviewers = append(reviewers, rec.KeyHolder)
	}
	return recipients, reviewers
}

const (
	ageIntro   = "age-encryption.org/"
	armorIntro = "-----BEGIN AGE ENCRYPTED FILE-----"
)

// IsAge reports whether a file begins as an age file does, binary or armored.
func IsAge(raw []byte) bool {
	return bytes.HasPrefix(raw, []byte(ageIntro)) || isArmored(raw)
}

func isArmored(raw []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(raw, " \t\r\n"), []byte(armorIntro))
}
