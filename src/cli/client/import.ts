import { moveToServer, type Node, serverUrl } from '../../agent/index.ts';
import { HoldfastError, readChosenFile } from '../../base/index.ts';
import {
  type ClientFileLine,
  maxClientFileBytes,
  parseClientFile,
  withoutRepeats,
} from '../../compat/index.ts';
import {
  type ClientPolicy,
  changeClientPolicy,
  defaultClientPolicy,
  parseClientPolicy,
  urlHost,
} from '../../policy/index.ts';
import type { AnswerOf } from '../answers.ts';
import { localPath } from '../files/local-path.ts';
import { openOwnNode } from '../home/own-node.ts';
import type { Context } from '../program/context.ts';
import { commandLine } from '../repository/command-line.ts';
import { type Answer, note, type Row, table } from '../terminal/answer.ts';
import type { Word } from '../word.ts';

/** `holdfast client import FILE` */
export const word: Word = {
  define: (command) => {
    command
      .description('show what each line of a vendor’s client file becomes, and with --yes dial like that')
      .argument('<file>', 'sm.ini or stpd.ini of SEP sesam, dsm.opt or dsm.sys of IBM Spectrum Protect')
      .option('--stanza <name>', 'the one of several in dsm.sys, by its SErvername')
      .option('--yes', 'put it in place')
      .addHelpText('after', examples);
  },
  run: importClient,
};

const examples = `
An address of a server is tried before anything is changed, as by client set-server. What is for the server, or not known here, is
shown with its line and left out.

Examples:
  holdfast client import /var/opt/sesam/var/ini/sm.ini
  holdfast client import /opt/tivoli/tsm/client/ba/bin/dsm.sys --stanza VAULT --yes
`;

/** What `client import` takes besides the file. */
interface ImportOptions {
  readonly stanza?: string;
  readonly yes?: boolean;
}

/** `holdfast client import FILE`: nothing is changed without `--yes`. */
export async function importClient(context: Context, file: string, options: ImportOptions): Promise<Answer> {
  const { yes = false } = options;
  const hint = 'name sm.ini, stpd.ini, dsm.opt or dsm.sys';
  const path = localPath(context.workingDirectory, file);
  const bytes = await readChosenFile(path, {
    maxBytes: maxClientFileBytes,
    hint,
    tooLong: 'settings_invalid',
  });
  const all = parseClientFile(bytes);
  if (all.length === 0)
    throw new HoldfastError('settings_invalid', `${path} has no line with a setting`, { hint });
  const lines = withoutRepeats(ofStanza(all, options));
  // What is for a server alone can be read where this machine is no client.
  const node = lines.some(isForClient) ? (await openOwnNode(context)).node : undefined;
  const { changes, refused } = policyChanges(node?.clientPolicy ?? defaultClientPolicy, lines);
  const server = serverOf(lines);
  if (yes && node !== undefined) await apply(context, node, { changes, server });
  const shown = lines.map((each) => shownLine(each, { refused, server }));
  return {
    value: { lines: shown, changes, server: server ?? null, applied: yes },
    rows: importRows(shown, { file, yes }),
  };
}

function isForClient({ meaning: { kind } }: ClientFileLine): boolean {
  return kind === 'client' || kind === 'host' || kind === 'port';
}

/** @throws HoldfastError `usage` where there are several and none is named */
function ofStanza(lines: readonly ClientFileLine[], { stanza }: ImportOptions): readonly ClientFileLine[] {
  const hosts = lines.filter(({ meaning }) => meaning.kind === 'host').map(({ part }) => part);
  const parts = [...new Set(hosts)];
  const named = parts.find((part) => part.toLowerCase() === stanza?.toLowerCase());
  if (stanza === undefined && parts.length <= 1) return lines;
  if (stanza !== undefined && named !== undefined)
    return lines.filter(({ part }) => part === '' || part === named);
  throw new HoldfastError(
    'usage',
    `the file has the stanzas ${parts.join(', ') || 'none'}: expected one of them`,
    {
      hint: 'say which: --stanza NAME',
    },
  );
}

type Change = AnswerOf<'client import'>['changes'][number];

/** What can hold is taken: where both would be off, servers go on proving who they are. */
function policyChanges(policy: ClientPolicy, lines: readonly ClientFileLine[]) {
  const said = lines.flatMap(({ meaning }): Change[] => (meaning.kind === 'client' ? [meaning] : []));
  const changes = said.map(({ key, value }) => ({ key, value }));
  const after = { ...policy };
  for (const { key, value } of changes)
    if (key === 'verifyServer' || key === 'presentCertificate') after[key] = value === 'on';
  if (after.presentCertificate || after.verifyServer) return { changes, refused: false };
  return { changes: changes.filter(({ key }) => key !== 'verifyServer'), refused: true };
}

function serverOf(lines: readonly ClientFileLine[]): string | undefined {
  const last = (kind: 'host' | 'port'): string | undefined => {
    const found = lines.findLast(({ meaning }) => meaning.kind === kind)?.meaning;
    return found?.kind === kind ? found.value : undefined;
  };
  const host = last('host');
  return host === undefined ? undefined : serverUrl(`https://${urlHost(host)}:${last('port') ?? '8443'}`);
}

async function apply(
  context: Context,
  node: Node,
  { changes, server }: { readonly changes: readonly Change[]; readonly server: string | undefined },
): Promise<void> {
  // Nothing is changed by a file that says what cannot be.
  parseClientPolicy(changeClientPolicy(node.clientPolicy, changes));
  if (server !== undefined) await moveToServer(node, server, context);
  await node.changeClientPolicy((policy) => changeClientPolicy(policy, changes));
}

/** A line and what it becomes, in words. */
type ShownLine = AnswerOf<'client import'>['lines'][number];

/** What else the file says. */
interface Around {
  readonly refused: boolean;
  readonly server: string | undefined;
}

function shownLine({ line, option, value, meaning }: ClientFileLine, around: Around): ShownLine {
  return { line, says: `${option} ${value}`.trim().slice(0, 80), becomes: becomes(meaning, around) };
}

function becomes(
  meaning: ClientFileLine['meaning'],
  { refused, server = 'https://HOST:PORT' }: Around,
): string {
  switch (meaning.kind) {
    case 'client':
      return refused && meaning.key === 'verifyServer'
        ? 'left out: a bearer token would be told to whoever answers'
        : `client set ${meaning.key} ${meaning.value}`;
    case 'host':
    case 'port':
      return `client set-server, its ${meaning.kind}`;
    case 'elsewhere':
      return meaning.where === 'server'
        ? `at the server: ${meaning.command}`
        : `by itself: ${meaning.command.replace('https://SERVER', server)}`;
    case 'unknown':
      return 'not known here';
    case 'already':
    case 'left out':
      return `${meaning.kind}: ${meaning.why}`;
  }
}

function* importRows(
  lines: readonly ShownLine[],
  { file, yes }: { readonly file: string; readonly yes: boolean },
): Iterable<Row> {
  const columns = [
    { heading: 'Line' },
    { heading: 'Says', shrink: true },
    { heading: 'Becomes', shrink: true },
  ];
  yield table(
    columns,
    lines.map(({ line, says, becomes: here }) => [String(line), says, here]),
    'the file says nothing',
  );
  if (!yes)
    yield note(
      `nothing was changed; ${commandLine(['holdfast', 'client', 'import', file, '--yes'])} puts it in place`,
    );
}
