import { type Static, Type } from 'typebox';
import { HoldfastError } from '../base/index.ts';
import { isIpWithin, parseIpAddress, parseIpRange } from '../pki/index.ts';
import { parseInput } from './parse-input.ts';
import { KeyExchangeGroup, strongestGroups, TlsVersion } from './tls-level.ts';

/**
 * What a listener answers: `storage` repositories, `control` agents and administration, `enrol` joining and requests,
 * `status` revocation lists and issuer certificates, `console` the web app.
 */
export const Service = Type.Union([
  Type.Literal('storage'),
  Type.Literal('control'),
  Type.Literal('enrol'),
  Type.Literal('status'),
  Type.Literal('console'),
]);
export type Service = Static<typeof Service>;

/** Whether a listener asks for the certificates of clients. */
export const ClientCertificate = Type.Union([
  Type.Literal('off'),
  Type.Literal('warn'),
  Type.Literal('require'),
]);

/** Who gets a server's metrics from a listener: nobody, administrators, or whoever is on the machine. */
export const MetricsReaders = Type.Union([
  Type.Literal('off'),
  Type.Literal('admin'),
  Type.Literal('anybody'),
]);

/**
 * One place where a server listens, and what it lets in.
 *
 * `clientCertificate`: `require` refuses at the handshake whoever has none, `warn` asks for one, `off` does not.
 * The last two concern the certificate only, never who may do what: who is not named by one shows a bearer token. `host` is left out for all addresses; port 0
 * takes a free one.
 */
export const ListenerPolicy = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$' }),
    address: Type.Object(
      {
        host: Type.Optional(Type.String({ minLength: 1, maxLength: 253 })),
        port: Type.Integer({ minimum: 0, maximum: 65_535 }),
      },
      { additionalProperties: false },
    ),
    kind: Type.Union([Type.Literal('tls'), Type.Literal('plain')]),
    clientCertificate: ClientCertificate,
    minimumVersion: TlsVersion,
    groups: Type.Array(KeyExchangeGroup, { minItems: 1, uniqueItems: true }),
    services: Type.Array(Service, { minItems: 1, uniqueItems: true }),
    /** Beside `status`; off unless said. They tell names of clients. */
    metrics: Type.Optional(MetricsReaders),
  },
  { additionalProperties: false },
);
export type ListenerPolicy = Static<typeof ListenerPolicy>;

/**
 * A server's listeners out of settings.
 *
 * @throws HoldfastError `settings_invalid` for what is no listener, for two that collide, for a plain listener that would
 *   do more than answer `status`: whatever it carried could be read and changed on the way
 */
export function parseListeners(input: unknown): readonly ListenerPolicy[] {
  const listeners = parseInput(Type.Array(ListenerPolicy, { minItems: 1 }), input, 'listeners');
  for (const listener of listeners) {
    checkPlain(listener);
    checkMetrics(listener);
  }
  refuseTwice(listeners, 'name', ({ name }) => name);
  const fixed = listeners.filter(({ address }) => address.port !== 0);
  refuseTwice(fixed, 'address', ({ address }) => `${address.host ?? '*'}:${address.port}`);
  return listeners;
}

/** The three listeners of a server on `port`, `port + 1` and `port + 2`; on free ports each when it is 0. */
export function defaultListeners(port: number): readonly ListenerPolicy[] {
  if (!Number.isInteger(port) || port < 0 || port > 65_533) {
    throw new HoldfastError(
      'settings_invalid',
      `port ${port}: expected 0 to 65533, since the two after it are used too`,
    );
  }
  const at = (offset: number): ListenerPolicy['address'] => ({ port: port === 0 ? 0 : port + offset });
  const groups = [...strongestGroups];
  const tls = { kind: 'tls', minimumVersion: 'TLSv1.3', groups } satisfies Partial<ListenerPolicy>;
  return [
    { ...tls, name: 'main', address: at(0), clientCertificate: 'require', services: ['storage', 'control'] },
    {
      ...tls,
      name: 'open',
      address: at(1),
      clientCertificate: 'off',
      services: ['enrol', 'console', 'status'],
    },
    { ...tls, name: 'plain', address: at(2), kind: 'plain', clientCertificate: 'off', services: ['status'] },
  ];
}

/**
 * The listener for links to other sites: it stands beside those of a network, offers none of their services, and asks for a
 * certificate that whoever pairs has not got yet.
 */
export function linksListener(address: ListenerPolicy['address']): ListenerPolicy {
  return {
    name: 'links',
    address,
    kind: 'tls',
    clientCertificate: 'warn',
    minimumVersion: 'TLSv1.3',
    groups: [...strongestGroups],
    services: [],
  };
}

/** The listeners that are named, else the default ones on `port`. */
export function listenersOf({
  listeners,
  port,
}: {
  readonly listeners?: readonly ListenerPolicy[] | undefined;
  readonly port: number;
}): readonly ListenerPolicy[] {
  return listeners ?? defaultListeners(port);
}

/**
 * The port that {@link defaultListeners} are to be on so that one of them answers at a status address; undefined where none
 * of them would, as behind a proxy.
 */
export function defaultPortFor(statusAddress: string): number | undefined {
  const { protocol, port } = new URL(statusAddress);
  const kind = protocol === 'http:' ? 'plain' : 'tls';
  const [status] = defaultListeners(1).filter(
    (each) => each.kind === kind && each.services.includes('status'),
  );
  const first = Number(port) - ((status?.address.port ?? 1) - 1);
  return port !== '' && first >= 1 && first <= 65_533 ? first : undefined;
}

function checkPlain({ name, kind, clientCertificate, services }: ListenerPolicy): void {
  if (kind !== 'plain') return;
  const refused = services.filter((service) => service !== 'status');
  if (refused.length > 0) {
    throw new HoldfastError(
      'settings_invalid',
      `listener ${name}: a plain listener carries status only, found ${refused.join(', ')}`,
      { hint: `set kind = "tls" for ${refused.join(', ')}` },
    );
  }
  if (clientCertificate !== 'off') {
    throw new HoldfastError(
      'settings_invalid',
      `listener ${name}: a plain listener cannot ask for a certificate, found clientCertificate ${clientCertificate}`,
    );
  }
}

/** Strangers learn nothing of clients: `anybody` is whoever is on the machine, and who administers has to prove it. */
function checkMetrics({ name, kind, address, services, metrics = 'off' }: ListenerPolicy): void {
  if (metrics === 'off') return;
  const problem = !services.includes('status')
    ? 'is for a listener with the service status'
    : metrics === 'anybody' && !isOwnAddress(address.host)
      ? `is for a listener on a loopback address, found ${address.host ?? 'all addresses'}`
      : metrics === 'admin' && kind === 'plain'
        ? 'needs TLS, which this listener does not speak'
        : undefined;
  if (problem === undefined) return;
  throw new HoldfastError('settings_invalid', `listener ${name}: metrics = "${metrics}" ${problem}`, {
    hint: 'metrics = "anybody" with address = { host = "127.0.0.1", port = … }, or metrics = "admin" on one of TLS',
  });
}

const loopback = ['127.0.0.0/8', '::1/128'].flatMap((text) => parseIpRange(text) ?? []);

function isOwnAddress(host: string | undefined): boolean {
  const address = host === undefined ? undefined : parseIpAddress(host);
  return address === undefined ? host === 'localhost' : loopback.some((range) => isIpWithin(address, range));
}

function refuseTwice(
  listeners: readonly ListenerPolicy[],
  what: string,
  key: (listener: ListenerPolicy) => string,
): void {
  const seen = new Set<string>();
  for (const listener of listeners) {
    if (seen.has(key(listener))) {
      throw new HoldfastError('settings_invalid', `two listeners have the ${what} ${key(listener)}`);
    }
    seen.add(key(listener));
  }
}
