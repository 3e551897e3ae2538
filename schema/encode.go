package schema

import (
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// wire is a bundle as it is written.
type wire struct {
	Format      string   `json:"format"`
	Manifest    any      `json:"manifest"`
	Credentials []Item   `json:"credentials"`
	Connections []Item   `json:"connections"`
	Origin      *Origin  `json:"origin,omitzero"`
	Sealed      []string `json:"sealed,omitzero"`
}

// Encode writes the bundle as one line of JSON with members in the schema's
// order, piece by piece: see also Check. A document larger than [MaxDocument] is
// an error.
func (b *Bundle) Encode(w io.Writer) error {
	out := &bounded{w: w, left: MaxDocument}
	doc := wire{b.Format, b.Manifest, b.Credentials, b.Connections, b.Origin, b.Sealed}
	if doc.Sealed == nil {
		doc.Sealed = []string{}
	}
	err := json.MarshalWrite(out, doc, json.Deterministic(true))
	if err == nil {
		_, err = io.WriteString(out, "\n")
	}
	if out.left < 0 {
		return invalid("", "larger than %d bytes", MaxDocument)
	}
	return err
}

// bounded refuses to write more than there is left.
type bounded struct {
	w    io.Writer
	left int64
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= int64(len(p)); b.left < 0 {
		return 0, io.ErrShortWrite
	}
	return b.w.Write(p)
}

// Check reads back what Encode would write, so that nobody receives a file that
// no mailferry opens: the bundle without its lists as a document, and the items
// one by one.
func (b *Bundle) Check() error {
	shell := wire{b.Format, b.Manifest, []Item{}, []Item{}, nil, make([]string, len(b.Sealed))}
	for i, s := range b.Sealed {
		shell.Sealed[i] = s[:min(len(s), beginning)]
	}
	if o := b.Origin; o != nil {
		shell.Origin = &Origin{o.Format, o.Manifest, []*ServerCredential{}, []*ServerConnection{}, o.Rules, o.Statements}
	}
	doc, err := Marshal(shell)
	if err != nil {
		return err
	}
	if _, err := Decode(doc); err != nil {
		return err
	}
	file := bundleFile(b.Format)
	for _, l := range lists {
		if err := checkItems(newItemList(file, b.Format, l, l.One(), ""), b.Items(l)); err != nil {
			return err
		}
		if b.Origin == nil {
			continue
		}
		if err := checkItems(newItemList(file, ServerFormat, l, "server_"+l.One(), "origin."), b.Origin.Items(l)); err != nil {
			return err
		}
	}
	return nil
}

// CheckItem is Check for one item of a bundle of that format.
func CheckItem(format string, it Item) error {
	raw, err := Marshal(it)
	if err != nil {
		return err
	}
	if err := validate(bundleFile(format), it.List().One(), raw, ""); err != nil {
		return err
	}
	return unmarshal(raw, NewItem(format, it.List()))
}

func checkItems(list *itemList, items []Item) error {
	for _, it := range items {
		raw, err := Marshal(it)
		if err != nil {
			return err
		}
		if len(raw) > maxPiece {
			return invalid(string(list.list), "an entry larger than %d bytes", maxPiece)
		}
		if _, err := list.item(raw); err != nil {
			return err
		}
	}
	return nil
}

// Marshal writes v as JSON with map keys in a fixed order and nil lists as [].
func Marshal(v any) ([]byte, error) { return json.Marshal(v, json.Deterministic(true)) }

// MarshalIndent is Marshal for people: one member a line.
func MarshalIndent(v any) ([]byte, error) {
	out, err := json.Marshal(v, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		return nil, err
	}
	return append(out, '\n'), nil
}
