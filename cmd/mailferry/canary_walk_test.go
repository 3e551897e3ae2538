//go:build unix

package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"filippo.io/age"
	"filippo.io/age/plugin"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/mailserver"
	"github.com/mailferry/mailferry/samples"
)

// walk is a site full of canaries and the folder in which every command is run.
type walk struct {
	t        *testing.T
	detector *detector
	bin      string
	inputs   string // where the secrets were put: not searched
	out      string // where the commands run and write
	ids      []age.Identity
	env      []string
	rec      map[string]string // recipients by name of their key
	url      string            // of the sample Cloud
	failing  string            // of one that fails
	serving  []*exec.Cmd
	printed  *lockedBuffer // by the servers
	files    int
}

// walkRun is one command line and the exit code that it must end with.
type walkRun struct {
	exit int
	args []string
}

func newWalk(t *testing.T) *walk {
	dir := t.TempDir()
	w := &walk{t: t, bin: mailferryOnPath(t), inputs: filepath.Join(dir, "in"), out: filepath.Join(dir, "out"), rec: map[string]string{}, printed: &lockedBuffer{}}
	for _, d := range []string{w.inputs, w.out} {
		rig.OK(t, os.Mkdir(d, 0o700))
	}
	token := newCanary("Token")
	token.value = "tok-" + token.core
	wrong := newCanary("WrongToken")
	wrong.value = "tok-" + wrong.core
	desk, billing, legal, supplied, client := newCanary("Desk"), newCanary("Billing"), newCanary("Legal"), newCanary("Supplied"), newCanary("Client")
	postgres, mysql, sshPass, idPass := newCanary("Postgres"), newCanary("MySQL"), newCanary("SSHPassphrase"), newCanary("IdentityPassphrase")
	all := []canary{token, wrong, desk, billing, legal, supplied, client, postgres, mysql, sshPass, idPass}

	w.env = append(cleanEnv(w.bin), "HOME="+w.inputs, "PGPASSWORD="+postgres.value, "MYSQL_PWD="+mysql.value, "SSH_AUTH_SOCK=", "SSH_ASKPASS=",
		"CANARY_RECORD="+filepath.Join(w.out, "children.log"))
	w.detector = newDetector()
	w.must("demo", "--samples", w.in("samples"))
	for _, k := range []string{"ops", "rev", "other"} {
		w.rec[k] = strings.TrimSpace(w.must("keygen", "-o", w.in(k+".key")))
		raw := w.read(w.in(k + ".key"))
		ids := rig.Get(age.ParseIdentities(strings.NewReader(raw))).Or(t)
		if k != "other" {
			w.ids = append(w.ids, ids...)
		}
		key := fmt.Sprint(ids[0])
		all = append(all, canary{k + "'s identity", key, strings.TrimPrefix(key, "AGE-SECRET-KEY-1")})
	}
	for name, pass := range map[string]string{"ssh": "", "sshlocked": sshPass.value} {
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", pass, "-C", name, "-f", w.in(name)).CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen: %v: %s", err, out)
		}
		lines := strings.Split(w.read(w.in(name)), "\n")
		all = append(all, canary{name + "'s private key", lines[3], lines[3]})
	}
	w.write("allowed", "rev@corp.example "+w.read(w.in("ssh.pub")))
	w.write("token", token.value)
	w.write("wrong.token", wrong.value)
	w.plugin()
	w.sheets(desk, billing, legal, supplied, client)
	w.backup(desk, client)
	w.detector = newDetector(all...)

	// What every command has to work on.
	w.must("export", "-r", "ops="+w.rec["ops"], "--reviewer", w.rec["rev"], "-o", "unfilled.age", w.in("connections.csv"), w.in("credentials.csv"))
	w.copy("unfilled.age", "server.age")
	w.must("fill", "-i", w.in("rev.key"), "-r", w.rec["ops"], "--reviewer", w.rec["rev"], "--secrets", w.in("legal.csv"), "server.age")
	w.must("transform", "-i", w.in("rev.key"), "-r", w.rec["ops"], "--reviewer", w.rec["rev"], "-o", "cloud.age", "server.age")
	w.must("transform", "-i", w.in("rev.key"), "-r", w.rec["ops"], "--reviewer", w.rec["rev"], "-o", "lacking.age", "unfilled.age")
	w.must("export", "-r", w.rec["ops"], "--reviewer", w.rec["rev"], "-o", "changed.age", w.in("changed.csv"), w.in("credentials.csv"))
	w.must("export", "-r", w.rec["ops"], "--reviewer", w.rec["rev"], "-o", "mail.age", w.in("mail.csv"))
	w.must("import", "credentials", "-i", w.in("ops.key"), "--cloud", "sample:credentials", "lacking.age")
	whole := []byte(w.read(filepath.Join(w.out, "server.age")))
	rig.OK(t, os.WriteFile(filepath.Join(w.out, "cut.age"), whole[:len(whole)-20], 0o600))
	w.url = w.serve("--data", "data", "--token-file", w.in("token"))
	w.failing = w.serve("--data", "failing", "--token-file", w.in("token"), "--fail", "1")
	t.Cleanup(w.stop)
	return w
}

func (w *walk) in(name string) string { return filepath.Join(w.inputs, name) }

func (w *walk) read(path string) string {
	raw := rig.Get(os.ReadFile(path)).Or(w.t)
	return string(raw)
}

func (w *walk) write(name, content string) {
	rig.OK(w.t, os.WriteFile(w.in(name), []byte(content), 0o600))
}

func (w *walk) copy(from, to string) {
	rig.OK(w.t, os.WriteFile(filepath.Join(w.out, to), []byte(w.read(filepath.Join(w.out, from))), 0o600))
}

// plugin puts an age plugin on PATH that writes down how it was called: the
// command line of a child is for all to see.
func (w *walk) plugin() {
	script := "#!/bin/sh\nprintf '%s\\n' \"$0 $*\" >> \"$CANARY_RECORD\"\ntr '\\0' ' ' < /proc/$$/cmdline >> \"$CANARY_RECORD\" 2>/dev/null\nexit 1\n"
	rig.OK(w.t, os.WriteFile(filepath.Join(w.bin, "age-plugin-canary"), []byte(script), 0o700))
	w.rec["plugin"] = plugin.EncodeRecipient("canary", []byte("any"))
	w.write("plugin.key", plugin.EncodeIdentity("canary", []byte("any"))+"\n")
}

func (w *walk) sheets(desk, billing, legal, supplied, client canary) {
	sheet := func(name string, rows ...[]string) {
		var b bytes.Buffer
		c := csv.NewWriter(&b)
		rig.OK(w.t, c.WriteAll(rows))
		w.write(name, b.String())
	}
	header := []string{"Name", "From Address", "Connect Mode", "Encryption", "Username", "Password", "Host", "Port", "OAuth2 Credentials"}
	rows := [][]string{header,
		{"Desk", "desk@example.com", "SMTP", "STARTTLS", "desk", desk.value, "mail.example.com", "587", ""},
		{"Desk too", "desk@example.com", "SMTP", "STARTTLS", "desk", desk.value, "mail.example.com", "587", ""},
		{"Billing", "billing@example.com", "SMTP", "SSL/TLS", "billing", billing.value, "smtp.office365.com", "465", ""},
		{"Legal", "legal@example.com", "SMTP", "STARTTLS", "legal", "", "mail.example.com", "587", ""},
		{"Portal", "portal@example.com", "Google OAuth2", "STARTTLS", "portal@example.com", "", "", "", "Google"},
	}
	sheet("connections.csv", rows...)
	mail, stop := (&mailserver.Server{Insecure: true, Methods: []string{"PLAIN"}, Echo: true}).Start()
	w.t.Cleanup(stop)
	sheet("mail.csv", header,
		[]string{"Echo", "desk@example.com", "SMTP", "None", "desk", desk.value, "127.0.0.1", strconv.Itoa(mail), ""},
		[]string{"Closed", "desk@example.com", "SMTP", "None", "desk", desk.value, "127.0.0.1", "1", ""})
	changed := append([][]string{}, rows...)
	changed[3] = []string{"Billing", "billing@example.com", "SMTP", "SSL/TLS", "billing", supplied.value, "other.example.com", "465", ""}
	sheet("changed.csv", changed...)
	sheet("credentials.csv",
		[]string{"Name", "Service Provider", "Client ID", "Client Secret", "Authorization Endpoint", "Token Endpoint", "Callback URL"},
		[]string{"Google", "Google", "id-1", client.value, "https://accounts.google.com/o/oauth2/auth", "https://oauth2.googleapis.com/token", "https://jira.example.com/cb"})
	sheet("legal.csv", []string{"kind", "name", "secret"}, []string{"connection", "Legal", legal.value})
	sheet("supplied.csv", []string{"kind", "name", "secret"}, []string{"connection", "Legal", supplied.value})
	sheet("nobody.csv", []string{"kind", "name", "secret"}, []string{"connection", "Nobody", supplied.value})
	sheet("kindless.csv", []string{"kind", "name", "secret"}, []string{supplied.value, "Legal", supplied.value})
	sheet("wide.csv", []string{"kind", "name", "secret"}, []string{"connection", "Legal", "", supplied.value})
	// A password that slipped into the wrong cell.
	sheet("port.csv", header, []string{"Desk", "", "SMTP", "", "", "", "h", desk.value, ""})
	sheet("long.csv", header, []string{"Desk", "", "SMTP", "", "", "", "h", "25", "", desk.value})
	sheet("debug.csv", append(header, "Debug"), []string{"Desk", "", "SMTP", "", "", desk.value, "h", "25", "", billing.value})
	w.write("quoted.csv", strings.Join(header, ",")+"\nDesk,,SMTP,,,"+desk.core+`"half,h,25,`+"\n")
	w.write("secrets-in-key.csv", desk.value+"\n")
}

// backup is the sample backup with canaries for its secrets.
func (w *walk) backup(desk, client canary) {
	w.write("profile.json", string(samples.Files()["profile.json"]))
	r := rig.Get(zip.NewReader(bytes.NewReader(samples.Files()["jira-backup.zip"]), int64(len(samples.Files()["jira-backup.zip"])))).Or(w.t)
	f := rig.Get(r.Open("activeobjects.xml")).Or(w.t)
	var doc bytes.Buffer
	rig.Get(doc.ReadFrom(f)).Or(w.t)
	escape := strings.NewReplacer(`\`, `\\`, "&", "&amp;", "<", "&lt;")
	text := strings.Replace(doc.String(), "made-up-Kestrel-41", escape.Replace(desk.value), 1)
	if text == doc.String() {
		w.t.Fatal("the sample backup has another password")
	}
	w.write("backup.xml", text)
	w.write("half.xml", text[:strings.Index(text, escape.Replace(desk.value))+9])
	var secrets bytes.Buffer
	c := csv.NewWriter(&secrets)
	_ = c.WriteAll([][]string{{"kind", "name", "secret"}, {"credential", "Google Workspace – Portal", client.value}})
	w.write("backup-secrets.csv", secrets.String())
	// A profile that takes the password for a port.
	profile := string(samples.Files()["profile.json"])
	w.write("port.json", strings.Replace(profile, `{"field": "port", "column": "PORT"}`, `{"field": "port", "column": "PASSWORD"}`, 1))
}

// command is mailferry in the walk's folder, away from any terminal.
func (w *walk) command(args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(w.bin, "mailferry"), args...)
	cmd.Dir, cmd.Env = w.out, w.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd
}

// must runs what the walk needs, and returns what it prints.
func (w *walk) must(args ...string) string {
	w.t.Helper()
	cmd := w.command(args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		w.t.Fatalf("mailferry %s: %v: %s", strings.Join(args, " "), err, stderr.String())
	}
	for _, found := range w.detector.find(append(out, stderr.Bytes()...)) {
		w.t.Errorf("mailferry %s prints %s", strings.Join(args, " "), found)
	}
	return string(out)
}

// run runs one command line of a command, with what every run may add, and looks
// at all that it prints.
func (w *walk) run(l leaf, r walkRun, extra ...string) int {
	w.t.Helper()
	args := append([]string{}, l.path...)
	for _, a := range append(append([]string{}, r.args...), extra...) {
		switch a {
		case "{new}":
			w.files++
			a = fmt.Sprintf("new%d", w.files)
		case "sample:{new}":
			w.files++
			a = fmt.Sprintf("sample:new%d", w.files)
		case "{unfilled}", "{cloud}":
			w.files++
			from := strings.Trim(a, "{}") + ".age"
			a = fmt.Sprintf("copy%d.age", w.files)
			w.copy(from, a)
		}
		args = append(args, a)
	}
	line := "mailferry " + strings.Join(args, " ")
	cmd := w.command(args...)
	var printed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &printed
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		w.t.Fatalf("%s: %v", line, err)
	}
	for _, found := range w.detector.find(printed.Bytes()) {
		w.t.Errorf("%s prints %s:\n%s", line, found, printed.String())
	}
	code := cmd.ProcessState.ExitCode()
	if code != r.exit {
		w.t.Errorf("%s: exit %d, want %d:\n%s", line, code, r.exit, printed.String())
	}
	return code
}

// serve leaves a sample Cloud running and returns its URL.
func (w *walk) serve(args ...string) string {
	cmd := w.command(append([]string{"sample-cloud"}, args...)...)
	out := rig.Get(cmd.StdoutPipe()).Or(w.t)
	cmd.Stderr = w.printed
	rig.OK(w.t, cmd.Start())
	w.serving = append(w.serving, cmd)
	first := rig.Get(bufio.NewReader(out).ReadString('\n')).Or(w.t)
	return strings.TrimSpace(first)
}

// stop ends the sample Clouds and looks at what they printed.
func (w *walk) stop() {
	for _, cmd := range w.serving {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	}
	w.serving = nil
	for _, found := range w.detector.find(w.printed.Bytes()) {
		w.t.Errorf("mailferry sample-cloud prints %s", found)
	}
}
