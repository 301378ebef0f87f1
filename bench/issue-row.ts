import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Bytes } from '../src/base/index.ts';
import { parseJoinCode } from '../src/enrol/index.ts';
import { requestPem } from '../src/pki/index.ts';
import { freePorts } from '../test/rig/free-ports.ts';
import { Network } from '../test/rig/network.ts';
import type { AuthorityTask, LoadRow } from './authority-rows.ts';
import { joinBody, makeCertificateRequests } from './certificate-requests.ts';
import { cfsslBody, startCfssl } from './cfssl.ts';
import { type LoadMeasurement, measureLoad, postRequest, writeRequests } from './load.ts';

const connections = 64;
const atSizeOne = 30_000;
/** Of the requests, this part goes first, unmeasured: both programs are warm then. */
const warmUpPart = 0.25;

/** Certificates through POST over HTTPS: Holdfast, which records each durably, beside `cfssl serve`, which records none. */
export async function measureIssue(task: AuthorityTask): Promise<LoadRow[]> {
  const count = Math.max(400, Math.round(atSizeOne * task.size));
  const keyed = await makeCertificateRequests('network.test', count);
  const requests = keyed.map(({ request }) => request);
  const [ours, theirs]: [LoadMeasurement[], LoadMeasurement[]] = [[], []];
  for (let round = 0; round < task.runs; round++) {
    theirs.push(await runCfssl(task, requests));
    ours.push(await runHoldfast(task, requests));
    task.onRun('issue', 'cfssl serve', theirs.at(-1)?.perSecond ?? 0);
    task.onRun('issue', 'Holdfast', ours.at(-1)?.perSecond ?? 0);
  }
  return [{ title: 'certificates', peer: 'cfssl serve', theirs, ours }];
}

async function runCfssl(task: AuthorityTask, requests: readonly Bytes[]): Promise<LoadMeasurement> {
  const directory = join(mkdtempSync(join(task.directory, 'cfssl-')), 'ca');
  const port = await freePorts();
  await using server = await startCfssl(directory, port);
  const file = join(directory, 'requests');
  const bodies = requests.map((der) => cfsslBody(requestPem(der)));
  writeRequests(
    file,
    bodies.map((body) => postRequest('/api/v1/cfssl/sign', 'application/json', body)),
  );
  return await measureWarm({ file, port }, server.pid, requests.length);
}

async function runHoldfast(task: AuthorityTask, requests: readonly Bytes[]): Promise<LoadMeasurement> {
  const directory = mkdtempSync(join(task.directory, 'authority-'));
  await using network = await Network.start(directory, task.built.launcher);
  const uses = ['--uses', String(requests.length)];
  const { secret } = parseJoinCode(await network.joinCode('bench-*', uses));
  const file = join(directory, 'requests');
  const bodies = requests.map((der) => joinBody(secret.reveal(), der));
  writeRequests(
    file,
    bodies.map((body) => postRequest('/-/enrol/join', 'application/json', body)),
  );
  const measured = await measureWarm({ file, port: network.port + 1 }, network.server.pid, requests.length);
  checkRecords(join(network.home, 'authority/authority.db'), requests.length);
  return measured;
}

async function measureWarm(
  to: { readonly file: string; readonly port: number },
  pid: number,
  total: number,
): Promise<LoadMeasurement> {
  const warmUp = Math.round(total * warmUpPart);
  const task = { ...to, secure: true, connections, keepsAlive: true };
  await measureLoad({ ...task, skip: 0, count: warmUp }, pid);
  return await measureLoad({ ...task, skip: warmUp, count: total - warmUp }, pid);
}

/** Every certificate is on record, under a number of its own; the server's own and nothing else besides. */
function checkRecords(path: string, issued: number): void {
  const database = new DatabaseSync(path, { readOnly: true });
  const sql =
    "SELECT count(DISTINCT serial) AS n FROM certificates c JOIN identities i ON i.id = c.identity WHERE i.name LIKE 'bench-%'";
  const found = Number(database.prepare(sql).get()?.['n']);
  database.close();
  if (found !== issued) throw new Error(`${found} certificates are on record, ${issued} were issued`);
}
