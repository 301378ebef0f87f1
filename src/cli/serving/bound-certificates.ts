import type { BoundCertificate } from '../../admin/index.ts';
import { type Bytes, dayMs } from '../../base/index.ts';
import { parseCertificate } from '../../pki/index.ts';
import { Keystore } from '../../trust/index.ts';
import { readBindings } from './server-bindings.ts';

const noticeMs = 30 * dayMs;

/**
 * The certificates from elsewhere that a server shows, by the keystore in `directory`. Nobody renews them but whoever bound
 * them, so that a month is none too long to hear of its end.
 */
export async function boundCertificates(directory: string, nowMs: number): Promise<BoundCertificate[]> {
  if (!(await Keystore.exists(directory))) return [];
  return readBindings(await Keystore.open(directory)).map(({ target, credentials }) => {
    const { notAfter } = parseCertificate(credentials.chain[0] as Bytes);
    const leftMs = notAfter.getTime() - nowMs;
    return {
      target: `${target.kind} ${target.name}`,
      notAfter: notAfter.toISOString(),
      state: leftMs < 0 ? 'ended' : leftMs < noticeMs ? 'ending' : 'good',
    };
  });
}
