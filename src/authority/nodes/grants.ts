import { hash } from 'node:crypto';
import { asBuffer, type Bytes, chanceText, HoldfastError } from '../../base/index.ts';
import type { Grants as GrantsMessage, SealedGrant } from '../../enrol/index.ts';
import { parseSerialNumber, type SerialNumber } from '../../pki/index.ts';
import { kinds } from '../log/index.ts';
import type { GrantRow, Records } from '../records/index.ts';
import { checkStanding } from '../standing/index.ts';
import { type JobsContext, recordJob } from './jobs.ts';
import { checkLiveClient } from './live-client.ts';

/** That one client may read what another one has saved, as it stands. */
export interface Grant {
  readonly id: number;
  /** Names of clients. */
  readonly from: string;
  readonly to: string;
  /** The file or folder that it is of alone. */
  readonly path: string | undefined;
  /** The repository of `from` with a copy of that. */
  readonly repository: string | undefined;
  /** Which snapshots of the path are copied. */
  readonly snapshots: readonly string[];
  /** The job that seals it; undefined where somebody with the recovery kit does. */
  readonly job: number | undefined;
  readonly by: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  /** To which certificate it is sealed, and since when. */
  readonly certificate: SerialNumber | undefined;
  readonly sealedAt: Date | undefined;
  readonly revokedBy: string | undefined;
  readonly revokedAt: Date | undefined;
  readonly state: 'waiting' | 'open' | 'expired' | 'revoked';
}

/** Who may read what, until when, and who decided that. */
interface GrantOrder {
  readonly from: string;
  readonly to: string;
  readonly path: string | undefined;
  readonly snapshots: readonly string[];
  readonly expiresAt: Date;
  /** Whether somebody with the recovery kit seals it, and no agent. */
  readonly withKit: boolean;
  readonly by: string;
}

/** What is asked for of whom. */
interface Reading {
  /** The client that reads, and the one whose repository it is. */
  readonly reader: string;
  readonly owner: string;
  /** A further repository of that one; its own where nothing is said. */
  readonly repository: string | undefined;
}

/** So many of one client may stand at once, from it and to it. */
const maxStanding = 100;
/** So many certificates of the authority go with one of a client at most, the newest. */
const maxIssuers = 15;

/** Who may read what of whom: on record from the word of an administrator until its time is over, by the clock here. */
export class Grants {
  readonly #context: JobsContext;

  constructor(context: JobsContext) {
    this.#context = context;
  }

  /**
   * Lets one client read what another one has saved, once that is sealed to it.
   * @throws HoldfastError `object_not_found` for a name that no client has, `input_invalid` for two of one name or too many that stand,
   *   `job_queue_full`
   */
  async create({ from, to, path, snapshots, expiresAt, withKit, by }: GrantOrder): Promise<Grant> {
    const { records, log } = this.#context;
    checkStanding(this.#context);
    if (from === to)
      throw new HoldfastError('input_invalid', `client/${from} reads its own repository anyway`);
    return await records.transaction(async (tx) => {
      if (withKit) await checkKnownClient(tx, from);
      else await checkLiveClient(tx, from);
      await checkLiveClient(tx, to);
      for (const name of [from, to]) await this.#checkRoom(tx, name);
      const grant = await tx.grants.nextId();
      const more = path === undefined ? {} : { path, repository: copyName(grant) };
      const order = { kind: 'grant', grant, to, ...(path !== undefined && { path }) } as const;
      const job = withKit
        ? undefined
        : await recordJob(tx, this.#context, { node: from, order, expiresAt, by });
      const details = {
        grant,
        from,
        to,
        ...more,
        snapshots: [...snapshots],
        ...(job !== undefined && { job }),
        expires: expiresAt.toISOString(),
      };
      await log.decide(tx, kinds.grantCreated, { by, details });
      return this.#read(await rowOf(tx, grant));
    });
  }

  /**
   * Keeps what was sealed, by the client that it is from or, without a job, by who created it; the first stands.
   * @throws HoldfastError `object_not_found` also for a grant of somebody else, `grant_over`, `input_invalid` for another certificate than
   *   one that is good of whom it is for
   */
  async seal({ id, created, certificate, sealed }: Omit<SealedGrant, 'version'>, by: string): Promise<void> {
    const { records, log } = this.#context;
    checkStanding(this.#context);
    const bytes = Buffer.from(sealed, 'base64');
    await records.transaction(async (tx) => {
      const row = await tx.grants.find(id);
      const sealer = row?.job === null ? row.created_by : `client/${row?.from_name}`;
      if (row === undefined || sealer !== by || new Date(row.created_at).toISOString() !== created)
        throw new HoldfastError('object_not_found', `${by} has no grant ${id} of ${created} to seal`);
      if (this.#isOver(row)) throw grantOver(row);
      if (row.sealed_at !== null) return;
      const serial = await this.#checkCertificate(tx, row, certificate);
      const details = { grant: id, certificate: serial, sha256: hash('sha256', bytes) };
      await log.decide(tx, kinds.grantSealed, { by, details });
      await tx.grants.keepSealed(id, bytes);
    });
  }

  /** Ends a grant. @throws HoldfastError `object_not_found`, `grant_over` */
  async revoke(id: number, by: string): Promise<Grant> {
    const { records, log } = this.#context;
    checkStanding(this.#context);
    return await records.transaction(async (tx) => {
      const row = await rowOf(tx, id);
      if (this.#isOver(row)) throw grantOver(row);
      await log.decide(tx, kinds.grantRevoked, { by, details: { grant: id } });
      return this.#read(await rowOf(tx, id));
    });
  }

  /** @throws HoldfastError `object_not_found` */
  async find(id: number): Promise<Grant> {
    return this.#read(await rowOf(this.#context.records.committed, id));
  }

  /** The newest, those before one with a number when `before` names it. */
  async list({
    before = Number.MAX_SAFE_INTEGER,
    limit,
  }: {
    readonly before?: number;
    readonly limit: number;
  }) {
    const rows = await this.#context.records.committed.grants.before(before, limit);
    return rows.map((row) => this.#read(row));
  }

  /**
   * The grant by which one client reads a repository of another one now.
   * @throws HoldfastError `grant_over` where there was one, `namespace_forbidden`, `node_quarantined` for a reader in quarantine
   */
  async reading({ reader, owner, repository }: Reading): Promise<Grant> {
    const { committed } = this.#context.records;
    const all = await committed.grants.between(owner, reader);
    const rows = all.filter((row) => row.repository === (repository ?? null));
    const open = rows.find((row) => row.sealed_at !== null && !this.#isOver(row));
    const [last] = rows;
    if (last === undefined) throw new HoldfastError('namespace_forbidden', `${reader} asked for ${owner}`);
    if (open === undefined) throw this.#isOver(last) ? grantOver(last) : grantWaiting(last);
    const bounds = await committed.clientBounds.find(reader);
    if (bounds !== undefined && bounds.quarantined_at !== null)
      throw new HoldfastError(
        'node_quarantined',
        `client/${reader} is in quarantine: it reads nothing of others`,
      );
    return this.#read(open);
  }

  /** What a client is told of grants: those that it is to seal, and those that it was given. */
  async toldTo(name: string): Promise<GrantsMessage> {
    const { committed } = this.#context.records;
    const rows = (await committed.grants.of(name)).filter((row) => !this.#isOver(row));
    const toSeal = rows.filter((row) => row.from_name === name && row.job !== null && row.sealed_at === null);
    const received = rows.filter((row) => row.to_name === name);
    return {
      version: 1,
      toSeal: await Promise.all(
        toSeal.map(async (row) => ({
          ...told(row),
          snapshots: JSON.parse(row.snapshots) as string[],
          chain: (await this.chainOf(row.to_name)).map(base64),
        })),
      ),
      received: await Promise.all(
        received.map(async (row) => {
          const sealed = await committed.grants.sealed(row.id);
          return { ...told(row), ...(sealed && { sealed: base64(sealed) }) };
        }),
      ),
    };
  }

  /** The newest good certificate of a client, and all that may lead from it to a root, DER. @throws HoldfastError `object_not_found` where it has none */
  async chainOf(name: string): Promise<readonly Bytes[]> {
    const { records, clock } = this.#context;
    const filter = { role: 'client', name, state: 'valid' } as const;
    const [newest] = await records.committed.certificates.list(filter, clock.now(), 1);
    if (newest === undefined)
      throw new HoldfastError('object_not_found', `client/${name} has no certificate that is good`);
    const issuers = await records.committed.issuers.all();
    return [newest.certificate, ...issuers.slice(-maxIssuers).map(({ certificate }) => certificate)];
  }

  /** Those that are over and of which something is still kept: what was sealed, and the copy of a path. */
  async leftOver(): Promise<Grant[]> {
    const { records, clock } = this.#context;
    return (await records.committed.grants.leftOver(clock.now())).map((row) => this.#read(row));
  }

  /** Keeps nothing of one any more, whose copy is gone. */
  async clear(id: number): Promise<void> {
    const { records, clock } = this.#context;
    await records.transaction((tx) => tx.grants.clear(id, clock.now()));
  }

  async #checkRoom(tx: Records, name: string): Promise<void> {
    const { length } = (await tx.grants.of(name)).filter((row) => !this.#isOver(row));
    if (length < maxStanding) return;
    throw new HoldfastError('input_invalid', `client/${name} has ${length} grants that stand`, {
      hint: 'holdfast grant list, holdfast grant revoke ID',
    });
  }

  async #checkCertificate(tx: Records, row: GrantRow, text: string): Promise<SerialNumber> {
    const serial = parseSerialNumber(text);
    const filter = { role: 'client', name: row.to_name, state: 'valid' } as const;
    const [found] =
      serial === undefined
        ? []
        : await tx.certificates.list({ ...filter, serial }, this.#context.clock.now(), 1);
    if (serial !== undefined && found !== undefined) return serial;
    throw new HoldfastError('input_invalid', `${text} is no good certificate of client/${row.to_name}`);
  }

  #isOver({ revoked_at, expires_at }: GrantRow): boolean {
    return revoked_at !== null || expires_at <= this.#context.clock.now();
  }

  #read(row: GrantRow): Grant {
    return {
      id: row.id,
      from: row.from_name,
      to: row.to_name,
      path: row.path ?? undefined,
      repository: row.repository ?? undefined,
      snapshots: JSON.parse(row.snapshots) as string[],
      job: row.job ?? undefined,
      by: row.created_by,
      createdAt: new Date(row.created_at),
      expiresAt: new Date(row.expires_at),
      certificate: (row.certificate as SerialNumber | null) ?? undefined,
      sealedAt: row.sealed_at === null ? undefined : new Date(row.sealed_at),
      revokedBy: row.revoked_by ?? undefined,
      revokedAt: row.revoked_at === null ? undefined : new Date(row.revoked_at),
      state: this.#stateOf(row),
    };
  }

  #stateOf(row: GrantRow): Grant['state'] {
    if (row.revoked_at !== null) return 'revoked';
    if (this.#isOver(row)) return 'expired';
    return row.sealed_at === null ? 'waiting' : 'open';
  }
}

function told({ id, created_at, from_name, to_name, path, repository, expires_at }: GrantRow) {
  return {
    id,
    created: new Date(created_at).toISOString(),
    from: from_name,
    to: to_name,
    ...(path !== null && { path }),
    ...(repository !== null && { repository }),
    expires: new Date(expires_at).toISOString(),
  };
}

function base64(bytes: Bytes): string {
  return asBuffer(bytes).toString('base64');
}

const chanceLength = 10;

/** The name of a repository that nobody has yet: it is removed with its grant. */
function copyName(grant: number): string {
  return `grant-${grant}-${chanceText(chanceLength)}`;
}

async function rowOf(tx: Records, id: number): Promise<GrantRow> {
  const row = await tx.grants.find(id);
  if (row !== undefined) return row;
  throw new HoldfastError('object_not_found', `there is no grant ${id}`, {
    hint: 'holdfast grant list shows them all',
  });
}

/** A machine that is lost may be revoked. */
async function checkKnownClient(tx: Records, name: string): Promise<void> {
  if ((await tx.identities.find({ role: 'client', name })) !== undefined) return;
  throw new HoldfastError('object_not_found', `there is no client ${name}`, {
    hint: 'holdfast nodes --role client shows them all',
  });
}

function grantOver({ id, revoked_at, expires_at }: GrantRow): HoldfastError {
  const how = revoked_at === null ? `expired at ${new Date(expires_at).toISOString()}` : 'was revoked';
  return new HoldfastError('grant_over', `grant ${id} ${how}`);
}

function grantWaiting({ id, from_name }: GrantRow): HoldfastError {
  return new HoldfastError('grant_waiting', `grant ${id} is not sealed yet by client/${from_name}`);
}
