import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { certificatePem } from '../src/pki/index.ts';
import type { FilledAuthority } from './authority-server.ts';
import { run } from './measure.ts';
import { type ServerProcess, startServer } from './server-process.ts';

/** A certificate as OpenSSL's index has it. */
interface IndexedCertificate {
  readonly serial: string;
  readonly not_after: number;
  readonly revoked_at: number | null;
}

/** Starts `openssl ocsp` as a server that knows the certificates of an authority, in its directory. */
export async function startOpensslResponder(
  { directory, databasePath }: FilledAuthority,
  port: number,
): Promise<ServerProcess> {
  const database = new DatabaseSync(databasePath, { readOnly: true });
  const issuing = database.prepare("SELECT certificate FROM issuers WHERE label = 'issuing-1'").get();
  const rows = database.prepare('SELECT serial, not_after, revoked_at FROM certificates').all();
  database.close();
  writeFileSync(join(directory, 'issuing.pem'), certificatePem(issuing?.['certificate'] as Uint8Array));
  writeFileSync(
    join(directory, 'index.txt'),
    rows.map((row) => indexLine(row as unknown as IndexedCertificate)).join(''),
  );
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const words = [
    'req',
    '-x509',
    ...key,
    '-subj',
    '/CN=signer',
    '-keyout',
    'signer.key',
    '-out',
    'signer.pem',
  ];
  await run({ program: 'openssl', words, env: {}, directory });
  const files = [
    '-index',
    'index.txt',
    '-CA',
    'issuing.pem',
    '-rsigner',
    'signer.pem',
    '-rkey',
    'signer.key',
  ];
  const serve = ['ocsp', '-port', String(port), '-nmin', '5', '-ignore_err', ...files];
  // It would wait for ever upon a connection without a request, so nobody tries whether it listens.
  return await startServer(
    { program: 'openssl', words: serve, env: {}, directory },
    /waiting for OCSP client/,
  );
}

function indexLine({ serial, not_after, revoked_at }: IndexedCertificate): string {
  const revoked = revoked_at === null ? '' : `${utcTime(revoked_at)},superseded`;
  const state = revoked_at === null ? 'V' : 'R';
  return `${state}\t${utcTime(not_after)}\t${revoked}\t${serial.toUpperCase()}\tunknown\t/CN=${serial}\n`;
}

function utcTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(2, 19).replaceAll(/[-:T]/g, '')}Z`;
}
