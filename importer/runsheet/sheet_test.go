package runsheet

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/net/html"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

func sealedAs(hex string) *schema.Marker {
	for len(hex) < 64 {
		hex += "0"
	}
	return &schema.Marker{State: schema.Sealed, Fingerprint: "0a1b2c3d:" + hex}
}

// site is a bundle with every kind of thing that a run sheet shows.
func site(t *testing.T) Sheet {
	t.Helper()
	b := &schema.Bundle{
		Format: schema.CloudFormat,
		Manifest: schema.Manifest{
			ID: "5f3b0c6e9a7d41288b1e2f4455667788", Created: schema.At(time.Date(2026, 11, 22, 14, 5, 0, 0, time.UTC)), Tool: "mailferry v1.0.0",
			Source: schema.Source{Kind: "server-bundle", Name: "server-connections.csv + server-credentials.csv"},
			Recipients: []schema.KeyHolder{
				{Label: "Anna Berg, Jira administration", Key: "age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq"},
				{Key: "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"},
			},
		},
		Origin: &schema.Origin{},
		Credentials: []schema.Item{
			&schema.CloudCredential{Name: "Microsoft 365 – Example tenant", ServiceProvider: "Microsoft OAuth2 Provider", ClientID: "0f0e0d0c-0000-4000-8000-00000000c0de", ClientSecret: sealedAs("c1"),
				AuthorizationEndpoint: "https://login.microsoftonline.com/11111111-2222-4333-8444-555555555555/oauth2/v2.0/authorize",
				TokenEndpoint:         "https://login.microsoftonline.com/11111111-2222-4333-8444-555555555555/oauth2/v2.0/token", Grant: "Authorization Code"},
			&schema.CloudCredential{Name: "Google Workspace – Portal", ServiceProvider: "Google OAuth2 Provider", ClientID: "123456789012-madeup.apps.googleusercontent.com",
				ClientSecret:          &schema.Marker{State: schema.Missing, Reason: "the database holds it encrypted"},
				AuthorizationEndpoint: "https://accounts.google.com/o/oauth2/auth", TokenEndpoint: "https://oauth2.googleapis.com/token"},
		},
		Connections: []schema.Item{
			&schema.CloudConnection{Name: "Service Desk", Description: "Answers to customers, all projects of the SD category", FromEmailAddress: "servicedesk@example.com", EmailPrefix: "[Service Desk]",
				ServiceProvider: "General SMTP service", Encryption: "STARTTLS", Username: "servicedesk@example.com", Password: sealedAs("a1"), Host: "mail.example.com", SMTPPort: 587},
			&schema.CloudConnection{Name: "HR", Description: "Applications and leave.\r\nConfidential: only the HR project may use it.", FromEmailAddress: "hr@example.com", EmailPrefix: "[HR]",
				ServiceProvider: "General SMTP service", Encryption: "STARTTLS", Username: "EXAMPLE\\svc-hr", Password: sealedAs("b2"), Host: "mail.example.com", SMTPPort: 587, Debug: true},
			&schema.CloudConnection{Name: "HR Recruiting", FromEmailAddress: "jobs@example.com",
				ServiceProvider: "General SMTP service", Encryption: "STARTTLS", Username: "EXAMPLE\\svc-hr", Password: sealedAs("b2"), Host: "mail.example.com", SMTPPort: 587},
			&schema.CloudConnection{Name: "Büro München 🥨", Description: "Grüße aus München: Störungen, Schlüssel", FromEmailAddress: "buero@example.com",
				ServiceProvider: "General SMTP service", Encryption: "SSL/TLS", Username: "büro@example.com", Password: &schema.Marker{State: schema.Missing, Reason: "the sheet's Password cell is empty"}, Host: "smtp.mailhost.example", SMTPPort: 465},
			&schema.CloudConnection{Name: "Anonymous Relay", Description: "Printers and monitoring", FromEmailAddress: "no-reply@example.com", ServiceProvider: "General SMTP service", Encryption: "None", Host: "10.20.0.25", SMTPPort: 25},
			&schema.CloudConnection{Name: "Customer Care", FromEmailAddress: "care@example.com", EmailPrefix: "[Care]", ServiceProvider: "Microsoft365 with OAuth2", Encryption: "STARTTLS", Username: "care@example.com", OAuth2Credentials: "Microsoft 365 – Example tenant"},
			&schema.CloudConnection{Name: "Partners", FromEmailAddress: "partners@portal.example", ServiceProvider: "GMail/GSuite with OAuth2", Username: "partners@portal.example", OAuth2Credentials: "Google Workspace – Portal"},
			&schema.CloudConnection{Name: "Elsewhere", FromEmailAddress: "x@example.com", ServiceProvider: "GMail/GSuite with OAuth2", Username: "x@example.com", OAuth2Credentials: "Not in the bundle"},
			hostile(),
		},
	}
	s := Sheet{Bundle: b, Digest: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", File: "cloud.age"}
	for _, it := range b.Connections {
		s.Notes = append(s.Notes, Note{schema.Connections, it.ItemName(), "service_provider", "Not verified: nobody has seen Cloud's form offer this text."})
	}
	s.Notes = append(s.Notes,
		Note{schema.Connections, "HR", "", "Shared mailbox was dropped: Cloud's form has no field for it."},
		Note{Text: "Rules: none of the value maps was verified on a live site."})
	return s
}

const (
	hostileName        = `</script><script>alert(1)</script>"'$(id)` + "\u202egpj"
	hostileDescription = " \t<img src=x onerror=alert(1)>\x07{{.}}\u200b${x}`y`\n</textarea>&lt;\u2066"
)

// hostile is a connection whose every text tries to be more than text.
func hostile() *schema.CloudConnection {
	return &schema.CloudConnection{Name: hostileName, Description: hostileDescription, FromEmailAddress: `"><b>@example.com`, EmailPrefix: "javascript:alert(1)",
		ServiceProvider: "General SMTP service\u2028", Encryption: "'--><!--", Username: "a\r\nb", Password: sealedAs("dd"), Host: "mail.example.com\u00a0", SMTPPort: 25}
}

func render(t *testing.T, s Sheet) string {
	t.Helper()
	var b strings.Builder
	rig.OK(t, HTML(&b, s))
	return b.String()
}

func plain(t *testing.T, s Sheet) string {
	t.Helper()
	var b strings.Builder
	rig.OK(t, Text(&b, s))
	return b.String()
}

// nodes returns a parsed page's elements in document order.
func nodes(t *testing.T, page string) []*html.Node {
	t.Helper()
	doc := rig.Get(html.Parse(strings.NewReader(page))).Or(t)
	var all []*html.Node
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode {
			all = append(all, n)
		}
	}
	return all
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func content(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

func TestPageStandsAloneUnderItsOwnPolicy(t *testing.T) {
	policy, scripts, styles := "", 0, 0
	hashed := func(n *html.Node) string {
		sum := sha256.Sum256([]byte(content(n)))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	for _, n := range nodes(t, render(t, site(t))) {
		switch n.Data {
		case "meta":
			if attr(n, "http-equiv") == "Content-Security-Policy" {
				policy = attr(n, "content")
			}
		case "style":
			styles++
			if !strings.Contains(policy, "style-src "+hashed(n)+";") {
				t.Error("the policy does not allow the style, or comes after it")
			}
		case "script":
			scripts++
			if !strings.Contains(policy, "script-src "+hashed(n)+";") {
				t.Error("the policy does not allow the script")
			}
		case "img", "link", "iframe", "object", "embed", "form", "svg", "b", "base", "audio", "video":
			t.Errorf("has a <%s>", n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" || a.Key == "href" && !strings.HasPrefix(a.Val, "#") {
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			}
		}
	}
	if scripts != 1 || styles != 1 || !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe") {
		t.Errorf("%d scripts, %d styles, policy %q", scripts, styles, policy)
	}
}

func TestEveryFieldStandsInCloudsOrder(t *testing.T) {
	s := site(t)
	var got []string
	for _, n := range nodes(t, render(t, s)) {
		if n.Data == "article" {
			got = append(got, "# "+attr(n, "id"))
		}
		if n.Data == "dt" && strings.HasPrefix(attr(n.Parent, "class"), "row ") {
			got = append(got, strings.TrimSpace(strings.TrimSuffix(content(n), "choose")))
		}
	}
	var want []string
	for _, list := range schema.Lists() {
		for i := range s.Bundle.Items(list) {
			want = append(want, fmt.Sprintf("# %s-%d", list.One(), i+1))
			for _, f := range schema.Fields(schema.CloudFormat, list) {
				want = append(want, f.Label)
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestEveryValueCanBeCopiedExactly(t *testing.T) {
	s := site(t)
	copies := map[string]string{}
	for _, n := range nodes(t, render(t, s)) {
		if n.Data == "button" && attr(n, "data-copy") != "" {
			var text string
			if err := json.Unmarshal([]byte(attr(n, "data-copy")), &text); err != nil {
				t.Error(err)
			}
			copies[attr(n, "aria-label")] = text
		}
	}
	for _, it := range s.Bundle.Connections {
		for _, f := range schema.FieldsOf(it) {
			raw := schema.Text(it, f.Name)
			if f.Secret || f.Type == schema.Boolean || raw == "" {
				continue
			}
			// An HTML document has no carriage returns; a form sends them again.
			want := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(raw)
			if got := copies["Copy "+f.Label+" of "+human.Visible(it.ItemName())]; got != want {
				t.Errorf("%s of %q: copies %q, want %q", f.Label, it.ItemName(), got, want)
			}
		}
	}
}

// The file is looked at as text too: in a terminal, a review, a mail.
func TestTheFileItselfHoldsNothingThatCannotBeSeen(t *testing.T) {
	for _, r := range render(t, site(t)) {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Fatalf("%U stands in the file", r)
		}
	}
}

func TestWhatCannotBeSeenIsWrittenOut(t *testing.T) {
	for name, sheet := range map[string]string{"text": plain(t, site(t)), "HTML": visibleText(t, render(t, site(t)))} {
		for _, r := range sheet {
			if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || r == '\u00a0') {
				t.Fatalf("%s shows %U", name, r)
			}
		}
		for _, want := range []string{"‹U+202E›gpj", "‹U+2066›", "‹U+200B›", "‹U+0007›", "‹U+00A0›", "a‹U+000D›⏎b", "‹U+2028›"} {
			if !strings.Contains(sheet, want) {
				t.Errorf("%s does not show %s", name, want)
			}
		}
	}
}

func visibleText(t *testing.T, page string) string {
	t.Helper()
	var b strings.Builder
	for _, n := range nodes(t, page) {
		if n.Data != "script" && n.Data != "style" && n.FirstChild != nil && n.FirstChild.Type == html.TextNode {
			b.WriteString(n.FirstChild.Data + "\n")
		}
	}
	return b.String()
}

func TestSheetsTellWhereEachSecretIsAndNothingOfIt(t *testing.T) {
	for name, sheet := range map[string]string{"text": plain(t, site(t)), "HTML": html.UnescapeString(render(t, site(t)))} {
		for _, want := range []string{
			`mailferry reveal -i KEY cloud.age "Service Desk"`, "the sheet's Password cell is empty", "the database holds it encrypted",
			"Anna Berg, Jira administration", "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj", "in this sheet's order", "o on to this item's name",
			"This bundle does not hold that credential", "Shared mailbox was dropped", "none of the value maps was verified", "Not verified: nobody",
			"Administration tab → OAUTH2 → OAuth2 Credentials → Add", "Administration tab → OUTGOING MAILS → Outgoing Mail Connections → Add",
			"Register Cloud's redirect URI", "Authorise each OAuth2 connection", "Send a test mail", "Change the passwords", "Dispose of the bundle",
			"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "leave empty", "not asked for with OAuth2",
		} {
			if !strings.Contains(sheet, want) && !strings.Contains(strings.Join(strings.Fields(sheet), " "), want) {
				t.Errorf("%s lacks %q", name, want)
			}
		}
		if strings.Contains(sheet, "0a1b2c3d:") || strings.Contains(sheet, "b200000000") {
			t.Errorf("%s shows a fingerprint", name)
		}
	}
}

// A note that every item has is read once, before the first form, and not at all of
// them.
func TestANoteOfSeveralItemsStandsOnceAtTheTop(t *testing.T) {
	s := site(t)
	s.Notes = append(s.Notes, Note{schema.Connections, "HR", "encryption", s.Notes[0].Text}, Note{schema.Connections, "HR", "", "of one alone"})
	text := plain(t, s)
	top, rest, _ := strings.Cut(text, "2. ")
	if strings.Count(text, "nobody has seen") != 1 || !strings.Contains(strings.Join(strings.Fields(top), " "), "Service provider, Encryption of ") {
		t.Errorf("%s", top)
	}
	if !strings.Contains(rest, "of one alone") {
		t.Error("a note of one item does not stand with it")
	}
}

func TestCommandsCannotMeanMoreThanTheySay(t *testing.T) {
	tests := []struct{ file, name, want string }{
		{"cloud.age", "Service Desk", `mailferry reveal -i KEY cloud.age "Service Desk"`},
		{"my bundle.age", "HR", `mailferry reveal -i KEY "my bundle.age" "HR"`},
		{"", "HR", `mailferry reveal -i KEY BUNDLE "HR"`},
		{"x;rm.age", "HR", `mailferry reveal -i KEY BUNDLE "HR"`},
		{"a.age", "$(id)", "mailferry reveal -i KEY a.age '$(id)'"},
		{"a.age", "`id`", "mailferry reveal -i KEY a.age '`id`'"},
		{"a.age", "it's", "mailferry reveal -i KEY a.age"},
		{"a.age", "a & calc", `mailferry reveal -i KEY a.age "a & calc"`},
		{"a.age", "!& calc", "mailferry reveal -i KEY a.age"},
		{"a.age", `a"b`, "mailferry reveal -i KEY a.age"},
		{"a.age", `a\`, `mailferry reveal -i KEY a.age 'a\'`},
		{"a.age", "a\nid", "mailferry reveal -i KEY a.age"},
		{"a.age", "100%PATH%", "mailferry reveal -i KEY a.age"},
		{"a.age", "wow!", "mailferry reveal -i KEY a.age 'wow!'"},
		{"a.age", "--yes", "mailferry reveal -i KEY -- a.age --yes"},
		{"a.age", "Büro 🥨", `mailferry reveal -i KEY a.age "Büro 🥨"`},
	}
	for _, tt := range tests {
		l := &layout{sheet: Sheet{File: tt.file}}
		got, placeholder := l.command(tt.name)
		if got != tt.want || placeholder != strings.HasSuffix(tt.want, " a.age") {
			t.Errorf("%q in %q: got %s (%v)", tt.name, tt.file, got, placeholder)
		}
	}
}

func TestPlainTextHasABoxForEverythingToDo(t *testing.T) {
	s := site(t)
	p := rig.Get(layOut(s)).Or(t)
	if got := strings.Count(plain(t, s), "[ ] "); got != p.Ticks || p.Ticks != strings.Count(render(t, s), "data-tick=\"") {
		t.Errorf("%d boxes in the text, %d in the page, %d to do", got, strings.Count(render(t, s), "data-tick=\""), p.Ticks)
	}
	if !strings.Contains(plain(t, s), "Applications and leave.\n"+strings.Repeat(" ", 6+28+1)+"Confidential") {
		t.Error("a description of two lines is not aligned")
	}
}

func TestSameBundleGivesTheSameSheet(t *testing.T) {
	page, text := render(t, site(t)), plain(t, site(t))
	if render(t, site(t)) != page || plain(t, site(t)) != text {
		t.Error("two sheets of one bundle differ")
	}
}

// pieces remembers how much was written, and how much of it at once.
type pieces struct{ total, largest int }

func (p *pieces) Write(b []byte) (int, error) {
	p.total, p.largest = p.total+len(b), max(p.largest, len(b))
	return len(b), nil
}

func TestALargeSheetIsWrittenPieceByPiece(t *testing.T) {
	s := site(t)
	for i := range 2000 {
		s.Bundle.Connections = append(s.Bundle.Connections, &schema.CloudConnection{Name: fmt.Sprintf("Desk %d", i), ServiceProvider: "x", Username: "u"})
	}
	for name, write := range map[string]func(io.Writer, Sheet) error{"HTML": HTML, "text": Text} {
		var p pieces
		if err := write(&p, s); err != nil || p.total < 1<<20 || p.largest > 128<<10 {
			t.Errorf("%s: %v, %d bytes, %d of them at once", name, err, p.total, p.largest)
		}
	}
}

func TestWhatIsNoCloudBundleIsRefused(t *testing.T) {
	tests := []struct {
		name   string
		bundle *schema.Bundle
		want   string
	}{
		{"none", nil, "made from a cloud bundle"},
		{"server bundle", &schema.Bundle{Format: schema.ServerFormat}, "made from a cloud bundle"},
		{"empty bundle", &schema.Bundle{Format: schema.CloudFormat}, "holds nothing to add"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b strings.Builder
			for _, write := range []func(io.Writer, Sheet) error{HTML, Text} {
				if err := write(&b, Sheet{Bundle: tt.bundle}); err == nil || !strings.Contains(err.Error(), tt.want) || b.Len() > 0 {
					t.Errorf("got %v and %d bytes", err, b.Len())
				}
			}
		})
	}
}

func TestLongKeysAreShortened(t *testing.T) {
	s := site(t)
	s.Bundle.Manifest.Recipients = []schema.KeyHolder{{Key: "age1pq1" + strings.Repeat("q", 1900) + "end"}}
	if page := render(t, s); strings.Contains(page, strings.Repeat("q", 100)) || !strings.Contains(page, "age1pq1qqq") || !strings.Contains(page, "qend<") {
		t.Error("a post-quantum key is not shown by its two ends")
	}
}
