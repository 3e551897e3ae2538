package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/klauspost/compress/flate"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/samples"
)

// A person sits at a real terminal at which mailferry runs.
type person struct {
	t      *testing.T
	cmd    *exec.Cmd
	keys   *os.File // the end at which the person types and reads
	tty    *os.File
	mu     sync.Mutex
	more   *sync.Cond
	screen bytes.Buffer
	gone   bool
	stdout bytes.Buffer // piped, unless the run has it on the terminal
}

// sit starts mailferry in dir. Its standard output is piped; its standard error
// is on the terminal, where progress shows.
func sit(t *testing.T, bin, dir string, args ...string) *person {
	t.Helper()
	return sitAt(t, 80, bin, dir, exec.Command(filepath.Join(bin, "mailferry"), args...))
}

// sitAt starts a command at a terminal of so many columns.
func sitAt(t *testing.T, columns int, bin, dir string, cmd *exec.Cmd) *person {
	t.Helper()
	keys := rig.Get(os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)).Or(t)
	rig.OK(t, unix.IoctlSetPointerInt(int(keys.Fd()), unix.TIOCSPTLCK, 0))
	n := rig.Get(unix.IoctlGetInt(int(keys.Fd()), unix.TIOCGPTN)).Or(t)
	tty := rig.Get(os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)).Or(t)
	resize(t, tty, columns)
	p := &person{t: t, keys: keys, tty: tty, cmd: cmd}
	p.more = sync.NewCond(&p.mu)
	p.cmd.Dir, p.cmd.Env = dir, append(cleanEnv(bin), "TERM=xterm")
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = tty, &p.stdout, tty
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	rig.OK(t, p.cmd.Start())
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := keys.Read(buf)
			p.mu.Lock()
			p.screen.Write(buf[:n])
			p.gone = p.gone || err != nil
			p.more.Broadcast()
			p.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = tty.Close()
		_ = keys.Close()
	})
	return p
}

func resize(t *testing.T, tty *os.File, columns int) {
	t.Helper()
	rig.OK(t, unix.IoctlSetWinsize(int(tty.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: screenRows, Col: uint16(columns)}))
}

// sees waits until the screen has shown a text.
func (p *person) sees(text string) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for !strings.Contains(p.screen.String(), text) {
		if p.gone {
			p.t.Fatalf("the screen never shows %q: %q", text, p.screen.String())
		}
		p.more.Wait()
	}
}

// seesTimes waits until the screen has shown a text so many times.
func (p *person) seesTimes(text string, n int) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for strings.Count(p.screen.String(), text) < n {
		if p.gone {
			p.t.Fatalf("the screen shows %q less than %d times: %q", text, n, p.screen.String())
		}
		p.more.Wait()
	}
}

func (p *person) types(text string) {
	p.t.Helper()
	rig.Get(io.WriteString(p.keys, text)).Or(p.t)
}

// typesHidden types once the terminal no longer shows what is typed.
func (p *person) typesHidden(text string) {
	p.t.Helper()
	for {
		state := rig.Get(unix.IoctlGetTermios(int(p.tty.Fd()), unix.TCGETS)).Or(p.t)
		if state.Lflag&unix.ECHO == 0 {
			break
		}
		if p.t.Context().Err() != nil {
			p.t.Fatal("the terminal went on showing what is typed")
		}
		runtime.Gosched()
	}
	p.types(text)
}

// leaves waits for the end, and returns the exit code and all that was shown.
func (p *person) leaves() (int, string) {
	p.t.Helper()
	_ = p.cmd.Wait()
	// Once nobody else has the terminal open, what is left of the screen is read
	// and then the reader ends.
	_ = p.tty.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	for !p.gone {
		p.more.Wait()
	}
	return p.cmd.ProcessState.ExitCode(), wrapped.ReplaceAllString(p.screen.String(), " ")
}

// wrapped is where a message goes on in the next line of the terminal.
var wrapped = regexp.MustCompile(`\r\n {11,}`)

// desk is a folder with the samples, keys, and a bundle that lacks a secret.
func desk(t *testing.T) (bin, dir, ops string) {
	t.Helper()
	bin, dir = mailferryOnPath(t), t.TempDir()
	for name, content := range samples.Files() {
		rig.OK(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	quiet := func(args ...string) string {
		cmd := exec.Command(filepath.Join(bin, "mailferry"), args...)
		cmd.Dir, cmd.Env = dir, cleanEnv(bin)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%q: %v", args, err)
		}
		return strings.TrimSpace(string(out))
	}
	ops = quiet("keygen", "-o", "ops.key")
	quiet("export", "-r", ops, "-o", "server.age", "connections.csv", "credentials.csv")
	return bin, dir, ops
}

func TestAPassphraseIsAskedForTwiceAndOpensTheBundle(t *testing.T) {
	bin, dir, _ := desk(t)
	const pass = "made-up-Wagtail-7"
	p := sit(t, bin, dir, "export", "-p", "-o", "pass.age", "connections.csv", "credentials.csv")
	p.sees("Passphrase of the bundle: ")
	p.typesHidden(pass + "\n")
	p.sees("The same once more: ")
	p.typesHidden(pass + "\n")
	if code, screen := p.leaves(); code != 0 || strings.Contains(screen, pass) {
		t.Fatalf("exit %d: %q", code, screen)
	}
	p = sit(t, bin, dir, "audit", "-p", "--json", "pass.age")
	p.sees("Passphrase of the bundle: ")
	p.typesHidden(pass + "\n")
	if code, screen := p.leaves(); code != 0 || !strings.Contains(p.stdout.String(), "Service Desk") || strings.Contains(screen, pass) {
		t.Errorf("exit %d: %q", code, screen)
	}
	p = sit(t, bin, dir, "reveal", "-p", "pass.age", "Service Desk")
	p.sees("Passphrase of the bundle: ")
	p.typesHidden(pass + "\n")
	p.sees("made-up-Kestrel-41")
	p.types("\n")
	if code, screen := p.leaves(); code != 0 {
		t.Errorf("exit %d: %q", code, screen)
	}
	p = sit(t, bin, dir, "audit", "-p", "pass.age")
	p.sees("Passphrase of the bundle: ")
	p.typesHidden("made-up-Wren-8\n")
	if code, screen := p.leaves(); code != 1 || !strings.Contains(screen, "passphrase") || p.stdout.Len() > 0 {
		t.Errorf("another passphrase: exit %d: %q", code, screen)
	}
}

// One protected SSH key reads two bundles, or reads and signs: a person types its
// passphrase once.
func TestAProtectedSSHKeyIsAskedForOnce(t *testing.T) {
	bin, dir, ops := desk(t)
	const pass = "made-up-Wagtail-7"
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", pass, "-C", "", "-f", filepath.Join(dir, "ssh")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, args := range [][]string{
		{"export", "-r", ops, "--reviewers-file", "ssh.pub", "--sign", "ssh", "-o", "signed.age", "connections.csv"},
		{"review", "-i", "ssh", "--approve", "--sign", "ssh", "signed.age"},
		{"diff", "-i", "ssh", "signed.age", "signed.age"},
	} {
		p := sit(t, bin, dir, args...)
		p.sees("Passphrase of ssh: ")
		p.typesHidden(pass + "\n")
		if code, screen := p.leaves(); code != 0 || strings.Count(screen, "Passphrase of") != 1 || strings.Contains(screen, pass) {
			t.Errorf("%q: exit %d: %q", args, code, screen)
		}
	}
}

func TestABinaryFileIsNotForTheScreen(t *testing.T) {
	bin, dir, ops := desk(t)
	p := sitAt(t, 80, bin, dir, exec.Command("sh", "-c", "mailferry export -o - -r "+ops+" connections.csv > /dev/tty"))
	if code, screen := p.leaves(); code != exitUsage || !strings.Contains(screen, "a bundle is binary") || strings.Contains(screen, "age-encryption") {
		t.Errorf("exit %d: %q", code, screen)
	}
}

// A passphrase of a few letters is said to be weak, and one is made for who asks.
func TestAWeakPassphraseIsSaidAndAGoodOneMade(t *testing.T) {
	bin, dir, _ := desk(t)
	const weak = "wagtail"
	p := sit(t, bin, dir, "export", "-p", "-o", "weak.age", "connections.csv")
	p.sees("press Enter alone: one is made and shown")
	p.sees("Passphrase of the bundle: ")
	p.typesHidden(weak + "\n")
	p.sees("The same once more: ")
	p.typesHidden(weak + "\n")
	if code, screen := p.leaves(); code != 0 || !strings.Contains(screen, "a passphrase of 7 characters is weak") || strings.Contains(screen, weak) {
		t.Errorf("exit %d: %q", code, screen)
	}
	p = sit(t, bin, dir, "export", "-p", "-o", "made.age", "connections.csv")
	p.sees("Passphrase of the bundle: ")
	p.typesHidden("\n")
	p.sees("Press Enter to clear. ")
	p.mu.Lock()
	made := regexp.MustCompile(`([a-z2-7]{5}-){5}[a-z2-7]`).FindString(p.screen.String())
	p.mu.Unlock()
	p.types("\n")
	p.sees("The same once more: ")
	p.typesHidden(made + "\n")
	if code, screen := p.leaves(); code != 0 || made == "" || strings.Contains(screen, "weak") {
		t.Errorf("exit %d: %q", code, screen)
	}
}

func TestPassphrasesThatDifferWriteNothing(t *testing.T) {
	bin, dir, _ := desk(t)
	before := listing(t, dir)
	p := sit(t, bin, dir, "export", "-p", "-o", "pass.age", "connections.csv")
	p.sees("Passphrase of the bundle: ")
	p.typesHidden("made-up-Wagtail-7\n")
	p.sees("The same once more: ")
	p.typesHidden("made-up-Wagtail-8\n")
	if code, screen := p.leaves(); code != 1 || !strings.Contains(screen, "the passphrases differ") || listing(t, dir) != before {
		t.Errorf("exit %d: %q; %s", code, screen, listing(t, dir))
	}
}

func TestRevealShowsTheSecretOnTheTerminalAloneAndClearsIt(t *testing.T) {
	bin, dir, _ := desk(t)
	for name, key := range map[string]string{"Enter": "\n", "Ctrl-C": "\x03"} {
		t.Run(name, func(t *testing.T) {
			p := sit(t, bin, dir, "reveal", "-i", "ops.key", "server.age", "Service Desk")
			p.sees("made-up-Kestrel-41")
			p.sees("Press Enter to clear. ")
			p.types(key)
			code, screen := p.leaves()
			if (code == 0) != (key == "\n") {
				t.Errorf("exit %d", code)
			}
			_, after, _ := strings.Cut(screen, "Press Enter to clear. ")
			if !strings.Contains(after, "A\x1b[J") || strings.Contains(after, "Kestrel") {
				t.Errorf("it is not cleared: %q", screen)
			}
			if p.stdout.Len() > 0 {
				t.Errorf("stdout holds %q", p.stdout.String())
			}
		})
	}
}

func TestFillAsksForWhatIsMissingWithoutShowingIt(t *testing.T) {
	bin, dir, ops := desk(t)
	p := sit(t, bin, dir, "fill", "-i", "ops.key", "-r", ops, "--secrets", "-", "server.age")
	p.sees(`Password of connection "Legal"`)
	p.typesHidden("made-up-Siskin-3\n")
	if code, screen := p.leaves(); code != 0 || strings.Contains(screen, "Siskin") || !strings.Contains(p.stdout.String(), "12 sealed, 0 missing") {
		t.Fatalf("exit %d: %q", code, screen)
	}
	p = sit(t, bin, dir, "reveal", "-i", "ops.key", "server.age", "Legal")
	p.sees("made-up-Siskin-3")
	p.types("\n")
	if code, _ := p.leaves(); code != 0 {
		t.Errorf("exit %d", code)
	}
}

// From reading to writing the bundle is one fill's: a second is refused, and what
// other programs do to the file meanwhile is not written over.
func TestFillKeepsOthersFromTheBundleWhileItAsks(t *testing.T) {
	bin, dir, ops := desk(t)
	path := filepath.Join(dir, "server.age")
	p := sit(t, bin, dir, "fill", "-i", "ops.key", "-r", ops, "--secrets", "-", "server.age")
	p.sees(`Password of connection "Legal"`)
	second := exec.Command(filepath.Join(bin, "mailferry"), "fill", "-i", "ops.key", "-r", ops, "--secrets", "legal.csv", "server.age")
	second.Dir, second.Env = dir, cleanEnv(bin)
	said, err := second.CombinedOutput()
	if err == nil || !strings.Contains(string(said), "server.age: another command is changing it") {
		t.Errorf("the second fill: %v: %s", err, said)
	}
	theirs := []byte("somebody else's")
	rig.OK(t, os.WriteFile(path, theirs, 0o600))
	before := listing(t, dir)
	p.typesHidden("made-up-Siskin-3\n")
	code, screen := p.leaves()
	if code != 1 || !strings.Contains(screen, "changed by somebody else meanwhile: it was written to") {
		t.Errorf("exit %d: %q", code, screen)
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, theirs) || listing(t, dir) != before {
		t.Errorf("%q, %v; %s", now, err, listing(t, dir))
	}
}

func TestFillAsksBeforeAnApprovalIsVoided(t *testing.T) {
	bin, dir, ops := desk(t)
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, "ssh")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	p := sit(t, bin, dir, "review", "-i", "ops.key", "--approve", "--sign", "ssh", "server.age")
	if code, screen := p.leaves(); code != 0 {
		t.Fatalf("exit %d: %q", code, screen)
	}
	before := listing(t, dir)
	bundle := rig.Get(os.ReadFile(filepath.Join(dir, "server.age"))).Or(t)
	for answer, want := range map[string]int{"no\n": 1, "N\n": 1, "\nnO\n": 1, "yess\nnot\n n \n": 1, "\x03": 1} {
		p = sit(t, bin, dir, "fill", "-i", "ops.key", "-r", ops, "--secrets", "legal.csv", "server.age")
		p.sees("void 1 statement? [yes/no]")
		p.types(answer)
		code, screen := p.leaves()
		after, err := os.ReadFile(filepath.Join(dir, "server.age"))
		if code != want || err != nil || !bytes.Equal(bundle, after) || listing(t, dir) != before {
			t.Errorf("%q: exit %d, %v: %q", answer, code, err, screen)
		}
	}
	p = sit(t, bin, dir, "fill", "-i", "ops.key", "-r", ops, "--secrets", "legal.csv", "server.age")
	p.sees("void 1 statement? [yes/no]")
	p.types("perhaps\n\nYe\n")
	if code, screen := p.leaves(); code != 0 || !strings.Contains(listing(t, dir), ".statement.void") {
		t.Errorf("exit %d: %q; %s", code, screen, listing(t, dir))
	}
}

// longBackup writes a backup that takes a while to read and none to write: its
// rows are the same compressed block over and over.
func longBackup(t *testing.T, path string, blocks int) {
	t.Helper()
	const blockSize = 64 << 20
	var stream bytes.Buffer
	w := rig.Get(flate.NewWriter(&stream, flate.BestSpeed)).Or(t)
	segment := func(content []byte) []byte {
		stream.Reset()
		rig.Get(w.Write(content)).Or(t)
		rig.OK(t, w.Flush())
		return bytes.Clone(stream.Bytes())
	}
	head := []byte(`<backup xmlns="http://www.atlassian.com/ao"><data tableName="AO_1_LOG"><column name="A"/>`)
	row := []byte("<row>" + strings.Repeat(" ", blockSize-len("<row></row>")) + "</row>")
	raw := segment(head)
	raw = append(raw, segment(row)...)
	block := segment(row)
	for range blocks - 1 {
		raw = append(raw, block...)
	}
	f := rig.Get(os.Create(path)).Or(t)
	defer f.Close()
	z := zip.NewWriter(f)
	entry, err := z.CreateRaw(&zip.FileHeader{Name: "activeobjects.xml", Method: zip.Deflate, CRC32: 1, CompressedSize64: uint64(len(raw)),
		UncompressedSize64: uint64(len(head)) + uint64(blocks)*blockSize})
	if err != nil {
		t.Fatal(err)
	}
	rig.Get(entry.Write(raw)).Or(t)
	rig.OK(t, z.Close())
}

func TestALongExportShowsProgressAndLeavesNothingWhenInterrupted(t *testing.T) {
	bin, dir, ops := desk(t)
	longBackup(t, filepath.Join(dir, "long.zip"), 2000)
	before := listing(t, dir)
	p := sit(t, bin, dir, "export", "-r", ops, "--profile", "profile.json", "--max-inflated", "1000000000000", "-o", "new.age", "long.zip")
	p.sees("reading long.zip")
	p.types("\x03")
	code, screen := p.leaves()
	if code == 0 || !strings.Contains(screen, "interrupted") {
		t.Errorf("exit %d: %q", code, screen)
	}
	if after := listing(t, dir); after != before {
		t.Errorf("left behind: %s; before: %s", after, before)
	}
	if p.stdout.Len() > 0 {
		t.Errorf("stdout holds %q", p.stdout.String())
	}
}

func TestProgressIsNotShownWhenPiped(t *testing.T) {
	bin, dir, ops := desk(t)
	longBackup(t, filepath.Join(dir, "long.zip"), 4)
	cmd := exec.Command(filepath.Join(bin, "mailferry"), "export", "-r", ops, "--profile", "profile.json", "-o", "new.age", "long.zip")
	cmd.Dir, cmd.Env = dir, cleanEnv(bin)
	printed, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(printed), "long.zip: ") { // it ends without its tables
		t.Fatalf("%v: %s", err, printed)
	}
	if strings.Contains(string(printed), "reading long.zip") || strings.Contains(string(printed), "\r") {
		t.Errorf("%q", printed)
	}
}

// A terminal that cannot go back in its line gets no progress.
func TestProgressIsNotShownOnADumbTerminal(t *testing.T) {
	bin, dir, ops := desk(t)
	longBackup(t, filepath.Join(dir, "long.zip"), 8)
	p := sitAt(t, 80, bin, dir, exec.Command("sh", "-c",
		"TERM=dumb exec mailferry export -r "+ops+" --profile profile.json --max-inflated 1000000000000 -o new.age long.zip"))
	if code, screen := p.leaves(); code == 0 || strings.Contains(screen, "reading long.zip") {
		t.Errorf("exit %d: %q", code, screen)
	}
}
