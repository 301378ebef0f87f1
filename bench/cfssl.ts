import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './measure.ts';
import { type ServerProcess, startServer } from './server-process.ts';

const config = {
  signing: {
    default: {
      expiry: '2160h',
      usages: ['digital signature', 'client auth'],
      crl_url: 'http://status.example:8445/-/status/issuing-1.crl',
      ocsp_url: 'http://status.example:8445/-/status/ocsp',
      issuer_urls: ['http://status.example:8445/-/status/issuing-1.cer'],
    },
  },
};

/** Starts `cfssl serve` over TLS in `directory`, with a P-256 key and certificates that say what ours do. */
export async function startCfssl(directory: string, port: number): Promise<ServerProcess> {
  mkdirSync(directory);
  writeFileSync(join(directory, 'config.json'), JSON.stringify(config));
  const openssl = (...words: string[]) => run({ program: 'openssl', words, env: {}, directory });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const names = ['-subj', '/O=bench/CN=localhost', '-days', '300'];
  await openssl('req', '-x509', ...key, ...names, '-keyout', 'ca.key', '-out', 'ca.pem');
  await openssl('req', '-x509', ...key, ...names, '-keyout', 'tls.key', '-out', 'tls.pem');
  const files = ['-ca', 'ca.pem', '-ca-key', 'ca.key', '-tls-cert', 'tls.pem', '-tls-key', 'tls.key'];
  const words = ['serve', '-address', '127.0.0.1', '-port', String(port), ...files];
  const command = { program: 'cfssl', words: [...words, '-config', 'config.json', '-loglevel', '5'] };
  return await startServer({ ...command, env: {}, directory }, port);
}

/** A certificate request as its body for `POST /api/v1/cfssl/sign`. */
export function cfsslBody(pem: string): string {
  return JSON.stringify({ certificate_request: pem });
}
