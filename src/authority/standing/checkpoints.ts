import { type Clock, HoldfastError, isHoldfastError, secondMs } from '../../base/index.ts';
import {
  type Checkpoint,
  claimedCheckpoint,
  type SignedCheckpoint,
  signCheckpoint,
  verifyCheckpoint,
} from '../../enrol/index.ts';
import type { Certificate } from '../../pki/index.ts';
import type { CaCertificate, Issuer } from '../issuers/index.ts';
import { hashRecord, type LogHead, type Recording } from '../log/index.ts';
import type { Present } from './present.ts';
import { supersede } from './standing.ts';

const sharedForMs = secondMs;

/** What a checkpoint is signed with, and held against. */
export interface Checkpointing extends Recording {
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
