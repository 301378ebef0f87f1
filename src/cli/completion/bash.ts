import type { Context } from '../program/context.ts';
import { type Answer, line } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { type Completable, completables, knownPaths, type Values, valueCases } from './completable.ts';

/** `holdfast completion bash` */
export const word: Word = {
  define: (command) => {
    command
      .description('print what makes bash complete the words, options and files of holdfast')
      .addHelpText(
        'after',
        '\nExamples:\n  source <(holdfast completion bash)\n' +
          '  holdfast completion bash > ~/.local/share/bash-completion/completions/holdfast\n',
      );
  },
  run: completeInBash,
};

async function completeInBash(context: Context): Promise<Answer> {
  const script = bashScript(completables(await context.program()));
  return { value: { shell: 'bash', script }, rows: [line(script.trimEnd())] };
}

/** Works with bash 3.2 and without the package bash-completion. No word of the user is ever run or expanded. */
function bashScript(all: readonly Completable[]): string {
  return `# bash completion for holdfast
_holdfast_words() {
  COMPREPLY=($(compgen -W "$1" -- "$2"))
}

_holdfast_files() {
  local IFS=$'\\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen -f -- "$1"))
}

_holdfast() {
  local current=\${COMP_WORDS[COMP_CWORD]} path='' takes='' word='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    takes=''
    case "$path $word" in
${valueCases(all)}
    esac
    case $takes in
      ?*) i=$((i + 1)) ;;
      *)
        case "$path $word" in
          ${knownPaths(all)}) path="\${path:+$path }$word" ;;
        esac
        ;;
    esac
  done
  # An option in front that waits for its value.
  if ((i > COMP_CWORD)); then
    case $takes in
      file) _holdfast_files "$current" ;;
      words:*) _holdfast_words "\${takes#words:}" "$current" ;;
    esac
    return
  fi
  case $path in
${all.map(pathCase).join('\n')}
  esac
}

complete -F _holdfast holdfast
`;
}

function pathCase({ path, words, options, argument }: Completable): string {
  const flags = options.map(({ text }) => text).join(' ');
  const offered = words.map(({ text }) => text).join(' ');
  return `    '${path}')
      case $current in
        -*) _holdfast_words '${flags}' "$current" ;;
        *) ${operand(offered, argument)} ;;
      esac
      ;;`;
}

function operand(words: string, argument: Values | undefined): string {
  if (words !== '') return `_holdfast_words '${words}' "$current"`;
  if (argument?.kind === 'words') return `_holdfast_words '${argument.words.join(' ')}' "$current"`;
  return argument?.kind === 'file' ? '_holdfast_files "$current"' : ':';
}
