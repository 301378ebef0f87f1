import { allKeys, missedWords } from '../../agent/index.ts';
import { dayMs } from '../../base/index.ts';
import { Keystore } from '../../trust/index.ts';
import type { Home } from '../home/home.ts';
import type { Context } from '../program/context.ts';

/** So long it is said that a snapshot of this machine was not there any more. */
const saidForMs = 30 * dayMs;

/** What `status` says of snapshots that this machine made and did not find again, each a sentence with the next step. */
export async function missedSnapshots({ clock }: Context, home: Home): Promise<string[]> {
  if (!(await Keystore.exists(home.node))) return [];
  return allKeys(await Keystore.open(home.node)).flatMap(({ place, missed }) => {
    if (missed === undefined || clock.now() - Date.parse(missed.seen) > saidForMs) return [];
    return [`${missedWords(place, missed)}: holdfast snapshots lists what is there`];
  });
}
