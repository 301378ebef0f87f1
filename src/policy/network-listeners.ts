import { type Static, Type } from 'typebox';
import { HoldfastError } from '../base/index.ts';
import { ClientCertificate, type ListenerPolicy } from './listener-policy.ts';
import { nearestWords } from './parse-input.ts';
import { isPostQuantum, type KeyExchangeGroup, TlsLevel, TlsVersion, tlsLevels } from './tls-level.ts';

/** What a listener is called. */
const listenerName = '^[a-z0-9][a-z0-9-]{0,31}$';

/** What the network has decided of a listener of this name, on every server that has one; what is left out is as its settings say. */
export const NetworkListener = Type.Object(
  {
    clientCertificate: Type.Optional(
      Type.Union(ClientCertificate.anyOf, {
        description:
          'certificates of clients: `require` ends a handshake without one, `warn` asks for one and keeps who came without, `off` asks nobody; who is not named by one needs a bearer token',
        examples: ['warn'],
      }),
    ),
    level: Type.Optional(
      Type.Union(TlsLevel.anyOf, {
        description:
          "versions, suites and groups, by a level of Mozilla's guideline 6.0: `modern` is TLS 1.3 alone, `intermediate` TLS 1.2 too",
        examples: ['intermediate'],
      }),
    ),
    minimumVersion: Type.Optional(
      Type.Union(TlsVersion.anyOf, {
        description: 'the oldest version of TLS that is spoken, with the suites of the level that ends there',
        examples: ['TLSv1.2'],
      }),
    ),
    keyExchange: Type.Optional(
      Type.Union([Type.Literal('preferred'), Type.Literal('required')], {
        description:
          'hybrid post-quantum key exchange: `preferred` offers it first, `required` nothing else, so that clients without it cannot connect',
        examples: ['required'],
      }),
    ),
    metrics: Type.Optional(
      Type.Union([Type.Literal('off'), Type.Literal('admin')], {
        description:
          "metrics for Prometheus at `/-/metrics`, beside the service status: `admin` for who comes with an administrator's certificate or bearer token, `off` for nobody",
        examples: ['admin'],
      }),
    ),
  },
  { additionalProperties: false },
);
export type NetworkListener = Static<typeof NetworkListener>;

/** By the names of listeners. */
export const NetworkListeners = Type.Record(Type.String({ pattern: listenerName }), NetworkListener);
export type NetworkListeners = Static<typeof NetworkListeners>;

/**
 * The listeners of a server as they are in effect: as its settings say, and for those that the network has decided on as it
 * says. A plain listener speaks no TLS, so that nothing of this concerns it.
 *
 * @throws HoldfastError `settings_invalid` for what contradicts itself
 */
export function withNetworkListeners(
  listeners: readonly ListenerPolicy[],
  decided: NetworkListeners,
): ListenerPolicy[] {
  return listeners.map((listener) => {
    const decision = decided[listener.name];
    return listener.kind === 'plain' || decision === undefined ? listener : decide(listener, decision);
  });
}

function decide(listener: ListenerPolicy, decision: NetworkListener): ListenerPolicy {
  const {
    clientCertificate = listener.clientCertificate,
    metrics = listener.metrics,
    keyExchange,
  } = decision;
  const level = decision.level && tlsLevels[decision.level];
  const minimumVersion = decision.minimumVersion ?? level?.minimumVersion ?? listener.minimumVersion;
  const groups = groupsFor(keyExchange, level?.groups ?? listener.groups);
  checkTogether(listener.name, decision);
  const version = keyExchange === 'required' ? 'TLSv1.3' : minimumVersion;
  return {
    ...listener,
    clientCertificate,
    minimumVersion: version,
    groups: [...groups],
    ...(metrics !== undefined && { metrics }),
  };
}

function groupsFor(
  keyExchange: NetworkListener['keyExchange'],
  groups: readonly KeyExchangeGroup[],
): readonly KeyExchangeGroup[] {
  if (keyExchange === undefined) return groups;
  const hybrid = groups.filter(isPostQuantum);
  const strong: readonly KeyExchangeGroup[] = hybrid.length > 0 ? hybrid : ['X25519MLKEM768'];
  return keyExchange === 'required' ? strong : [...strong, ...groups.filter((each) => !isPostQuantum(each))];
}

/**
 * Checks what is decided of one listener.
 * @throws HoldfastError `settings_invalid` for a version that the level forbids, and for one in which there is no hybrid
 */
export function checkTogether(name: string, { level, minimumVersion, keyExchange }: NetworkListener): void {
  if (level === 'modern' && minimumVersion === 'TLSv1.2')
    throw contradiction(
      name,
      'level modern forbids minimumVersion TLSv1.2',
      `listeners.${name}.level default`,
    );
  if (keyExchange !== 'required') return;
  const older = minimumVersion === 'TLSv1.2' || (minimumVersion === undefined && level === 'intermediate');
  if (older)
    throw contradiction(
      name,
      'a hybrid key exchange can be required of TLS 1.3 alone, and TLS 1.2 is allowed',
      `listeners.${name}.minimumVersion TLSv1.3`,
    );
}

function contradiction(name: string, message: string, key: string): HoldfastError {
  return new HoldfastError('settings_invalid', `listener ${name}: ${message}`, {
    hint: `change that first: holdfast policy set ${key}`,
  });
}

/**
 * Checks that what is decided anew concerns listeners that there are, and that they can keep it: nobody would notice a
 * name that is misspelt.
 * @throws HoldfastError `settings_invalid`
 */
export function checkListenerKeys(keys: readonly string[], listeners: readonly ListenerPolicy[]): void {
  for (const key of keys) {
    const [section, name = ''] = key.split('.');
    if (section !== 'listeners') continue;
    const found = listeners.find((each) => each.name === name);
    const names = listeners.flatMap((each) => (each.kind === 'tls' ? [each.name] : []));
    if (found === undefined)
      throw new HoldfastError('settings_invalid', `${key}: there is no listener ${name}`, {
        hint: `did you mean ${nearestWords(name, names).join(', ')}? The listeners of this server are ${names.join(', ')}`,
      });
    if (found.kind === 'plain')
      throw new HoldfastError('settings_invalid', `${key}: listener ${name} is plain and speaks no TLS`, {
        hint: `the TLS listeners of this server are ${names.join(', ')}`,
      });
  }
}
