import { Option } from 'commander';
import {
  type Connection,
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
import { HoldfastError } from '../../base/index.ts';
import { randomPasswordCost, thisMachine } from '../../repository/index.ts';
import {
  type CertificateFormat,
  certificateFormatOf,
  encodeCertificates,
} from '../files/certificate-file.ts';
import { forceOption, writeChosenFile } from '../files/chosen-file.ts';
import { localPath } from '../files/local-path.ts';
import { askAdmin } from '../home/administering.ts';
import { type Home, openHome } from '../home/home.ts';
import { connectOwn } from '../home/own-node.ts';
import { addRules, atMostOne, exactlyOne, needs } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { serveMeanwhile } from '../serving/serve-meanwhile.ts';
import { type Answer, row, table } from '../terminal/answer.ts';
import { plural } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast cert export [DIR]`, and of an authority `holdfast cert export --serial NUMBER FILE` */
export const word: Word = {
  define: (command) => {
    addRules(
      command,
      exactlyOne('dir', '--list'),
      atMostOne('--serial', '--identity', '--layout', '--list', '--forget'),
      needs('--format', '--serial', '--identity'),
      needs('--chain', '--serial', '--identity'),
      needs('--force', '--serial', '--identity'),
      needs('--forget', 'dir'),
      atMostOne('--list', '--layout'),
      atMostOne('--forget', '--layout'),
    );
    command
      .description(
        "write this machine's certificate and key for other programs, rewritten at each renewal; or, with --serial or --identity, any certificate that this authority issued",
      )
      .argument('[dir]', 'where the files go; with --serial or --identity the one file')
      .addOption(
        new Option('--layout <layout>', 'which files').choices(['pem', 'restic', 'sesam']).default('pem'),
      )
      .option('--list', 'list the exports that are rewritten at each renewal')
      .option('--forget', 'rewrite DIR no longer; its files stay')
      .option('--serial <number>', 'the certificate with this number, or enough of its beginning')
      .option('--identity <role/name>', 'the newest certificate of a node, such as client/laptop')
      .addOption(
        new Option(
          '--format <format>',
          'how it is written (default: as the file is called, else pem)',
        ).choices(['pem', 'der', 'p7b']),
      )
      .option('--chain', 'with what leads to the root, the root last; p7b always has it')
      .option(...forceOption)
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
  holdfast cert export --serial 4f1c… vault.pem
  holdfast cert export --identity server/vault vault.p7b
`;

/** What `cert export` takes. */
interface ExportOptions {
  readonly layout: ExportLayout;
  readonly list?: boolean | undefined;
  readonly forget?: boolean | undefined;
}

/** What it takes beside them for a certificate that was issued. */
interface IssuedOptions {
  readonly serial?: string | undefined;
  readonly identity?: string | undefined;
  readonly format?: CertificateFormat | undefined;
  readonly chain?: boolean | undefined;
  readonly force?: boolean | undefined;
}

/** `holdfast cert export`: files for other programs, and the list of those that are rewritten. */
async function exportCertificate(
  context: Context,
  said: string | undefined,
  { layout, forget = false, ...issued }: ExportOptions & IssuedOptions,
): Promise<Answer> {
  if (said !== undefined && (issued.serial ?? issued.identity) !== undefined)
    return await exportIssued(context, said, issued);
  const home = await openHome(context.home);
  const directory = said === undefined ? undefined : localPath(context.workingDirectory, said);
  if (layout === 'sesam' && directory !== undefined && (await hasAuthority(home.path))) {
    const { exportMade } = await import('../vendor/written-files.ts');
    return await exportMade(context, directory);
  }
  const node = await openNode(home.node);
  if (directory === undefined) return exportsAnswer(node);
  if (!forget) return await writeExport(context, home, node, { layout, directory });
  await forgetExport(node, directory);
  return {
    value: { forgotten: directory },
    rows: [row('forgotten', directory, 'its files stay as they are')],
  };
}

/** Public, so readable for everybody: what the administrator of an authority hands on to whoever asked for it. */
async function exportIssued(context: Context, file: string, options: IssuedOptions): Promise<Answer> {
  const { serial, identity, format = certificateFormatOf(file), force = false } = options;
  const chain = options.chain ?? format === 'p7b';
  if (chain && format === 'der')
    throw new HoldfastError('usage', 'a DER file holds one certificate, and --chain is more', {
      hint: 'say --format pem or p7b beside --chain',
    });
  const path = localPath(context.workingDirectory, file);
  const answer = await askAdmin(context, (admin) =>
    admin.call('cert.export', { serial: serial?.toLowerCase(), identity, chain }),
  );
  const { certificate } = answer;
  const ders = answer.chain.map((text) => Uint8Array.from(Buffer.from(text, 'base64')));
  await writeChosenFile(path, encodeCertificates(ders, format), {
    mode: 0o644,
    replace: force,
    word: '--force',
  });
  if (certificate.state !== 'valid') context.output.warn(`the certificate is ${certificate.state}`);
  return {
    value: { file: path, format, certificates: ders.length, ...certificate },
    rows: [
      row('exported', path, plural(ders.length, 'certificate')),
      row('certificate', certificate.serial, certificate.subject, `until ${certificate.notAfter}`),
    ],
  };
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
  using connection = await connectOwn(context, node);
  if (layout === 'pem') await exportPem(node, directory);
  else if (layout === 'sesam') await exportSesam(node, directory);
  else await exportForRestic(context, home, connection, directory);
  const rows = [row('exported', directory, 'rewritten at each renewal')];
  if (layout === 'restic') rows.push(row('next', `${directory}/restic.sh snapshots`));
  return { value: { directory, layout }, rows };
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
