import { HoldfastError } from '../base/index.ts';
import { isNodeName as hasNodeNameForm, type Role } from '../pki/index.ts';

/** Words that repositories use for their own files: a node of such a name would stand in the way of `/<name>/`. */
export const reservedNames: readonly string[] = ['data', 'keys', 'locks', 'snapshots', 'index', 'config'];

/** Whoever is on the server's machine is `admin/local`; nobody who comes from elsewhere may be called that. */
export const localName = 'local';

/** What the server of a network is called where storage nodes are named; none of them may be called that. */
export const serverPlace = 'server';

/**
 * Checks the name of a node, of some role where that is known, which is a part of URLs, paths and identities: 1 to 63 of `a–z 0–9 . _ -`, beginning
 * with a letter or digit; no two dots in a row and none at the end, which some systems take for something else.
 *
 * @throws HoldfastError `name_invalid` or `name_reserved`
 */
export function checkNodeName(name: string, role?: Role): void {
  if (!isNodeName(name)) {
    throw new HoldfastError(
      'name_invalid',
      `name ${JSON.stringify(name.slice(0, 80))}: expected 1 to 63 of a-z 0-9 . _ - beginning with a letter or digit`,
      { hint: 'choose a name such as laptop or db-1.office' },
    );
  }
  const taken = reservedNames.includes(name)
    ? "is one of restic's own words"
    : name === localName
      ? "stands for whoever is on the server's machine"
      : role === 'storage' && name === serverPlace && 'stands for the server where storage nodes are named';
  if (taken === false) return;
  throw new HoldfastError('name_reserved', `name ${name} ${taken}`, {
    hint: `choose another name, e.g. ${name}-1`,
  });
}

/** Whether a node can have this name as far as its form goes; reserved ones have it too. */
export function isNodeName(name: string): boolean {
  return hasNodeNameForm(name) && !name.includes('..') && !name.endsWith('.');
}

const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const maxLength = 200;

/**
 * Checks the name of a network, the trust domain of its identities: two labels at least of `a–z 0–9 -` joined by dots,
 * as in a domain name (RFC 1123 §2.1; RFC 5280 §4.2.1.6 wants it fully qualified where it is the host of a URI), in lower
 * case, 200 characters at most so that an identity fits into 2048 with room.
 *
 * @throws HoldfastError `name_invalid`
 */
export function checkNetworkName(name: string): void {
  const labels = name.split('.');
  if (name.length <= maxLength && labels.length > 1 && labels.every((part) => label.test(part))) return;
  throw new HoldfastError(
    'name_invalid',
    `network ${JSON.stringify(name.slice(0, 80))}: expected two lower-case labels or more joined by dots, like a domain name`,
    { hint: 'choose a name such as backup.example' },
  );
}

const maxSlugLength = 63;
/** So much of a text is looked at: the time to normalise it grows with its square. */
const maxTextLength = 256;

/**
 * A name for a node made of `text`: lower case, accents left out, everything else that a name cannot have turned into
 * hyphens; `Jörg's Laptop` gives `jorg-s-laptop`. @throws HoldfastError `name_invalid` when nothing is left
 */
export function slug(text: string): string {
  const plain = text
    .slice(0, maxTextLength)
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll('ß', 'ss');
  const words = plain
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/\.{2,}/g, '.')
    .replaceAll(/-{2,}/g, '-')
    .replace(/^[^a-z0-9]+/, '');
  const [name = ''] = /^(?:[^a-z0-9]*[a-z0-9])*/.exec(words.slice(0, maxSlugLength)) ?? [];
  if (isNodeName(name)) return [...reservedNames, localName].includes(name) ? `${name}-1` : name;
  throw new HoldfastError('name_invalid', `nothing of ${JSON.stringify(text.slice(0, 80))} can be a name`, {
    hint: 'say one with --name, of a-z 0-9 . _ -',
  });
}
