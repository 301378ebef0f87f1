import { defaultPolicyText, policyEntries, weakerPolicyKeys } from '../../policy/index.ts';
import type { AuthorityContext } from '../authority-context.ts';

/** What the policy gives up that the default keeps, one sentence for each key. */
export function policyWarnings({ present }: Pick<AuthorityContext, 'present'>): string[] {
  const weaker = weakerPolicyKeys(present.policy);
  return policyEntries(present.policy)
    .filter(({ key }) => weaker.includes(key))
    .map(
      ({ key, text }) =>
        `the policy is weaker than the default: ${key} is ${text}, by default ${defaultPolicyText(key)}`,
    );
}
