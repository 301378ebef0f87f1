import type { ErrorRow } from './error-row.ts';

/** Certificates and keys. */
export const certificatesErrors = {
  der_malformed: {
    happened: 'bytes are not strict DER',
    next: 'get the file again: it is damaged or not what it is called',
    status: 400,
  },
  pem_malformed: {
    happened: 'text is not PEM',
    next: 'get the file again: it is damaged or not what it is called',
    status: 400,
  },
  certificate_malformed: {
    happened: 'not a certificate, or one that could be read in two ways',
    next: 'get the file again: it is damaged or not what it is called',
  },
  request_malformed: {
    happened: 'not a certificate request',
    next: 'make the request again',
    status: 400,
  },
  crl_malformed: {
    happened: 'not a revocation list as RFC 5280 has it',
    next: 'get the file again: it is damaged or not what it is called',
  },
  ocsp_request_malformed: {
    happened: 'not an OCSP request, or one of a kind that is not answered',
    next: 'ask with another program',
  },
  ocsp_response_malformed: {
    happened: 'not an OCSP response',
    next: 'get the file again: it is damaged or not what it is called',
  },
  request_signature_invalid: {
    happened: 'the request is not signed by its own key',
    next: 'make the request again, with its own key',
    status: 400,
  },
  request_not_allowed: {
    happened: 'the request asks for names, extensions or a key that were not authorised; each is named',
    next: 'ask only for what the profile or the join code stands for',
    kind: 'refused',
    status: 403,
  },
  key_malformed: {
    happened: 'not a key',
    next: 'get the file again: it is damaged or not what it is called',
    status: 400,
  },
  pkcs12_malformed: {
    happened: 'a file is not PKCS#12, or a damaged one',
    next: 'get the file again: it is damaged or not PKCS#12',
  },
  key_unsupported: {
    happened: 'a kind or size of key that is not taken; it is named',
    next: 'use a key of P-256, P-384, Ed25519 or RSA from 2048 bits',
    status: 403,
  },
  signature_unsupported: {
    happened: 'a signature by an algorithm that proves nothing any more, such as SHA-1',
    next: 'use a certificate or request that is signed with SHA-256 or better',
    status: 403,
  },
  key_not_of_certificate: {
    happened: 'a key and a certificate do not belong together',
    next: 'restore this home from a copy, or join again, with a code from holdfast token create NAME --reissue at the server',
  },
  keystore_missing: {
    happened: 'there is no keystore where one should be',
    next: 'restore this home from a copy, or join again, with a code from holdfast token create NAME --reissue at the server',
  },
  keystore_exists: {
    happened: 'there is one already',
    next: 'use it, or another directory',
  },
  keystore_not_private: {
    happened: 'others can read keystore or stash, or a group that they are not shared with',
    next: 'chmod 600 keystore and stash; a group: holdfast keystore share --group NAME',
  },
  keystore_read_only: {
    happened:
      'the keystore belongs to another user, who has shared it for reading, and the command would change it',
    next: 'run it as the owner of the keystore',
  },
  keystore_damaged: {
    happened: 'keystore and stash do not belong together, or a byte has changed',
    next: 'restore this home from a copy, or join again, with a code from holdfast token create NAME --reissue at the server',
  },
  keystore_entry_missing: {
    happened: 'no key of this name is in it',
    next: 'restore this home from a copy, or join again, with a code from holdfast token create NAME --reissue at the server',
  },
  trust_store_failed: {
    happened: 'a trust store of the system, a browser or Java could not be changed, and is as it was',
    next: 'run it as root for the machine; --scope user needs no root',
  },
  trust_store_changed: {
    happened: 'a trust store was changed by others since a root was put into it, and is left as it is',
    next: 'take the root out of it by hand; holdfast trust install --dry-run names the programs',
  },
  hierarchy_unconstrained: {
    happened: 'nothing limits the names that a network may certify, and its root was to go into trust stores',
    next: 'holdfast ca permit NAMES at the server; or, when the risk is known, --unconstrained',
    kind: 'refused',
  },
  trust_bundle_missing: {
    happened: 'the list of trusted roots is gone',
    next: 'restore this home from a copy, or join again, with a code from holdfast token create NAME --reissue at the server',
  },
  trust_bundle_damaged: {
    happened: 'it cannot be read',
    next: 'restore this home from a copy, or join again, with a code from holdfast token create NAME --reissue at the server',
  },
} as const satisfies Record<string, ErrorRow>;
