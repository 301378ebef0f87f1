import type { Context } from '../program/context.ts';
import { type Answer, line } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { type Completable, type CompletableOption, completables, type Values } from './completable.ts';

/** `holdfast completion fish` */
export const word: Word = {
  define: (command) => {
    command
      .description('print what makes fish complete the words, options and files of holdfast')
      .addHelpText(
        'after',
        '\nExamples:\n  holdfast completion fish | source\n' +
          '  holdfast completion fish > ~/.config/fish/completions/holdfast.fish\n',
      );
  },
  run: completeInFish,
};

async function completeInFish(context: Context): Promise<Answer> {
  const script = fishScript(completables(await context.program()));
  return { value: { shell: 'fish', script }, rows: [line(script.trimEnd())] };
}

function fishScript(all: readonly Completable[]): string {
  const known = all.map(({ path }) => quote(path)).join(' ');
  const valued = all.flatMap(({ options }) => options.filter(({ values }) => values !== undefined));
  return `# fish completion for holdfast
function __holdfast_at
    set -l at
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip -eq 1
            set skip 0
        else if contains -- $word ${[...new Set(valued.map(({ text }) => text))].join(' ')}
            set skip 1
        else if contains -- (string join ' ' $at $word) ${known}
            set -a at $word
        end
    end
    test "$at" = "$argv"
end

complete -c holdfast -f
${all.flatMap(linesOf).join('\n')}
`;
}

function linesOf({ path, words, options, argument }: Completable): string[] {
  const start = `complete -c holdfast -n ${quote(`__holdfast_at ${path}`.trim())}`;
  return [
    ...words.map(({ text, summary }) => `${start} -a ${quote(text)} -d ${quote(summary)}`),
    ...options.map((option) => `${start} ${optionWords(option)}`),
    ...argumentWords(argument).map((each) => `${start} ${each}`),
  ];
}

function optionWords({ text, summary, values }: CompletableOption): string {
  const name = `-l ${text.slice(2)} -d ${quote(summary)}`;
  if (values === undefined) return name;
  if (values.kind === 'file') return `${name} -r -F`;
  return values.kind === 'words' ? `${name} -x -a ${quote(values.words.join(' '))}` : `${name} -x`;
}

function argumentWords(argument: Values | undefined): string[] {
  if (argument?.kind === 'file') return ['-F'];
  return argument?.kind === 'words' ? [`-a ${quote(argument.words.join(' '))}`] : [];
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
