import { type Static, Type } from 'typebox';
import { identityLabel, type PolicyCheck } from '../authority/index.ts';
import type { Identity } from '../pki/index.ts';
import {
  checkListenerKeys,
  defaultPolicyText,
  type ListenerPolicy,
  policyEntries,
  weakerPolicyKeys,
  withNetworkListeners,
} from '../policy/index.ts';
import { checkTlsChoice } from '../transport/index.ts';
import type { AdminContext } from './admin-context.ts';
import type { Answer } from './answer.ts';

/** The policy, as a whole and key by key. */
export const PolicyAnswer = Type.Object({
  /** As a file of `policy export` has it. */
  policy: Type.Record(Type.String(), Type.Unknown()),
  keys: Type.Array(
    Type.Object({
      key: Type.String(),
      /** As it is typed: `90d`, `dns,ip`, `any`. */
      value: Type.String(),
      default: Type.String(),
      /** Whether it gives up something that the default keeps. */
      weaker: Type.Boolean(),
    }),
  ),
});

/** What the network has decided. */
export async function showPolicy({ authority }: AdminContext): Promise<Answer<typeof PolicyAnswer>> {
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
export const PolicyChangeAnswer = Type.Object({
  changes: Type.Array(Type.Object({ key: Type.String(), before: Type.String(), after: Type.String() })),
  /** The keys that now give up something that the default keeps. */
  weaker: Type.Array(Type.String()),
});

export const policySetInput = Type.Object(
  { key: Type.String({ maxLength: 200 }), value: Type.String({ maxLength: 65_536 }) },
  { additionalProperties: false },
);

/** Sets one key. Errors: `settings_invalid`. */
export async function setPolicy(
  { authority, listenerSettings }: AdminContext,
  { key, value }: Static<typeof policySetInput>,
  caller: Identity,
): Promise<Answer<typeof PolicyChangeAnswer>> {
  const check = checkAgainst(listenerSettings);
  const changes = await authority.policy.set(key, value, identityLabel(caller), check);
  return { changes, weaker: weakerPolicyKeys(authority.policy.current) };
}

/** What is decided of listeners has to be of those that this server has, and something that it can keep. */
function checkAgainst(listeners: readonly ListenerPolicy[]): PolicyCheck {
  return (next, differences) => {
    const decided = differences.filter(({ after }) => after !== 'default').map(({ key }) => key);
    checkListenerKeys(decided, listeners);
    for (const listener of withNetworkListeners(listeners, next.listeners)) checkTlsChoice(listener);
  };
}

export const policyImportInput = Type.Object(
  { policy: Type.Unknown(), apply: Type.Boolean() },
  { additionalProperties: false },
);

/** Puts a whole policy in place, or says what that would change. Errors: `settings_invalid`. */
export async function importPolicy(
  { authority, listenerSettings }: AdminContext,
  { policy, apply }: Static<typeof policyImportInput>,
  caller: Identity,
): Promise<Answer<typeof PolicyChangeAnswer>> {
  const check = checkAgainst(listenerSettings);
  const changes = apply
    ? await authority.policy.replace(policy, identityLabel(caller), check)
    : authority.policy.compare(policy, check);
  return { changes, weaker: weakerPolicyKeys(authority.policy.current) };
}
