import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock, type Secret } from '../base/index.ts';
import { type Database, openDatabase } from '../db/index.ts';
import { createNodeRequest, type JoinCode } from '../enrol/index.ts';
import { exportPublicKey, generateKeyPair, type KeyPair, type Role } from '../pki/index.ts';
import type { Authority } from './authority.ts';
import { authorityDirectory, databasePath } from './authority-files.ts';
import { type CreateAuthorityOptions, createAuthority } from './create-authority.ts';
import type { Issued } from './issue.ts';
import { openAuthority } from './open-authority.ts';
import { authorityMigrations } from './records/schema.ts';

/** The network that {@link SampleHome} makes. */
export const sampleNetworkName = 'backup.example';

/** A home with an authority in it, and a clock to move; gone at the end. */
export class SampleHome implements AsyncDisposable {
  readonly path: string;
  readonly clock = new ManualClock(new Date('2026-11-21T08:00:00.000Z'));
  /** What was written as the recovery kit. */
  kit: Secret<string> | undefined;
  #authority: Authority | undefined;

  private constructor(path: string) {
    this.path = path;
  }

  /** An empty home. */
  static async empty(): Promise<SampleHome> {
    return new SampleHome(await mkdtemp(join(tmpdir(), 'holdfast-authority-')));
  }

  /** A home whose authority is made, as usual but for what `more` says, and open. */
  static async open(more: Partial<CreateAuthorityOptions> = {}): Promise<SampleHome> {
    const home = await SampleHome.empty();
    home.#authority = await createAuthority({ ...home.options(), ...more });
    return home;
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
      home: this.path,
      network: sampleNetworkName,
      statusAddress: 'http://status.example:8445',
      clock: this.clock,
      recoveryKit: { write, ...kit },
    };
  }

  /** Closes the authority, lets `work` do something to its files, and opens it again. */
  async reopen(work: () => Promise<void> | void = () => {}): Promise<void> {
    await this.#authority?.close();
    this.#authority = undefined;
    await work();
    this.#authority = await openAuthority({ home: this.path, clock: this.clock });
  }

  /** Closes the authority, gives its database to `work` as whoever goes past the authority has it, and opens it again. */
  async tamper(work: (database: Database) => Promise<unknown>): Promise<void> {
    await this.reopen(async () => {
      const path = databasePath(authorityDirectory(this.path));
      await using database = await openDatabase({
        place: { kind: 'sqlite', path },
        migrations: authorityMigrations,
      });
      await work(database);
    });
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
    await rm(this.path, { recursive: true, force: true });
  }
}
