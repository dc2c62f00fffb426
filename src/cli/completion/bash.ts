/** The completion script for bash 3.2 and newer, without the package bash-completion. */
import type { DescribedCommand } from "./describe.js";
import { sharedFunctions } from "./table.js";

export function bashScript(commands: readonly DescribedCommand[], names: readonly string[]): string {
  return `# Completion of elegant for bash. Made by 'elegant completion bash'; make it again after an update.
${sharedFunctions(commands, "_elegant")}
_elegant() {
  local at seen pending takes choices files list next
  local IFS=$'\\n'
  local cur=\${COMP_WORDS[COMP_CWORD]}
  # The shell splits --device=wasm into three words.
  if [[ $cur == '=' ]]; then cur=''; fi
  COMPREPLY=()
  _elegant_walk "\${COMP_WORDS[@]:1:COMP_CWORD-1}"
  if [[ $cur == -* && $takes != one ]]; then pending=''; fi
  if [[ -n $pending ]]; then
    _elegant_spec "$at" "$pending"
  else
    _elegant_list "$at"
    if [[ $cur == -* ]]; then
      COMPREPLY=($(compgen -W "$(sed 's/:.*//' <<<"$list")" -- "$cur"))
      return
    fi
    if [[ -n $next ]]; then
      COMPREPLY=($(compgen -W "$(sed 's/:.*//' <<<"$next")" -- "$cur"))
      return
    fi
    _elegant_spec "$at" "$((seen + 1))"
  fi
  if [[ -n $choices ]]; then COMPREPLY=($(compgen -W "\${choices// /$'\\n'}" -- "$cur")); fi
  if [[ -n $files ]]; then
    if type compopt >/dev/null 2>&1; then compopt -o filenames 2>/dev/null; fi
    if [[ $files == folders ]]; then COMPREPLY+=($(compgen -d -- "$cur")); else COMPREPLY+=($(compgen -f -- "$cur")); fi
  fi
}

complete -F _elegant ${names.join(" ")}
`;
}
