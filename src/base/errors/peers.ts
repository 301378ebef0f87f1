import type { ErrorRow } from './error-row.ts';

/** Who is who. */
export const peersErrors = {
  certificate_required: {
    happened: 'the server wants a client certificate',
    next: 'holdfast join gets one, with a code from holdfast token create NAME at the server',
    kind: 'certificate',
    status: 401,
  },
  certificate_expired: {
    happened: 'a certificate is past its end',
    next: 'a server renews its own at holdfast serve; a client has to join again, with a code from holdfast token create NAME --reissue at the server',
    kind: 'certificate',
    status: 403,
    toldAtGate: true,
  },
  certificate_not_yet_valid: {
    happened: 'it is not valid yet: usually a wrong clock',
    next: 'check the clock of this machine and of the other',
    kind: 'certificate',
    status: 403,
    toldAtGate: true,
  },
  certificate_revoked: {
    happened: 'it was revoked, or the authority never issued it',
    next: 'join again, with a code from holdfast token create NAME --reissue at the server',
    kind: 'certificate',
    status: 403,
    toldAtGate: true,
  },
  revocation_unknown: {
    happened: 'no list and no answer says whether a certificate is revoked',
    next: 'name the newest lists of its issuers: holdfast cert verify FILE --crl LIST, or ask for them with --online',
    kind: 'certificate',
  },
  certificate_unknown_authority: {
    happened: 'the chain leads to no root that is trusted here',
    next: 'find out who answers at that address; nothing was told to it',
    kind: 'certificate',
    status: 403,
  },
  certificate_changed: {
    happened:
      'a server shows another certificate than the one that was chosen for it; both fingerprints are named',
    next: 'ask whoever runs it whether it was renewed; then: holdfast trust accept URL --fingerprint SHA256:…',
    kind: 'certificate',
  },
  fingerprint_mismatch: {
    happened: 'a server shows a certificate with another SHA-256 than the one that was said; both are named',
    next: 'ask whoever runs the server what its fingerprint is, by another way; nothing was accepted',
    kind: 'certificate',
  },
  certificate_chain_incomplete: {
    happened:
      'the server sends its own certificate, and not what leads from it to a root that is trusted here',
    next: 'have the server send the certificates of its issuers too; a Holdfast server does by itself',
    kind: 'certificate',
  },
  connection_intercepted: {
    happened:
      'somebody in between takes the connection and shows certificates made for the occasion; its root is named',
    next: 'have the server left out of the inspection of TLS on the way; nothing was told to it',
    kind: 'certificate',
  },
  client_authority_not_listed: {
    happened: 'the server asks for certificates of other authorities than that of this machine',
    next: "add this network's root to those that the server takes, by its own settings: holdfast ca export FILE at the authority writes it",
    kind: 'certificate',
  },
  certificate_wrong_name: {
    happened: 'the certificate is for other names; both are shown',
    next: 'reach the server by one of its names, or give it this one: holdfast serve --names',
    kind: 'name',
  },
  certificate_wrong_role: {
    happened: 'a node of another role answered or called',
    next: 'find out who answers at that address; nothing was told to it',
    kind: 'certificate',
    status: 403,
    toldAtGate: true,
  },
  certificate_wrong_network: {
    happened: 'it is of another network',
    next: 'use the home of that network: --home DIR',
    kind: 'certificate',
    status: 403,
    toldAtGate: true,
  },
  certificate_not_allowed: {
    happened: 'a rule of RFC 5280 or a policy forbids it; which one is named',
    next: 'find out who answers at that address; nothing was told to it',
    kind: 'certificate',
    status: 403,
    toldAtGate: true,
  },
  connections_exhausted: {
    happened:
      'one identity has as many connections open at a server as any may have; its name and the number are said',
    next: 'end the programs that hold them on the machine of that name, or wait; where nobody knows of any, have its certificates revoked',
    kind: 'refused',
    status: 429,
    passing: true,
  },
  bearer_required: {
    happened: 'the server wants a bearer token, or a client certificate where it asks for one',
    next: 'holdfast token create --bearer NAME, at the server, makes one; holdfast client set-token takes it here',
    kind: 'refused',
    status: 401,
  },
  bearer_unknown: {
    happened: 'the server made no such bearer token',
    next: 'compare it with what token create printed; holdfast token create --bearer NAME, at the server, makes a new one',
    kind: 'refused',
    status: 401,
  },
  bearer_expired: {
    happened: 'the time of a bearer token is over',
    next: 'holdfast token create --bearer NAME, at the server, makes a new one; holdfast client set-token takes it here',
    kind: 'refused',
    status: 401,
  },
  bearer_revoked: {
    happened: 'an administrator revoked a bearer token, or the node it was for',
    next: 'holdfast token create --bearer NAME, at the server, makes a new one; holdfast client set-token takes it here',
    kind: 'refused',
    status: 401,
  },
  bearer_wrong_identity: {
    happened: 'a bearer token names another than the certificate, or the user, that it is shown with',
    next: 'use the token that was made for this node: holdfast token create --bearer NAME, at the server, makes one',
    kind: 'refused',
    status: 403,
  },
} as const satisfies Record<string, ErrorRow>;
