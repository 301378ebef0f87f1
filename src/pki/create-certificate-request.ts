import type { KeyObject } from 'node:crypto';
import type { Bytes } from '../base/index.ts';
import type { GeneralName } from './general-name.ts';
import type { Name } from './name.ts';

export interface RequestTemplate {
  readonly subject: Name;
  readonly subjectAltNames?: readonly GeneralName[];
}

/** Signs a request with the key it is for and returns its DER. */
export function createCertificateRequest(template: RequestTemplate, privateKey: KeyObject): Bytes {
  throw new TypeError(`not yet ${template.subject.length} ${privateKey.type}`);
}
