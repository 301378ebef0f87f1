import type { Authority, JudgedSet } from '../authority/index.ts';
import { dayMs, minuteMs } from '../base/index.ts';
import type { Concern } from '../notice/index.ts';
import { everyNode } from './every-node.ts';

/** So many nodes are watched. */
const maxNodes = 50_000;
/** A certificate that ends within so long should have been renewed by itself. */
const endingMs = 7 * dayMs;
/** One of the authority is replaced by people, or by itself long before. */
const authorityEndingMs = 30 * dayMs;
/** A set that has not run has so long after its time. */
const graceMs = 15 * minuteMs;
/** A server that has just begun has heard of nobody yet. */
const listeningMs = 20 * minuteMs;

/** All that needs attention in a network, by a server that has listened since `sinceMs`. */
export async function networkConcerns(
  authority: Authority,
  { nowMs, sinceMs }: { readonly nowMs: number; readonly sinceMs: number },
): Promise<readonly Concern[]> {
  const concerns: Concern[] = [];
  let sets = 0;
  for await (const node of everyNode(authority, maxNodes)) {
    if (node.state === 'revoked') continue;
    const own = node.report?.sets ?? [];
    sets += own.length;
    concerns.push(...certificateConcern(node, own, nowMs));
    for (const set of own)
      concerns.push(...setConcern(node.name, set, { nowMs, sinceMs }), ...drillConcern(node.name, set));
  }
  for (const [client, alarms] of await authority.activity.alarms())
    for (const { alarm, detail } of alarms)
      concerns.push({
        subject: `alarm ${alarm} of client/${client}`,
        state: 'raised',
        text: `client/${client} is not as usual: ${alarm}, ${detail}`,
      });
  concerns.push(...(await storageConcerns(authority, { nowMs, sinceMs })));
  return [...concerns, ...authorityConcerns(authority, sets, nowMs)];
}

function setConcern(
  client: string,
  { name, state, since, why, next }: JudgedSet,
  { nowMs, sinceMs }: { readonly nowMs: number; readonly sinceMs: number },
): Concern[] {
  const isOnlyNew = state === 'never' && nowMs <= next.getTime() + graceMs;
  if (state === 'ok' || isOnlyNew) return [];
  const subject = `set ${name} of client/${client}`;
  const text = `the set ${name} of client/${client} is ${state} since ${since.toISOString()}: ${why}`;
  const isDoubtful = state === 'silent' && nowMs - sinceMs < listeningMs;
  return [{ subject, state, text, isDoubtful }];
}

/** A storage node tells each minute how it is. */
const silentMs = 15 * minuteMs;

/** Storage nodes that serve nothing, by their word, and those that have gone silent. */
async function storageConcerns(
  { storageNodes }: Authority,
  { nowMs, sinceMs }: { readonly nowMs: number; readonly sinceMs: number },
): Promise<Concern[]> {
  return (await storageNodes.list()).flatMap(({ name, told }): Concern[] => {
    if (told === undefined) return [];
    const subject = `storage/${name}`;
    const { problem, attention } = told.report;
    if (problem !== undefined)
      return [{ subject, state: 'failed', text: `storage/${name} serves no repositories: ${problem}` }];
    if (nowMs - told.receivedAt.getTime() <= silentMs)
      return attention === undefined
        ? []
        : [{ subject, state: 'attention', text: `storage/${name}: ${attention}` }];
    const text = `nothing was heard of storage/${name} since ${told.receivedAt.toISOString()}`;
    return [{ subject, state: 'silent', text, isDoubtful: nowMs - sinceMs < listeningMs }];
  });
}

/** Of a set that cannot be restored as it was saved, or that nothing has proven for too long, by the word of its client. */
function drillConcern(client: string, { name, drill, unproven }: JudgedSet): Concern[] {
  const about = `the set ${name} of client/${client}`;
  const subject = `restore drill of ${about}`;
  if (drill?.result === 'damaged' || drill?.result === 'different') {
    const { result, ended, found } = drill;
    const text = `the ${subject} found it ${result} ${ended.toISOString()}: ${found}`;
    return [{ subject, state: result, text }];
  }
  if (unproven === undefined) return [];
  const why = drill?.result === 'failed' ? drill.found : undefined;
  const text = `nothing proves since ${unproven.toISOString()} that ${about} can be restored: ${why ?? 'no restore drill was held'}`;
  return [{ subject, state: 'unproven', text }];
}

/** Of one that is not renewed, with the sets that stop when it ends. */
function certificateConcern(
  {
    role,
    name,
    notAfter,
    state,
  }: {
    readonly role: string;
    readonly name: string;
    readonly notAfter: Date | undefined;
    readonly state: string;
  },
  sets: readonly JudgedSet[],
  nowMs: number,
): Concern[] {
  if (notAfter === undefined || notAfter.getTime() - nowMs > endingMs) return [];
  const stopping = sets.filter(({ isElsewhere }) => !isElsewhere).map((set) => set.name);
  const isOver = state === 'ended';
  const stop = stopping.length === 0 ? '' : `; with it ${isOver ? 'stopped' : 'stop'} ${stopping.join(', ')}`;
  return [
    {
      subject: `certificate of ${role}/${name}`,
      state: isOver ? 'ended' : 'ending',
      text: `the certificate of ${role}/${name} ${isOver ? 'ended' : 'ends'} ${notAfter.toISOString()}${stop}`,
    },
  ];
}

function authorityConcerns({ root, issuing }: Authority, sets: number, nowMs: number): Concern[] {
  return [['root', root] as const, ['issuing', issuing] as const].flatMap(([label, { notAfter }]) =>
    notAfter.getTime() - nowMs > authorityEndingMs
      ? []
      : [
          {
            subject: `${label} certificate of the authority`,
            state: notAfter.getTime() < nowMs ? 'ended' : 'ending',
            text: `the ${label} certificate of the authority ends ${notAfter.toISOString()}, and with it stop all ${sets} sets of the network`,
          },
        ],
  );
}
