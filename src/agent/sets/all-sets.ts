import { HoldfastError, isHoldfastError } from '../../base/index.ts';
import type { SentSet } from '../../enrol/index.ts';
import { parseClientPolicy } from '../../policy/index.ts';
import { readNodeState } from '../node-state.ts';
import { allowedSet } from './allowed-set.ts';
import type { MachineSet } from './backup-set.ts';
import { readSentSets } from './sent-set-file.ts';
import { readOwnSets, setNamed } from './set-file.ts';

/** A set that the server sends and this machine does not run. */
export interface RefusedSet {
  readonly name: string;
  /** As it was sent; undefined for one that is not understood. */
  readonly sent: SentSet | undefined;
  /** Why. */
  readonly error: HoldfastError;
}

/** The sets of a machine: its own, and those of its server. */
export interface AllSets {
  /** Those that run, in the order of their names. */
  readonly sets: readonly MachineSet[];
  readonly refused: readonly RefusedSet[];
}

/** All sets in a node's directory, those that the server sends held against what the owner allows now. @throws HoldfastError `settings_invalid` */
export async function readAllSets(directory: string): Promise<AllSets> {
  const own = await readOwnSets(directory);
  const told = await readSentSets(directory);
  if (told.sets.length + told.unread.length === 0) return { sets: own, refused: [] };
  const allow = parseClientPolicy((await readNodeState(directory))?.client ?? {})['agent.allow'];
  const judged = await Promise.all(
    told.sets.map((sent) => judge(sent, { allow, own, refused: told.refused })),
  );
  const taken = judged.flatMap((each) => ('error' in each ? [] : [each]));
  const refused = judged.flatMap((each) => ('error' in each ? [each] : []));
  return {
    sets: [...own, ...taken].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    refused: [...refused, ...told.unread.map(notUnderstood)],
  };
}

/** Every set that this machine runs. @throws HoldfastError `settings_invalid` */
export async function readSets(directory: string): Promise<readonly MachineSet[]> {
  return (await readAllSets(directory)).sets;
}

/** The set of that name. @throws HoldfastError `set_unknown`, naming those that there are; as {@link allowedSet} for one that is refused */
export async function findSet(directory: string, name: string): Promise<MachineSet> {
  const { sets, refused } = await readAllSets(directory);
  const kept = refused.find((each) => each.name === name);
  if (kept !== undefined && !sets.some((set) => set.name === name)) throw kept.error;
  return setNamed(sets, name);
}

/** Whether a set is this machine's own to change. @throws HoldfastError `set_sent` for one that the server sends */
export async function checkOwn(directory: string, name: string): Promise<void> {
  const own = await readOwnSets(directory);
  if (own.some((set) => set.name === name)) return;
  const sent = (await readSentSets(directory)).sets.find((set) => set.name === name);
  if (sent !== undefined)
    throw new HoldfastError(
      'set_sent',
      `the set ${name} comes from the server, where ${sent.by} has sent it`,
    );
}

async function judge(
  sent: SentSet,
  judging: Parameters<typeof allowedSet>[1],
): Promise<MachineSet | RefusedSet> {
  try {
    return await allowedSet(sent, judging);
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return { name: sent.name, sent, error };
  }
}

function notUnderstood(name: string): RefusedSet {
  const message = 'the server sends a set that this version does not understand';
  return {
    name,
    sent: undefined,
    error: new HoldfastError('set_invalid', message, { hint: 'holdfast update' }),
  };
}
