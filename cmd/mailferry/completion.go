package main

import (
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/schema"
)

// completions are the scripts by their shells. Each asks mailferry itself, with
// the words before the cursor and askCompletion behind them, and offers files where
// mailferry says nothing.
var completions = map[string]string{"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion,
	"powershell": powershellCompletion}

func (e *env) completionCommand() *cli.Command {
	return &cli.Command{
		Name:        "completion",
		Usage:       "print a completion script for a shell",
		UsageText:   "mailferry completion bash > /etc/bash_completion.d/mailferry",
		ArgsUsage:   "bash|zsh|fish|powershell",
		Description: "The script asks mailferry itself for commands, flags and values.",
		Action: func(c *cli.Context) error {
			script, known := completions[c.Args().First()]
			if !known {
				return schema.Hint(usage("completion: no script for %s", quoted(c.Args().First())),
					"there is one for bash, zsh, fish and powershell")
			}
			e.print("%s", script)
			return nil
		},
	}
}

// askCompletion is how a shell's script asks what may stand next.
const askCompletion = "--generate-bash-completion"

// complete returns what may stand at the cursor: commands; flags, where the last
// word begins with a dash; the values of the flag, or the argument, that comes next,
// where they can be listed. None where a file's name or a free text comes next.
func complete(app *cli.App, words []string) []string {
	commands, args, last := app.Commands, "", ""
	flags := []cli.Flag{&cli.BoolFlag{Name: "version", Aliases: []string{"v"}}}
	if len(words) > 0 {
		last = words[len(words)-1]
	}
	if c := commandOf(app, words); c != nil {
		commands, flags, args = c.Subcommands, c.Flags, c.ArgsUsage
	}
	switch {
	case slices.Contains(words, "--"):
		return nil
	case strings.HasPrefix(last, "-") && takesValue(flags, last):
		return valuesOf(flagOf(flags, last))
	case strings.HasPrefix(last, "-"):
		return flagsLike(flags, last, words[:len(words)-1])
	case len(commands) > 0:
		return commandNames(commands)
	case strings.Contains(args, "|") && strings.ToLower(args) == args:
		return strings.Split(args, "|")
	}
	return nil
}

// listedValues matches a flag's usage that lists its values behind the placeholder.
var listedValues = regexp.MustCompile("`[A-Z]+` ((?:[a-z]+, )*[a-z]+ or [a-z]+)")

func valuesOf(f cli.Flag) []string {
	m := listedValues.FindStringSubmatch(f.(cli.DocGenerationFlag).GetUsage())
	if m == nil {
		return nil
	}
	return strings.Split(strings.Replace(m[1], " or ", ", ", 1), ", ")
}

// flagsLike are the flags that begin so, but for those given that may stand once.
func flagsLike(flags []cli.Flag, begin string, given []string) []string {
	var out []string
	for _, f := range append(slices.Clone(flags), &cli.BoolFlag{Name: "help", Aliases: []string{"h"}}) {
		_, many := f.(*cli.StringSliceFlag)
		if !many && slices.ContainsFunc(f.Names(), func(n string) bool { return slices.Contains(given, dashed(n)) }) {
			continue
		}
		for _, n := range f.Names() {
			if strings.HasPrefix(dashed(n), begin) {
				out = append(out, dashed(n))
			}
		}
	}
	return out
}

const bashCompletion = `_mailferry() {
  local word=${COMP_WORDS[COMP_CWORD]}
  local before=("${COMP_WORDS[@]:0:$COMP_CWORD}")
  [[ $word == -* ]] && before+=("$word")
  mapfile -t COMPREPLY < <(compgen -W "$("${before[@]}" ` + askCompletion + ` 2>/dev/null)" -- "$word")
}
complete -o default -F _mailferry mailferry`

const zshCompletion = `#compdef mailferry
_mailferry() {
  local -a before offers
  before=("${(@Q)words[1,CURRENT-1]}")
  [[ ${words[CURRENT]} == -* ]] && before+=("${words[CURRENT]}")
  offers=("${(@f)$("${before[@]}" ` + askCompletion + ` 2>/dev/null)}")
  if [[ -n ${offers[1]} ]]; then compadd -a offers; else _files; fi
}
if [[ $funcstack[1] == _mailferry ]]; then _mailferry "$@"; else compdef _mailferry mailferry; fi`

const fishCompletion = `function __mailferry_offers
    set -l before (commandline -opc)
    set -l word (commandline -ct)
    string match -q -- '-*' $word; and set -a before $word
    set -l offers ($before ` + askCompletion + ` 2>/dev/null)
    if test -n "$offers"
        printf '%s\n' $offers
    else
        __fish_complete_path $word
    end
end
complete -c mailferry -f -a '(__mailferry_offers)'`

const powershellCompletion = `Register-ArgumentCompleter -Native -CommandName mailferry, mailferry.exe -ScriptBlock {
    param($word, $line, $cursor)
    $before = @($line.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursor } | ForEach-Object {
        if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { $_.Extent.Text }
    })
    if ("$word".StartsWith('-')) { $before += "$word" }
    $arguments = @($before | Select-Object -Skip 1) + '` + askCompletion + `'
    & $before[0] @arguments 2>$null | Where-Object { $_ -like "$word*" } | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
    }
}`
