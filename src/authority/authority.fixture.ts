import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createTestDatabase, type Intruder, type TestDatabase } from '../../test/rig/postgres-database.ts';
import {
  type Bytes,
  type ErrorCode,
  type HoldfastError,
  hourMs,
  isHoldfastError,
  ManualClock,
  type Secret,
} from '../base/index.ts';
import {
  CommittedReader,
  type Database,
  type DatabaseLocation,
  openDatabase,
  type Reads,
} from '../db/index.ts';
import { createNodeRequest, type JoinCode, openRecoveryKit } from '../enrol/index.ts';
import { exportPublicKey, generateKeyPair, type KeyPair, type Role } from '../pki/index.ts';
import type { Authority } from './authority.ts';
import type { Issued } from './issue/issue.ts';
import { type CreateAuthorityOptions, createAuthority } from './opening/create-authority.ts';
import { type OpenAuthorityOptions, openAuthority } from './opening/open-authority.ts';
import { authorityDirectory, databasePath } from './records/authority-files.ts';
import { moveRecords } from './records/move-records.ts';
import { authorityMigrations } from './records/schema.ts';
import type { CaughtUp } from './restore/catch-up.ts';
import { type RestoreOrder, restoreAuthority } from './restore/restore-authority.ts';
import { openRestoreSource } from './restore/restore-source.ts';

/** The network that {@link SampleHome} makes. */
export const sampleNetworkName = 'backup.example';

/** A backup set as it is sent to every client. */
export const sampleSentSet = {
  name: 'system',
  set: {
    paths: ['/etc'],
    every: '6h',
    spreadMs: 0,
    exclude: [],
    excludeCaches: true,
    tag: [],
    hookLimitMs: 1,
  },
  nodes: undefined,
  replace: false,
};

/** A job that every client is given again and again. */
export const sampleSchedule = {
  order: { kind: 'check', readData: false },
  nodes: undefined,
  zone: 'UTC',
  lifetimeMs: hourMs,
} as const;

/** That safe keeps copies of what vault stores. */
export const sampleReplication = {
  from: 'vault',
  to: ['safe'],
  keep: 1,
  removeAfterMs: hourMs,
  rate: undefined,
  zone: 'UTC',
} as const;

/** That beta reads all of alpha. */
export const sampleGrant = {
  from: 'alpha',
  to: 'beta',
  path: undefined,
  snapshots: ['latest'],
  withKit: false,
};

/** Why a test is skipped that changes the file of the records, or reads it, where they are in none. */
export const notInFile: string | false =
  process.env['HOLDFAST_TEST_DATABASE'] === undefined ? false : 'the records are not in a file';

/** A home with an authority in it, and a clock to move; gone at the end. */
export class SampleHome implements AsyncDisposable {
  readonly path: string;
  readonly clock = new ManualClock(new Date('2026-11-21T08:00:00.000Z'));
  /** What was written as the recovery kit. */
  kit: Secret<string> | undefined;
  #authority: Authority | undefined;

  readonly #database: TestDatabase | undefined;

  private constructor(path: string, database: TestDatabase | undefined) {
    this.path = path;
    this.#database = database;
  }

  /** An empty home. */
  static async empty(): Promise<SampleHome> {
    const path = await mkdtemp(join(tmpdir(), 'holdfast-authority-'));
    const server = process.env['HOLDFAST_TEST_DATABASE'];
    return new SampleHome(
      path,
      server === undefined ? undefined : await createTestDatabase(server, 'no rows'),
    );
  }

  /** A home whose authority is made, as usual but for what `more` says, and open. */
  static async open(more: Partial<CreateAuthorityOptions> = {}): Promise<SampleHome> {
    const home = await SampleHome.empty();
    home.#authority = await createAuthority({ ...home.options(), ...more });
    return home;
  }

  /** Where its records are. */
  get place(): DatabaseLocation {
    return this.#database?.place ?? { kind: 'sqlite', path: databasePath(authorityDirectory(this.path)) };
  }

  /** A backup of its authority in the file at `path`, on record. */
  async backUp(path: string): Promise<void> {
    const { backups } = this.authority;
    const by = 'admin/local';
    const { id, written } = await backups.make({ by });
    const pieces: Bytes[] = [];
    for (let offset = 0; offset < written.bytes; offset += pieces.at(-1)?.length ?? 0)
      pieces.push(await backups.piece(id, offset, by));
    await writeFile(path, Buffer.concat(pieces));
    await backups.keep(id, { path, by });
  }

  /** Restores into this home, which is empty, a backup that the recovery kit of `from` opens; it is not opened yet. */
  async restore(
    path: string,
    from: SampleHome,
    order: Partial<RestoreOrder> = {},
  ): Promise<CaughtUp | HoldfastError> {
    const { identity } = await openRecoveryKit(from.kit?.reveal() ?? '');
    const source = await openRestoreSource(path, {
      recoveryKey: async () => identity,
      byPassword: false,
      password: () => Promise.reject(new TypeError('a kit opens it')),
    });
    const rest = {
      home: this.path,
      recoveryKit: join(this.path, 'recovery-kit.txt'),
      names: [],
      mirrors: [],
    };
    return await restoreAuthority(source, { ...rest, clock: from.clock, by: 'admin/local', ...order });
  }

  /** Changes what is on record, beside the authority. */
  async intrude(): Promise<Intruder> {
    const { place } = this;
    if (this.#database !== undefined) return await this.#database.intrude();
    if (place.kind !== 'sqlite') throw new TypeError('records in no file');
    const file = new DatabaseSync(place.path);
    file.exec('PRAGMA foreign_keys = OFF');
    return {
      run: async (script) => file.exec(script),
      [Symbol.asyncDispose]: async () => file.close(),
    };
  }

  /** Reads what is committed, beside the authority. */
  readBeside(): Reads & AsyncDisposable {
    const { place } = this;
    if (this.#database !== undefined) return this.#database.readBeside();
    if (place.kind !== 'sqlite') throw new TypeError('records in no file');
    const reader = new CommittedReader(place.path);
    return {
      all: (sql, ...params) => reader.all(sql, ...params),
      get: (sql, ...params) => reader.get(sql, ...params),
      [Symbol.asyncDispose]: async () => reader[Symbol.dispose](),
    };
  }

  /** What opens its authority. */
  get opening(): OpenAuthorityOptions {
    return { home: this.path, clock: this.clock, database: this.#database?.place };
  }

  get authority(): Authority {
    if (this.#authority === undefined) throw new TypeError('the authority is not open');
    return this.#authority;
  }

  options(kit: Partial<CreateAuthorityOptions['recoveryKit']> = {}): CreateAuthorityOptions {
    const write = async (text: Secret<string>): Promise<void> => {
      this.kit = text;
    };
    return {
      ...this.opening,
      network: sampleNetworkName,
      statusAddress: 'http://status.example:8445',
      recoveryKit: { write, ...kit },
    };
  }

  /** Closes the authority, lets `work` do something to its files, and opens it again. */
  async reopen(work: () => Promise<void> | void = () => {}): Promise<void> {
    await this.#authority?.close();
    this.#authority = undefined;
    await work();
    await this.#moveRestored();
    this.#authority = await openAuthority(this.opening);
  }

  /** Closes the authority, gives its database to `work` as whoever goes past the authority has it, and opens it again. */
  async tamper(work: (database: Database) => Promise<unknown>): Promise<void> {
    await this.reopen(async () => {
      await using database = await openDatabase({ place: this.place, migrations: authorityMigrations });
      await work(database);
    });
  }

  /** A restore makes a file, which is moved to where the records of this home are to be. */
  async #moveRestored(): Promise<void> {
    const directory = authorityDirectory(this.path);
    const { place } = this;
    if (place.kind === 'postgres' && existsSync(databasePath(directory))) await moveRecords(directory, place);
  }

  code(name: string, options: { role?: Role; reissue?: boolean; expiresAt?: Date } = {}): Promise<JoinCode> {
    return this.authority.createToken({ role: 'client', name, addresses: ['localhost:8444'], ...options });
  }

  /** Uses a code as its machine would, with a new key unless one is given. */
  async enrol(code: JoinCode, keys?: KeyPair): Promise<Issued> {
    const { privateKey } = keys ?? (await generateKeyPair('p256'));
    const { request } = createNodeRequest(code, privateKey);
    return await this.enrolWith(code, Buffer.from(request, 'base64'));
  }

  enrolWith({ secret }: JoinCode, request: Uint8Array): Promise<Issued> {
    return this.authority.enrol({ secret, request, from: 'test' });
  }

  /** A node that has enrolled, and the key it has. */
  async node(name: string): Promise<{ readonly issued: Issued; readonly keys: KeyPair }> {
    const keys = await generateKeyPair('p256');
    return { keys, issued: await this.enrol(await this.code(name), keys) };
  }

  /** Issues for this machine itself, with a new key. */
  async local(role: Role, name: string, names: readonly string[] = []): Promise<Issued> {
    const { publicKey } = await generateKeyPair('p256');
    return await this.authority.issueLocal({ role, name, names, spki: exportPublicKey(publicKey) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#authority?.close();
    await this.#database?.[Symbol.asyncDispose]();
    await rm(this.path, { recursive: true, force: true });
  }
}

/** Waits for `promise` to fail with this code and with `named` in its message. */
export async function refused(code: ErrorCode, promise: Promise<unknown>, named = ''): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(isHoldfastError(error), String(error));
    assert.equal(error.code, code, error.message);
    assert.ok(error.message.includes(named), error.message);
    return true;
  });
}
