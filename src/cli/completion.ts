import type { Command } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/**
 * A shell's completion script, made from the tree of commands itself so that it never lags behind. Names of
 * overlays and routers are asked from the API when they are wanted, without a word when it does not answer.
 */
export function renderCompletion(program: Command, shell: Shell): string {
  return RENDERERS[shell](describeTree(program));
}

/** What may follow a command. */
export interface CompletionNode {
  /** `get routers`; empty for the program itself. */
  readonly path: string;
  readonly words: readonly string[];
  readonly flags: readonly string[];
  /** Flags with a fixed set of values. */
  readonly values: readonly { readonly flags: readonly string[]; readonly choices: readonly string[] }[];
  /** What its first argument names. */
  readonly argument: 'overlay' | 'router' | 'member' | 'node' | 'file' | 'none';
}

export function describeTree(command: Command, path: readonly string[] = []): CompletionNode[] {
  const options = command.options.filter((option) => !option.hidden);
  const shown = command.createHelp().visibleCommands(command);
  const commands = command.commands.filter((child) => shown.includes(child));
  const argument = command.registeredArguments[0];
  return [
    {
      path: path.join(' '),
      words: [...commands.map((child) => child.name()), ...(argument?.argChoices ?? [])],
      flags: options.map((option) => option.long ?? option.short ?? ''),
      values: options.flatMap((option) =>
        option.argChoices === undefined
          ? []
          : [
              {
                flags: [option.short, option.long].filter((flag) => flag !== undefined),
                choices: option.argChoices,
              },
            ],
      ),
      argument: argumentKind(argument?.name() ?? ''),
    },
    ...commands.flatMap((child) => describeTree(child, [...path, child.name()])),
  ];
}

function argumentKind(name: string): CompletionNode['argument'] {
  if (name === 'overlay' || name === 'node' || name === 'file') return name;
  if (name === 'overlay/member') return 'member';
  return name === 'overlay/router' ? 'router' : 'none';
}

const ASK: Record<CompletionNode['argument'], string> = {
  overlay: 'vinet get overlays -o name 2>/dev/null',
  router: 'vinet get routers -o name 2>/dev/null',
  member: 'vinet get routers -o name 2>/dev/null; vinet get hosts -o name 2>/dev/null',
  node: 'vinet get nodes -o name 2>/dev/null',
  // Shells find files by themselves.
  file: '',
  none: '',
};

const RENDERERS: Record<Shell, (nodes: readonly CompletionNode[]) => string> = {
  bash: (nodes) => `# vinet: completion for bash. To use it: source <(vinet completion bash)
_vinet() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local -a before=("\${COMP_WORDS[@]:1:COMP_CWORD-1}")
${posixBody(nodes)}
  if [[ -n $choices ]]; then COMPREPLY=($(compgen -W "$choices" -- "$current"))
  elif [[ $current == -* ]]; then COMPREPLY=($(compgen -W "$flags" -- "$current"))
  else COMPREPLY=($(compgen -W "$names" -- "$current")); fi
}
complete -o default -F _vinet vinet
`,
  zsh: (nodes) => `#compdef vinet
# vinet: completion for zsh. To use it: source <(vinet completion zsh)
_vinet() {
  local current="\${words[CURRENT]}" previous="\${words[CURRENT-1]}"
  local -a before=("\${(@)words[2,CURRENT-1]}")
${posixBody(nodes)}
  if [[ -n $choices ]]; then compadd -- \${=choices}
  elif [[ $current == -* ]]; then compadd -- \${=flags}
  elif [[ -n $names ]]; then compadd -- \${=names}
  else _files; fi
}
compdef _vinet vinet
`,
  fish: (nodes) => `# vinet: completion for fish. To use it: vinet completion fish | source
function __vinet_path
  set -l path ''
  for word in (commandline -opc)[2..-1]
    switch (string trim -- "$path $word")
      case ${knownPaths(nodes).join(' ')}
        set path (string trim -- "$path $word")
    end
  end
  test "$path" = "$argv[1]"
end
complete -c vinet -f
complete -c vinet -s f -l file -r -F
${nodes.flatMap(fishLines).join('\n')}
`,
};

/** What bash and zsh read alike: from the words before the present one to what may follow. */
function posixBody(nodes: readonly CompletionNode[]): string {
  return `  local typed='' flags='' names='' choices='' word
  for word in "\${before[@]}"; do
    # A word that is no command on the way down is an argument or a flag.
    case "\${typed:+$typed }$word" in
      ${knownPaths(nodes).join('|')}) typed="\${typed:+$typed }$word" ;;
    esac
  done
  case "$typed" in
${nodes.map(posixCase).join('\n')}
  esac`;
}

function posixCase(node: CompletionNode): string {
  const values = node.values.map(
    ({ flags, choices }) =>
      `      case "$previous" in ${flags.join('|')}) choices='${choices.join(' ')}' ;; esac`,
  );
  // Asking takes a moment: only where a name, not a flag, is being typed.
  const names =
    ASK[node.argument] === ''
      ? `      names='${node.words.join(' ')}'`
      : `      if [[ $current != -* && -z $choices ]]; then names="$(${ASK[node.argument]})"; fi`;
  return [`    '${node.path}')`, `      flags='${node.flags.join(' ')}'`, ...values, names, '      ;;'].join(
    '\n',
  );
}

function fishLines(node: CompletionNode): string[] {
  const begin = `complete -c vinet -n "__vinet_path '${node.path}'"`;
  const words = ASK[node.argument] === '' ? node.words.join(' ') : `(${ASK[node.argument]})`;
  return [
    ...(words === '' ? [] : [`${begin} -a '${words}'`]),
    ...(node.argument === 'file' ? [`${begin} -F`] : []),
    ...node.flags
      .filter((flag) => flag !== '--file')
      .map((flag) => {
        const choices = node.values.find((value) => value.flags.includes(flag))?.choices;
        return `${begin} -l ${flag.slice(2)}${choices === undefined ? '' : ` -x -a '${choices.join(' ')}'`}`;
      }),
  ];
}

function knownPaths(nodes: readonly CompletionNode[]): string[] {
  return nodes.flatMap((node) => (node.path === '' ? [] : [`'${node.path}'`]));
}
