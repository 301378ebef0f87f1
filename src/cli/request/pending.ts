import {
  askAfter,
  findKeystore,
  forgetPending,
  listPending,
  nextOfOutcome,
  openOrCreateKeystore,
  type PendingRequest,
  type RequestOutcome,
} from '../../agent/index.ts';
import { HoldfastError } from '../../base/index.ts';
import { formatName, parseCertificateRequest } from '../../pki/index.ts';
import { openHome } from '../home/home.ts';
import { serverOf } from '../options/server-options.ts';
import { addRules, needs } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { type Answer, askYes, note, type Row, row, table } from '../terminal/answer.ts';
import { printable } from '../terminal/table.ts';
import type { Word } from '../word.ts';

/** `holdfast request pending` */
export const word: Word = {
  define: (command) => {
    addRules(command, needs('--yes', '--forget'))
      .description(
        "list this machine's own requests that wait for a certificate, with their keys in its keystore, and ask the servers they were handed in at what became of them",
      )
      .option('--forget <name>', 'give a request and its key up, for good')
      .option('--yes', 'do not ask')
      .addHelpText(
        'after',
        '\nExamples:\n  holdfast request pending\n  holdfast request pending --forget vault.example --yes\n',
      );
  },
  run: showPending,
};

/** `holdfast request pending`: the requests of this machine whose keys wait for a certificate, and what became of them. */
async function showPending(
  context: Context,
  { forget, yes = false }: { readonly forget?: string | undefined; readonly yes?: boolean },
): Promise<Answer> {
  const { node } = await openHome(context.home);
  if (forget !== undefined) {
    if (!yes) await askToForget(context, forget);
    await forgetPending(await openOrCreateKeystore(node), forget);
    return { value: { forgotten: forget }, rows: [row('forgotten', forget, 'key and all')] };
  }
  const keystore = await findKeystore(node);
  const waiting = keystore === undefined ? [] : listPending(keystore);
  const pending = await Promise.all(waiting.map((each) => describePending(context, each)));
  return { value: pending, rows: pendingRows(pending) };
}

/** Its key cannot be had again. Where nobody can be asked, it is given up as it always was. */
async function askToForget(context: Context, name: string): Promise<void> {
  const answer = await askYes(
    context,
    `Give the request ${name} and its key up? No certificate of it can be used any more.`,
  );
  if (answer === undefined) context.output.warn('say --yes where nobody can be asked; it will be needed');
  if (answer === false) throw new HoldfastError('interrupted', 'nothing was given up');
}

/** A request of this machine, and what became of it. */
type PendingView = RequestOutcome & {
  readonly friendlyName: string;
  readonly subject: string;
  readonly created: string;
  readonly server: string | undefined;
  readonly handle: string | undefined;
};

async function describePending(context: Context, pending: PendingRequest): Promise<PendingView> {
  const { name, request, createdAt, submitted } = pending;
  return {
    friendlyName: name,
    subject: formatName(parseCertificateRequest(request).subject),
    created: createdAt.toISOString(),
    server: submitted?.server,
    handle: submitted?.handle,
    ...(await askAfter(pending, () => serverOf(context, pending, {}), context.signal)),
  };
}

function* pendingRows(pending: readonly PendingView[]): Iterable<Row> {
  const columns = [
    { heading: 'Friendly name', shrink: true },
    { heading: 'Subject', shrink: true },
    { heading: 'Made' },
    { heading: 'Sent to', shrink: true },
    { heading: 'State' },
  ];
  yield table(
    columns,
    pending.map(({ friendlyName, subject, created, server = '', state }) => [
      friendlyName,
      subject,
      created.slice(0, 10),
      server,
      state,
    ]),
    'no request of this machine waits for its certificate',
  );
  for (const one of pending) {
    const next = nextOfOutcome(one.friendlyName, one);
    if (next !== undefined) yield note(`  ${printable(next)}`);
  }
}
