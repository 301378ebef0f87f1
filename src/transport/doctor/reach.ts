import { X509Certificate } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { connect, isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastError, isHoldfastError, secondMs } from '../../base/index.ts';
import { clientValueText, defaultClientPolicy, weakerClientPolicy } from '../../policy/index.ts';
import { transportError } from '../transport-error.ts';
import { bad, type Found, failed, good, poor, type Reached, type Step, type Walk, weaker } from './walk.ts';

const lookupMs = 4 * secondMs;
const connectMs = 4 * secondMs;
/** More than any name has that people use. */
const maxAddresses = 16;

/** Which addresses the name of the server has. */
export const nameStep: Step = {
  name: 'name',
  async run(walk) {
    const { host } = walk;
    if (isIP(host) !== 0) {
      walk.addresses = [host];
      return [good(`${host} is an address`)];
    }
    try {
      walk.addresses = await addressesOf(host);
      return [good(`${host} is ${walk.addresses.join(', ')}`)];
    } catch (error) {
      return [failed(transportError(error, host))];
    }
  },
};

async function addressesOf(host: string): Promise<readonly string[]> {
  const slow = new AbortController();
  const late = sleep(lookupMs, undefined, { signal: slow.signal }).then(() => {
    throw new HoldfastError('host_lookup_failed', `${host}: the name service does not answer`);
  });
  late.catch(() => {});
  try {
    const found = await Promise.race([lookup(host, { all: true, order: 'verbatim' }), late]);
    return [...new Set(found.map(({ address }) => address))].slice(0, maxAddresses);
  } finally {
    slow.abort();
  }
}

/** Whether each of the addresses takes connections at the port: all are tried at once. */
export const portStep: Step = {
  name: 'port',
  async run(walk) {
    const tried = await Promise.all(walk.addresses.map((address) => reach(walk, address)));
    const reached = tried.filter((each): each is Reached => !isHoldfastError(each));
    walk.reached = reached.toSorted((a, b) => a.ms - b.ms);
    return tried.length > 0 && reached.length === 0
      ? [failed(likeliest(tried as readonly HoldfastError[]))]
      : tried.map((each) => describe(each));
  },
};

function describe(each: Reached | HoldfastError): Found {
  return isHoldfastError(each)
    ? poor(each.code, `${each.message}; another address of the name does`)
    : good(`${each.address} takes connections, after ${each.ms.toFixed(1)} ms`);
}

/** A machine that refuses is there. */
function likeliest(failures: readonly HoldfastError[]): HoldfastError {
  const first = ['connection_refused', 'connection_timed_out'];
  const best = first.map((code) => failures.find((each) => each.code === code)).find(Boolean);
  const [failure] = best === undefined ? failures : [best];
  const messages = failures.map(({ message }) => message).join('; ');
  return new HoldfastError(failure?.code ?? 'host_unreachable', messages, { hint: failure?.hint });
}

function reach({ port, signal }: Walk, address: string): Promise<Reached | HoldfastError> {
  const { promise, resolve, reject } = Promise.withResolvers<Reached | HoldfastError>();
  const peer = `${isIP(address) === 6 ? `[${address}]` : address}:${port}`;
  const startMs = performance.now();
  const socket = connect({ host: address, port, signal });
  const late = new HoldfastError(
    'connection_timed_out',
    `${peer}: no connection, and no answer at all, within ${connectMs / secondMs} s`,
  );
  socket.setTimeout(connectMs, () => resolve(late));
  socket.once('connect', () => resolve({ address, ms: performance.now() - startMs }));
  socket.on('error', (error) => {
    const failure = transportError(error, peer);
    if (isHoldfastError(failure)) resolve(failure);
    else reject(error);
  });
  return promise.finally(() => socket.destroy());
}

/** What this machine has to show: whether its key and its certificate belong together. */
export const machineStep: Step = {
  name: 'machine',
  goesOn: true,
  run: (walk) => Promise.resolve([ownState(walk), ...weakerHere(walk)]),
};

/** What this machine gives up that the default keeps. */
function weakerHere({ policy }: Walk): Found[] {
  return [...weakerClientPolicy(policy)].map(([key, sentence]) =>
    weaker(
      `${key} is weaker than the default: ${sentence}`,
      `holdfast client set ${key} ${clientValueText(defaultClientPolicy, key)}`,
    ),
  );
}

function ownState(walk: Walk): Found {
  const { credentials, identity, problem } = walk.own;
  if (walk.asStranger === true) return good('seen as by a machine that believes this server');
  if (isHoldfastError(problem, 'node_not_joined')) return good('this machine has joined no network');
  if (problem !== undefined) return failed(problem);
  const [leaf] = credentials?.chain ?? [];
  if (leaf === undefined || credentials === undefined) return good('this machine shows no certificate');
  if (new X509Certificate(leaf).checkPrivateKey(credentials.privateKey))
    return good(`${identity?.role ?? 'node'} ${identity?.name ?? ''} of ${identity?.network ?? 'a network'}`);
  const { credentials: _, ...rest } = walk.own;
  walk.own = rest;
  return bad(
    'key_not_of_certificate',
    'the key and the certificate of this machine do not belong together: they are of two renewals',
  );
}
