import { stringify } from 'smol-toml';

/** A listener as it is written into `holdfast.toml`; what is not said is as the defaults have it. */
interface WrittenListener {
  readonly name: string;
  readonly port: number;
  readonly host?: string;
  readonly services: readonly string[];
  readonly kind?: 'tls' | 'plain';
  readonly clientCertificate?: 'off' | 'warn' | 'require';
  readonly minimumVersion?: string;
  readonly groups?: readonly string[];
  readonly metrics?: string;
}

/** Sections of `holdfast.toml` that open these listeners and no others. */
export function listenersToml(listeners: readonly WrittenListener[]): string {
  return `\n${stringify({ listeners: listeners.map(sectionOf) })}\n`;
}

/** The three of a server whose settings name none, from `port` on. */
export function usualListeners(port: number): WrittenListener[] {
  return [
    { name: 'main', port, services: ['storage', 'control'], clientCertificate: 'require' },
    { name: 'open', port: port + 1, services: ['enrol', 'status'] },
    { name: 'plain', port: port + 2, services: ['status'], kind: 'plain' },
  ];
}

function sectionOf({
  name,
  host,
  port,
  services,
  kind = 'tls',
  clientCertificate = 'off',
  minimumVersion = 'TLSv1.3',
  groups = ['X25519MLKEM768', 'X25519', 'P-256', 'P-384'],
  metrics,
}: WrittenListener): Record<string, unknown> {
  return {
    name,
    address: { ...(host !== undefined && { host }), port },
    kind,
    client_certificate: clientCertificate,
    minimum_version: minimumVersion,
    groups,
    services,
    ...(metrics !== undefined && { metrics }),
  };
}
