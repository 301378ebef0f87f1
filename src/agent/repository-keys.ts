import { createHash } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import { HoldfastError, Secret } from '../base/index.ts';
import { type EscrowFingerprint, parseEscrowFingerprint } from '../enrol/index.ts';
import { encodeMasterKey, type MasterKey, parseMasterKey } from '../repository/index.ts';
import type { Keystore, KeystoreEditor } from '../trust/index.ts';

/** A snapshot that this machine made, and when. */
interface MadeSnapshot {
  readonly snapshot: string;
  /** ISO 8601. */
  readonly time: string;
}

/**
 * What a node keeps of one repository, all of it in one keystore entry. The password is written before the repository is
 * made and the escrow noted after it was acknowledged, so that a crash in between is made good by the next run.
 */
export interface RepositoryKey {
  /** Its id; absent for one that was not made yet, or was last used before this was kept. */
  readonly repository?: string;
  /** ISO 8601: since when it is kept. */
  readonly since?: string;
  /** The newest of this machine. */
  readonly lastBackup?: MadeSnapshot;
  /** The newest of this machine that was not there any more, and when that was seen. */
  readonly missed?: (MadeSnapshot & { readonly seen: string }) | undefined;
  /** What its `config` says, for a day when that is damaged. */
  readonly config?: string;
  /** The one it was opened with, chosen by Holdfast or said; kept so that a wrong one is noticed without scrypt. */
  readonly password?: Secret<string>;
  /** Which key file that password opens; absent for what was opened last before this was kept. */
  readonly keyFile?: string | undefined;
  /** Opens without scrypt. */
  readonly masterKey?: Secret<MasterKey>;
  /** Of the second key, from when it is in the repository until it is with the server. */
  readonly secondPassword?: Secret<string>;
  /** Whether the second key is with the server. */
  readonly escrowed: boolean;
  /** Of what was left there; absent for what was left before this was kept. */
  readonly escrow?: EscrowFingerprint;
  /** The second key's file; absent likewise. */
  readonly escrowKeyFile?: string | undefined;
}

const Made = { snapshot: Type.String(), time: Type.String() };
const StoredKey = Type.Object({
  place: Type.Optional(Type.String()),
  repository: Type.Optional(Type.String()),
  since: Type.Optional(Type.String()),
  lastBackup: Type.Optional(Type.Object(Made)),
  missed: Type.Optional(Type.Object({ ...Made, seen: Type.String() })),
  config: Type.Optional(Type.String()),
  escrowed: Type.Boolean(),
  escrow: Type.Optional(Type.String()),
  escrowKeyFile: Type.Optional(Type.String()),
  keyFile: Type.Optional(Type.String()),
  password: Type.Optional(Type.String()),
  secondPassword: Type.Optional(Type.String()),
  masterKey: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});
type StoredKey = Static<typeof StoredKey>;

/** A key out of an entry, and the place that the entry names. @throws HoldfastError `keystore_damaged` when it makes no sense */
function decodeRepositoryKey(
  bytes: Uint8Array,
  label: string,
): { readonly key: RepositoryKey; readonly place: string | undefined } {
  const { place, password, secondPassword, masterKey, escrow, ...plain } = parse(bytes, label);
  const key: RepositoryKey = {
    ...plain,
    escrow: parseEscrowFingerprint(escrow ?? ''),
    password: password === undefined ? undefined : new Secret(password),
    secondPassword: secondPassword === undefined ? undefined : new Secret(secondPassword),
    masterKey: masterKey === undefined ? undefined : new Secret(parseMasterKey(masterKey, label)),
  };
  return { key, place };
}

/** The entry of a key, which names its place. */
export function encodeRepositoryKey(place: string, key: RepositoryKey): Secret<Uint8Array> {
  const { password, secondPassword, masterKey, ...plain } = key;
  const stored = {
    place,
    ...plain,
    password: password?.reveal(),
    secondPassword: secondPassword?.reveal(),
    masterKey: masterKey && (JSON.parse(masterKeyText(masterKey)) as unknown),
  };
  return new Secret(Buffer.from(JSON.stringify(stored)));
}

/** Tells master keys apart, and nothing about them: 32 hexadecimal digits. */
export function masterKeyDigest(masterKey: Secret<MasterKey>): string {
  return createHash('sha256').update(masterKeyText(masterKey)).digest('hex').slice(0, 32);
}

function masterKeyText(masterKey: Secret<MasterKey>): string {
  return Buffer.from(encodeMasterKey(masterKey.reveal())).toString('utf8');
}

function parse(bytes: Uint8Array, label: string): StoredKey {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    if (Check(StoredKey, value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new HoldfastError('keystore_damaged', `the entry ${label} of the keystore makes no sense`);
}

/*
 * Labels of a keystore for repositories:
 *
 *   repository PLACE        the password of one that is about to be made there; from before keys were kept one by one,
 *                           also the key of the only one that was known there
 *   repository-key DIGEST   the key of one that was made or opened, whose entry names the place; DIGEST is of the master
 *                           key, so that no other key ever takes its label
 */
const begunStart = 'repository ';
const keptStart = 'repository-key ';

/** A key that opened the repository at a place once. */
export interface KeptKey extends RepositoryKey {
  readonly place: string;
  readonly masterKey: NonNullable<RepositoryKey['masterKey']>;
}

/** Every key that ever opened a repository from here, by place, what was used last first. */
export function allKeys(keystore: Keystore): KeptKey[] {
  const keys = keystore.labels().flatMap((label) => keptUnder(keystore, label) ?? []);
  return keys.sort((a, b) => order(a).localeCompare(order(b)));
}

/** Those of the repositories at `place`, now and before. */
export function keysAt(keystore: Keystore, place: string): KeptKey[] {
  return allKeys(keystore).filter((key) => key.place === place);
}

/** What was kept of a repository that is about to be made at `place`. */
export function begunAt(keystore: Keystore, place: string): RepositoryKey | undefined {
  const label = begunStart + place;
  if (!keystore.has(label)) return undefined;
  const { key } = decodeRepositoryKey(keystore.secret(label).reveal(), label);
  return key.masterKey === undefined ? key : undefined;
}

/** Keeps a password before the repository at `place` is made, unless another process has kept one; the keys of others there stay. */
export async function keepBegun(keystore: Keystore, place: string, key: RepositoryKey): Promise<void> {
  await keystore.update((entries) => {
    settleOld(keystore, place, entries);
    const begun = entries.secret(begunStart + place);
    const isBegun = begun !== undefined && keptUnder(keystore, begunStart + place) === undefined;
    if (!isBegun) entries.putSecret(begunStart + place, encodeRepositoryKey(place, key));
  });
}

/** Keeps the key of a repository for ever, or what is new about it. */
export async function keepKey(keystore: Keystore, { place, ...key }: KeptKey): Promise<void> {
  await keystore.update((entries) => {
    settleOld(keystore, place, entries);
    entries.remove(begunStart + place);
    entries.putSecret(keptStart + masterKeyDigest(key.masterKey), encodeRepositoryKey(place, key));
  });
}

/** What was left with servers of the repositories that a keystore has keys of. */
export function escrowsIn(
  keystore: Keystore,
): { readonly place: string; readonly fingerprint: EscrowFingerprint }[] {
  return allKeys(keystore).flatMap(({ place, escrow }) =>
    escrow === undefined ? [] : [{ place, fingerprint: escrow }],
  );
}

/** A key from before gets a label of its own before anything else takes the one it has. */
function settleOld(keystore: Keystore, place: string, entries: KeystoreEditor): void {
  const old = keptUnder(keystore, begunStart + place);
  if (old === undefined) return;
  const { place: _, ...key } = old;
  entries.putSecret(keptStart + masterKeyDigest(old.masterKey), encodeRepositoryKey(place, key));
}

function keptUnder(keystore: Keystore, label: string): KeptKey | undefined {
  const isOld = label.startsWith(begunStart);
  if (!(isOld || label.startsWith(keptStart)) || !keystore.has(label)) return undefined;
  const { key, place } = decodeRepositoryKey(keystore.secret(label).reveal(), label);
  if (key.masterKey === undefined) return undefined;
  return { ...key, masterKey: key.masterKey, place: isOld ? label.slice(begunStart.length) : (place ?? '') };
}

/** Sorts by place, then by last use from the newest on: digits are inverted. */
function order({ place, since = '', lastBackup }: KeptKey): string {
  const used = lastBackup?.time ?? since;
  const newestFirst = used.replace(/\d/g, (digit) => String(9 - Number(digit)));
  return JSON.stringify([place, newestFirst === '' ? '~' : newestFirst]);
}

/** That a repository was at a place, and none is there now. `known` has the keys of those that were, the newest first. */
export function repositoryGone(location: string, [last]: readonly KeptKey[], cause: unknown): HoldfastError {
  const message = `there is no repository at ${location}, and ${describe(last)} was there`;
  return new HoldfastError('repository_gone', message, {
    hint:
      'its disk may not be mounted, or somebody removed it: holdfast status at its server, then run this again; ' +
      'where it is lost for good, holdfast backup --start-over PATH begins another one, and its key stays (holdfast key kept)',
    cause,
  });
}

/** That the repository at a place is none of those that were there before. */
export function repositoryStrange(location: string, [last]: readonly KeptKey[]): HoldfastError {
  const message = `at ${location} is another repository than ${describe(last)}, which was there`;
  return new HoldfastError('repository_wrong_key', message, {
    hint: 'find out who put it there; when it is yours, name a file with its password: --password-file FILE; the keys that are kept stay',
  });
}

/** `repository 1a2b3c4d, last backed up to 2026-11-20T22:00:31Z (snapshot 6f59242c)`, as far as it is known. */
export function describe(key: KeptKey | undefined): string {
  const name = key?.repository === undefined ? 'a repository' : `repository ${key.repository.slice(0, 8)}`;
  if (key?.lastBackup === undefined) return name;
  const { time, snapshot } = key.lastBackup;
  return `${name}, last backed up to ${time} (snapshot ${snapshot.slice(0, 8)}),`;
}
