import { type Static, Type } from 'typebox';
import { identityLabel } from '../authority/index.ts';
import type { Identity } from '../pki/index.ts';
import type { AdminContext } from './admin-context.ts';
import { type Answer, TextOrNull } from './answer.ts';

export const storeAcceptInput = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 1000 }) },
  { additionalProperties: false },
);

/** The place that is the store now, and what was found there; null when it was the store already. */
export const StoreAcceptAnswer = Type.Object({ directory: Type.String(), accepted: TextOrNull });

/** Takes what is at the store's place for the store of this network, where the one of before is lost. */
export async function acceptStore(
  { store }: AdminContext,
  { reason }: Static<typeof storeAcceptInput>,
  caller: Identity,
): Promise<Answer<typeof StoreAcceptAnswer>> {
  const accepted = await store.accept({ reason, by: identityLabel(caller) });
  return { directory: store.directory, accepted: accepted ?? null };
}
