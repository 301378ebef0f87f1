import type { KeyObject } from 'node:crypto';
import type { Bytes } from '../src/base/index.ts';
import { createCertificateRequest, createName, generateKeyPair, identityUri } from '../src/pki/index.ts';

/** A certificate request, DER, with the key that it is for. */
export interface KeyedRequest {
  readonly request: Bytes;
  readonly privateKey: KeyObject;
}

/** Requests of clients `bench-0`, `bench-1`, … of a network, each with a P-256 key of its own. */
export async function makeCertificateRequests(network: string, count: number): Promise<KeyedRequest[]> {
  const requests: KeyedRequest[] = [];
  for (let number = 0; number < count; number++) {
    const { privateKey } = await generateKeyPair('p256');
    const name = `bench-${number}`;
    const value = identityUri({ network, role: 'client', name });
    const template = {
      subject: createName({ CN: name }),
      subjectAltNames: [{ kind: 'uri', value }],
    } as const;
    requests.push({ request: createCertificateRequest(template, privateKey), privateKey });
  }
  return requests;
}

/** The body of a POST to join by the secret of a join code. */
export function joinBody(secret: Bytes, request: Bytes): string {
  const base64 = (bytes: Bytes) => Buffer.from(bytes).toString('base64');
  return JSON.stringify({ version: 1, secret: base64(secret), request: base64(request) });
}
