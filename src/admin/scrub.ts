import { Type } from 'typebox';
import type { AdminContext, ScrubView } from './admin-context.ts';
import { type Answer, PresentWhen, Time } from './answer.ts';

/** How the store is read through. */
export const ScrubAnswer = Type.Object({
  now: PresentWhen(
    'it is being read',
    Type.Object({
      began: Time,
      /** Files that were read. */
      objects: Type.Integer(),
      bytes: Type.Integer(),
      damaged: Type.Integer(),
    }),
  ),
  last: PresentWhen(
    'every file was ever read',
    Type.Object({ began: Time, ended: Time, objects: Type.Integer(), bytes: Type.Integer() }),
  ),
  /** Damaged, taken aside, and nobody has had a good one yet. */
  waiting: Type.Array(Type.Object({ repository: Type.String(), object: Type.String(), found: Time })),
  /** Healed within the last 30 days. */
  healed: Type.Array(
    Type.Object({
      repository: Type.String(),
      object: Type.String(),
      found: Time,
      healed: Time,
      /** The node that had a good one, or `its client`. */
      by: Type.String(),
    }),
  ),
});

/** How far it has come. */
export async function showScrub({ scrub }: AdminContext): Promise<Answer<typeof ScrubAnswer>> {
  return viewOf(await scrub.status());
}

/** Has every file read now. Errors: `store_missing` */
export async function startScrub({ scrub }: AdminContext): Promise<Answer<typeof ScrubAnswer>> {
  return viewOf(await scrub.start());
}

function viewOf({ now, last, waiting, healed }: ScrubView): Answer<typeof ScrubAnswer> {
  return {
    ...(now && { now: { ...now, began: timeOf(now.began) } }),
    ...(last && { last: { ...last, began: timeOf(last.began), ended: timeOf(last.ended) } }),
    waiting: waiting.map((one) => ({ ...one, found: timeOf(one.found) })),
    healed: healed.map((one) => ({ ...one, found: timeOf(one.found), healed: timeOf(one.healed) })),
  };
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
