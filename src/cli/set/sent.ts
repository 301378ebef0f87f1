import { collectPages } from '../../admin/index.ts';
import { readAllSets, readNodeState } from '../../agent/index.ts';
import { hasAuthority } from '../../authority/index.ts';
import type { SentToClients, SentToHere } from '../answers.ts';
import { askAdmin } from '../home/administering.ts';
import { openHome } from '../home/home.ts';
import type { NodeOfList } from '../node/reported-sets.ts';
import type { Context } from '../program/context.ts';
import { type Answer, type Row, table } from '../terminal/answer.ts';
import { formatTime } from '../terminal/format.ts';
import type { Word } from '../word.ts';
import { type SentSetView, whomText } from './sent-set-rows.ts';

/** `holdfast set sent` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        'list the backup sets that the server sends: there to whom, on a machine which of them it refuses',
      )
      .addHelpText('after', '\nExamples:\n  holdfast set sent\n  holdfast set sent --json\n');
  },
  run: listSent,
};

/** `holdfast set sent`: of the whole network where there is an authority, or an administrator; else of this machine. */
async function listSent(context: Context): Promise<Answer> {
  const home = await openHome(context.home);
  const isClient = (await readNodeState(home.node))?.role === 'client';
  return isClient && !(await hasAuthority(home.path)) ? await sentHere(home.node) : await sentToAll(context);
}

async function sentHere(directory: string): Promise<Answer> {
  const { sets, refused } = await readAllSets(directory);
  const taken = sets.flatMap(({ sentBy, name, added, every, paths }): SentToHere[] =>
    sentBy === undefined ? [] : [{ name, sent: added, by: sentBy, every, paths: [...paths] }],
  );
  const kept = refused.map(({ name, sent, error: { code, message, hint = '' } }): SentToHere => {
    const said = sent && { sent: sent.sent, by: sent.by, every: sent.set.every, paths: [...sent.set.paths] };
    return { name, ...said, refused: { code, message, hint } };
  });
  const all = [...taken, ...kept];
  const columns = ['Set', 'Sent', 'By', 'Every', 'Paths', ''].map((heading, at) => ({
    heading,
    shrink: at > 3,
  }));
  const cells = all.map(({ name, sent, by = '', every = '', paths = [], refused: why }) => [
    name,
    sent === undefined ? '' : formatTime(new Date(sent)),
    by,
    every,
    paths.join(' '),
    why === undefined ? 'runs' : `refused: ${why.message} [${why.code}]`,
  ]);
  return { value: all, rows: [table(columns, cells, 'the server sends this machine no sets')] };
}

async function sentToAll(context: Context): Promise<Answer> {
  const { sent, nodes } = await askAdmin(context, async (admin) => ({
    sent: await admin.call('set.sent', {}),
    nodes: await collectPages<NodeOfList>(({ after, limit }) =>
      admin.call('node.list', { role: 'client', after: after && `${after.role}/${after.name}`, limit }),
    ),
  }));
  const all = sent.map((set): SentToClients => ({ ...set, refusedBy: refusalsOf(set, nodes) }));
  return { value: all, rows: sentRows(all) };
}

/** By the word of each machine. */
function refusalsOf({ name, nodes }: SentSetView, told: readonly NodeOfList[]): SentToClients['refusedBy'] {
  return told
    .filter(({ name: node }) => nodes?.includes(node) ?? true)
    .flatMap(({ name: node, report }) =>
      (report?.refused ?? [])
        .filter((each) => each.name === name)
        .map(({ code, message }) => ({ node, code, message })),
    );
}

function* sentRows(all: readonly SentToClients[]): Iterable<Row> {
  const columns = ['Set', 'To', 'Sent', 'By', 'Every', 'Paths', 'Refused by'].map((heading, at) => ({
    heading,
    shrink: at === 1 || at > 4,
  }));
  const cells = all.map(({ name, nodes, sent, by, set, refusedBy }) => [
    name,
    whomText(nodes),
    formatTime(new Date(sent)),
    by,
    set.every,
    set.paths.join(' '),
    refusedBy.map(({ node, code }) => `${node} [${code}]`).join(', '),
  ]);
  yield table(columns, cells, 'no set is sent: holdfast set send NAME PATH --every 6h');
}
