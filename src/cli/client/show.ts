import { heldTokens } from '../../agent/index.ts';
import { clientKeys, clientValueText, defaultClientPolicy, weakerClientPolicy } from '../../policy/index.ts';
import type { AnswerOf } from '../answers.ts';
import { openOwnNode } from '../home/own-node.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row, table } from '../terminal/answer.ts';
import type { Word } from '../word.ts';

/** `holdfast client show` */
export const word: Word = {
  define: (command) => {
    command
      .description('show how this machine dials its servers, the defaults, and what is weaker than them')
      .addHelpText(
        'after',
        '\ndocs/reference/client.md says what each key means.\n\nExamples:\n  holdfast client show\n  holdfast client show --json\n',
      );
  },
  run: showClient,
};

/** One key, as it is shown. */
type ShownKey = AnswerOf<'client show'>['keys'][number];

/** `holdfast client show`: what is not the default is marked, and how. */
async function showClient(context: Context): Promise<Answer> {
  const { node } = await openOwnNode(context);
  const { clientPolicy: policy, state, keystore } = node;
  const tokens = heldTokens(keystore);
  const weaker = weakerClientPolicy(policy);
  const keys = clientKeys.map(
    (key): ShownKey => ({
      key,
      value: clientValueText(policy, key),
      default: clientValueText(defaultClientPolicy, key),
      weaker: weaker.get(key),
    }),
  );
  return {
    value: { policy, servers: state.servers, keys, bearerTokens: tokens },
    rows: [
      table(
        [
          { heading: 'Key' },
          { heading: 'Value', shrink: true },
          { heading: 'Default', shrink: true },
          { heading: '', shrink: true },
        ],
        keys.map((each) => [each.key, each.value, each.default, markOf(each)]),
      ),
      ...(tokens.length === 0 ? [] : [row('tokens', `bearer tokens are held for ${tokens.join(', ')}`)]),
    ],
  };
}

function markOf({ value, default: byDefault, weaker }: ShownKey): string {
  if (weaker !== undefined) return `weaker than the default: ${weaker}`;
  return value === byDefault ? '' : 'changed';
}
