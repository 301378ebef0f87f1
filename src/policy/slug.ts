import { HoldfastError } from '../base/index.ts';
import { isNodeName, localName, reservedNames } from './node-name.ts';

const maxLength = 63;
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
  const [name = ''] = /^(?:[^a-z0-9]*[a-z0-9])*/.exec(words.slice(0, maxLength)) ?? [];
  if (isNodeName(name)) return [...reservedNames, localName].includes(name) ? `${name}-1` : name;
  throw new HoldfastError('name_invalid', `nothing of ${JSON.stringify(text.slice(0, 80))} can be a name`, {
    hint: 'say one with --name, of a-z 0-9 . _ -',
  });
}
