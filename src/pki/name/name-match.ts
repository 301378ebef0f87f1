import type { Name, Rdn } from './name.ts';
import { attributeShortName, type NameAttribute } from './name-attribute.ts';

/**
 * A text that two names share exactly when they are the same name: the string type does not count, nor the case of ASCII
 * letters, nor how many blanks there are. That is RFC 5280 §7.1 without its preparation of Unicode, whose time grows with
 * the square of what a stranger sends and which OpenSSL, Go and rustls leave out too: beyond ASCII a name is its bytes.
 * Linear time. For maps of issuers; not for people to read.
 */
export function nameKey(name: Name): string {
  return JSON.stringify(name.map(rdnKey));
}

/** Whether two names are the same name (RFC 5280 §7.1). */
export function equalNames(a: Name, b: Name): boolean {
  return a.length === b.length && nameKey(a) === nameKey(b);
}

/** Whether `name` is `base` or lies below it, as a directoryName constraint asks (RFC 5280 §4.2.1.10, §7.1). */
export function isNameWithin(name: Name, base: Name): boolean {
  return equalNames(name.slice(0, base.length), base);
}

/** The name for people, innermost level first (RFC 4514 §2); control and invisible characters are written as `\XX`. */
export function formatName(name: Name): string {
  return name.toReversed().map(formatRdn).join(',');
}

function rdnKey(rdn: Rdn): string[] {
  return rdn.map((attribute) => `${attribute.oid}=${valueKey(attribute)}`).sort();
}

/** Insignificant space (RFC 4518 §2.6.1) and case, of ASCII alone. */
function valueKey({ value, encoding }: NameAttribute): string {
  if (encoding === 'der') return value;
  const words = value.replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase()).split(/[\t-\r ]/);
  // The mark keeps text that begins with '#' apart from a value that is no text.
  return `'${words.filter((word) => word !== '').join(' ')}`;
}

function formatRdn(rdn: Rdn): string {
  return rdn.map(formatAttribute).join('+');
}

function formatAttribute({ oid, value, encoding }: NameAttribute): string {
  const type = attributeShortName(oid) ?? oid;
  return `${type}=${encoding === 'der' ? value : escapeValue(value)}`;
}

function escapeValue(value: string): string {
  return value
    .replace(/["+,;<>\\]|^[ #]| $/g, '\\$&')
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) =>
      Buffer.from(character).toString('hex').replace(/../g, '\\$&'),
    );
}
