import { Secret } from '../base/index.ts';
import { type EscrowFingerprint, parseEscrowFingerprint } from '../enrol/index.ts';
import { encodeMasterKey, type MasterKey, parseMasterKey } from '../repository/index.ts';
import type { Keystore } from '../trust/index.ts';

/**
 * What a node keeps of one repository's key, all of it in one keystore entry. The password is written before the
 * repository is made and the escrow noted after it was acknowledged, so that a crash in between is made good by
 * the next run.
 */
export interface RepositoryKey {
  /** The one it was opened with, chosen by Holdfast or said; kept so that a wrong one is noticed without scrypt. */
  readonly password?: Secret<string> | undefined;
  /** Opens without scrypt. */
  readonly masterKey?: Secret<MasterKey> | undefined;
  /** Of the second key, from when it is in the repository until it is with the server. */
  readonly secondPassword?: Secret<string> | undefined;
  /** Whether the second key is with the server. */
  readonly escrowed: boolean;
  /** Of what was left there; absent for what was left before this was kept. */
  readonly escrow?: EscrowFingerprint | undefined;
}

/** What a node keeps its repositories' keys under begins with this; where the repository is comes after it. */
const labelStart = 'repository ';

/** Where in a keystore the key of the repository at `place` is. */
export function repositoryLabel(place: string): string {
  return `${labelStart}${place}`;
}

/** What was left with servers of the repositories that a keystore has keys of. */
export function escrowsIn(
  keystore: Keystore,
): { readonly place: string; readonly fingerprint: EscrowFingerprint }[] {
  return keystore
    .labels()
    .filter((label) => label.startsWith(labelStart))
    .flatMap((label) => {
      const fingerprint = readRepositoryKey(keystore, label)?.escrow;
      return fingerprint === undefined ? [] : [{ place: label.slice(labelStart.length), fingerprint }];
    });
}

/** The key kept under `label`, or undefined. `repository_damaged` when the entry makes no sense. */
export function readRepositoryKey(keystore: Keystore, label: string): RepositoryKey | undefined {
  if (!keystore.has(label)) return undefined;
  const stored = JSON.parse(Buffer.from(keystore.secret(label).reveal()).toString('utf8')) as StoredKey;
  const escrow = parseEscrowFingerprint(stored.escrow ?? '');
  return {
    escrowed: stored.escrowed,
    ...(escrow !== undefined && { escrow }),
    ...(stored.password !== undefined && { password: new Secret(stored.password) }),
    ...(stored.secondPassword !== undefined && { secondPassword: new Secret(stored.secondPassword) }),
    ...(stored.masterKey !== undefined && { masterKey: new Secret(parseMasterKey(stored.masterKey, label)) }),
  };
}

/** Replaces what is kept under `label`. */
export async function writeRepositoryKey(
  keystore: Keystore,
  label: string,
  key: RepositoryKey,
): Promise<void> {
  const stored: StoredKey = {
    escrowed: key.escrowed,
    ...(key.escrow !== undefined && { escrow: key.escrow }),
    ...(key.password !== undefined && { password: key.password.reveal() }),
    ...(key.secondPassword !== undefined && { secondPassword: key.secondPassword.reveal() }),
    ...(key.masterKey !== undefined && {
      masterKey: JSON.parse(
        Buffer.from(encodeMasterKey(key.masterKey.reveal())).toString('utf8'),
      ) as JsonObject,
    }),
  };
  await keystore.update((entries) =>
    entries.putSecret(label, new Secret(Buffer.from(JSON.stringify(stored)))),
  );
}

type JsonObject = Readonly<Record<string, unknown>>;

interface StoredKey {
  readonly escrowed: boolean;
  readonly escrow?: string;
  readonly password?: string;
  readonly secondPassword?: string;
  readonly masterKey?: JsonObject;
}
