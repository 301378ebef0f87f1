import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  type Certificate,
  createOcspRequest,
  parseCertificate,
  type SerialNumber,
} from '../src/pki/index.ts';
import { freePorts } from '../test/rig/free-ports.ts';
import type { AuthorityTask, LoadRow } from './authority-rows.ts';
import { type FilledAuthority, makeAuthority, serveAuthority } from './authority-server.ts';
import { measureLoad, postRequest, writeRequests } from './load.ts';
import { startOpensslResponder } from './openssl-responder.ts';

const connections = 16;
const certificatesAtSizeOne = 10_000;
const requestsAtSizeOne = 60_000;
const nonceBytes = 32;

/** What can be asked about. */
interface Issued {
  readonly issuer: Certificate;
  readonly serials: readonly SerialNumber[];
}

/** How is asked: each row writes so many requests. */
const rows: Readonly<Record<string, (issued: Issued, count: number) => Buffer[]>> = {
  'OCSP answers, each signed': askWithNonces,
  'OCSP answers, as clients ask': askAgain,
};

/**
 * OCSP answers over plain HTTP: Holdfast beside `openssl ocsp` as a server, which takes one request from each connection.
 * Both are sent the same requests; once all of them beforehand, unmeasured, after which both programs are warm.
 */
export async function measureOcsp(task: AuthorityTask): Promise<LoadRow[]> {
  const certificates = Math.max(1000, Math.round(certificatesAtSizeOne * task.size));
  const count = Math.max(2000, Math.round(requestsAtSizeOne * task.size));
  const directory = mkdtempSync(join(task.directory, 'ocsp-'));
  const authority = await makeAuthority(task.built, directory, { certificates, revoked: certificates / 10 });
  const port = await freePorts();
  await using theirs = await startOpensslResponder(authority, port);
  await using ours = await serveAuthority(task.built, authority);
  const issued = readIssued(authority);
  const measured: LoadRow[] = [];
  for (const [title, ask] of Object.entries(rows)) {
    const file = join(directory, 'requests');
    writeRequests(file, ask(issued, count));
    const load = { file, secure: false, connections, skip: 0, count };
    const askThem = () => measureLoad({ ...load, port, keepsAlive: false }, theirs.pid);
    const askUs = () => measureLoad({ ...load, port: authority.port + 2, keepsAlive: true }, ours.pid);
    await askThem();
    await askUs();
    const row: LoadRow = { title, peer: 'openssl ocsp', theirs: [], ours: [] };
    for (let round = 0; round < task.runs; round++) {
      row.theirs.push(await askThem());
      row.ours.push(await askUs());
      task.onRun('ocsp', 'openssl ocsp', row.theirs.at(-1)?.perSecond ?? 0);
      task.onRun('ocsp', 'Holdfast', row.ours.at(-1)?.perSecond ?? 0);
    }
    measured.push(row);
  }
  return measured;
}

/** About one certificate after the other, each time with another nonce: no answer can be given twice. */
function askWithNonces({ issuer, serials }: Issued, count: number): Buffer[] {
  return Array.from({ length: count }, (_, index) => {
    const serial = serials[index % serials.length] as SerialNumber;
    return post(createOcspRequest({ issuer, serials: [serial], nonce: randomBytes(nonceBytes) }));
  });
}

/**
 * Without a nonce, about some certificates more often than about others: the one in place n of the order of how often they are
 * asked about comes n times as rarely as the first (Zipf's law), whenever it comes.
 */
function askAgain({ issuer, serials }: Issued, count: number): Buffer[] {
  return Array.from({ length: count }, (_, index) => {
    // Multiples of the golden ratio without their whole part are spread evenly over 0 to 1.
    const place = Math.floor((serials.length + 1) ** ((index * goldenRatio) % 1)) - 1;
    return post(createOcspRequest({ issuer, serials: [serials[place] as SerialNumber] }));
  });
}

const goldenRatio = (1 + Math.sqrt(5)) / 2;

function post(der: Uint8Array): Buffer {
  return postRequest('/-/status/ocsp', 'application/ocsp-request', der);
}

function readIssued({ databasePath }: FilledAuthority): Issued {
  const database = new DatabaseSync(databasePath, { readOnly: true });
  const row = database.prepare("SELECT certificate FROM issuers WHERE label = 'issuing-1'").get();
  const issuer = parseCertificate(row?.['certificate'] as Uint8Array);
  const serials = database.prepare('SELECT serial FROM certificates ORDER BY id').all();
  database.close();
  return { issuer, serials: serials.map(({ serial }) => serial as SerialNumber) };
}
