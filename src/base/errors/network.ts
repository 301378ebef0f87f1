import type { ErrorRow } from './error-row.ts';

/** The network. */
export const networkErrors = {
  host_not_found: {
    happened: 'nobody has this name: the name service knows no address for it',
    next: 'check how the name is written, and what the name service of this machine says of it',
    kind: 'connection',
    passing: true,
    heard: 'nobody',
    mistypedPerhaps: true,
  },
  host_lookup_failed: {
    happened: 'the name service did not answer, so that the address of a name is not known',
    next: 'check the network of this machine and its name service: /etc/resolv.conf',
    kind: 'connection',
    passing: true,
    heard: 'nobody',
  },
  host_unreachable: {
    happened:
      'no way leads to that address: a network or a router in between says so, or this machine has no network',
    next: 'check the network of this machine, and the routes and firewalls on the way',
    kind: 'connection',
    passing: true,
    heard: 'nobody',
  },
  connection_refused: {
    happened: 'the machine is there, and no program takes connections at that port',
    next: 'is the server up? holdfast serve starts it there',
    kind: 'connection',
    passing: true,
    heard: 'nobody',
  },
  connection_timed_out: {
    happened: 'what was sent to that address got no answer at all: it is off, or a firewall drops it',
    next: 'check that the machine is on, and that the firewalls on the way let its port through',
    kind: 'connection',
    passing: true,
    heard: 'nobody',
  },
  connection_reset: {
    happened: 'the other side, or somebody in between, cut the connection',
    next: 'run it again; what arrived is not sent again',
    kind: 'connection',
    passing: true,
    heard: 'may be done',
  },
  connection_closed: {
    happened: 'the other side ended the connection before it had answered',
    next: 'run it again; what arrived is not sent again',
    kind: 'connection',
    passing: true,
    heard: 'may be done',
  },
  connection_stalled: {
    happened: 'nothing more came over a connection that was there, for too long',
    next: 'run it again; what arrived is not sent again',
    kind: 'connection',
    passing: true,
    heard: 'may be done',
  },
  connection_lost: {
    happened: 'the line was cut, or bytes changed on it',
    next: 'run it again; what arrived is not sent again',
    kind: 'connection',
    passing: true,
    heard: 'may be done',
  },
  tls_handshake_timed_out: {
    happened: 'the port takes connections, and no TLS handshake came to its end there in time',
    next: 'check that the server is well, and that nothing on the way swallows large packets',
    kind: 'connection',
    passing: true,
    heard: 'nobody',
  },
  tls_not_spoken: {
    happened: 'what answers there does not speak TLS, as a plain port does not',
    next: 'name the port that speaks TLS; holdfast status at the server shows its listeners',
    kind: 'connection',
  },
  tls_required: {
    happened:
      'plain HTTP was spoken where only TLS is taken: to a port of TLS, or to a plain port about repositories',
    next: 'write https:// into the address, with the port of TLS, or name the plain port',
    kind: 'connection',
    status: 403,
  },
  clients_on_plain: {
    happened:
      'a change takes the plain port from clients that were seen on it within 30 days; they are named',
    next: 'look at how they come: holdfast nodes; where they can do without, say it again with --yes, as in holdfast policy set tls-only on --yes',
    kind: 'refused',
    status: 409,
  },
  tls_no_common_version: {
    happened: 'the two sides have no version of TLS in common',
    next: 'bring the older side up to TLS 1.3, or allow TLS 1.2 here: holdfast client set minimumVersion TLSv1.2',
    kind: 'connection',
  },
  tls_no_common_group: {
    happened: 'the two sides have no key-exchange group, or no cipher suite, in common',
    next: 'allow a group that the other side has, here: holdfast client set groups LIST',
    kind: 'connection',
  },
  tls_hello_dropped: {
    happened:
      'something on the way drops the beginning of TLS where it fills more than one packet, as that of post-quantum key exchange does',
    next: 'mend or go round what stands in between; until then: holdfast client set groups X25519',
    kind: 'connection',
  },
  large_packets_dropped: {
    happened: 'large packets do not arrive, and small ones do',
    next: 'let ICMP through on the way, or make the packets of this machine smaller: ip link set dev DEVICE mtu 1280',
    kind: 'connection',
  },
  proxy_answered: {
    happened: 'a proxy, or the page of a captive portal, answers in place of the server',
    next: 'sign in to the network where it asks for it, or let the connection past the proxy',
    kind: 'connection',
  },
  server_not_holdfast: {
    happened: 'another program answers at that address; it is named where it names itself',
    next: 'check host and port; holdfast status at the server shows its listeners',
    kind: 'connection',
  },
  tls_failed: {
    happened: 'the handshake of TLS failed in another way, which is named',
    next: 'check address and port, and what stands in between',
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
    happened: 'nothing but locks of this client can be removed at this server',
    next: 'the server keeps what it has; where this machine is to forget and prune, at the server: holdfast node set NAME prune on',
    kind: 'refused',
    status: 403,
  },
  node_quarantined: {
    happened: 'an administrator has put this machine into quarantine: it may restore, and nothing else',
    next: 'restic restores with --no-lock; when all is clear, at the server: holdfast node release NAME',
    kind: 'refused',
    status: 403,
  },
  view_expired: {
    happened:
      'a storage node has heard nothing of its server for longer than `viewLifetimeMs`: it gives what it has, and takes nothing new',
    next: 'see that the storage node reaches its server, and it goes on by itself; until then another place takes backups: holdfast backup --to server PATH',
    kind: 'refused',
    status: 403,
  },
  view_invalid: {
    happened:
      'what a storage node was told of its network, or has kept of it, is older than what it knows, was altered, or is signed by somebody else',
    next: 'the storage node goes by what it knows; see which server it reaches, and whether that one was set back: holdfast status there',
    kind: 'refused',
  },
  storage_node_unknown: {
    happened: 'no storage node of that name is known, or it has not said yet where it is',
    next: 'holdfast nodes --role storage, at the server, lists them; one says where it is when it is started: holdfast serve',
    kind: 'usage',
  },
  ticket_refused: {
    happened:
      'a ticket of the plain data channel is none, was altered, used before, or is too old; or what answered is not the server that gave it',
    next: 'what was asked goes over TLS by itself; where it happens often, somebody on the way changes what passes',
    kind: 'refused',
    status: 403,
  },
  service_elsewhere: {
    happened:
      'a port of the server that does not offer what was asked of it, as one for administration offers no repositories',
    next: 'name the port that does; holdfast status at the server shows what each offers',
    kind: 'connection',
    status: 404,
  },
  operation_unknown: {
    happened: 'no such operation or address',
    next: 'use the same version here and at the server',
    status: 404,
  },
  second_admin_needed: {
    happened: 'what one administrator alone is not to do takes the word of two, and only one has said it',
    next: 'within a day, as another administrator of a week at least, the same: holdfast policy set retention-lock 7d, or holdfast release publish FILE',
    kind: 'refused',
    status: 403,
  },
  operation_forbidden: {
    happened: 'this role may not',
    next: 'run this at the server, or with an admin certificate',
    kind: 'refused',
    status: 403,
  },
} as const satisfies Record<string, ErrorRow>;
