import type { KeyObject } from 'node:crypto';
import { asBuffer, type Bytes } from '../base/index.ts';
import {
  createCertificateRequest,
  createName,
  exportPublicKey,
  type Identity,
  identityUri,
} from '../pki/index.ts';

/** A request for a certificate of `identity`, and the public key it is for. */
export interface NodeRequest {
  readonly spki: Bytes;
  /** PKCS#10, DER in base64. */
  readonly request: string;
}

/** Asks for nothing but the identity; what else the certificate says is the authority's to decide. */
export function createNodeRequest(identity: Identity, key: KeyObject): NodeRequest {
  const der = createCertificateRequest(
    {
      subject: createName({ CN: identity.name }),
      subjectAltNames: [{ kind: 'uri', value: identityUri(identity) }],
    },
    key,
  );
  return { spki: exportPublicKey(key), request: asBuffer(der).toString('base64') };
}
