import { HoldfastError } from '../base/index.ts';

/** What `dsmcert` is asked to do. */
export type DsmcertWords =
  | { readonly action: 'add'; readonly server: string; readonly file: string }
  | { readonly action: 'delete'; readonly server: string }
  | { readonly action: 'list' };

/**
 * The words after `dsmcert`: `-add -server NAME -file FILE`, `-delete -server NAME` or `-list`, in any order and case, and, as on
 * Windows, with `/` in the place of the hyphen. @throws HoldfastError `usage`
 */
export function parseDsmcert(words: readonly string[]): DsmcertWords {
  const found = new Map<string, string>();
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const name = /^[-/]([a-z]+)$/i.exec(word)?.[1]?.toLowerCase() ?? '';
    if (![...actions, 'server', 'file'].includes(name)) throw wrong(`found ${JSON.stringify(word)}`);
    if (found.has(name)) throw wrong(`-${name} is said twice`);
    const takesValue = name === 'server' || name === 'file';
    found.set(name, takesValue ? valueOf(name, words[(at += 1)]) : '');
  }
  return wordsOf(found);
}

const actions = ['add', 'delete', 'list'];

function valueOf(name: string, value: string | undefined): string {
  if (value !== undefined && value !== '') return value;
  throw wrong(`-${name} has no value`);
}

function wordsOf(found: ReadonlyMap<string, string>): DsmcertWords {
  const [action, ...others] = actions.filter((name) => found.has(name));
  if (action === undefined) throw wrong('what to do is missing');
  if (others.length > 0) throw wrong(`-${action} and -${others.join(', -')} do not go together`);
  const expected = { add: ['server', 'file'], delete: ['server'], list: [] }[action] ?? [];
  const missing = expected.find((name) => !found.has(name));
  if (missing !== undefined) throw wrong(`-${action} needs -${missing}`);
  const extra = ['server', 'file'].find((name) => found.has(name) && !expected.includes(name));
  if (extra !== undefined) throw wrong(`-${action} takes no -${extra}`);
  const [server = '', file = ''] = [found.get('server'), found.get('file')];
  if (action === 'add') return { action, server, file };
  return action === 'delete' ? { action, server } : { action: 'list' };
}

function wrong(problem: string): HoldfastError {
  return new HoldfastError(
    'usage',
    `dsmcert: ${problem}, expected -add -server NAME -file FILE, -delete -server NAME or -list`,
  );
}
