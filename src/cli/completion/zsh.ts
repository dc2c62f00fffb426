/** The completion script for zsh: to be sourced, or to be put as _elegant into a folder of fpath. */
import type { DescribedCommand } from "./describe.js";
import { sharedFunctions } from "./table.js";

export function zshScript(commands: readonly DescribedCommand[], names: readonly string[]): string {
  return `#compdef ${names.join(" ")}
# Completion of elegant for zsh. Made by 'elegant completion zsh'; make it again after an update.
${sharedFunctions(commands, "_elegant")}
_elegant() {
  local at seen pending takes choices files list next
  local cur=$words[CURRENT]
  local -a lines
  _elegant_walk "\${(@)words[2,CURRENT-1]}"
  if [[ $cur == --*=* ]]; then
    pending=\${cur%%=*}
    compset -P '*='
  elif [[ $cur == -* && $takes != one ]]; then
    pending=''
  fi
  if [[ -n $pending ]]; then
    _elegant_spec "$at" "$pending"
  else
    _elegant_list "$at"
    if [[ $cur == -* ]]; then
      lines=("\${(@f)list}")
      _describe -o option lines
      return
    fi
    if [[ -n $next ]]; then
      lines=("\${(@f)next}")
      _describe command lines
      return
    fi
    _elegant_spec "$at" "$((seen + 1))"
  fi
  if [[ -n $choices ]]; then compadd -- \${=choices}; fi
  if [[ $files == folders ]]; then _files -/; elif [[ -n $files ]]; then _files; fi
}

# An autoloaded function runs its file at the first call.
if [[ $funcstack[1] == _elegant ]]; then _elegant "$@"; else compdef _elegant ${names.join(" ")}; fi
`;
}
