import { HoldfastError, isHoldfastError } from '../../base/index.ts';
import {
  type Checkpoint,
  type SignedCheckpoint,
  signCheckpoint,
  verifyCheckpoint,
} from '../../enrol/index.ts';
import type { AuthorityContext } from '../authority-context.ts';

/**
 * Says, signed, how far the log has come, and listens to what nodes were told before. Nodes keep what they are told,
 * so that an authority that was set back cannot go on as if nothing had happened.
 */
export class Checkpoints {
  readonly #context: AuthorityContext;

  constructor(context: AuthorityContext) {
    this.#context = context;
  }

  /** The checkpoint of this moment. */
  async sign(): Promise<SignedCheckpoint> {
    const { database, issuer, log, clock } = this.#context;
    const head = await log.head();
    const row = await database.get<{ crl_number: number }>('SELECT crl_number FROM authority');
    const checkpoint: Checkpoint = {
      network: issuer.network,
      epoch: this.#context.epoch,
      sequence: head.sequence,
      head: head.hash,
      crlNumber: row?.crl_number ?? 0,
      at: new Date(clock.now()).toISOString(),
    };
    return signCheckpoint(checkpoint, issuer.issuingKey);
  }

  /**
   * Compares a checkpoint that a node was given by this authority with what is here; one that was not signed here says
   * nothing. @throws HoldfastError `authority_superseded` when the node knows more than this authority does
   */
  async check(signed: SignedCheckpoint): Promise<void> {
    const shown = this.#ours(signed);
    if (shown === undefined) return;
    const { sequence } = await this.#context.log.head();
    const isAhead =
      shown.epoch > this.#context.epoch || (shown.epoch === this.#context.epoch && shown.sequence > sequence);
    if (!isAhead) return;
    throw new HoldfastError(
      'authority_superseded',
      `a node was shown record ${shown.sequence} of epoch ${shown.epoch}, this authority is at ${sequence} of ${this.#context.epoch}`,
      { hint: 'this is an older copy of the authority: find the newer one, or restore its newest backup' },
    );
  }

  /** Signed by any issuing certificate there ever was here, since the newest one may be younger than what is shown. */
  #ours(signed: SignedCheckpoint): Checkpoint | undefined {
    for (const { certificate } of this.#context.issuer.issuings) {
      try {
        return verifyCheckpoint(signed, certificate);
      } catch (error) {
        if (!isHoldfastError(error, 'checkpoint_invalid')) throw error;
      }
    }
    return undefined;
  }
}
