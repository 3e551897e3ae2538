package main

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// offers are what each shell must offer for the words before the cursor, the last of
// which has been begun. The folder has cloud.age and server.age.
var offers = []struct{ line, want string }{
	{"mailferry exp", "export"},
	{"mailferry import ", "connections credentials"},
	{"mailferry audit --fo", "--force --format"},
	{"mailferry audit cloud.age --fail", "--fail-on"},
	{"mailferry audit --format ", "csv html json text"},
	{"mailferry audit --format h", "html"},
	{"mailferry import connections --on-conflict ", "fail overwrite skip"},
	{"mailferry completion ", "bash fish powershell zsh"},
	{"mailferry audit -i ops.key cl", "cloud.age"},
	{"mailferry audit --policy s", "server.age"},
	{"mailferry audit --json --js", ""},
}

// completer has a shell complete a line, and print what it offers one a line.
var completer = map[string]func(line string) *exec.Cmd{
	"bash": func(line string) *exec.Cmd {
		return exec.Command("bash", "--norc", "-c", `
source complete.bash
COMP_LINE=$1 COMP_POINT=${#1}
read -ra COMP_WORDS <<<"$1"
[[ $1 == *' ' ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_mailferry
((${#COMPREPLY[@]})) || mapfile -t COMPREPLY < <(complete -p mailferry | grep -q -- '-o default' && compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
printf '%s\n' "${COMPREPLY[@]}"`, "bash", line)
	},
	"fish": func(line string) *exec.Cmd {
		return exec.Command("fish", "--no-config", "-c", "source complete.fish; complete -C $argv[1] | string replace -r '\\t.*' ''; true", line)
	},
	// zsh completes at a terminal alone: a zsh inside a zsh is one.
	"zsh": func(line string) *exec.Cmd {
		return exec.Command("zsh", "-f", "-c", `
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PROMPT= RPROMPT=; unsetopt zle_bracketed_paste 2>/dev/null; autoload -Uz compinit; compinit -u -D; source ./complete.zsh
zstyle ":completion:*" list-colors ""; zstyle ":completion:*" verbose no
compadd() { if [[ " $* " == *" -O "* || " $* " == *" -A "* || " $* " == *" -D "* ]]; then builtin compadd "$@"; return; fi
  local -a found; builtin compadd -O found "$@"; print -rl -- "<offer>"${^found}"</offer>" >>offered; }
done-it() { zle -c 2>/dev/null; print >>offered "<end>"; exit }
finish() { zle complete-word; print -r -- "<end>" >>offered; exit }
zle -C complete-word complete-word _main_complete
zle -N finish; bindkey "^X" finish'
zpty -w -n shell "$1"$'\x18'
while ! grep -qs '<end>' offered; do zpty -r shell out || break; done
zpty -d shell
sed -n 's/^<offer>\(.*\)<\/offer>$/\1/p' offered; rm -f offered`, "zsh", line)
	},
}

// The scripts offer the same in the real shells. There is no PowerShell here: what
// its script asks is what the others ask.
func TestShellsComplete(t *testing.T) {
	t.Parallel() // zsh waits for its terminal
	bin := mailferryOnPath(t)
	for shell, complete := range completer {
		t.Run(shell, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range []string{"cloud.age", "server.age"} {
				write(t, filepath.Join(dir, name), nil)
			}
			write(t, filepath.Join(dir, "complete."+shell), []byte(mustRun(t, "completion", shell).out))
			for _, o := range offers {
				cmd := complete(o.line)
				cmd.Dir, cmd.Env = dir, append(cleanEnv(bin), "HOME="+t.TempDir(), "TERM=xterm")
				out, err := cmd.Output()
				if err != nil {
					t.Fatalf("%q: %v", o.line, err)
				}
				got := strings.Fields(string(out))
				slices.Sort(got)
				if strings.Join(slices.Compact(got), " ") != o.want {
					t.Errorf("%q: %q, want %q", o.line, got, o.want)
				}
			}
		})
	}
}
