import { Option } from 'commander';
import {
  type Connection,
  connectNode,
  type ExportLayout,
  exportPem,
  exportRestic,
  exportSesam,
  forgetExport,
  type Node,
  openNode,
  openRepositoryAt,
  randomPassword,
} from '../../agent/index.ts';
import { hasAuthority } from '../../authority/index.ts';
import { randomPasswordCost, thisMachine } from '../../repository/index.ts';
import { localPath } from '../files/local-path.ts';
import { type Home, openHome } from '../home/home.ts';
import { addRules, atMostOne, exactlyOne, needs } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { serveMeanwhile } from '../serving/serve-meanwhile.ts';
import { type Answer, row, table } from '../terminal/answer.ts';
import type { Word } from '../word.ts';

/** `holdfast cert export [DIR]` */
export const word: Word = {
  define: (command) => {
    addRules(
      command,
      exactlyOne('dir', '--list'),
      needs('--forget', 'dir'),
      atMostOne('--list', '--layout'),
      atMostOne('--forget', '--layout'),
    );
    command
      .description("write this machine's certificate and key for other programs; rewritten at each renewal")
      .argument('[dir]', 'where the files go')
      .addOption(
        new Option('--layout <layout>', 'which files').choices(['pem', 'restic', 'sesam']).default('pem'),
      )
      .option('--list', 'list the exports that are rewritten at each renewal')
      .option('--forget', 'rewrite DIR no longer; its files stay')
      .addHelpText('after', examples);
  },
  run: exportCertificate,
};

const examples = `
Layouts:
  pem      ca.pem, client.pem (leaf, then issuing), client.key
  restic   ca.pem, client.pem (with the key), password, restic.env, restic.sh
  sesam    ca/rootCA.pem, x.509/client.pem and .key, ssl/server.pem and .key; at the
           server, the last ones that sm_ssl_cert made

Examples:
  holdfast cert export --layout restic ~/restic && ~/restic/restic.sh snapshots
  holdfast cert export --list
`;

/** What `cert export` takes. */
interface ExportOptions {
  readonly layout: ExportLayout;
  readonly list?: boolean | undefined;
  readonly forget?: boolean | undefined;
}

/** `holdfast cert export`: files for other programs, and the list of those that are rewritten. */
async function exportCertificate(
  context: Context,
  said: string | undefined,
  { layout, forget = false }: ExportOptions,
): Promise<Answer> {
  const home = await openHome(context.home);
  const directory = said === undefined ? undefined : localPath(context.workingDirectory, said);
  if (layout === 'sesam' && directory !== undefined && (await hasAuthority(home.path))) {
    const { exportMade } = await import('../vendor/export-made.ts');
    return await exportMade(context, directory);
  }
  const node = await openNode(home.node);
  if (directory === undefined) return exportsAnswer(node);
  if (!forget) return await writeExport(context, home, node, { layout, directory });
  await forgetExport(node, directory);
  return { value: undefined, rows: [] };
}

function exportsAnswer({ state: { exports } }: Node): Answer {
  const columns = [{ heading: 'Layout' }, { heading: 'Directory', shrink: true }];
  const cells = exports.map(({ layout, directory }) => [layout, directory]);
  return { value: exports, rows: [table(columns, cells, 'nothing was exported: holdfast cert export DIR')] };
}

async function writeExport(
  context: Context,
  home: Home,
  node: Node,
  { layout, directory }: { readonly layout: ExportLayout; readonly directory: string },
): Promise<Answer> {
  await using held = new AsyncDisposableStack();
  const serving = await serveMeanwhile(context, home);
  if (serving !== undefined) held.use(serving);
  using connection = await connectNode(node, context);
  if (layout === 'pem') await exportPem(node, directory);
  else if (layout === 'sesam') await exportSesam(node, directory);
  else await exportForRestic(context, home, connection, directory);
  const rows = [row('exported', directory, 'rewritten at each renewal')];
  if (layout === 'restic') rows.push(row('next', `${directory}/restic.sh snapshots`));
  return { value: undefined, rows };
}

/** restic opens the repository with a password of its own. */
async function exportForRestic(
  { signal }: Context,
  { cache }: Home,
  connection: Connection,
  directory: string,
): Promise<void> {
  const repository = await openRepositoryAt(await connection.place({ cache }), { create: true, signal });
  const password = randomPassword();
  await repository.addKey(password, { ...thisMachine(), cost: randomPasswordCost, signal });
  await exportRestic(connection.node, directory, connection.repositoryUrl, password);
}
