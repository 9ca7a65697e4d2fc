/** What completion has to know of a command. */
export interface CompletedCommand {
  /** As it is typed, such as `queue status`. */
  readonly name: string;
  readonly args: readonly string[];
  /** What its argument may be, where it is neither a file nor a run. */
  readonly words: readonly string[];
  readonly flags: readonly CompletedFlag[];
}

export interface CompletedFlag {
  readonly name: string;
  readonly char: string | null;
  readonly isBoolean: boolean;
  /** The values it may have; empty where it may be anything, such as a file. */
  readonly values: readonly string[];
}

/**
 * A script by which bash completes commands, flags, values of flags and ids of runs; all else is completed as a file. It needs
 * nothing but bash (3.2 or newer), and starts no other program.
 *
 * @param runIndex - The folder with a file for each run of this user.
 */
export function bashCompletion(bin: string, commands: readonly CompletedCommand[], runIndex: string): string {
  const names = commands.map(({ name }) => name).sort();
  const ofRuns = commands.filter(({ args }) => args.some((arg) => arg === 'run' || arg === 'runs'));
  const flagLines = commands.map(
    ({ name, flags }) => `    '${name}') words='${flags.flatMap(typed).join(' ')}' ;;`,
  );
  return `# bash completion of ${bin}; written by: ${bin} autocomplete bash
_${bin}_complete() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command='' words='' at word file
  local commands='|${names.join('|')}|'
  COMPREPLY=()
  # bash splits --flag=value into three words.
  if [[ $cur == '=' ]]; then cur=''; elif [[ $prev == '=' ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  for ((at = 1; at < COMP_CWORD; at++)); do
    word=\${command:+$command }\${COMP_WORDS[at]}
    [[ $commands == *"|$word|"* || $commands == *"|$word "* ]] || break
    command=$word
  done
  case "$command $prev" in
${commands.flatMap(valueLines).join('\n')}
  esac
  if [[ $cur == -* ]]; then
    case "$command" in
${flagLines.join('\n')}
    *) words='--help --version' ;;
    esac
  elif ((at == COMP_CWORD)); then
    # The words that may come next in names of commands.
    local rest=\${commands#|}
    while [[ -n $rest ]]; do
      word=\${rest%%|*}
      rest=\${rest#*|}
      if [[ -z $command ]]; then words+=" \${word%% *}"; elif [[ $word == "$command "* ]]; then words+=" \${word#"$command "}"; fi
    done
  fi
  case "$command" in
  ${ofRuns.map(({ name }) => `'${name}'`).join('|') || "''"})
    if [[ $cur != -* ]]; then
      words+=' latest'
      for file in ${shellWord(runIndex)}/*.json checkpoints/*/checkpoint.json; do
        [[ -e $file ]] || continue
        [[ $file == checkpoints/* ]] && file=\${file%/checkpoint.json}
        file=\${file##*/}
        words+=" \${file%.*.json}"
      done
    fi ;;
${commands.flatMap(({ name, words }) => (words.length > 0 ? [`  '${name}') words+=' ${words.join(' ')}' ;;\n`] : [])).join('')}  esac
  # Words of ours have no characters that a shell reads; what is typed may have any.
  for word in $words; do [[ $word == "$cur"* && " \${COMPREPLY[*]} " != *" $word "* ]] && COMPREPLY+=("$word"); done
  return 0
}
complete -o bashdefault -o default -F _${bin}_complete ${bin}
`;
}

function typed({ name, char }: CompletedFlag): string[] {
  return char === null ? [`--${name}`] : [`--${name}`, `-${char}`];
}

/** Flags with values: the ones they may have, or else files. */
function valueLines({ name, flags }: CompletedCommand): string[] {
  return flags
    .filter(({ isBoolean }) => !isBoolean)
    .map((flag) => {
      const patterns = typed(flag).map((each) => `'${name} ${each}'`);
      const reply = flag.values
        .map((value) => `[[ ${value} == "$cur"* ]] && COMPREPLY+=(${value})`)
        .join('; ');
      return `  ${patterns.join('|')}) ${reply === '' ? '' : `${reply}; `}return 0 ;;`;
    });
}

function shellWord(path: string): string {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}
