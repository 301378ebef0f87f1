import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../../docs/guide');

/** A block of a page between fences. What stands behind the fence's first word is not shown to who reads the page. */
export type Block = { readonly where: string; readonly text: string } & Kind;

type Kind =
  | { readonly kind: 'commands'; readonly at: string; readonly commands: readonly string[] }
  /** What the commands before it print. */
  | { readonly kind: 'output' }
  /** What is added to `holdfast.toml`. */
  | { readonly kind: 'settings' }
  | { readonly kind: 'unit'; readonly file: string }
  | { readonly kind: 'not run'; readonly reason: string }
  | { readonly kind: 'unmarked'; readonly info: string };

/** The blocks of a page of the guide, in its order: those for a shell are for the server's machine unless another is named. */
export function guidePage(page: string): Block[] {
  const text = readFileSync(join(folder, `${page}.md`), 'utf8');
  const found = text.matchAll(/^( *)```(.*)\n([^]*?)^ *```$/gm);
  return [...found].map(([, indent = '', info = '', body = ''], at) => {
    const inside = body.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
    return { where: `${page}.md, block ${at + 1}`, text: inside, ...kindOf(info, inside) };
  });
}

/** The lines of a page that stand in tables. */
export function tableRows(page: string): string[] {
  return readFileSync(join(folder, `${page}.md`), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('|'));
}

function kindOf(info: string, text: string): Kind {
  const [, reason] = /^\w+ not run: (.+)$/.exec(info) ?? [];
  if (reason !== undefined) return { kind: 'not run', reason };
  const [, at] = /^sh(?: at (\w+))?$/.exec(info) ?? [];
  if (info.startsWith('sh') && (info === 'sh' || at !== undefined))
    return { kind: 'commands', at: at ?? 'vault', commands: commandsIn(text) };
  if (info === 'text') return { kind: 'output' };
  if (info === 'toml') return { kind: 'settings' };
  const [, file] = /^ini (\S+)$/.exec(info) ?? [];
  return file === undefined ? { kind: 'unmarked', info } : { kind: 'unit', file };
}

/** One command a line, unless the line ends with a backslash. */
function commandsIn(text: string): string[] {
  return text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
}
