import { domainToASCII, domainToUnicode } from 'node:url';
import { HoldfastError } from '../base/index.ts';
import {
  formatGeneralName,
  formatIpAddress,
  type GeneralName,
  isHostName,
  parseIpAddress,
  unseenCharacter,
} from '../pki/index.ts';

/** The names that somebody asks for in a certificate. */
export interface RequestedNames {
  /** The first of them, as it is to stand in the subject: when it has 64 characters at most. */
  readonly commonName?: string;
  /** Host names and addresses, each once. */
  readonly names: readonly HostName[];
}

/** Which names are taken beside those that RFC 5280 has. */
export interface NameForms {
  /** Whether host names may have underscores. */
  readonly underscores: 'on' | 'off';
  /** What switches that on, for whoever is refused for one. */
  readonly key?: string | undefined;
}

/** A name under which a machine is called. */
export type HostName = Extract<GeneralName, { readonly kind: 'dns' | 'ip' }>;

const maxNames = 512;
/** Far below what TLS clients take as a certificate. */
const maxTotalLength = 32_768;
const maxCommonNameLength = 64;
/** Of one name before it is put into its form: a host name has 253, and its own letters can be written in several. */
const maxNameLength = 1024;

/**
 * The names in `texts`, each of which is one name or several separated by commas: host names (internationalised ones
 * become A-labels, RFC 5891 §4.4), `*.` in front of a domain, IPv4 and IPv6 addresses, and
 * `192.168.1.*`, which stands for its 256 addresses. A period at the end and capitals do not count.
 *
 * @throws HoldfastError `name_invalid`, naming the name, what is wrong with it and what is expected
 */
export function parseRequestedNames(
  texts: readonly string[],
  forms: NameForms = { underscores: 'off' },
): RequestedNames {
  checkTotal(texts.reduce((sum, text) => sum + text.length, 0));
  const given = texts.flatMap((text) => text.split(','));
  checkCount(given.length);
  const parsed = [...new Set(given)].values().map((each) => parseName(each, forms));
  const { names, commonName: common = '' } = gather(parsed);
  checkTotal(names.reduce((sum, { value }) => sum + value.length, 0));
  const fits = common !== '' && common.length <= maxCommonNameLength;
  return { names, ...(fits && { commonName: common }) };
}

/** Each name once; their number is held against the bound as they come, since a short text can stand for 256. */
function gather(parsed: Iterable<ParsedName>): { names: HostName[]; commonName: string | undefined } {
  const found = new Map<string, HostName>();
  let first: string | undefined;
  for (const { names, commonName } of parsed) {
    first ??= commonName;
    for (const [key, name] of names.map(withKey)) found.set(key, name);
    checkCount(found.size);
  }
  return { names: [...found.values()], commonName: first };
}

interface ParsedName {
  readonly commonName: string;
  readonly names: readonly HostName[];
}

function parseName(given: string, forms: NameForms): ParsedName {
  // A byte order mark is white space to `trim`, and is not to be lost in silence.
  const text = given.includes('\ufeff') ? given : given.trim();
  if (text === '') throw invalid('a name is empty: expected names separated by single commas');
  if (text.length > maxNameLength)
    throw wrong(text, `has ${text.length} characters`, `${maxNameLength} at most`);
  const unseen = unseenCharacter(text);
  if (unseen !== undefined)
    throw wrong(text, `has a character that is not seen, ${unseen}`, 'the name without it');
  if (text.includes('/'))
    throw wrong(text, 'is a range or an address of the web', 'one host name or address');
  return parseAddress(text) ?? parseAddressPattern(text) ?? parseHostName(text, forms);
}

function parseAddress(text: string): ParsedName | undefined {
  const isBracketed = text.startsWith('[') && text.endsWith(']') && text.includes(':');
  const bare = isBracketed ? text.slice(1, -1) : text;
  if (bare.includes(':') && bare.includes('%'))
    throw wrong(
      text,
      'has a zone',
      'an IPv6 address without, since a zone has a meaning on one machine only',
    );
  const address = parseIpAddress(bare);
  if (address === undefined) {
    if (bare.includes(':'))
      throw wrong(text, 'is no IPv6 address', 'a host name or an address without a port');
    return undefined;
  }
  const value = formatIpAddress(address);
  return { commonName: value, names: [{ kind: 'ip', value }] };
}

/** `192.168.1.*`: an asterisk as the whole last octet, and nowhere else. */
function parseAddressPattern(text: string): ParsedName | undefined {
  if (!/^[\d.*]+$/.test(text) || !text.includes('*') || !/\d/.test(text)) return undefined;
  const prefix = text.endsWith('.*') ? text.slice(0, -1) : '';
  if (parseIpAddress(`${prefix}0`) === undefined)
    throw wrong(text, 'is no block of addresses', 'an asterisk as the whole last octet, as in 192.168.1.*');
  const names = Array.from({ length: 256 }, (_, octet): HostName => ({ kind: 'ip', value: prefix + octet }));
  return { commonName: text, names };
}

function parseHostName(text: string, { underscores, key }: NameForms): ParsedName {
  const wildcard = text.startsWith('*.');
  const domain = toAscii(wildcard ? text.slice(2) : text);
  if (domain.includes('*'))
    throw wrong(text, 'has an asterisk', 'one only as the whole first label, as in *.example.com');
  if (domain.includes('_') && underscores === 'off')
    throw wrong(text, 'has an underscore', `letters, digits and hyphens, as in a host name${orSwitch(key)}`);
  if (!isHostName(domain.replaceAll('_', 'x')))
    throw wrong(text, 'is neither a host name nor an address', 'one such as alpha.example.com or 192.0.2.7');
  if (!domain.split('.').every(isCanonical))
    throw wrong(text, 'has a label xn-- that stands for nothing', 'the name in its own letters');
  const value = wildcard ? `*.${domain}` : domain;
  if (value.length > 253) throw wrong(text, `has ${value.length} characters`, '253 at most');
  return { commonName: value, names: [{ kind: 'dns', value }] };
}

function orSwitch(key: string | undefined): string {
  return key === undefined ? '' : `, or the policy that takes it: holdfast policy set ${key} on`;
}

/** Lower case without the period of the root; what is not ASCII as A-labels (UTS #46, not transitional). */
function toAscii(text: string): string {
  const name = text.replace(/\.$/, '');
  if (/^[\0-\x7f]*$/.test(name)) return name.toLowerCase();
  const ascii = wideName.test(name) ? domainToASCII(name).replace(/\.$/, '') : '';
  if (ascii === '')
    throw wrong(text, 'cannot be written as a host name', 'letters, digits and hyphens of any script');
  return ascii;
}

/**
 * Letters, digits, marks, the few signs that RFC 5892 Appendix A allows among them and that are seen, and what may stand
 * between labels (UTS #46 §4). Nothing else goes in: the parser of URLs that answers would take `%41` for an A.
 */
const wideName = /^(?:[\p{L}\p{N}\p{M}._*-]|\u00b7|\u0375|\u05f3|\u05f4|\u30fb|\u3002|\uff0e|\uff61)+$/u;

/** Whether a label that begins `xn--` is what its own letters are written as (RFC 5891 §4.2.1). */
function isCanonical(label: string): boolean {
  if (!label.startsWith('xn--')) return true;
  const unicode = domainToUnicode(label);
  return unicode !== label && domainToASCII(unicode) === label && unseenCharacter(unicode) === undefined;
}

function withKey(name: HostName): [string, HostName] {
  return [formatGeneralName(name), name];
}

function checkCount(count: number): void {
  if (count > maxNames) throw invalid(`${count} names: at most ${maxNames} fit into a certificate`);
}

function checkTotal(length: number): void {
  if (length <= maxTotalLength) return;
  throw invalid(`names of ${length} characters in all: at most ${maxTotalLength} fit into a certificate`);
}

function wrong(text: string, found: string, expected: string): HoldfastError {
  return invalid(`name ${JSON.stringify(text.slice(0, 80))} ${found}: expected ${expected}`);
}

function invalid(message: string): HoldfastError {
  return new HoldfastError('name_invalid', message, { hint: 'correct the name, or leave it out' });
}
