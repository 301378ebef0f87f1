import type { Completable, Values } from './completable.ts';

/** Cases of a shell's `case "$path $word" in` that say which options take a value, and of which kind, in `takes`. */
export function valueCases(all: readonly Completable[]): string {
  return all
    .flatMap(({ path, options }) =>
      options.flatMap(({ text, values }) =>
        values === undefined ? [] : [`      '${path} ${text}') takes='${kindOf(values)}' ;;`],
      ),
    )
    .join('\n');
}

/** The pattern of such a case that every path there is fits. */
export function knownPaths(all: readonly Completable[]): string {
  const paths = all.map(({ path }) => path).filter((path) => path !== '');
  return paths.map((path) => (path.includes(' ') ? `'${path}'` : `' ${path}'`)).join(' | ');
}

function kindOf(values: Values): string {
  return values.kind === 'words' ? `words:${values.words.join(' ')}` : values.kind;
}
