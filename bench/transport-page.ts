import { renderLoad } from './authority-table.ts';
import { renderChannels } from './channel-row.ts';
import type { BenchOptions } from './options.ts';
import { align } from './table.ts';
import type { TransportResults } from './transport-rows.ts';

/** Where the part of the published page begins that is about connections. */
export const transportHeading = '## Connections';

/** The part of the published page that is about connections. */
export function renderTransport(
  results: TransportResults,
  { runs, size, transportRows }: BenchOptions,
): string {
  const rows = transportRows.join();
  return `${transportHeading}

In one run of \`npm run bench -- --rows ${rows} --write\`, the contenders taking turns, median of ${runs}${size === 1 ? '' : `; **all amounts times ${size}**`}.

${renderTransportTables(results)}

${transportRows.map((row) => notes[row]).join('\n')}
`;
}

/** The Markdown tables about connections. */
export function renderTransportTables({ channels, handshakes, figures }: TransportResults): string {
  const tables = [];
  if (channels.length > 0) tables.push(renderChannels(channels));
  if (handshakes.length > 0) tables.push(renderLoad(handshakes));
  if (figures.length > 0)
    tables.push(
      align([
        ['row', 'figure', 'target'],
        ...figures.map(({ title, figure, target }) => [title, figure, target]),
      ]),
    );
  return tables.join('\n\n');
}

const notes: Readonly<Record<BenchOptions['transportRows'][number], string>> = {
  channel: `- channels: one client program, from source, that opens a new repository before the clock starts, on the same processors as the
  server; the data is that of the first table. Plain HTTP is our storage handler alone, which asks nobody who he is; mutual TLS and data
  channel are the whole server, whose policy is changed between runs. By the data channel packs from 256 KiB on go over plain HTTP, each by a ticket that
  came over TLS, and all else goes over TLS. *plain ÷ TLS*: the part of plain HTTP's throughput that is left. CPU is client and server.`,
  handshakes: `- handshakes: each a new TLS 1.3 connection with a client's P-256 certificate and its issuer's, without resumption, and one small
  request, 16 at a time. nginx is one process with a certificate of the same network; it answers a word, Holdfast judges who asks
  and answers the trust bundle. The load client takes most of the two processors, so that *server µs each* tells more than
  how many there are in a second.`,
  idle: `- idle connections: each by TLS with a client's certificate of its own, all of them from one process of this machine; over each something was asked
  once, and is again after the memory was read, so that all of them are there. Memory is the server's resident set (\`VmRSS\`), five seconds
  after the last connection. Server and client are started with a limit of open files above that number.`,
  agents: `- agents: as the server sees them, all from one process of this machine that is not counted: each holds a line for orders, which is answered every
  50 seconds, and reports three sets every minute over another connection that is made anew each hour; the snapshot that it names is in its
  repository. Processor is that of the server, all threads, user and system, in three minutes that begin ten seconds after the last one has connected.`,
  swaps: `- swaps: one client asks for the trust bundle over one connection, a millisecond after the last answer, while commands of the
  administrator run at the server's machine, on the same processors. Each figure is the longest wait from before a command starts until it
  has ended, of all runs; the first row is a command that swaps nothing, so that what it takes to start a command can be told apart.`,
};
