import { Type } from 'typebox';
import type { SentSetChoices } from '../../../enrol/index.ts';
import { logKind } from '../log-kind.ts';

const Choices = Type.Unsafe<SentSetChoices>(Type.Object({ paths: Type.Array(Type.String()) }));

/** An administrator sent clients a backup set, in the place of what was sent under its name before. */
export const setSent = logKind({
  name: 'set sent',
  details: Type.Object({
    name: Type.String(),
    /** Stays when the set is sent anew. */
    id: Type.String(),
    /** Names of clients; all of them where nothing is said. */
    nodes: Type.Optional(Type.Array(Type.String())),
    set: Choices,
  }),
  async apply(tx, { details: { name, id, nodes, set }, by, atMs }) {
    await tx.sentSets.put({
      name,
      id,
      nodes: nodes === undefined ? null : JSON.stringify(nodes),
      choices: JSON.stringify(set),
      sent_by: by,
      sent_at: atMs,
    });
  },
});

/** A backup set is sent to nobody any more. */
export const setWithdrawn = logKind({
  name: 'set withdrawn',
  details: Type.Object({ name: Type.String() }),
  async apply(tx, { details: { name } }) {
    await tx.sentSets.remove(name);
  },
});
