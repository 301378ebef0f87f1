import { isHoldfastError } from '../../base/index.ts';
import { defaultNetworkPolicy, type NetworkPolicy, parseNetworkPolicy } from '../../policy/index.ts';
import { authorityDamaged } from './authority-damaged.ts';

/** The policy in its text on record; what holds by default where there is none. @throws HoldfastError `authority_damaged` */
export function policyOnRecord(text: string | undefined): NetworkPolicy {
  if (text === undefined) return defaultNetworkPolicy;
  try {
    return parseNetworkPolicy(JSON.parse(text));
  } catch (error) {
    if (!isHoldfastError(error, 'settings_invalid') && !(error instanceof SyntaxError)) throw error;
    throw authorityDamaged(`what it has on record as its policy is none (${error.message})`);
  }
}
