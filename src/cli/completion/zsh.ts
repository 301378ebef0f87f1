import type { Context } from '../program/context.ts';
import { type Answer, line } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import {
  type Completable,
  completables,
  type Described,
  knownPaths,
  type Values,
  valueCases,
} from './completable.ts';

/** `holdfast completion zsh` */
export const word: Word = {
  define: (command) => {
    command
      .description('print what makes zsh complete the words, options and files of holdfast')
      .addHelpText(
        'after',
        '\nExamples:\n  source <(holdfast completion zsh)\n' +
          '  holdfast completion zsh > ~/.zfunc/_holdfast    a folder of $fpath, before compinit\n',
      );
  },
  run: completeInZsh,
};

async function completeInZsh(context: Context): Promise<Answer> {
  const script = zshScript(completables(await context.program()));
  return { value: { shell: 'zsh', script }, rows: [line(script.trimEnd())] };
}

function zshScript(all: readonly Completable[]): string {
  return `#compdef holdfast
_holdfast() {
  local at='' takes='' word='' i
  local -a offered
  for ((i = 2; i < CURRENT; i++)); do
    word=\${words[i]}
    takes=''
    case "$at $word" in
${valueCases(all)}
    esac
    if [[ -n $takes ]]; then
      ((i++))
      continue
    fi
    case "$at $word" in
      ${knownPaths(all)}) at="\${at:+$at }$word" ;;
    esac
  done
  if ((i > CURRENT)); then
    case $takes in
      file) _files ;;
      words:*) offered=(\${=takes#words:}); _describe -t values value offered ;;
    esac
    return
  fi
  case $at in
${all.map(pathCase).join('\n')}
  esac
}

if [[ $funcstack[1] == _holdfast ]]; then
  _holdfast "$@"
else
  compdef _holdfast holdfast
fi
`;
}

function pathCase({ path, words, options, argument }: Completable): string {
  return `    '${path}')
      if [[ \${words[CURRENT]} == -* ]]; then
        offered=(${options.map(described).join(' ')})
        _describe -t options option offered
      ${
        words.length === 0
          ? otherwise(argument)
          : `else
        offered=(${words.map(described).join(' ')})
        _describe -t commands command offered
      `
      }fi
      ;;`;
}

function otherwise(argument: Values | undefined): string {
  if (argument?.kind === 'file') return 'else\n        _files\n      ';
  if (argument?.kind !== 'words') return '';
  return `else\n        offered=(${argument.words.map((text) => `'${text}'`).join(' ')})\n        _describe -t values value offered\n      `;
}

/** \`'--home:home directory'\`: a colon ends the word, and a quote the text. */
function described({ text, summary }: Described): string {
  return `'${`${text}:${summary}`.replaceAll("'", `'\\''`)}'`;
}
