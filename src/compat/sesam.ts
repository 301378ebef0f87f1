import { HoldfastError } from '../base/index.ts';
import { slug } from '../policy/index.ts';

/** The fourteen keys of `sm_ssl_cert client --oid`, and the attribute that each of them is. */
const attributeOf = {
  C: 'C',
  CN: 'CN',
  DQ: 'dnQualifier',
  GN: 'GN',
  GQ: 'generationQualifier',
  I: 'initials',
  L: 'L',
  N: 'name',
  O: 'O',
  OU: 'OU',
  P: 'pseudonym',
  PC: 'postalCode',
  S: 'SN',
  T: 'title',
} as const;

/** A key as it is typed. */
type OidKey = keyof typeof attributeOf;

/** The subject that was asked for, by the short names that `pki` has for its attributes. */
export type SubjectWords = Readonly<Partial<Record<(typeof attributeOf)[OidKey], string>>>;

/**
 * The subject in `--oid={options}`: `KEY:value,KEY:value`. A comma separates only where one of the fourteen keys and a
 * colon follow, so that values may hold commas; `\` takes the next character as it is; one colon after a value, which
 * the original's list of options has after `O:{organization_name}`, is dropped.
 *
 * @throws HoldfastError `usage` for a key that is unknown or there twice, a value that is empty, and a `\` at the end;
 *   what looks like an unknown key after a comma is refused too, rather than taken for a part of the value before it
 */
export function parseOid(text: string): SubjectWords {
  const found = new Map<string, string>();
  for (let at = 0; at < text.length || found.size === 0; ) {
    const key = readKey(text, at);
    const { value, end } = readValue(text, at + key.length + 1, key);
    if (found.has(attributeOf[key])) throw wrong(`${key} is there twice`);
    found.set(attributeOf[key], value);
    at = end;
  }
  return Object.fromEntries(found);
}

const keyAhead = /([A-Za-z]+):/y;

function readKey(text: string, at: number): OidKey {
  keyAhead.lastIndex = at;
  const key = keyAhead.exec(text)?.[1];
  if (key !== undefined && isKey(key)) return key;
  const found = key ?? (text.slice(at, at + 20) || 'nothing');
  throw wrong(`found ${JSON.stringify(found)} where a key and a colon are expected`);
}

/** The value from `start` on, and where the next key begins. */
function readValue(text: string, start: number, key: OidKey): { value: string; end: number } {
  let value = '';
  let stray = false;
  let at = start;
  while (at < text.length && !isSeparator(text, at)) {
    const escaped = text[at] === '\\';
    if (escaped) at++;
    const character = text[at];
    if (character === undefined) throw wrong(`the value of ${key} ends in a single \\`);
    value += character;
    stray = character === ':' && !escaped;
    at++;
  }
  const kept = stray ? value.slice(0, -1) : value;
  if (kept.trim() === '') throw wrong(`${key} has no value`);
  return { value: kept, end: at + 1 };
}

const commaAndKey = /,([A-Z]{1,2}):/y;

function isSeparator(text: string, at: number): boolean {
  commaAndKey.lastIndex = at;
  const key = commaAndKey.exec(text)?.[1];
  if (key === undefined || isKey(key)) return key !== undefined;
  throw wrong(`${key} is not a key; write \\, for a comma that belongs to the value`);
}

function isKey(key: string): key is OidKey {
  return Object.hasOwn(attributeOf, key);
}

function wrong(problem: string): HoldfastError {
  return new HoldfastError('usage', `--oid: ${problem}`, {
    hint: `KEY:value,KEY:value with the keys ${Object.keys(attributeOf).join(' ')}, e.g. --oid=CN:alpha,O:Example,C:DE`,
  });
}

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

/** A file of SEP sesam's `ini` directory that holds a certificate or key. */
export interface SesamFile {
  /** Below the `ini` directory. */
  readonly path: string;
  readonly mode: number;
}

/** Where the original keeps its configuration and, below it, certificates. */
export const defaultIniDirectory = '/var/opt/sesam/var/ini';

const everybody = 0o644;
const ownerAlone = 0o600;

/** The files by what is in them: certificates for everybody to read, keys for their owner alone. */
export const sesamFiles = {
  rootCertificate: { path: 'ca/rootCA.pem', mode: everybody },
  rootKey: { path: 'ca/rootCA.key', mode: ownerAlone },
  clientCertificate: { path: 'x.509/client.pem', mode: everybody },
  clientKey: { path: 'x.509/client.key', mode: ownerAlone },
  serverCertificate: { path: 'ssl/server.pem', mode: everybody },
  serverKey: { path: 'ssl/server.key', mode: ownerAlone },
} as const satisfies Record<string, SesamFile>;
