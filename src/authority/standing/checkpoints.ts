import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Check } from 'typebox/value';
import {
  type Clock,
  HoldfastError,
  isHoldfastError,
  minuteMs,
  secondMs,
  systemErrorCode,
  writeFileAtomic,
} from '../../base/index.ts';
import {
  type Checkpoint,
  claimedCheckpoint,
  SignedCheckpoint,
  signCheckpoint,
  verifyCheckpoint,
} from '../../enrol/index.ts';
import type { Certificate } from '../../pki/index.ts';
import type { CaCertificate, Issuer } from '../issuers/index.ts';
import { hashRecord, type LogHead, type Recording } from '../log/index.ts';
import { type Present, supersede } from './standing.ts';

const sharedForMs = secondMs;

/** What a checkpoint is signed with, and held against. */
interface Checkpointing extends Recording {
  readonly issuer: Issuer;
  readonly clock: Clock;
  readonly present: Present;
  /** Increases with each restore from a backup. */
  readonly epoch: number;
  /** Whether this authority was opened to look only, and records nothing. */
  readonly looks: boolean;
}

/**
 * Says, signed, how far the log has come, and listens to what nodes were told before. Nodes keep what they are told,
 * so that an authority that was set back cannot go on as if nothing had happened.
 */
export class Checkpoints {
  readonly #context: Checkpointing;
  /** Shared by all whose records came to the disk together: each commit has a head of its own. */
  #last:
    | {
        readonly head: LogHead;
        readonly issuing: CaCertificate;
        readonly atMs: number;
        readonly signed: SignedCheckpoint;
      }
    | undefined;

  constructor(context: Checkpointing) {
    this.#context = context;
  }

  /** The checkpoint of this moment, or of one less than a second ago since when nothing was recorded. */
  sign(): SignedCheckpoint {
    const { clock, issuer, present } = this.#context;
    const { head } = present;
    const { issuing } = issuer;
    const nowMs = clock.now();
    const last = this.#last;
    const isSame = last?.head === head && last.issuing === issuing;
    if (isSame && Math.abs(nowMs - last.atMs) < sharedForMs) return last.signed;
    const signed = this.#signAnew(nowMs);
    this.#last = { head, issuing, atMs: nowMs, signed };
    return signed;
  }

  /**
   * Whether a checkpoint claims that more is known elsewhere, by what it says alone: whoever shows what is known here costs
   * no look at a signature.
   */
  isBehind(signed: SignedCheckpoint): boolean {
    const { epoch, present, issuer } = this.#context;
    const claimed = claimedCheckpoint(signed);
    if (claimed?.network !== issuer.network) return false;
    return claimed.epoch === epoch ? claimed.sequence > present.head.sequence : claimed.epoch > epoch;
  }

  /**
   * Compares a checkpoint that `shownBy` was given by this authority with what is here; one that was not signed here says
   * nothing. Whoever knows more than is here, or something else, was told it by another copy of this authority: this one
   * stops for ever, on record.
   *
   * @param issuing what our root is known to have signed, and the records may not know: a newer copy has replaced its own since
   * @throws HoldfastError `authority_superseded`
   */
  async check(signed: SignedCheckpoint, shownBy: string, issuing?: Certificate): Promise<void> {
    const shown = this.#ours(signed, issuing);
    if (shown === undefined || !(await this.#isOfAnother(shown))) return;
    const { epoch, present } = this.#context;
    const { sequence } = present.head;
    await supersede(this.#context, { shownBy, epoch: shown.epoch, sequence: shown.sequence });
    throw new HoldfastError(
      'authority_superseded',
      `a node was shown record ${shown.sequence} of epoch ${shown.epoch}, this authority is at ${sequence} of ${epoch}`,
      { hint: 'this is an older copy of the authority: find the newer one, or restore its newest backup' },
    );
  }

  /** A lower epoch is what nodes know of the time before a restore. */
  async #isOfAnother(shown: Checkpoint): Promise<boolean> {
    const { epoch, records } = this.#context;
    if (shown.epoch !== epoch) return shown.epoch > epoch;
    const record = await records.committed.log.text(shown.sequence);
    return record === undefined || hashRecord(record) !== shown.head;
  }

  #signAnew(nowMs: number): SignedCheckpoint {
    const { present, issuer, epoch } = this.#context;
    const { sequence, hash } = present.head;
    const checkpoint: Checkpoint = {
      network: issuer.network,
      epoch,
      sequence,
      head: hash,
      crlNumber: present.state.crl_number,
      at: new Date(nowMs).toISOString(),
    };
    return signCheckpoint(checkpoint, issuer.issuingKey);
  }

  /**
   * Signed by any issuing certificate there ever was here, since the newest one may be younger than what is shown; what one
   * that is revoked has signed proves nothing.
   */
  #ours(signed: SignedCheckpoint, issuing?: Certificate): Checkpoint | undefined {
    const { issuings } = this.#context.issuer;
    const isKnown = issuings.some(({ certificate }) => certificate.fingerprint === issuing?.fingerprint);
    const believed = issuings
      .filter(({ revoked }) => revoked === undefined)
      .map(({ certificate }) => certificate);
    return verifiedBy(issuing === undefined || isKnown ? believed : [...believed, issuing], signed);
  }
}

/**
 * What a checkpoint says that this authority signed; undefined for any other. Any issuing certificate there ever was may
 * have signed it, since the newest one may be younger than what is shown.
 */
export function ourCheckpoint(
  { issuings }: Pick<Issuer, 'issuings'>,
  signed: SignedCheckpoint,
): Checkpoint | undefined {
  return verifiedBy(
    issuings.map(({ certificate }) => certificate),
    signed,
  );
}

function verifiedBy(issuings: readonly Certificate[], signed: SignedCheckpoint): Checkpoint | undefined {
  for (const certificate of issuings) {
    try {
      return verifyCheckpoint(signed, certificate);
    } catch (error) {
      if (!isHoldfastError(error, 'checkpoint_invalid')) throw error;
    }
  }
  return undefined;
}

/** What is kept beside the database, and where that is. */
export interface Keeping extends Checkpointing {
  readonly directory: string;
}

/** What a checkpoint that was kept is compared with. */
type KeptBeside = Pick<Keeping, 'directory' | 'issuer' | 'records'>;

/** What an open authority has kept, and when. */
const kept = new WeakMap<Keeping, { readonly sequence: number; readonly atMs: number }>();
const keepEveryMs = minuteMs;

/**
 * Keeps beside the database how far the log has come, signed, at most once a minute: whoever changes the database then
 * has another file to match, and no key to sign it with.
 */
export async function keepCheckpoint(context: Keeping): Promise<void> {
  const last = kept.get(context);
  if (last === undefined || performance.now() - last.atMs >= keepEveryMs) await keepLastCheckpoint(context);
}

/**
 * Keeps it now, as the last thing before an authority is closed. One that the log does not pass through stays: it is the
 * proof that something is wrong. A full disk leaves the one before.
 */
export async function keepLastCheckpoint(context: Keeping): Promise<void> {
  if (context.looks || context.present.state.standing !== 'ready') return;
  if (!kept.has(context) && !(await takeUpKept(context))) return;
  const { sequence } = context.present.head;
  if (sequence === kept.get(context)?.sequence) return;
  try {
    await writeFileAtomic(pathIn(context), JSON.stringify(new Checkpoints(context).sign()));
    kept.set(context, { sequence, atMs: performance.now() });
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOSPC') throw error;
  }
}

/** Goes on from what was kept before this authority was opened; false when the log contradicts it. */
async function takeUpKept(context: Keeping): Promise<boolean> {
  if (!(await passesKeptCheckpoint(context))) return false;
  const signed = await readKeptCheckpoint(context);
  if (signed === undefined || signed === 'damaged') return true;
  const { sequence } = ourCheckpoint(context.issuer, signed) ?? { sequence: 0 };
  kept.set(context, { sequence, atMs: performance.now() });
  return true;
}

/** Whether the log passes through what was kept last; true when nothing was. */
export async function passesKeptCheckpoint(context: KeptBeside): Promise<boolean> {
  const signed = await readKeptCheckpoint(context);
  if (signed === undefined) return true;
  const checkpoint = signed === 'damaged' ? undefined : ourCheckpoint(context.issuer, signed);
  if (checkpoint === undefined) return false;
  const record = await context.records.committed.log.text(checkpoint.sequence);
  return record !== undefined && hashRecord(record) === checkpoint.head;
}

/** The checkpoint that was kept last; undefined when none was, `damaged` when the file holds something else. */
export async function readKeptCheckpoint(
  context: Pick<Keeping, 'directory'>,
): Promise<SignedCheckpoint | 'damaged' | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(pathIn(context), 'utf8'));
    return Check(SignedCheckpoint, value) ? value : 'damaged';
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    if (error instanceof SyntaxError) return 'damaged';
    throw error;
  }
}

function pathIn({ directory }: Pick<Keeping, 'directory'>): string {
  return join(directory, 'checkpoint.json');
}
