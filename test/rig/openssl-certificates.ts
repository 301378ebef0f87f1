import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { certificatePem, exportPrivateKey, parseCertificate, privateKeyPem } from '../../src/pki/index.ts';
import type { Holder } from './sample-certificates.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export interface OpensslOrder {
  /** As `-subj` takes it. */
  readonly subject: string;
  /** Signs itself when there is none. */
  readonly issuer?: Holder;
  /** Lines of an extension section; of version 1 when there is none. */
  readonly extensions?: readonly string[];
  /** Further sections that the lines refer to. */
  readonly sections?: string;
  /** A pair that is there already. */
  readonly keys?: Holder['keys'];
}

/** The lines of an authority's extensions, as OpenSSL writes them. */
export const authorityLines: readonly string[] = [
  'basicConstraints=critical,CA:true',
  'keyUsage=critical,keyCertSign,cRLSign',
  'subjectKeyIdentifier=hash',
  'authorityKeyIdentifier=keyid',
];

/** Makes a certificate with the system's openssl, so that it can say what ours never would. */
export function opensslCertificate(order: OpensslOrder): Holder {
  const { subject, issuer, extensions, sections = '' } = order;
  const keys = order.keys ?? generateKeyPairSync('ec', { namedCurve: 'P-256' });
  using directory = temporaryDirectory();
  const file = (name: string) => join(directory.path, name);
  const openssl = (...words: string[]) =>
    execFileSync('openssl', words, { cwd: directory.path, stdio: 'pipe' });
  writeFileSync(file('own.key'), privateKeyPem(exportPrivateKey(keys.privateKey)));
  writeFileSync(file('extensions'), `[extensions]\n${extensions?.join('\n')}\n${sections}`);
  openssl('req', '-new', '-utf8', '-key', 'own.key', '-subj', subject, '-out', 'request');
  const signing = ['-signkey', 'own.key'];
  if (issuer !== undefined) {
    writeFileSync(file('issuer.pem'), certificatePem(issuer.der));
    writeFileSync(file('issuer.key'), privateKeyPem(exportPrivateKey(issuer.keys.privateKey)));
    signing.splice(0, 2, '-CA', 'issuer.pem', '-CAkey', 'issuer.key', '-CAcreateserial');
  }
  const extending = extensions === undefined ? [] : ['-extfile', 'extensions', '-extensions', 'extensions'];
  const out = ['-days', '30', '-outform', 'DER', '-out', 'certificate'];
  openssl('x509', '-req', '-in', 'request', ...signing, ...extending, ...out);
  const der = readFileSync(file('certificate'));
  return {
    der,
    keys,
    /** Not of what cannot be read. */
    get subject() {
      return parseCertificate(der).subject;
    },
  };
}
