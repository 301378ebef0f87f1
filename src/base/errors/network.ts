import type { ErrorRow } from './error-row.ts';

/** The network. */
export const networkErrors = {
  connection_failed: {
    happened: 'nobody answers there',
    next: 'is the server up? holdfast serve starts it there',
    kind: 'connection',
    passing: true,
  },
  connection_lost: {
    happened: 'the line was cut',
    next: 'run it again; what arrived is not sent again',
    kind: 'connection',
    passing: true,
  },
  tls_failed: {
    happened: 'the handshake failed, for example because the port speaks plain HTTP',
    next: 'check address and port',
    kind: 'connection',
  },
  server_unavailable: {
    happened: 'the server, or what stands before it, says that it cannot answer now; the status is named',
    next: 'wait until the server, or what stands before it, is well again; its log says more',
    kind: 'connection',
    passing: true,
  },
  answer_malformed: {
    happened: 'what answers breaks HTTP or our protocol, or sends without end; it is named by what',
    next: 'find out what answers at that address: another program, or a proxy in between',
    kind: 'connection',
  },
  refused_by_peer: {
    happened: 'the other side refused and did not say why',
    next: 'the log of the server says more: holdfast serve --verbose',
    kind: 'refused',
  },
  namespace_forbidden: {
    happened: "another client's repository",
    next: 'use the repository of this machine: leave --repo away',
    kind: 'refused',
    status: 403,
  },
  append_only: {
    happened: 'nothing but locks can be removed at this server',
    next: 'the server keeps what it has; its administrator removes what is to go',
    kind: 'refused',
    status: 403,
  },
  operation_unknown: {
    happened: 'no such operation or address',
    next: 'use the same version here and at the server',
    status: 404,
  },
  operation_forbidden: {
    happened: 'this role may not',
    next: 'run this at the server, or with an admin certificate',
    kind: 'refused',
    status: 403,
  },
} as const satisfies Record<string, ErrorRow>;
