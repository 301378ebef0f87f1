import { HoldfastError } from '../../base/index.ts';
import type { Records } from '../records/index.ts';

/** @throws HoldfastError `object_not_found` for a name that no client has, or one that is revoked */
export async function checkLiveClient(tx: Records, name: string): Promise<void> {
  const known = await tx.identities.find({ role: 'client', name });
  if (known !== undefined && known.revoked_at === null) return;
  const why = known === undefined ? `there is no client ${name}` : `client/${name} is revoked`;
  throw new HoldfastError('object_not_found', why, { hint: 'holdfast nodes --role client shows them all' });
}
