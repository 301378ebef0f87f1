import { hash } from 'node:crypto';
import { constants, type FileHandle, open } from 'node:fs/promises';
import { type Bytes, type Clock, HoldfastError, systemErrorCode } from '../../base/index.ts';
import {
  escrowFingerprint,
  type KitEscrow,
  kitEscrowLine,
  kitEscrows,
  maxKitLength,
} from '../../enrol/index.ts';
import type { Identity } from '../../pki/index.ts';
import { kinds, type Recording } from '../log/index.ts';
import { identityLabel } from '../records/index.ts';

/** A sealed password as it is listed. */
interface EscrowEntry {
  readonly identity: string;
  /** The repository's id. */
  readonly repository: string;
  readonly storedAt: Date;
  readonly bytes: number;
}

/** A sealed password as its owner gets it back. */
interface SealedEntry {
  readonly id: number;
  /** The repository's id. */
  readonly repository: string;
  readonly sealed: Bytes;
}

const maxEntriesOfPage = 32;
/** What a message needs for an entry beside its bytes. */
const entryOverhead = 64;
const maxSealedBytes = 64 * 1024;
const maxRepositoryLength = 512;
const maxEntriesOfOne = 1000;

/**
 * Passwords of repositories, sealed by the clients to the network's recovery key: kept here, and opened nowhere but
 * where the recovery kit is.
 */
export class Escrow {
  readonly #context: Escrowing;

  constructor(context: Escrowing) {
    this.#context = context;
  }

  /**
   * Keeps `sealed` for a repository of `identity`, beside what was kept for it before: whoever steals a client's
   * certificate must not be able to take from its owner what opens the backups.
   * @throws HoldfastError `input_invalid` for one that is too large or too many, `certificate_not_allowed` for an
   *   identity that is not on record
   */
  async put(identity: Identity, repository: string, sealed: Bytes): Promise<void> {
    checkSize(repository, sealed);
    const { records, log } = this.#context;
    await records.transaction(async (tx) => {
      const owner = await tx.identities.find(identity);
      if (owner === undefined) throw notOnRecord(identity);
      if ((await tx.escrows.countOf(owner.id)) >= maxEntriesOfOne)
        throw tooLarge(`more than ${maxEntriesOfOne} sealed passwords of one node`);
      const by = identityLabel(identity);
      const details = { repository, bytes: sealed.length, sha256: hash('sha256', sealed) };
      await log.decide(tx, kinds.escrowed, { by, details, given: sealed });
    });
    await this.#note(identity, sealed);
  }

  /** All that is kept for a repository of `identity`, the newest first; any of them may be the one that opens it. */
  get(identity: Identity, repository: string): Promise<Bytes[]> {
    return this.#context.records.escrows.ofRepository(identity, repository);
  }

  /**
   * What is kept of `identity` in entries before `beforeId`, the newest first: as many as have `maxBytes` together, one
   * at least, and whether there are more.
   */
  async page(
    identity: Identity,
    { beforeId, maxBytes }: { readonly beforeId: number; readonly maxBytes: number },
  ): Promise<{ readonly entries: readonly SealedEntry[]; readonly more: boolean }> {
    const limit = maxEntriesOfPage + 1;
    const rows = await this.#context.records.escrows.before(identity, { beforeId, limit });
    let bytes = 0;
    const taken = rows.slice(0, maxEntriesOfPage).filter(({ sealed, repository }, index) => {
      bytes += sealed.length + repository.length + entryOverhead;
      return index === 0 || bytes <= maxBytes;
    });
    const entries = taken.map(({ id, repository, sealed }) => ({ id, repository, sealed }));
    return { entries, more: entries.length < rows.length };
  }

  /** Everything that is kept, without the sealed passwords; of one identity when it is given. */
  async list(identity?: Pick<Identity, 'role' | 'name'>): Promise<EscrowEntry[]> {
    const rows = await this.#context.records.escrows.list();
    return rows
      .filter((row) => identity === undefined || row.identity === identityLabel(identity))
      .map(({ stored_at, ...entry }) => ({ ...entry, storedAt: new Date(stored_at) }));
  }

  /** A kit that is still here learns of it. What the disk refuses now is noted when the authority is opened next. */
  async #note(identity: Identity, sealed: Bytes): Promise<void> {
    const { recoveryKit } = this.#context.upkeep;
    if (recoveryKit === undefined) return;
    const noted = { node: identityLabel(identity), fingerprint: escrowFingerprint(sealed) };
    await noteOnKit(recoveryKit, [noted]).catch((error: unknown) => {
      if (systemErrorCode(error) === undefined) throw error;
    });
  }
}

function checkSize(repository: string, sealed: Bytes): void {
  if (repository === '' || repository.length > maxRepositoryLength) {
    throw tooLarge(
      `a repository named with ${repository.length} characters, expected 1 to ${maxRepositoryLength}`,
    );
  }
  if (sealed.length === 0 || sealed.length > maxSealedBytes) {
    throw tooLarge(`a sealed password of ${sealed.length} bytes, expected 1 to ${maxSealedBytes}`);
  }
}

function tooLarge(what: string): HoldfastError {
  return new HoldfastError('input_invalid', `escrow: ${what}`);
}

function notOnRecord(identity: Identity): HoldfastError {
  return new HoldfastError('certificate_not_allowed', `${identityLabel(identity)} is not on record`);
}

/** What is kept for people with the recovery kit is put on record with this. */
export interface Escrowing extends Recording {
  readonly clock: Clock;
  readonly upkeep: {
    /** Where `init` writes the recovery kit, whether it is still there or not. */
    readonly recoveryKit?: string | undefined;
  };
}

/** So many passwords are noted: a kit is read by people, and what `init` wrote has to stay readable. */
const maxNoted = 2000;

/** Contexts in which the kit has been brought up to date. */
const noted = new WeakSet<Escrowing>();

/**
 * Adds the fingerprints of what was sealed to the recovery kit at `path`, as long as it is still on this machine; what
 * it names already is not repeated. The file is never made, and what is in it never changed: it may be the only copy.
 */
export async function noteOnKit(path: string, escrows: readonly KitEscrow[]): Promise<void> {
  await using handle = await openIfThere(path);
  if (handle === undefined || (await handle.stat()).size > maxKitLength / 2) return;
  const text = await handle.readFile('utf8');
  const lines = linesToAdd(text, escrows);
  if (lines.length === 0) return;
  // What was cut short by a crash ends its line before the next begins.
  await handle.appendFile(`${text.endsWith('\n') ? '' : '\n'}${lines.join('\n')}\n`);
  await handle.sync();
}

/** Notes all that is kept: once for each time that the authority is opened. */
export async function noteAllOnKit(context: Escrowing): Promise<void> {
  const { upkeep, records } = context;
  if (upkeep.recoveryKit === undefined || noted.has(context)) return;
  const rows = await records.escrows.after(0, maxNoted);
  const escrows = rows.map(({ identity: node, sealed }) => ({
    node,
    fingerprint: escrowFingerprint(sealed),
  }));
  await noteOnKit(upkeep.recoveryKit, escrows);
  noted.add(context);
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDWR | constants.O_APPEND);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function linesToAdd(text: string, escrows: readonly KitEscrow[]): string[] {
  const there = kitEscrows(text).map(kitEscrowLine);
  return [...new Set(escrows.map(kitEscrowLine))]
    .filter((line) => !there.includes(line))
    .slice(0, Math.max(0, maxNoted - there.length));
}
