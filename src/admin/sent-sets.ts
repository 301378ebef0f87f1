import { type Static, Type } from 'typebox';
import { identityLabel, type SentSetEntry } from '../authority/index.ts';
import { SentSetChoices, SentSetName } from '../enrol/index.ts';
import type { Identity } from '../pki/index.ts';
import type { AdminContext } from './admin-context.ts';
import { type Answer, PresentWhen, Time } from './answer.ts';

const NodeNames = Type.Array(Type.String({ minLength: 1, maxLength: 63 }), { minItems: 1, maxItems: 1000 });

export const setSendInput = Type.Object(
  {
    name: SentSetName,
    set: SentSetChoices,
    /** Names of clients; every client where nothing is said. */
    nodes: Type.Optional(NodeNames),
    /** Whether it takes the place of the one that is sent under its name. */
    replace: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export const setWithdrawInput = Type.Object({ name: SentSetName }, { additionalProperties: false });

const { paths, every, spreadMs, exclude, excludeCaches, tag, hookLimitMs } = SentSetChoices.properties;

/** What a set is, to which later versions may add. */
const ChoicesView = Type.Object({
  paths,
  every,
  zone: PresentWhen('it is not the own zone of each machine', Type.String()),
  spreadMs,
  exclude,
  excludeCaches,
  tag,
  keep: PresentWhen('not all of its snapshots stay', Type.String()),
  before: PresentWhen('a program runs before it', Type.String()),
  after: PresentWhen('a program runs after it', Type.String()),
  hookLimitMs,
  live: PresentWhen('each change is saved soon after it is made', Type.Boolean()),
  onMains: PresentWhen('it begins on mains alone', Type.Boolean()),
  unmetered: PresentWhen('it begins on a line alone that is not metered', Type.Boolean()),
  between: PresentWhen('it begins between two times of day alone', Type.String()),
  limitUpload: PresentWhen('it sends no faster', Type.String()),
  limitDownload: PresentWhen('it fetches no faster', Type.String()),
});

/** A backup set that is sent. */
export const SentSetView = Type.Object({
  name: Type.String(),
  nodes: PresentWhen('it is not for every client', Type.Array(Type.String())),
  sent: Time,
  by: Type.String(),
  set: ChoicesView,
});
export const SentSetListAnswer = Type.Array(SentSetView);

/** Sends clients a backup set. Errors: see `SentSets.send` */
export async function sendSet(
  { authority }: AdminContext,
  { name, set, nodes, replace = false }: Static<typeof setSendInput>,
  caller: Identity,
): Promise<Answer<typeof SentSetView>> {
  return viewOf(await authority.sentSets.send({ name, set, nodes, replace, by: identityLabel(caller) }));
}

/** Sends a set to nobody any more. Errors: `set_unknown` */
export async function withdrawSet(
  { authority }: AdminContext,
  { name }: Static<typeof setWithdrawInput>,
  caller: Identity,
): Promise<Answer<typeof SentSetView>> {
  return viewOf(await authority.sentSets.withdraw(name, identityLabel(caller)));
}

/** Every set that is sent. */
export async function listSentSets({ authority }: AdminContext): Promise<Answer<typeof SentSetListAnswer>> {
  return (await authority.sentSets.list()).map(viewOf);
}

function viewOf({ name, nodes, sent, by, set }: SentSetEntry): Answer<typeof SentSetView> {
  return { name, ...(nodes && { nodes: [...nodes] }), sent, by, set };
}
