import { type Static, Type } from 'typebox';
import { identityLabel, type RemovedCopies } from '../authority/index.ts';
import { type Bytes, HoldfastError, parseTime, Secret } from '../base/index.ts';
import type { Identity } from '../pki/index.ts';
import type { AdminContext } from './admin-context.ts';

const Passphrase = Type.String({ minLength: 1, maxLength: 1024 });
/** The file with the key of a root, in base64: a few kilobytes. */
const SealedFile = Type.String({ maxLength: 65_536 });

export const sealRootInput = Type.Object(
  { passphrase: Passphrase, until: Type.Optional(Type.String({ maxLength: 40 })) },
  { additionalProperties: false },
);

export interface SealRootAnswer {
  /** What is to be written to the file. */
  readonly text: string;
  /** The end of the root's revocation list that was signed, ISO 8601. */
  readonly crlUntil: string;
}

/** Encrypts the key of the root for a file, and signs a revocation list that lasts until it comes back. */
export async function sealRoot(
  { authority }: AdminContext,
  { passphrase, until }: Static<typeof sealRootInput>,
): Promise<SealRootAnswer> {
  const order = {
    passphrase: new Secret(passphrase),
    ...(until !== undefined && { until: dateIn(until) }),
  };
  const { text, crlUntil } = await authority.custody.sealRoot(order);
  return { text, crlUntil: crlUntil.toISOString() };
}

export const takeOfflineInput = Type.Object(
  { passphrase: Passphrase, sealed: SealedFile, file: Type.String({ minLength: 1, maxLength: 4096 }) },
  { additionalProperties: false },
);

export interface TakeOfflineAnswer {
  readonly file: string;
  /** Backups that still hold the key; times are ISO 8601. */
  readonly backups: readonly { readonly place: string; readonly name: string; readonly madeAt: string }[];
  /** Files of the server's machine with the key in the clear or as PKCS#12. */
  readonly copies: readonly string[];
  /** When it was written as PKCS#12 to a place that is not on record; ISO 8601. No answer of before has it. */
  readonly unplaced?: readonly string[];
}

/** Takes the key of the root away, now that its file was written and read back. */
export async function takeOffline(
  { authority }: AdminContext,
  { passphrase, sealed, file }: Static<typeof takeOfflineInput>,
  caller: Identity,
): Promise<TakeOfflineAnswer> {
  const order = {
    passphrase: new Secret(passphrase),
    sealed: fromBase64(sealed),
    file,
    by: identityLabel(caller),
  };
  const { backups, files, unplaced } = await authority.custody.takeOffline(order);
  return {
    file,
    backups: backups.map(({ madeAt, ...rest }) => ({ ...rest, madeAt: madeAt.toISOString() })),
    copies: files,
    unplaced: unplaced.map((at) => at.toISOString()),
  };
}

/** Removes the files that `ca.offline` names, by what the log here says and by what they hold, and no others. */
export async function removeCopies({ authority }: AdminContext): Promise<RemovedCopies> {
  return await authority.custody.removeCopies();
}

export const bringOnlineInput = Type.Object(
  { passphrase: Passphrase, sealed: SealedFile },
  { additionalProperties: false },
);

/** Puts the key of the root back. */
export async function bringOnline(
  { authority }: AdminContext,
  { passphrase, sealed }: Static<typeof bringOnlineInput>,
  caller: Identity,
): Promise<{ readonly root: string }> {
  const order = { passphrase: new Secret(passphrase), sealed: fromBase64(sealed), by: identityLabel(caller) };
  await authority.custody.bringOnline(order);
  return { root: authority.root.fingerprint };
}

export const rekeyInput = Type.Object(
  { passphrase: Type.Optional(Passphrase) },
  { additionalProperties: false },
);

/** From now on this passphrase opens the authority's keystore, or a stash when none is given. */
export async function rekeyKeystore(
  { authority }: AdminContext,
  { passphrase }: Static<typeof rekeyInput>,
  caller: Identity,
): Promise<{ readonly openedBy: 'passphrase' | 'stash' }> {
  const secret = passphrase === undefined ? undefined : new Secret(passphrase);
  await authority.custody.rekey(secret, identityLabel(caller));
  return { openedBy: secret === undefined ? 'stash' : 'passphrase' };
}

function dateIn(text: string): Date {
  const time = parseTime(text);
  if (time !== undefined) return time;
  throw new HoldfastError('input_invalid', `${JSON.stringify(text)} is no date: expected 2027-11-21`);
}

function fromBase64(text: string): Bytes {
  return Uint8Array.from(Buffer.from(text, 'base64'));
}
