import { HoldfastError } from '../base/index.ts';
import { isNodeName, reservedNames } from '../policy/index.ts';
import type { SubjectWords } from './oid.ts';

const maxLength = 63;
/** What a client is called when nothing says it. */
const unnamed = 'client';

/**
 * The name of the node that a client certificate is for: what `--name` says, else a slug of its common name, else
 * `client`. @throws HoldfastError `name_invalid` when nothing of the common name can be a name
 */
export function clientName(subject: SubjectWords, name?: string): string {
  if (name !== undefined) return name;
  return subject.CN === undefined ? unnamed : slug(subject.CN);
}

/** The name of the node that a server certificate is for: what `--name` says, else a slug of its first common name. */
export function serverName(commonNames: string, name?: string): string {
  const [first = ''] = commonNames.split(',');
  return name ?? slug(first.replaceAll('*', ''));
}

/**
 * A name for a node made of `text`: lower case, accents left out, everything else that a name cannot have turned into
 * hyphens; `Jörg's Laptop` gives `jorg-s-laptop`. @throws HoldfastError `name_invalid` when nothing is left
 */
export function slug(text: string): string {
  const plain = text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase().replaceAll('ß', 'ss');
  const words = plain
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/\.{2,}/g, '.')
    .replaceAll(/-{2,}/g, '-');
  const name = words
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, maxLength)
    .replace(/[^a-z0-9]+$/, '');
  if (isNodeName(name)) return reservedNames.includes(name) ? `${name}-1` : name;
  throw new HoldfastError('name_invalid', `nothing of ${JSON.stringify(text.slice(0, 80))} can be a name`, {
    hint: 'say one with --name, of a-z 0-9 . _ -',
  });
}
