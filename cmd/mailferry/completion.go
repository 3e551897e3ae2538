package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/schema"
)

func (e *env) completionCommand() *cli.Command {
	return &cli.Command{
		Name:        "completion",
		Usage:       "print a completion script for a shell",
		UsageText:   "mailferry completion bash > /etc/bash_completion.d/mailferry",
		ArgsUsage:   "bash|zsh|fish",
		Description: "The script asks mailferry itself for commands and flags.",
		Action: func(c *cli.Context) error {
			shell, err := oneArg(c, "bash, zsh or fish")
			if err != nil {
				return err
			}
			switch shell {
			case "bash":
				e.print("%s", bashCompletion)
			case "zsh":
				e.print("%s", zshCompletion)
			case "fish":
				script, err := c.App.ToFishCompletion()
				if err != nil {
					return fmt.Errorf("completion: %w", err)
				}
				e.print("%s", script)
			default:
				return schema.Hint(usage("completion: no script for %s", quoted(shell)), "there is one for bash, zsh and fish")
			}
			return nil
		},
	}
}

const bashCompletion = `_mailferry() {
  local word=${COMP_WORDS[COMP_CWORD]}
  local before=("${COMP_WORDS[@]:0:$COMP_CWORD}")
  [[ $word == -* ]] && before+=("$word")
  mapfile -t COMPREPLY < <(compgen -W "$("${before[@]}" --generate-bash-completion 2>/dev/null)" -- "$word")
}
complete -o default -F _mailferry mailferry`

const zshCompletion = `#compdef mailferry
_mailferry() {
  local -a words_before opts
  words_before=(${words[1,CURRENT-1]})
  [[ ${words[CURRENT]} == -* ]] && words_before+=(${words[CURRENT]})
  opts=("${(@f)$(${words_before[@]} --generate-bash-completion 2>/dev/null)}")
  compadd -- $opts
  _files
}
compdef _mailferry mailferry`
