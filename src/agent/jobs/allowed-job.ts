import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { HoldfastError, systemErrorCode } from '../../base/index.ts';
import type { JobOrder } from '../../enrol/index.ts';

/** What the owner of this machine allows its servers, and what no server ever may. */
export interface Allowance {
  /** `agent.allow` of the client's policy: `backup`, `restore:/srv`. */
  readonly allow: readonly string[];
  /** The home of this machine: nothing is ever restored into it. */
  readonly home: string;
}

/**
 * Holds a job to what the owner of this machine allows, and gives it as it may be done: a folder that it restores to is the one that its
 * path leads to, through every link.
 * @throws HoldfastError `job_not_allowed`
 */
export async function allowedJob(order: JobOrder, { allow, home }: Allowance): Promise<JobOrder> {
  if (order.kind === 'backup') {
    if (allow.includes('backup')) return order;
    throw notAllowed(`to back up ${order.set}`, 'backup', allow);
  }
  if (order.kind === 'check') {
    if (allow.includes('check')) return order;
    throw notAllowed('to check its repository', 'check', allow);
  }
  if (order.kind === 'grant') return allowedGrant(order, allow);
  const target = await leadsTo(order.target);
  const wish = `to restore to ${order.target}`;
  if (isWithin(target, await leadsTo(home)))
    throw notAllowed(`${wish}, which is in the home`, undefined, allow);
  for (const folder of foldersIn(allow, 'restore'))
    if (isWithin(target, await leadsTo(folder))) return { ...order, target };
  throw notAllowed(
    target === order.target ? wish : `${wish}, which is ${target}`,
    `restore:${order.target}`,
    allow,
  );
}

/** By the paths that its snapshots have: what is there now has nothing to do with it. */
function allowedGrant(order: Extract<JobOrder, { kind: 'grant' }>, allow: readonly string[]): JobOrder {
  const { path, to } = order;
  if (allow.includes('grant')) return order;
  if (path === undefined) throw notAllowed(`to let ${to} read all that it has saved`, 'grant', allow);
  // What is no plain path is none of those that are allowed.
  const isPlain = path === resolve(path);
  if (isPlain && foldersIn(allow, 'grant').some((folder) => isWithin(path, resolve(folder)))) return order;
  throw notAllowed(`to let ${to} read ${path}`, `grant:${path}`, allow);
}

/** The folders that one word allows. */
export function foldersIn(allow: readonly string[], word: 'restore' | 'sets' | 'grant'): string[] {
  return allow.flatMap((each) => (each.startsWith(`${word}:`) ? [each.slice(word.length + 1)] : []));
}

/**
 * The path that one leads to, whether something is there or not yet: links on the way are followed, `..` is taken as text.
 * @throws HoldfastError `job_not_allowed` for one that goes through a link to nothing
 */
export async function leadsTo(path: string): Promise<string> {
  const plain = resolve(path);
  try {
    return await realpath(plain);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw noWay(path, error);
    if (await isThere(plain)) throw noWay(path, error);
    return join(await leadsTo(dirname(plain)), basename(plain));
  }
}

/** Whether a path is a folder or in it; both lead to themselves. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

function noWay(path: string, cause: unknown): HoldfastError {
  return new HoldfastError('job_not_allowed', `${path} leads nowhere that could be allowed`, { cause });
}

function notAllowed(wish: string, word: string | undefined, allow: readonly string[]): HoldfastError {
  const allowed = allow.length === 0 ? 'nothing' : allow.join(', ');
  return new HoldfastError(
    'job_not_allowed',
    `the server wants this machine ${wish}; its owner allows ${allowed}`,
    {
      hint:
        word === undefined
          ? 'name another folder'
          : `where it should, on that machine: holdfast client set agent.allow ${[...allow, word].join(',')}`,
    },
  );
}
