import {
  askAfter,
  type Fate,
  findKeystore,
  forgetPending,
  listPending,
  nextOfFate,
  openOrCreateKeystore,
  type PendingRequest,
} from '../../agent/index.ts';
import { formatName, parseCertificateRequest } from '../../pki/index.ts';
import { openHome } from '../home/home.ts';
import { serverOf } from '../options/server-options.ts';
import type { Context } from '../program/context.ts';
import { type Answer, note, type Row, row, table } from '../terminal/answer.ts';
import { printable } from '../terminal/table.ts';
import type { Word } from '../word.ts';

/** `holdfast request pending` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        "list this machine's own requests that wait for a certificate, with their keys in its keystore, and ask the servers they were handed in at what became of them",
      )
      .option('--forget <name>', 'give a request and its key up')
      .addHelpText(
        'after',
        '\nExamples:\n  holdfast request pending\n  holdfast request pending --forget vault.example\n',
      );
  },
  run: showPending,
};

/** `holdfast request pending`: the requests of this machine whose keys wait for a certificate, and what became of them. */
async function showPending(
  context: Context,
  { forget }: { readonly forget?: string | undefined },
): Promise<Answer> {
  const { node } = await openHome(context.home);
  if (forget !== undefined) {
    await forgetPending(await openOrCreateKeystore(node), forget);
    return { value: { forgotten: forget }, rows: [row('forgotten', forget, 'key and all')] };
  }
  const keystore = await findKeystore(node);
  const waiting = keystore === undefined ? [] : listPending(keystore);
  const pending = await Promise.all(waiting.map((each) => describePending(context, each)));
  return { value: pending, rows: pendingRows(pending) };
}

/** A request of this machine, and what became of it. */
type PendingView = Fate & {
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
    const next = nextOfFate(one.friendlyName, one);
    if (next !== undefined) yield note(`  ${printable(next)}`);
  }
}
