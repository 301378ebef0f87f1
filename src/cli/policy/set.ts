import type { OperationAnswer } from '../../admin/index.ts';
import { withAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { type Answer, type Row, row, warning } from '../terminal/answer.ts';
import type { Word } from '../word.ts';

/** `holdfast policy set KEY VALUE` */
export const word: Word = {
  define: (command) => {
    command
      .description('change one key of the policy, from the next decision on; running servers follow at once')
      .argument('<key>', 'one of policy show, e.g. queue')
      .argument('<value>', 'a word, a time such as 90d, or a list with commas; any for no bounds')
      .option('--yes', 'also where it takes a plain port from clients that were seen on it')
      .addHelpText('after', examples);
  },
  run: setPolicy,
};

const examples = `
Times are a number and s, m, h, d or w. docs/reference/policy.md says what each key means and takes.

Examples:
  holdfast policy set queue on
  holdfast policy set profiles.server.approval by-hand
  holdfast policy set profiles.server.dnsSuffixes example.com,corp.example
  holdfast policy set profiles.client.lifetimeMs 14d
  holdfast policy set tls-only on --yes
`;

/** `holdfast policy set KEY VALUE` */
async function setPolicy(
  context: Context,
  key: string,
  value: string,
  { yes }: { readonly yes?: boolean | undefined },
): Promise<Answer> {
  const answer = await withAdmin(context, (admin) => admin.call('policy.set', { key, value, yes }));
  return { value: answer, rows: changeRows(answer, key, value) };
}

function* changeRows(
  { changes, weaker, plainClients = [] }: OperationAnswer<'policy.set'>,
  key: string,
  value: string,
): Iterable<Row> {
  if (changes.length === 0) yield row('unchanged', `${key} says ${value} already`);
  yield* changes.map((change) => changeRow('changed', change));
  for (const { key: changed } of changes)
    if (weaker.includes(changed)) yield warning(`${changed} is weaker than the default now`);
  yield* plainRows(plainClients);
}

/** Who loses a plain port by a change. */
export function* plainRows(clients: readonly string[]): Iterable<Row> {
  for (const name of clients)
    yield warning(`${name} was seen on a plain port within 30 days, and goes over TLS or not at all`);
}

/** One change of the policy, behind a word that says whether it holds. */
export function changeRow(
  word: string,
  { key, before, after }: OperationAnswer<'policy.set'>['changes'][number],
): Row {
  return row(word, `${key}: ${before} → ${after}`);
}
