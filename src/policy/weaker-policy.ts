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

/** Switches of which `on` is weaker. */
const onIsWeaker = ['queue', 'underscores', 'sha1Proof'];

/** The keys of `policy` whose value gives up something that the default keeps. */
export function weakerPolicyKeys(policy: NetworkPolicy): readonly string[] {
  const defaults = policyEntries(defaultNetworkPolicy);
  return policyEntries(policy)
    .filter((entry, at) => !entry.isDefault && isWeaker(entry, defaults[at]))
    .map(({ key }) => key);
}

function isWeaker({ key, value }: PolicyEntry, byDefault: PolicyEntry | undefined): boolean {
  const field = key.split('.').at(-1) ?? '';
  if (onIsWeaker.includes(field)) return value === 'on';
  if (byDefault === undefined || !moreIsWeaker.includes(field)) return false;
  if (typeof value === 'number') return value > Number(byDefault.value);
  return typeof value !== 'string' && value.length > [byDefault.value].flat().length;
}
