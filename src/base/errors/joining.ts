import type { ErrorRow } from './error-row.ts';

/** Joining and requests. */
export const joiningErrors = {
  node_not_joined: {
    happened: 'this machine has joined no network',
    next: 'holdfast join, with a code from holdfast token create NAME at the server',
  },
  node_already_joined: {
    happened: 'this home is a node already',
    next: 'use another home for another network: --home DIR',
  },
  join_code_malformed: {
    happened: 'not a join code, or one with a typing error',
    next: 'copy the whole code again',
    status: 400,
  },
  join_code_unknown: {
    happened: 'the server made no such code',
    next: 'holdfast token create NAME, at the server, makes a new one',
    kind: 'refused',
    status: 403,
  },
  join_code_used: {
    happened: 'it was used by another machine',
    next: 'holdfast token create NAME, at the server, makes a new one',
    kind: 'refused',
    status: 403,
  },
  join_code_expired: {
    happened: 'its time is over',
    next: 'holdfast token create NAME, at the server, makes a new one',
    kind: 'refused',
    status: 403,
  },
  join_code_revoked: {
    happened: 'an administrator revoked it, or the node it was for',
    next: 'holdfast token create NAME, at the server, makes a new one',
    kind: 'refused',
    status: 403,
  },
  join_code_wrong_authority: {
    happened: 'the server at that address has another root than the code',
    next: 'find out who answers at that address; nothing was told to it',
    kind: 'certificate',
  },
  name_invalid: {
    happened:
      'not a name for a node, a network, a host or a field of a subject; which, and what is allowed, is said',
    next: 'correct it; docs/reference/certificates.md has what names can be',
    status: 400,
  },
  name_reserved: {
    happened: "one of restic's own words",
    next: 'choose another name',
    kind: 'refused',
    status: 403,
  },
  name_taken: {
    happened: 'it was issued before',
    next: 'choose another name, or say --reissue for the same machine',
    kind: 'refused',
    status: 403,
  },
  rate_limited: {
    happened: 'too many refused attempts, or more at once than one caller may have',
    next: 'wait a minute, then run it again',
    kind: 'refused',
    status: 429,
    passing: true,
  },
  queue_closed: {
    happened: 'requests are not taken: the queue is off',
    next: 'at the server: holdfast policy set queue on',
    kind: 'refused',
    status: 403,
  },
  request_unknown: {
    happened: 'there is no request with this handle, or it has gone',
    next: 'holdfast request list shows those that are known',
    status: 404,
  },
  request_pending: {
    happened: 'nobody has decided on the request yet',
    next: 'come again later: holdfast request collect',
    status: 202,
  },
  request_denied: {
    happened: 'an administrator denied the request; the reason is shown',
    next: 'ask the administrator, and make another request',
    kind: 'refused',
    status: 403,
  },
  request_expired: {
    happened: 'nobody decided on the request in time',
    next: 'make the request again',
    kind: 'refused',
    status: 403,
  },
  name_not_permitted: {
    happened: 'a name lies outside what the profile or the name constraints allow',
    next: 'ask for names that are permitted; at the server, holdfast policy show lists them',
    kind: 'refused',
    status: 403,
  },
  key_weak: {
    happened: 'a key that can be broken; how is said',
    next: 'make another key: P-256, or RSA from 2048 bits with exponent 65537',
    kind: 'refused',
    status: 403,
  },
  lint_failed: {
    happened: 'the certificate would break a rule of RFC 5280; which is said',
    next: 'change what is asked for as the message says',
    kind: 'refused',
    status: 403,
  },
} as const satisfies Record<string, ErrorRow>;
