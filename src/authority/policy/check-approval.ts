import { HoldfastError } from '../../base/index.ts';
import type { Role } from '../../pki/index.ts';
import type { NetworkPolicy } from '../../policy/index.ts';

/**
 * Whether a join code may stand for a certificate of `role`.
 * @throws HoldfastError `request_not_allowed` where a person decides on each
 */
export function checkApproval(policy: NetworkPolicy, role: Role): void {
  if (policy.profiles[role].approval === 'join-code') return;
  throw new HoldfastError(
    'request_not_allowed',
    `certificates of the role ${role} are approved by hand, so join codes are neither made nor taken`,
    {
      hint: `hand a request in: holdfast request submit FILE; or holdfast policy set profiles.${role}.approval join-code`,
    },
  );
}
