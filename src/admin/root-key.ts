import { type Static, Type } from 'typebox';
import { identityLabel, notHeld } from '../authority/index.ts';
import { asBuffer, type Bytes, HoldfastError, parseTime, Secret } from '../base/index.ts';
import type { Identity } from '../pki/index.ts';
import type { AdminContext } from './admin-context.ts';
import { type Answer, Base64, PresentWhen, Time } from './answer.ts';
import { HeldKeys, NotHeld } from './backups.ts';

const Passphrase = Type.String({ minLength: 1, maxLength: 1024 });
/** The file with the key of a root, in base64: a few kilobytes. */
const SealedFile = Type.String({ maxLength: 65_536 });

export const sealRootInput = Type.Object(
  { passphrase: Passphrase, until: Type.Optional(Type.String({ maxLength: 40 })) },
  { additionalProperties: false },
);

/** The key of the root, encrypted. */
export const SealRootAnswer = Type.Object({
  /** What is to be written to the file. */
  text: Type.String({ minLength: 1 }),
  /** The end of the root's revocation list that was signed. */
  crlUntil: Time,
});

/** Encrypts the key of the root for a file, and signs a revocation list that lasts until it comes back. */
export async function sealRoot(
  { authority }: AdminContext,
  { passphrase, until }: Static<typeof sealRootInput>,
): Promise<Answer<typeof SealRootAnswer>> {
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

/** Where the key of the root is now, and where else. */
export const TakeOfflineAnswer = Type.Object({
  file: Type.String(),
  /** Backups that still hold the key. */
  backups: Type.Array(Type.Object({ place: Type.String(), name: Type.String(), madeAt: Time })),
  /** Files of the server's machine with the key in the clear or as PKCS#12. */
  copies: PresentWhen('the server is new enough to say it', Type.Array(Type.String())),
  /** When it was written as PKCS#12 to a place that is not on record. */
  unplaced: PresentWhen('the server is new enough to say it', Type.Array(Time)),
});

/** Takes the key of the root away, now that its file was written and read back. */
export async function takeOffline(
  { authority }: AdminContext,
  { passphrase, sealed, file }: Static<typeof takeOfflineInput>,
  caller: Identity,
): Promise<Answer<typeof TakeOfflineAnswer>> {
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

/** The files that were removed, and those that are still there. */
export const RemoveCopiesAnswer = Type.Object({
  removed: Type.Array(Type.String()),
  left: Type.Array(Type.String()),
});

/** Removes the files that `ca.offline` names, by what the log here says and by what they hold, and no others. */
export async function removeCopies({ authority }: AdminContext): Promise<Answer<typeof RemoveCopiesAnswer>> {
  return await authority.custody.removeCopies();
}

export const bringOnlineInput = Type.Object(
  { passphrase: Passphrase, sealed: SealedFile },
  { additionalProperties: false },
);

/** The fingerprint of the root whose key is back. */
export const BringOnlineAnswer = Type.Object({ root: Type.String() });

/** Puts the key of the root back. */
export async function bringOnline(
  { authority }: AdminContext,
  { passphrase, sealed }: Static<typeof bringOnlineInput>,
  caller: Identity,
): Promise<Answer<typeof BringOnlineAnswer>> {
  const order = { passphrase: new Secret(passphrase), sealed: fromBase64(sealed), by: identityLabel(caller) };
  await authority.custody.bringOnline(order);
  return { root: authority.root.fingerprint };
}

export const rekeyInput = Type.Object(
  { passphrase: Type.Optional(Passphrase) },
  { additionalProperties: false },
);

/** What opens the keystore now. */
export const RekeyAnswer = Type.Object({ openedBy: Type.Enum(['passphrase', 'stash']) });

/** From now on this passphrase opens the authority's keystore, or a stash when none is given. */
export async function rekeyKeystore(
  { authority }: AdminContext,
  { passphrase }: Static<typeof rekeyInput>,
  caller: Identity,
): Promise<Answer<typeof RekeyAnswer>> {
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

export const keysExportInput = Type.Object(
  {
    password: Type.String({ minLength: 1, maxLength: 1024 }),
    legacy: Type.Optional(Type.Boolean()),
    /** Where the caller writes the file: absolute, for the log. */
    to: Type.Optional(Type.String({ minLength: 1, maxLength: 4096, pattern: '^/' })),
  },
  { additionalProperties: false },
);

/** Keys and certificates as PKCS#12. */
export const KeysExportAnswer = Type.Object({ file: Base64, keys: HeldKeys, notHeld: NotHeld });

/** The authority's keys and certificates as PKCS#12 under a password. Errors: those of an authority that may not work. */
export async function exportKeys(
  { authority }: AdminContext,
  { password, legacy = false, to }: Static<typeof keysExportInput>,
  caller: Identity,
): Promise<Answer<typeof KeysExportAnswer>> {
  const order = { password: new Secret(password), legacy, to, by: identityLabel(caller) };
  const { file, keys } = await authority.backups.pkcs12(order);
  return { file: asBuffer(file).toString('base64'), keys, notHeld: notHeld(keys) };
}
