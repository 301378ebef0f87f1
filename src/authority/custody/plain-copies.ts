import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { equalBytes } from '../../base/index.ts';
import { exportPublicKey } from '../../pki/index.ts';
import type { CaCertificate } from '../issuers/issuer.ts';
import { parseRecord } from '../log/log-record.ts';
import type { Records } from '../records/records.ts';

/** Files in which the key of a root was written in the clear, as the log has it, and still lies. */
export async function plainCopies(
  { log }: Records,
  { label, certificate }: CaCertificate,
): Promise<string[]> {
  const exported = await log.withDetail('exported', 'key', label);
  const paths = new Set(exported.map((text) => String(parseRecord(text)?.details['to'])));
  const found = await Promise.all(
    [...paths].map(async (path) => ((await holds(path, certificate.spki)) ? [path] : [])),
  );
  return found.flat();
}

/** What is gone, or another key by now, is no copy. */
async function holds(path: string, spki: Uint8Array): Promise<boolean> {
  try {
    return equalBytes(exportPublicKey(createPublicKey(await readFile(path))), spki);
  } catch {
    return false;
  }
}
