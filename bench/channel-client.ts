import { createHash, randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import { connectNode, openNode, type RepositoryLocation } from '../src/agent/index.ts';
import { Secret, silentLog, systemClock } from '../src/base/index.ts';
import { RestStore } from '../src/remote/index.ts';
import { archive, initRepository } from '../src/repository/index.ts';
import type { ObjectId, ObjectRef } from '../src/storage/index.ts';
import type { ChannelRun, ChannelTask } from './channel-row.ts';

/**
 * A program that makes a repository and measures one thing with it: a backup, or small objects one by one. The way to the
 * server is all that differs between its runs.
 */
const objectBytes = 4096;
const objectsAtOnce = 8;
const task = JSON.parse(process.argv[2] ?? '') as ChannelTask;
const signal = new AbortController().signal;
const { store, close } = await openStore(task.to);
const cost = { N: 1024, r: 8, p: 1 };
const repository = await initRepository(store, { password: new Secret('for measuring'), cost, signal });
const work = task.kind === 'backup' ? await prepareBackup(task.path) : prepareObjects(task.count);
const before = process.cpuUsage();
const started = performance.now();
await work();
const seconds = (performance.now() - started) / 1000;
const { user, system } = process.cpuUsage(before);
const result: ChannelRun = { seconds, cpuSeconds: (user + system) / 1e6 };
console.log(JSON.stringify(result));
close();

async function openStore(
  to: ChannelTask['to'],
): Promise<Pick<RepositoryLocation, 'store'> & { readonly close: () => void }> {
  if (to.kind === 'plain') {
    const agent = new Agent({ keepAlive: true });
    return { store: new RestStore({ url: to.url, agent }), close: () => agent.destroy() };
  }
  const node = await openNode(to.directory);
  const connection = await connectNode(node, { clock: systemClock, log: silentLog, signal });
  const { store } = await connection.place({ url: `${connection.repositoryUrl}${to.repository}/` });
  return { store, close: () => connection[Symbol.dispose]() };
}

async function prepareBackup(path: string): Promise<() => Promise<unknown>> {
  return () => archive(repository, { paths: [Buffer.from(path)], signal });
}

/** Objects of 4 kB, made beforehand. */
function prepareObjects(count: number): () => Promise<unknown> {
  const objects = Array.from({ length: count }, () => {
    const bytes = randomBytes(objectBytes);
    const name = createHash('sha256').update(bytes).digest('hex') as ObjectId;
    const ref: ObjectRef = { type: 'data', name };
    return { ref, bytes };
  });
  const waiting = objects.values();
  const lane = async (): Promise<void> => {
    for (const { ref, bytes } of waiting) await store.write(ref, [bytes], { size: bytes.length, signal });
  };
  return () => Promise.all(Array.from({ length: objectsAtOnce }, lane));
}
