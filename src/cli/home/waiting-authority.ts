import { createHash } from 'node:crypto';
import type { WaitingAuthority } from '../../authority/index.ts';
import { parseCertificateRequest } from '../../pki/index.ts';
import { type Row, row } from '../terminal/answer.ts';

/** An authority that waits for its certificate, as `status` and `ca show` print it in JSON. */
export function waitingView({ request, subject, createdAt }: WaitingAuthority) {
  const { spki } = parseCertificateRequest(request);
  return {
    for: 'the certificate of an outside root',
    subject,
    publicKeySha256: createHash('sha256').update(spki).digest('hex'),
    since: createdAt.toISOString(),
  };
}

/** The same for people. */
export function* waitingRows(waiting: WaitingAuthority): Iterable<Row> {
  const { subject, publicKeySha256, since } = waitingView(waiting);
  yield row('authority', 'waits for its certificate', `since ${since}`);
  yield row('request', subject, `key SHA-256 ${publicKeySha256}`);
  yield row('next', 'holdfast ca complete FILE   ·   the request again: holdfast ca request --out FILE');
}
