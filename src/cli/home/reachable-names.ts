import { loopbackLast, parseRequestedNames } from '../../policy/index.ts';

/**
 * Those of a server's names, as typed, under which it can be called: all but the patterns, which stand in its
 * certificate for many. In the form in which they stand in URLs, best first: loopback names are at the end.
 * @throws HoldfastError `name_invalid` for what is no name
 */
export function reachableNames(texts: readonly string[]): string[] {
  const { names } = parseRequestedNames(texts.flatMap((text) => text.split(',')).filter(isNoPattern));
  return loopbackLast(names.map(({ value }) => value));
}

function isNoPattern(text: string): boolean {
  return !text.includes('*');
}
