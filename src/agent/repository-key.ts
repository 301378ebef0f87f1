import { createHash } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import { HoldfastError, Secret } from '../base/index.ts';
import { type EscrowFingerprint, parseEscrowFingerprint } from '../enrol/index.ts';
import { encodeMasterKey, type MasterKey, parseMasterKey } from '../repository/index.ts';

/** A snapshot that this machine made, and when. */
export interface MadeSnapshot {
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
  /** Opens without scrypt. */
  readonly masterKey?: Secret<MasterKey>;
  /** Of the second key, from when it is in the repository until it is with the server. */
  readonly secondPassword?: Secret<string>;
  /** Whether the second key is with the server. */
  readonly escrowed: boolean;
  /** Of what was left there; absent for what was left before this was kept. */
  readonly escrow?: EscrowFingerprint;
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
  password: Type.Optional(Type.String()),
  secondPassword: Type.Optional(Type.String()),
  masterKey: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});
type StoredKey = Static<typeof StoredKey>;

/** A key out of an entry, and the place that the entry names. @throws HoldfastError `keystore_damaged` when it makes no sense */
export function decodeRepositoryKey(
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
