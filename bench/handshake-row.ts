import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { enrolPaths } from '../src/enrol/index.ts';
import { freePorts } from '../test/rig/free-ports.ts';
import { Network } from '../test/rig/network.ts';
import type { LoadRow } from './authority-rows.ts';
import { enrolMachines } from './enrolled-machines.ts';
import { type LoadMeasurement, measureLoad, type TlsChoice, writeRequests } from './load.ts';
import { startNginx } from './nginx.ts';
import type { TransportTask } from './transport-rows.ts';

const connections = 16;
const atSizeOne = 6000;
const classic = 'X25519';
/** Debian 12 has it in neither its OpenSSL nor its nginx. */
const hybrid = 'X25519MLKEM768';

/**
 * Connections with a client's certificate, a small request over each: Holdfast beside nginx, with a certificate of the same
 * network and the same clients. Hybrid key exchange is held against the classic one of an nginx that cannot do it.
 */
export async function measureHandshakes(task: TransportTask): Promise<LoadRow[]> {
  const directory = mkdtempSync(join(task.directory, 'handshakes-'));
  await using network = await Network.start(directory, task.built.launcher);
  const [machine] = await enrolMachines(network, 1);
  if (machine === undefined) throw new Error('nobody joined');
  const port = await freePorts(1);
  await using nginx = await startNginx(join(directory, 'nginx'), port, await nginxFiles(network, directory));
  const file = join(directory, 'requests');
  writeRequests(file, [getRequest(enrolPaths.trust)]);
  const count = Math.max(300, Math.round(atSizeOne * task.size));
  const measureAt = (at: number, pid: number, group: string) => {
    const tls: TlsChoice = { ...machine, group };
    return measureLoad(
      { file, port: at, secure: true, tls, connections, keepsAlive: false, skip: 0, count },
      pid,
    );
  };
  const theirGroup = (await takes(() => measureAt(port, nginx.pid, hybrid))) ? hybrid : classic;
  const rows: LoadRow[] = [];
  for (const [group, peerGroup] of [
    [classic, classic],
    [hybrid, theirGroup],
  ] as const) {
    const row: LoadRow = {
      title: `mutual TLS handshakes, ${group}`,
      peer: `nginx, ${peerGroup}`,
      theirs: [],
      ours: [],
    };
    await measureAt(network.port, network.server.pid, group);
    for (let round = 0; round < task.runs; round++) {
      row.theirs.push(await measureAt(port, nginx.pid, peerGroup));
      row.ours.push(await measureAt(network.port, network.server.pid, group));
      task.onRun('handshakes', row.peer, perSecond(row.theirs));
      task.onRun('handshakes', `Holdfast, ${group}`, perSecond(row.ours));
    }
    rows.push(row);
  }
  return rows;
}

/** A certificate of a server of the network, as any other program is given one. */
async function nginxFiles(network: Network, directory: string) {
  const names = ['--role', 'server', '--names', '127.0.0.1,localhost'];
  const other = network.client('other', join(directory, 'other'));
  await other.run(['join', await network.joinCode('other', names)]);
  const exported = join(directory, 'exported');
  await other.run(['cert', 'export', exported]);
  return {
    certificate: join(exported, 'client.pem'),
    key: join(exported, 'client.key'),
    clientRoots: join(exported, 'ca.pem'),
  };
}

function perSecond(side: readonly LoadMeasurement[]): string {
  return `${side.at(-1)?.perSecond.toFixed(0)} a second`;
}

function getRequest(path: string): Buffer {
  return Buffer.from(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
}

async function takes(work: () => Promise<unknown>): Promise<boolean> {
  return await work().then(
    () => true,
    () => false,
  );
}
