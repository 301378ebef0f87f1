import { type Static, Type } from 'typebox';
import { identityLabel } from '../authority/index.ts';
import type { Identity } from '../pki/index.ts';
import {
  defaultPolicyText,
  type NetworkPolicy,
  type PolicyDifference,
  policyEntries,
  weakerPolicyKeys,
} from '../policy/index.ts';
import type { AdminContext } from './admin-context.ts';

/** One key of the policy as it is shown. */
export interface PolicyView {
  readonly key: string;
  /** As it is typed: `90d`, `dns,ip`, `any`. */
  readonly value: string;
  readonly default: string;
  /** Whether it gives up something that the default keeps. */
  readonly weaker: boolean;
}

/** The policy, as a whole and key by key. */
export interface PolicyAnswer {
  readonly policy: NetworkPolicy;
  readonly keys: readonly PolicyView[];
}

/** What the network has decided. */
export async function showPolicy({ authority }: AdminContext): Promise<PolicyAnswer> {
  const policy = authority.policy.current;
  const weaker = weakerPolicyKeys(policy);
  const keys = policyEntries(policy).map(({ key, text }) => ({
    key,
    value: text,
    default: defaultPolicyText(key),
    weaker: weaker.includes(key),
  }));
  return { policy, keys };
}

/** What a change of the policy did, or would do. */
export interface PolicyChangeAnswer {
  readonly changes: readonly PolicyDifference[];
  /** The keys that now give up something that the default keeps. */
  readonly weaker: readonly string[];
}

export const policySetInput = Type.Object(
  { key: Type.String({ maxLength: 200 }), value: Type.String({ maxLength: 65_536 }) },
  { additionalProperties: false },
);

/** Sets one key. Errors: `settings_invalid`. */
export async function setPolicy(
  { authority }: AdminContext,
  { key, value }: Static<typeof policySetInput>,
  caller: Identity,
): Promise<PolicyChangeAnswer> {
  const changes = await authority.policy.set(key, value, identityLabel(caller));
  return { changes, weaker: weakerPolicyKeys(authority.policy.current) };
}

export const policyImportInput = Type.Object(
  { policy: Type.Unknown(), apply: Type.Boolean() },
  { additionalProperties: false },
);

/** Puts a whole policy in place, or says what that would change. Errors: `settings_invalid`. */
export async function importPolicy(
  { authority }: AdminContext,
  { policy, apply }: Static<typeof policyImportInput>,
  caller: Identity,
): Promise<PolicyChangeAnswer> {
  const changes = apply
    ? await authority.policy.replace(policy, identityLabel(caller))
    : authority.policy.compare(policy);
  return { changes, weaker: weakerPolicyKeys(authority.policy.current) };
}
