import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createOcspRequest, parseCertificate, type SerialNumber } from '../src/pki/index.ts';
import { freePorts } from '../test/rig/free-ports.ts';
import type { AuthorityTask, LoadRow } from './authority-rows.ts';
import { type FilledAuthority, makeAuthority, serveAuthority } from './authority-server.ts';
import { type LoadMeasurement, type LoadTask, measureLoad, postRequest, writeRequests } from './load.ts';
import { startOpensslResponder } from './openssl-responder.ts';

const connections = 16;
const atSizeOne = 10_000;
const nonceBytes = 32;
/** Both programs are warm after so many. */
const warmUp = 200;

/**
 * OCSP answers over plain HTTP about certificates that are each asked for once, so that nothing is answered twice:
 * Holdfast beside `openssl ocsp` as a server, which takes one request from each connection.
 */
export async function measureOcsp(task: AuthorityTask): Promise<LoadRow[]> {
  const certificates = Math.max(1000, Math.round(atSizeOne * task.size));
  const directory = mkdtempSync(join(task.directory, 'ocsp-'));
  const authority = await makeAuthority(task.built, directory, { certificates, revoked: certificates / 10 });
  const port = await freePorts();
  await using theirs = await startOpensslResponder(authority, port);
  await using ours = await serveAuthority(task.built, authority);
  const rows: LoadRow[] = [];
  for (const withNonce of [false, true]) {
    const file = writeOcspRequests(authority, withNonce);
    const count = Math.floor((certificates - warmUp) / task.runs);
    const load = { file, secure: false, connections, count };
    const row: LoadRow = {
      title: withNonce ? 'OCSP answers, with nonce' : 'OCSP answers, without nonce',
      peer: 'openssl ocsp',
      theirs: [],
      ours: [],
    };
    for (let round = 0; round < task.runs; round++) {
      row.theirs.push(
        await measureWarm({ ...load, skip: warmUp + round * count, port, keepsAlive: false }, theirs.pid),
      );
      row.ours.push(
        await measureWarm(
          { ...load, skip: warmUp + round * count, port: authority.port + 2, keepsAlive: true },
          ours.pid,
        ),
      );
      task.onRun('ocsp', 'openssl ocsp', row.theirs.at(-1)?.perSecond ?? 0);
      task.onRun('ocsp', 'Holdfast', row.ours.at(-1)?.perSecond ?? 0);
    }
    rows.push(row);
  }
  return rows;
}

async function measureWarm(task: LoadTask, pid: number): Promise<LoadMeasurement> {
  await measureLoad({ ...task, skip: 0, count: warmUp }, pid);
  return await measureLoad(task, pid);
}

function writeOcspRequests({ directory, databasePath }: FilledAuthority, withNonce: boolean): string {
  const database = new DatabaseSync(databasePath, { readOnly: true });
  const row = database.prepare("SELECT certificate FROM issuers WHERE label = 'issuing-1'").get();
  const issuer = parseCertificate(row?.['certificate'] as Uint8Array);
  const serials = database.prepare('SELECT serial FROM certificates ORDER BY id').all();
  database.close();
  const file = join(directory, withNonce ? 'with-nonce' : 'without-nonce');
  const requests = serials.map(({ serial }) => {
    const nonce = withNonce ? { nonce: randomBytes(nonceBytes) } : {};
    const der = createOcspRequest({ issuer, serials: [serial as SerialNumber], ...nonce });
    return postRequest('/-/status/ocsp', 'application/ocsp-request', der);
  });
  writeRequests(file, requests);
  return file;
}
