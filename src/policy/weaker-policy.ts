import type { ListenerPolicy } from './listener-policy.ts';
import { defaultNetworkPolicy, type NetworkPolicy } from './network-policy.ts';
import { type PolicyEntry, policyEntries } from './policy-keys.ts';
import { isPostQuantum } from './tls-level.ts';

/** Keys of which more is weaker: what lives longer, what is let in. */
const moreIsWeaker = [
  'lifetimeMs',
  'requestLifetimeMs',
  'backdateMs',
  'graceMs',
  'extendedKeyUsage',
  'nameKinds',
];

/** What of a listener gives up something, be it that nobody comes who does not need it. */
const weakerWords = ['warn', 'off', 'intermediate', 'TLSv1.2'];

/** Switches of which `on` is weaker. */
const onIsWeaker = ['queue', 'underscores', 'sha1Proof'];

/** The keys of `policy` whose value gives up something that the default keeps. */
export function weakerPolicyKeys(policy: NetworkPolicy): readonly string[] {
  const defaults = new Map(policyEntries(defaultNetworkPolicy).map((entry) => [entry.key, entry]));
  return policyEntries(policy)
    .filter((entry) => !entry.isDefault && isWeaker(entry, defaults.get(entry.key)))
    .map(({ key }) => key);
}

function isWeaker({ key, value }: PolicyEntry, byDefault: PolicyEntry | undefined): boolean {
  const field = key.split('.').at(-1) ?? '';
  if (key.startsWith('listeners.')) return field !== 'metrics' && weakerWords.includes(String(value));
  if (onIsWeaker.includes(field)) return value === 'on';
  if (field === 'dataChannel') return value === 'plain';
  if (field === 'outsideRevocation') return value === 'off';
  if (byDefault === undefined || !moreIsWeaker.includes(field)) return false;
  if (typeof value === 'number') return value > Number(byDefault.value);
  return typeof value !== 'string' && value.length > [byDefault.value].flat().length;
}

/**
 * How a listener is weaker than the default, one sentence for each way, for the log at start, `status` and the console.
 * Empty when it is not.
 */
export function weakerThanDefault(listener: ListenerPolicy): readonly string[] {
  if (listener.kind === 'plain') return [];
  const { name, clientCertificate, minimumVersion, groups, services } = listener;
  const guarded = services.filter((service) => service === 'storage' || service === 'control');
  const findings: string[] = [];
  if (guarded.length > 0 && clientCertificate !== 'require') {
    findings.push(`listener ${name} offers ${guarded.join(' and ')} without requiring a client certificate`);
  }
  if (minimumVersion !== 'TLSv1.3') {
    findings.push(`listener ${name} accepts ${minimumVersion}; the default is TLSv1.3`);
  }
  if (groups[0] === undefined || !isPostQuantum(groups[0])) {
    findings.push(
      `listener ${name} does not prefer a post-quantum key exchange; its first group is ${groups[0]}`,
    );
  }
  return findings;
}
