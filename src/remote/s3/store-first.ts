import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastError, minuteMs, secondMs } from '../../base/index.ts';
import { discardBody } from '../../transport/index.ts';
import { listPage } from './list-objects.ts';
import { bodyOf, type S3Client } from './s3-client.ts';

/** A claim of somebody who was stopped in the middle. */
const abandonedMs = 2 * minuteMs;

/** A claim that is older is not acted upon: others may take it for abandoned soon. */
const validMs = 30 * secondMs;

const patienceMs = minuteMs;
const longestPauseMs = 2 * secondMs;

/** What is to be done by one alone. */
export interface Alone {
  readonly client: S3Client;
  /** What the keys of claims begin with. */
  readonly claims: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * Does `work` while nobody else does, at a service that cannot keep the first of two objects: who wants to lays down a claim, looks
 * for others, and goes on only where there are none; else all take theirs back and try again, each after a time by chance. Two
 * cannot both see none, since each looks after having laid down its own, and listings of S3 are never behind.
 *
 * @throws HoldfastError `server_unavailable` where others claim for longer than a minute
 */
export async function doAlone<T>(alone: Alone, work: () => Promise<T>): Promise<T> {
  const begunMs = performance.now();
  for (let pauseMs = 100; ; pauseMs = Math.min(longestPauseMs, 2 * pauseMs)) {
    const done = await tryAlone(alone, work);
    if (done !== undefined) return done.result;
    if (performance.now() - begunMs > patienceMs) throw crowded(alone);
    await sleep(pauseMs * Math.random(), undefined, alone.signal && { signal: alone.signal });
  }
}

async function tryAlone<T>(alone: Alone, work: () => Promise<T>): Promise<{ result: T } | undefined> {
  const { client, claims, signal } = alone;
  const name = randomBytes(32).toString('hex');
  const key = claims + name;
  const laidMs = performance.now();
  const laid = await client.ask({ method: 'PUT', key, body: bodyOf(Buffer.from(name)), signal });
  await discardBody(client.expect(laid, 'laying down a claim'));
  try {
    if ((await hasOthers(alone, name)) || performance.now() - laidMs > validMs) return undefined;
    return { result: await work() };
  } finally {
    await takeBack(client, key);
  }
}

/** One that stays holds others up for as long as it takes to be abandoned. */
async function takeBack(client: S3Client, key: string): Promise<void> {
  try {
    const outcome = await client.ask({ method: 'DELETE', key });
    if (outcome.kind === 'answer') await discardBody(outcome);
  } catch {
    // The line is down, which whatever comes next says.
  }
}

async function hasOthers({ client, claims, signal }: Alone, own: string): Promise<boolean> {
  const listing = {
    prefix: claims,
    keyOf: (name: string) => claims + name,
    doing: 'looking for claims',
    signal,
  };
  const { objects, serverMs } = await listPage(client, listing);
  return objects.some(
    ({ name, arrivedMs = 0 }) =>
      name !== own && (serverMs === undefined || serverMs - arrivedMs < abandonedMs),
  );
}

function crowded({ client }: Alone): HoldfastError {
  return new HoldfastError(
    'server_unavailable',
    `others have been writing to bucket ${client.bucket.name} at ${client.bucket.endpoint.host} for a minute`,
  );
}
