/** @file Scripts that let shells complete a program's commands and flags. */

/** A command with what can follow its name. */
export interface Completable {
  /** Names from the outermost command on; none for the program itself. */
  readonly path: readonly string[];
  readonly commands: readonly { readonly name: string; readonly summary: string }[];
  readonly flags: readonly Flag[];
}

interface Flag {
  /** `--results` */
  readonly name: string;
  readonly description: string;
  readonly takesValue: boolean;
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The script for a shell. Where neither command nor flag is expected, names of files are completed. */
export function completionScript(shell: Shell, commands: readonly Completable[]): string {
  return { bash, zsh, fish }[shell](commands);
}

const key = (path: readonly string[]): string => path.join(' ');

/** Follows the names of commands on the line, as far as there are any, in `place`. */
function followCommands(commands: readonly Completable[], words: string): string {
  const deeper = commands.filter(({ path }) => path.length > 0).map(({ path }) => `"${key(path)}"`);
  return `  for word in ${words}; do
    case "\${place:+$place }$word" in
      ${deeper.join('|')}) place="\${place:+$place }$word" ;;
    esac
  done`;
}

function cases(commands: readonly Completable[], lineOf: (command: Completable) => string): string {
  return commands.map((command) => `    "${key(command.path)}") ${lineOf(command)} ;;`).join('\n');
}

const namesOf = ({ commands }: Completable): string => commands.map(({ name }) => name).join(' ');
const flagsOf = ({ flags }: Completable): string => flags.map(({ name }) => name).join(' ');
const valued = (commands: readonly Completable[]): string =>
  [
    ...new Set(
      commands.flatMap(({ flags }) => flags.flatMap(({ name, takesValue }) => (takesValue ? name : []))),
    ),
  ].join('|');

function bash(commands: readonly Completable[]): string {
  return `# Completion of td for bash: td completion bash > ~/.local/share/bash-completion/completions/td
_td() {
  local current=\${COMP_WORDS[COMP_CWORD]} place= word names= flags=
${followCommands(commands, `"\${COMP_WORDS[@]:1:COMP_CWORD-1}"`)}
  case "$place" in
${cases(commands, (command) => `names='${namesOf(command)}' flags='${flagsOf(command)}'`)}
  esac
  COMPREPLY=()
  case "\${COMP_WORDS[COMP_CWORD-1]}" in
    ${valued(commands)}) return ;;
  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "$names" -- "$current")) ;;
  esac
}
complete -o bashdefault -o default -F _td td
`;
}

function zsh(commands: readonly Completable[]): string {
  const quote = (text: string) => `'${text.replaceAll("'", "'\\''").replaceAll(':', '\\:')}'`;
  const listOf = ({ commands: names, flags }: Completable) =>
    [
      `names=(${names.map(({ name, summary }) => `'${name}':${quote(summary)}`).join(' ')})`,
      `flags=(${flags.map(({ name, description }) => `'${name}':${quote(description)}`).join(' ')})`,
    ].join('; ');
  return `#compdef td
# Completion of td for zsh: td completion zsh > a folder of $fpath, as _td
_td() {
  local place= word
  local -a names flags
${followCommands(commands, `"\${words[@]:1:CURRENT-2}"`)}
  case "$place" in
${cases(commands, listOf)}
  esac
  case "\${words[CURRENT-1]}" in
    ${valued(commands)}) _files; return ;;
  esac
  if [[ "\${words[CURRENT]}" == -* ]]; then _describe flag flags
  elif (( \${#names} )); then _describe command names
  else _files
  fi
}
if [[ "\${funcstack[1]}" == _td ]]; then _td "$@"; else compdef _td td; fi
`;
}

function fish(commands: readonly Completable[]): string {
  const quote = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = commands.flatMap(({ path, commands: children, flags }) => {
    const condition =
      path.length === 0
        ? '__fish_use_subcommand'
        : path.map((name) => `__fish_seen_subcommand_from ${name}`).join('; and ');
    const isOpen =
      path.length === 0
        ? ''
        : `; and not __fish_seen_subcommand_from ${children.map(({ name }) => name).join(' ')}`;
    return [
      ...children.map(
        ({ name, summary }) =>
          `complete -c td -n ${quote(condition + isOpen)} -f -a ${name} -d ${quote(summary)}`,
      ),
      ...flags.map(
        ({ name, description, takesValue }) =>
          `complete -c td -n ${quote(condition)} -l ${name.slice(2)}${takesValue ? ' -r' : ''} -d ${quote(description)}`,
      ),
    ];
  });
  return `# Completion of td for fish: td completion fish > ~/.config/fish/completions/td.fish\n${lines.join('\n')}\n`;
}
