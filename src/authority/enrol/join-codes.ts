import { type Clock, HoldfastError } from '../../base/index.ts';
import { kinds, type Recording } from '../log/index.ts';
import { identityLabel, type JoinCodeRow } from '../records/index.ts';
import { type RecordedJoinCode, readJoinCode } from './recorded-join-codes.ts';

/** A join code as it is listed; its secret is not kept. */
export interface JoinCodeRecord extends Omit<RecordedJoinCode, 'createdAt' | 'expiresAt' | 'revokedAt'> {
  readonly state: 'live' | 'used' | 'expired' | 'revoked';
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** The join codes that were made, for looking at and for taking back. */
export class JoinCodes {
  readonly #context: Recording & { readonly clock: Clock };

  constructor(context: Recording & { readonly clock: Clock }) {
    this.#context = context;
  }

  /** The newest, dead ones too; those made before one with a number when `before` names it. */
  async list({
    before = Number.MAX_SAFE_INTEGER,
    limit,
  }: {
    before?: number;
    limit: number;
  }): Promise<JoinCodeRecord[]> {
    const { records, clock } = this.#context;
    const rows = await records.joinCodes.before(before, limit);
    return rows.map(readJoinCode).map(({ createdAt, expiresAt, revokedAt, ...row }) => ({
      ...row,
      state: stateOf({ ...row, expiresAt, revokedAt }, clock.now()),
      createdAt: new Date(createdAt),
      expiresAt: new Date(expiresAt),
    }));
  }

  /**
   * Ends a code by its number; what it gave stays valid. `by` is for the log.
   * @throws HoldfastError `object_not_found` for none, `already_revoked`
   */
  async revoke(id: number, by: string): Promise<void> {
    const { records, log } = this.#context;
    await records.transaction(async (tx) => {
      const code = await tx.joinCodes.find(id);
      if (code === undefined || code.revoked_at !== null) throw notLive(id, code);
      await log.decide(tx, kinds.tokenRevoked, { by, details: { token: id, identity: identityLabel(code) } });
    });
  }
}

function stateOf(
  {
    uses,
    maxUses,
    expiresAt,
    revokedAt,
  }: Pick<RecordedJoinCode, 'uses' | 'maxUses' | 'expiresAt' | 'revokedAt'>,
  nowMs: number,
): JoinCodeRecord['state'] {
  if (revokedAt !== undefined) return 'revoked';
  if (uses >= maxUses) return 'used';
  return nowMs > expiresAt ? 'expired' : 'live';
}

function notLive(id: number, code: JoinCodeRow | undefined): HoldfastError {
  const hint = 'holdfast token list shows them all';
  if (code !== undefined)
    return new HoldfastError('already_revoked', `join code ${id} is revoked already`, { hint });
  return new HoldfastError('object_not_found', `there is no join code ${id}`, { hint });
}
