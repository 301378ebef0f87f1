import type { Bytes } from '../src/base/index.ts';
import { createCertificateRequest, createName, generateKeyPair, identityUri } from '../src/pki/index.ts';

/** Requests of clients `bench-0`, `bench-1`, … of a network, each with a P-256 key of its own. */
export async function makeCertificateRequests(network: string, count: number): Promise<Bytes[]> {
  const requests: Bytes[] = [];
  for (let number = 0; number < count; number++) {
    const { privateKey } = await generateKeyPair('p256');
    const name = `bench-${number}`;
    const value = identityUri({ network, role: 'client', name });
    const template = {
      subject: createName({ CN: name }),
      subjectAltNames: [{ kind: 'uri', value }],
    } as const;
    requests.push(createCertificateRequest(template, privateKey));
  }
  return requests;
}
