import { HoldfastError } from '../../base/index.ts';
import {
  type Identity,
  parseIdentityUri,
  parseSerialNumber,
  roles,
  type SerialNumber,
} from '../../pki/index.ts';
import type { CaCertificate, Issuer } from '../issuers/index.ts';
import { identityLabel, type Records } from '../records/index.ts';
import type { CrlSigning } from './sign-crl.ts';

/** What can be revoked, as a person names it: one certificate, an identity with all that it has, or who issued them. */
export type RevocationTarget =
  | { readonly kind: 'issuer'; readonly label: string }
  | { readonly kind: 'certificate'; readonly serial: SerialNumber }
  /** One that the root had issued before it was adopted. */
  | { readonly kind: 'imported'; readonly serial: SerialNumber }
  | { readonly kind: 'identity'; readonly identity: Pick<Identity, 'role' | 'name'> };

/** What a text is, when that is said: a serial number or its beginning, or the name of a node. */
export type TargetWord = 'serial' | 'node';

/** Shorter beginnings of a serial number could be names; the whole number of a certificate of before can be short. */
const minSerialDigits = 8;
const maxSerialDigits = 40;

/**
 * What somebody means by a text: a node by its name (`laptop`, `client/laptop`, or its URI), a certificate by its serial
 * number or enough of its beginning, or an issuing certificate by its label (`issuing-1`) or its number. A text that means
 * several things means none, unless `as` says which of them it is.
 *
 * @throws HoldfastError `object_not_found`; `input_invalid` when it means several, naming them, or the root
 */
export async function findTarget(
  context: Pick<CrlSigning, 'records' | 'issuer' | 'present'>,
  text: string,
  as?: TargetWord,
): Promise<RevocationTarget> {
  const { records, issuer } = context;
  const [found, ...others] = [
    ...(as === 'node' ? [] : findIssuers(issuer, text)),
    ...(as === 'serial' ? [] : await findIdentities(records, text)),
    ...(as === 'node' ? [] : await findSerials(records, text)),
    ...(as === 'node' ? [] : await findImported(records, text)),
  ];
  const isRoot = as !== 'node' && isMeant(issuer.root, text);
  if (found === undefined && isRoot) throw rootMeant(issuer);
  if (found !== undefined && others.length === 0 && !isRoot) return found;
  if (found !== undefined)
    throw ambiguous(text, [
      ...[found, ...others].map(describeTarget),
      ...(isRoot ? [issuer.root.label] : []),
    ]);
  const unseen = as === 'serial' ? undefined : findUnseen(context, text);
  if (unseen !== undefined) return unseen;
  throw new HoldfastError('object_not_found', `${text} is no node and no certificate of this authority`, {
    hint: 'holdfast cert list shows both',
  });
}

function ambiguous(text: string, meanings: readonly string[]): HoldfastError {
  return new HoldfastError('input_invalid', `${text} can mean several things: ${meanings.join(', ')}`, {
    hint: 'say ROLE/NAME, or more of the serial number; or which it is: --node, --serial',
  });
}

/** `client/laptop`, `certificate 4f1c…`, or `issuing-1 with all that it issued`. */
export function describeTarget(target: RevocationTarget): string {
  if (target.kind === 'issuer') return `${target.label} with all that it issued`;
  if (target.kind === 'imported') return `certificate ${target.serial} of before`;
  return target.kind === 'identity' ? identityLabel(target.identity) : `certificate ${target.serial}`;
}

/** Nobody stands above it who could say that it is not to be believed. */
function rootMeant({ root }: Issuer): HoldfastError {
  return new HoldfastError(
    'input_invalid',
    `${root.label} is the root, which nobody stands above to revoke it`,
    {
      hint: 'when its key is lost to somebody, make a new network and let every machine join it: holdfast init --home DIR',
    },
  );
}

function findIssuers({ issuings }: Issuer, text: string): RevocationTarget[] {
  return issuings
    .filter((issuing) => isMeant(issuing, text))
    .map(({ label }) => ({ kind: 'issuer', label }) as const);
}

function isMeant({ label, certificate }: CaCertificate, text: string): boolean {
  const digits = serialDigits(text);
  return text === label || (digits !== undefined && certificate.serial.startsWith(digits));
}

async function findIdentities({ identities }: Records, text: string): Promise<RevocationTarget[]> {
  const { role, name } = parseNode(text);
  const rows = await identities.named(name);
  return rows
    .filter((row) => role === undefined || row.role === role)
    .map((identity) => ({ kind: 'identity', identity }));
}

/**
 * Where certificates are trusted that are not on record, a node can be ended before it is seen, called in full since
 * nothing here knows its name.
 */
function findUnseen(
  { present, issuer }: Pick<CrlSigning, 'present' | 'issuer'>,
  text: string,
): RevocationTarget | undefined {
  const identity = parseIdentityUri(text) ?? parseIdentityUri(`spiffe://${issuer.network}/${text}`);
  if (identity?.network !== issuer.network) return undefined;
  return present.state.trusts_before === null ? undefined : { kind: 'identity', identity };
}

function parseNode(text: string): { readonly role?: string; readonly name: string } {
  const byUri = parseIdentityUri(text);
  if (byUri !== undefined) return byUri;
  const role = roles.find((each) => text.startsWith(`${each}/`));
  return role === undefined ? { name: text } : { role, name: text.slice(role.length + 1) };
}

async function findSerials({ certificates }: Records, text: string): Promise<RevocationTarget[]> {
  const digits = serialDigits(text);
  if (digits === undefined) return [];
  const serials = await certificates.serialsFrom(digits);
  return serials.map((serial) => ({ kind: 'certificate', serial }));
}

/** By the whole number, which counters of old made short, or by enough of its beginning. */
async function findImported({ imported }: Records, text: string): Promise<RevocationTarget[]> {
  const whole = parseSerialNumber(text);
  const digits = serialDigits(text);
  if (whole !== undefined && (await imported.find(whole)) !== undefined)
    return [{ kind: 'imported', serial: whole }];
  const serials = digits === undefined ? [] : await imported.serialsFrom(digits);
  return serials.map((serial) => ({ kind: 'imported', serial }));
}

/** The digits of a text that can be a serial number or its beginning. */
function serialDigits(text: string): string | undefined {
  const digits = text.toLowerCase().replaceAll(':', '');
  const isLong = digits.length >= minSerialDigits && digits.length <= maxSerialDigits;
  return isLong && /^[0-9a-f]+$/.test(digits) ? digits : undefined;
}
