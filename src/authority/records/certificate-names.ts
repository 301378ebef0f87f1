import { hash } from 'node:crypto';
import type { Bytes } from '../../base/index.ts';
import type { Queries } from '../../db/index.ts';
import type { Fingerprint, GeneralName } from '../../pki/index.ts';

/** What certificates are found by besides their serial numbers and their nodes' names: host names and fingerprints. */
export class CertificateNameRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  /** @param certificate its row; each has a name, its fingerprint at least */
  async insert(
    certificate: number,
    { fingerprint, names }: { readonly fingerprint: Fingerprint; readonly names: readonly GeneralName[] },
  ): Promise<void> {
    const hosts = names.flatMap((name) =>
      name.kind === 'dns' || name.kind === 'ip' ? [name.value.toLowerCase()] : [],
    );
    const all = [...new Set([fingerprintName(fingerprint), ...hosts])];
    const rows = all.map(() => '(?, ?)').join(', ');
    const sql = `INSERT INTO certificate_names (name, certificate) VALUES ${rows}`;
    await this.#queries.run(sql, ...all.flatMap((name) => [name, certificate]));
  }

  /** Whether there is none, as in a home from before certificates were found by names. */
  async isEmpty(): Promise<boolean> {
    return (await this.#queries.get('SELECT 1 FROM certificate_names LIMIT 1')) === undefined;
  }
}

/** Under which name a fingerprint stands beside the host names of a certificate: `sha256:4f1c…`. */
export function fingerprintName(fingerprint: string): string {
  return `sha256:${fingerprint.slice('SHA256:'.length).replaceAll(':', '')}`;
}

/** What a public key is known by in the records: the SHA-256 of its SubjectPublicKeyInfo. */
export function publicKeyHash(spki: Bytes): Bytes {
  const known = hashes.get(spki);
  if (known !== undefined) return known;
  const made = hash('sha256', spki, 'buffer');
  hashes.set(spki, made);
  return made;
}

/** Several rules ask for that of one request. */
const hashes = new WeakMap<Bytes, Bytes>();
