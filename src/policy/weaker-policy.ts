import { defaultNetworkPolicy, type NetworkPolicy } from './network-policy.ts';
import { type PolicyEntry, policyEntries } from './policy-keys.ts';

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
  if (key.startsWith('listeners.')) return weakerWords.includes(String(value));
  if (onIsWeaker.includes(field)) return value === 'on';
  if (field === 'dataChannel') return value === 'plain';
  if (byDefault === undefined || !moreIsWeaker.includes(field)) return false;
  if (typeof value === 'number') return value > Number(byDefault.value);
  return typeof value !== 'string' && value.length > [byDefault.value].flat().length;
}
