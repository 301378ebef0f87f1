import type { KeyObject } from 'node:crypto';
import { access, rm } from 'node:fs/promises';
import {
  type Bytes,
  equalBytes,
  HoldfastError,
  isSystemError,
  makePrivateDirectory,
  overwritingOld,
  Secret,
  systemErrorCode,
  withFileLock,
} from '../base/index.ts';
import { exportPrivateKey, exportPublicKey, importPrivateKey } from '../pki/index.ts';
import {
  createKeystoreFiles,
  type KeystoreFiles,
  keystoreFiles,
  type LoadedKeystore,
  loadKeystoreFiles,
  relockKeystoreFile,
  removeUnfinished,
  saveKeystoreFile,
} from './keystore-files.ts';
import { decodeEntries, encodeEntries, type KeystoreEntry, type KeystoreLock } from './keystore-format.ts';
import { choosePassphrase, openPassphrase, type PassphraseParameters } from './passphrase.ts';

/** What may be changed in {@link Keystore.update}; all of it is written at once, or nothing. */
export interface KeystoreEditor {
  putKey(label: string, key: KeyObject): void;
  putSecret(label: string, secret: Secret<Bytes>): void;
  /** A chain as it is sent: DER, the leaf first. */
  putCertificates(label: string, chain: readonly Bytes[]): void;
  /** Forgets key, secret and certificates of this label; does nothing when there are none. */
  remove(label: string): void;
  /** The secret of this label by now; undefined when there is none. */
  secret(label: string): Secret<Bytes> | undefined;
}

/** How a keystore is opened. */
export interface OpenKeystoreOptions {
  readonly signal?: AbortSignal;
  /** Asked for only when a passphrase opens it. */
  readonly passphrase?: (() => Promise<Secret<string>>) | undefined;
}

/** Label of a server's own key and chain in the keystore of its machine. */
export const serverLabel = 'server';

/**
 * A node's encrypted key database and the stash file with the random bytes that open it, side by side in a directory
 * (format: `keystore-format.ts`). Whoever has one of the two files has nothing. A passphrase can take the place of the
 * stash.
 *
 * Both are written whole or not at all, so that a crash at any moment leaves what was there or what was to be there.
 */
export class Keystore {
  readonly #files: KeystoreFiles;
  #entries: ReadonlyMap<string, KeystoreEntry>;
  #lock: KeystoreLock;

  private constructor(files: KeystoreFiles, { entries, lock }: LoadedKeystore) {
    this.#files = files;
    this.#entries = entries;
    this.#lock = lock;
  }

  /** Whether there is a keystore in `directory`. */
  static async exists(directory: string): Promise<boolean> {
    try {
      await access(keystoreFiles(directory).keystore);
      return true;
    } catch (error) {
      // Whatever else is wrong there, opening it says what.
      if (isSystemError(error)) return systemErrorCode(error) !== 'ENOENT';
      throw error;
    }
  }

  /**
   * Makes an empty keystore, opened by a stash unless a passphrase is given; `directory` and what is missing above it is
   * created for its owner alone.
   *
   * @throws HoldfastError `keystore_exists`, `keystore_not_private`, `keystore_damaged` (a stash from before)
   */
  static async create(directory: string, passphrase?: Secret<string>): Promise<Keystore> {
    await makePrivateDirectory(directory);
    const files = keystoreFiles(directory);
    const lock = await lockFor(passphrase);
    await withFileLock(files.lock, () => createKeystoreFiles(files, lock));
    const unlock = async (): Promise<KeystoreLock> => lock as KeystoreLock;
    return new Keystore(files, await loadKeystoreFiles(files, { unlock }));
  }

  /**
   * Makes a keystore that holds what another one was copied out as, opened by a stash of its own unless a passphrase is
   * given.
   *
   * @throws HoldfastError as {@link Keystore.create}, and `keystore_damaged` when `contents` is no such copy
   */
  static async createFrom(
    directory: string,
    contents: Secret<Bytes>,
    passphrase?: Secret<string>,
  ): Promise<Keystore> {
    const copied = decodeEntries(contents.reveal());
    if (copied === undefined)
      throw new HoldfastError('keystore_damaged', 'the copy of a keystore is damaged');
    const keystore = await Keystore.create(directory, passphrase);
    await keystore.#replace(copied);
    return keystore;
  }

  /**
   * Opens the keystore in `directory`.
   *
   * @throws HoldfastError `keystore_missing`; `keystore_not_private` when others have access; `keystore_damaged`,
   *   naming the file, also when keystore and stash do not belong together; `password_missing`, `password_wrong`
   */
  static async open(directory: string, options: OpenKeystoreOptions = {}): Promise<Keystore> {
    const { signal, passphrase } = options;
    const files = keystoreFiles(directory);
    const unlock = (parameters: PassphraseParameters) => unlockBy(files, parameters, passphrase);
    return new Keystore(files, await loadKeystoreFiles(files, { signal, unlock }));
  }

  /** What opens it. */
  get openedBy(): KeystoreLock['kind'] {
    return this.#lock.kind;
  }

  /** Every label that has a key, a secret or certificates, sorted. */
  labels(): readonly string[] {
    return [...this.#entries.keys()].sort();
  }

  /** What there is under each label, sorted; nothing secret of it. */
  contents(): readonly { readonly label: string; readonly holds: readonly string[] }[] {
    return this.labels().map((label) => {
      const { key, secret, certificates } = this.#entries.get(label) ?? {};
      const holds = { key, secret, certificates };
      return {
        label,
        holds: Object.entries(holds).flatMap(([what, value]) => (value === undefined ? [] : [what])),
      };
    });
  }

  has(label: string): boolean {
    return this.#entries.has(label);
  }

  /** The private key of `label`. @throws HoldfastError `keystore_entry_missing` */
  key(label: string): KeyObject {
    const key = this.#entries.get(label)?.key;
    if (key === undefined) throw this.#missing(label, 'key');
    return importPrivateKey(key.reveal());
  }

  /** Whether it has the private key to a public one, a SubjectPublicKeyInfo, under whatever label. */
  holdsKeyOf(spki: Bytes): boolean {
    return [...this.#entries.values()].some(
      ({ key }) => key !== undefined && equalBytes(exportPublicKey(importPrivateKey(key.reveal())), spki),
    );
  }

  /** The secret of `label`. @throws HoldfastError `keystore_entry_missing` */
  secret(label: string): Secret<Bytes> {
    const secret = this.#entries.get(label)?.secret;
    if (secret === undefined) throw this.#missing(label, 'secret');
    return secret;
  }

  /** The chain of `label`: DER, the leaf first. @throws HoldfastError `keystore_entry_missing` */
  certificate(label: string): readonly Bytes[] {
    const chain = this.#entries.get(label)?.certificates;
    if (chain === undefined) throw this.#missing(label, 'certificates');
    return chain;
  }

  /** All of it in the clear, for a backup that is encrypted on its way out; {@link Keystore.createFrom} takes it. */
  copyOut(): Secret<Bytes> {
    return new Secret(encodeEntries(this.#entries));
  }

  /**
   * Changes entries in one atomic write, on top of what the file holds by then. Updates run one after the other, those
   * of other processes too. When `change` throws or the file cannot be written, nothing has changed.
   *
   * @throws HoldfastError `home_in_use` when another process does not let go of it
   */
  async update(change: (entries: KeystoreEditor) => void): Promise<void> {
    await this.#alone(() => this.#apply(change));
  }

  async #replace(entries: ReadonlyMap<string, KeystoreEntry>): Promise<void> {
    await this.#alone(async () => {
      const { lock } = await this.#load();
      await saveKeystoreFile(this.#files, { entries: new Map(entries), lock });
    });
    this.#entries = entries;
  }

  /**
   * From now on this passphrase opens it, or a stash when none is given. The files that the old one opened are written
   * over, as in {@link Keystore.destroy}.
   */
  async rekey(passphrase?: Secret<string>): Promise<void> {
    const wanted = await lockFor(passphrase);
    await this.#alone(async () => {
      this.#lock = await relockKeystoreFile(this.#files, await this.#load(), wanted);
    });
  }

  /** Removes the keystore in `directory` with what opens it, and writes over what was in it, as {@link Keystore.destroy} does. */
  static async discard(directory: string): Promise<void> {
    const { keystore } = keystoreFiles(directory);
    await overwritingOld(keystore, () => rm(keystore));
    await rm(directory, { recursive: true });
  }

  /**
   * Forgets a label as {@link Keystore.update} does, and writes over the file that held it. A medium that puts new bytes
   * elsewhere, and a copy that somebody made, keep what they have.
   */
  async destroy(label: string): Promise<void> {
    await this.#alone(() =>
      overwritingOld(this.#files.keystore, () => this.#apply((entries) => entries.remove(label))),
    );
  }

  /** Under the lock, where nobody else's unfinished file is one that is being written. */
  async #alone(work: () => Promise<void>): Promise<void> {
    try {
      await withFileLock(this.#files.lock, async () => {
        await removeUnfinished(this.#files);
        await work();
      });
    } catch (error) {
      if (systemErrorCode(error) !== 'EACCES') throw error;
      const message = `${this.#files.keystore} is shared with this user for reading alone, and this would change it`;
      throw new HoldfastError('keystore_read_only', message, { cause: error });
    }
  }

  async #apply(change: (entries: KeystoreEditor) => void): Promise<void> {
    const { entries, lock } = await this.#load();
    change(editorOf(entries));
    await saveKeystoreFile(this.#files, { entries, lock });
    this.#entries = entries;
  }

  /** What the files hold by now; the passphrase was asked for once. */
  #load(): Promise<LoadedKeystore> {
    const unlock = async ({ salt }: PassphraseParameters): Promise<KeystoreLock> => {
      const lock = this.#lock;
      if (lock.kind === 'passphrase' && equalBytes(lock.parameters.salt, salt)) return lock;
      throw wrongPassphrase(this.#files, 'it was given another one meanwhile');
    };
    return loadKeystoreFiles(this.#files, { unlock });
  }

  #missing(label: string, what: string): HoldfastError {
    return new HoldfastError('keystore_entry_missing', `${this.#files.keystore} has no ${what} for ${label}`);
  }
}

async function lockFor(passphrase: Secret<string> | undefined): Promise<KeystoreLock | undefined> {
  return passphrase === undefined
    ? undefined
    : { kind: 'passphrase', ...(await choosePassphrase(passphrase)) };
}

async function unlockBy(
  files: KeystoreFiles,
  parameters: PassphraseParameters,
  ask: OpenKeystoreOptions['passphrase'],
): Promise<KeystoreLock> {
  if (ask === undefined) {
    throw new HoldfastError(
      'password_missing',
      `${files.keystore} is opened by a passphrase, and none was given`,
    );
  }
  const secret = await openPassphrase(await ask(), parameters);
  if (secret === undefined) throw wrongPassphrase(files, 'the passphrase is another one');
  return { kind: 'passphrase', secret, parameters };
}

function wrongPassphrase({ keystore }: KeystoreFiles, problem: string): HoldfastError {
  return new HoldfastError('password_wrong', `${keystore} does not open: ${problem}`, {
    hint: 'nothing was changed; give the passphrase that the keystore has now',
  });
}

function editorOf(entries: Map<string, KeystoreEntry>): KeystoreEditor {
  const put = (label: string, part: KeystoreEntry) => entries.set(label, { ...entries.get(label), ...part });
  return {
    putKey: (label, key) => put(label, { key: new Secret(exportPrivateKey(key)) }),
    putSecret: (label, secret) => put(label, { secret }),
    putCertificates: (label, chain) => put(label, { certificates: [...chain] }),
    remove: (label) => entries.delete(label),
    secret: (label) => entries.get(label)?.secret,
  };
}
