import { defaultPolicyText, policyEntries, weakerPolicyKeys } from '../../policy/index.ts';
import type { AuthorityContext } from '../authority-context.ts';

/** What the policy gives up that the default keeps, one sentence for each key. */
export function policyWarnings({ policy }: Pick<AuthorityContext, 'policy'>): string[] {
  const weaker = weakerPolicyKeys(policy.current);
  return policyEntries(policy.current)
    .filter(({ key }) => weaker.includes(key))
    .map(
      ({ key, text }) =>
        `the policy is weaker than the default: ${key} is ${text}, by default ${defaultPolicyText(key)}`,
    );
}
