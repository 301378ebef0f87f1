import { asBuffer, type Bytes } from '../../base/index.ts';
import type { View } from '../tree/open-view.ts';
import type { ViewEntry } from '../tree/view.ts';

/** What a path of a URL names. */
export interface Resource {
  readonly entry: ViewEntry;
  /** Whether it is shown as a collection: a folder, or the link to the latest one. */
  readonly isFolder: boolean;
}

/** So deep no URL leads: each step reads a directory. */
const maxSteps = 1000;

/** Finds what a path names, percent-encoded and beginning with `/`; undefined where there is nothing that can be shown. */
export async function findResource(view: View, path: string): Promise<Resource | undefined> {
  const names = path.split('/').filter((name) => name !== '');
  if (names.length > maxSteps) return undefined;
  let entry: ViewEntry = {
    name: Buffer.alloc(0),
    place: 0,
    node: view.node,
    inode: 1,
    open: () => view.root,
  };
  for (const name of names) {
    const raw = decodeName(name);
    const inside = raw === undefined ? undefined : await entry.open?.().find(raw);
    if (inside === undefined) return undefined;
    entry = inside;
  }
  return isShown(entry) ? { entry, isFolder: entry.open !== undefined } : undefined;
}

/** Files and folders are shown; links, devices and the like no HTTP has. */
export function isShown({ node, open }: ViewEntry): boolean {
  return open !== undefined || node.type === 'file';
}

/** A name as URLs have it: every byte that is not plain as `%` and two digits. */
export function encodeName(name: Bytes): string {
  let text = '';
  for (const byte of name) {
    const character = String.fromCharCode(byte);
    text += /[\w.~-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}

/** The bytes of a name in a URL; undefined for what can be none. */
function decodeName(text: string): Bytes | undefined {
  if (/%(?![0-9a-f]{2})/i.test(text)) return undefined;
  const raw = text.replaceAll(/%([0-9a-f]{2})/gi, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  const name = Buffer.from(raw, 'latin1');
  return name.includes(0) || name.includes(0x2f) ? undefined : asBuffer(name);
}
