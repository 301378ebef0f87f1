import { type Static, Type } from 'typebox';
import { type Authority, identityLabel, type PolicyCheck } from '../authority/index.ts';
import { HoldfastError } from '../base/index.ts';
import type { Identity } from '../pki/index.ts';
import {
  checkListenerKeys,
  cutsPlain,
  defaultPolicyText,
  type ListenerPolicy,
  policyEntries,
  weakerPolicyKeys,
  withNetworkListeners,
} from '../policy/index.ts';
import { checkTlsChoice } from '../transport/index.ts';
import type { AdminContext } from './admin-context.ts';
import { type Answer, PresentWhen } from './answer.ts';

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
  /** Who was seen on a plain port within 30 days and loses it by this, at most 1,000. */
  plainClients: PresentWhen('the server is new enough to say it', Type.Array(Type.String())),
});

export const policySetInput = Type.Object(
  {
    key: Type.String({ maxLength: 200 }),
    value: Type.String({ maxLength: 65_536 }),
    /** Also where clients lose a plain port by it that they were seen on. */
    yes: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);

/** Sets one key. Errors: `settings_invalid`, `clients_on_plain`. */
export async function setPolicy(
  { authority, listenerSettings }: AdminContext,
  { key, value, yes = false }: Static<typeof policySetInput>,
  caller: Identity,
): Promise<Answer<typeof PolicyChangeAnswer>> {
  const plain = await clientsOnPlain(authority);
  let cut: readonly string[] = [];
  const checkKept = checkAgainst(listenerSettings);
  const check: PolicyCheck = (next, differences) => {
    checkKept(next, differences);
    cut = cutsPlain(authority.policy.current, next) ? plain : [];
    if (cut.length > 0 && !yes)
      throw plainClientsError(cut, `holdfast policy set ${key} ${value} --yes, where they can do without`);
  };
  const changes = await authority.policy.set(key, value, identityLabel(caller), check);
  return { changes, weaker: weakerPolicyKeys(authority.policy.current), plainClients: [...cut] };
}

const maxPlainClients = 1000;

/** Who asked a plain port for repositories within 30 days: clients as `client/laptop`, others by their address. */
export async function clientsOnPlain(
  authority: Pick<Authority, 'nodes'>,
  listeners?: readonly string[],
): Promise<string[]> {
  const seen = await authority.nodes.onPlain(maxPlainClients);
  const there = seen.filter(({ listener }) => listeners?.includes(listener) !== false);
  return there.map(({ role, name }) => (role === undefined ? name : identityLabel({ role, name })));
}

const maxNamed = 20;

/** That clients would lose a plain port; `hint` is how that is decided all the same. */
export function plainClientsError(names: readonly string[], hint: string): HoldfastError {
  const more = names.length > maxNamed ? ` and ${names.length - maxNamed} more` : '';
  return new HoldfastError(
    'clients_on_plain',
    `seen on a plain port within 30 days: ${names.slice(0, maxNamed).join(', ')}${more}`,
    { hint, names },
  );
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
  const plain = await clientsOnPlain(authority);
  let cut: readonly string[] = [];
  const checkKept = checkAgainst(listenerSettings);
  const check: PolicyCheck = (next, differences) => {
    checkKept(next, differences);
    cut = cutsPlain(authority.policy.current, next) ? plain : [];
  };
  const changes = apply
    ? await authority.policy.replace(policy, identityLabel(caller), check)
    : authority.policy.compare(policy, check);
  return { changes, weaker: weakerPolicyKeys(authority.policy.current), plainClients: [...cut] };
}
