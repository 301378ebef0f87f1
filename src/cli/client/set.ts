import {
  type ClientKey,
  changeClientPolicy,
  clientKeys,
  clientValueText,
  weakerClientPolicy,
} from '../../policy/index.ts';
import { openOwnNode } from '../home/own-node.ts';
import type { Context } from '../program/context.ts';
import { type Answer, type Row, row, warning } from '../terminal/answer.ts';
import type { Word } from '../word.ts';

/** `holdfast client set KEY VALUE` */
export const word: Word = {
  define: (command) => {
    command
      .description('change how this machine dials its servers, from the next command on')
      .argument('<key>', 'one of client show, e.g. revocation')
      .argument('<value>', 'on or off, a word, or a list with commas')
      .addHelpText('after', examples);
  },
  run: setClient,
};

const examples = `
docs/reference/client.md says what each key means and takes.

Examples:
  holdfast client set revocation hard
  holdfast client set minimumVersion TLSv1.2
  holdfast client set groups X25519,P-256
`;

/** `holdfast client set KEY VALUE` */
async function setClient(context: Context, key: string, value: string): Promise<Answer> {
  const { node } = await openOwnNode(context);
  const before = node.clientPolicy;
  await node.changeClientPolicy((policy) => changeClientPolicy(policy, [{ key, value }]));
  const after = node.clientPolicy;
  const changes = clientKeys
    .map((each) => ({
      key: each,
      before: clientValueText(before, each),
      after: clientValueText(after, each),
    }))
    .filter((each) => each.before !== each.after);
  const weaker = weakerClientPolicy(after);
  const rows =
    changes.length === 0 ? [row('unchanged', `${key} says ${value} already`)] : changeRows(changes, weaker);
  return { value: { changes, weaker: [...weaker.keys()] }, rows };
}

/** A key whose value changed. */
interface ClientChange {
  readonly key: ClientKey;
  readonly before: string;
  readonly after: string;
}

/** What changed, and what is weaker than the default by that. */
export function* changeRows(
  changes: readonly ClientChange[],
  weaker: ReadonlyMap<ClientKey, string>,
): Iterable<Row> {
  for (const { key, before, after } of changes) {
    yield row('changed', `${key}: ${before} → ${after}`);
    const sentence = weaker.get(key);
    if (sentence !== undefined) yield warning(`${key} is weaker than the default now: ${sentence}`);
  }
}
