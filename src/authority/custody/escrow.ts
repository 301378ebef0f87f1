import { hash } from 'node:crypto';
import { type Bytes, HoldfastError, systemErrorCode } from '../../base/index.ts';
import { escrowFingerprint } from '../../enrol/index.ts';
import type { Identity } from '../../pki/index.ts';
import { kinds } from '../log/index.ts';
import { identityLabel } from '../records/index.ts';
import { type Escrowing, noteOnKit } from './note-on-kit.ts';

/** A sealed password as it is listed. */
export interface EscrowEntry {
  readonly identity: string;
  /** The repository's id. */
  readonly repository: string;
  readonly storedAt: Date;
  readonly bytes: number;
}

/** A sealed password as its owner gets it back. */
export interface SealedEntry {
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
    const { recoveryKit } = this.#context.care;
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
