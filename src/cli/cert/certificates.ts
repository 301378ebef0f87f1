import { describeCertificate, type OperationAnswer } from '../../admin/index.ts';
import {
  connectNode,
  type ExportLayout,
  exportPem,
  exportRestic,
  exportSesam,
  forgetExport,
  openNode,
  openRepositoryAt,
  randomPassword,
} from '../../agent/index.ts';
import { hasAuthority } from '../../authority/index.ts';
import { parseCertificate, parseIdentityUri, type Role } from '../../pki/index.ts';
import { randomPasswordCost, thisMachine } from '../../repository/index.ts';
import { readCertificates } from '../files/certificate-file.ts';
import { localPath } from '../files/local-path.ts';
import { askAdmin } from '../home/administering.ts';
import { collectPages } from '../home/collect-pages.ts';
import { openHome } from '../home/home.ts';
import type { Context } from '../program/context.ts';
import { serveMeanwhile } from '../serving/serve-meanwhile.ts';
import { formatRemaining, formatTime } from '../terminal/format.ts';

const defaultLimit = 1000;

type CertificateView = OperationAnswer<'cert.show'>;

/** What `cert list` is narrowed down by. */
export interface CertificateListOptions {
  readonly role?: Role;
  readonly name?: string;
  readonly state?: 'valid' | 'expired' | 'revoked';
  /** Milliseconds. */
  readonly expiring?: number;
  readonly search?: string;
  readonly limit?: number;
}

/** `holdfast cert list`: what the authority has issued. */
export async function listCertificates(context: Context, options: CertificateListOptions): Promise<void> {
  const { output, clock } = context;
  const filter = filterOf(options);
  const certificates = await askAdmin(context, (admin) =>
    collectPages<CertificateView>(
      ({ after, limit }) => admin.call('cert.list', { ...filter, after: after?.serial, limit }),
      options.limit ?? defaultLimit,
    ),
  );
  if (output.json) return output.value(certificates);
  output.table(
    [
      { heading: 'Serial' },
      { heading: 'Identity', shrink: true },
      { heading: 'Valid from' },
      { heading: 'Ends in', align: 'right' },
      { heading: 'State' },
    ],
    certificates.map(({ serial, identity, notBefore, notAfter, state }) => [
      serial.slice(0, 16),
      shortIdentity(identity),
      formatTime(new Date(notBefore)),
      formatRemaining(new Date(notAfter).getTime() - clock.now()),
      state,
    ]),
    'no certificate was found',
  );
}

/** `client/laptop`: the network is the same for all of them, and a terminal narrow. */
function shortIdentity(uri = ''): string {
  const identity = parseIdentityUri(uri);
  return identity === undefined ? uri : `${identity.role}/${identity.name}`;
}

/** The options of every command (`--json`) come along with those of this one. */
function filterOf({ role, name, state, expiring, search }: CertificateListOptions) {
  return {
    role,
    name,
    state,
    expiringWithinMs: expiring,
    search,
  };
}

/** `holdfast cert show`: one certificate, of the authority by its serial number or from a file. */
export async function showCertificate(context: Context, what: string): Promise<void> {
  const isSerial = /^[0-9a-fA-F]{8,40}$/.test(what);
  const views = isSerial
    ? [await askAdmin(context, (admin) => admin.call('cert.show', { serial: what.toLowerCase() }))]
    : await viewsFromFile(localPath(context.workingDirectory, what), context.clock.now());
  if (context.output.json) return context.output.value(isSerial ? views[0] : views);
  for (const view of views) sayCertificate(context, view);
}

/** `holdfast cert export`: files for other programs, and the list of those that are rewritten. */
export async function exportCertificate(
  context: Context,
  directory: string | undefined,
  options: { readonly layout: ExportLayout; readonly forget?: boolean },
): Promise<void> {
  const { output } = context;
  const home = await openHome(context.home);
  if (options.layout === 'sesam' && directory !== undefined && (await hasAuthority(home.path))) {
    const { exportMade } = await import('../vendor/export-made.ts');
    return await exportMade(context, localPath(context.workingDirectory, directory));
  }
  const node = await openNode(home.node);
  if (directory === undefined) {
    if (output.json) return output.value(node.state.exports);
    const columns = [{ heading: 'Layout' }, { heading: 'Directory', shrink: true }];
    return output.table(
      columns,
      node.state.exports.map(({ layout, directory: at }) => [layout, at]),
      'nothing was exported: holdfast cert export DIR',
    );
  }
  const absolute = localPath(context.workingDirectory, directory);
  if (options.forget === true) return forgetExport(node, absolute);
  await using held = new AsyncDisposableStack();
  const serving = await serveMeanwhile(context, home);
  if (serving !== undefined) held.use(serving);
  using connection = await connectNode(node, context);
  if (options.layout === 'pem') await exportPem(node, absolute);
  else if (options.layout === 'sesam') await exportSesam(node, absolute);
  else {
    const place = await connection.place({ cache: home.cache });
    const repository = await openRepositoryAt(place, { create: true, signal: context.signal });
    const password = randomPassword();
    await repository.addKey(password, { ...thisMachine(), cost: randomPasswordCost, signal: context.signal });
    await exportRestic(node, absolute, connection.repositoryUrl, password);
  }
  output.row('exported', absolute, 'rewritten at each renewal');
  if (options.layout === 'restic') output.row('next', `${absolute}/restic.sh snapshots`);
}

function sayCertificate({ output, clock }: Context, view: CertificateView): void {
  output.row('subject', view.subject);
  if (view.identity !== undefined) output.row('identity', view.identity);
  output.row('names', view.names.join(', '));
  output.row('issuer', view.issuer);
  output.row('serial', view.serial);
  output.row('fingerprint', view.fingerprint);
  output.row('key', view.key);
  output.row(
    'valid',
    `${view.notBefore} to ${view.notAfter}`,
    formatRemaining(new Date(view.notAfter).getTime() - clock.now()),
  );
  if (view.clipped) output.row('', 'ends with the issuing certificate, before its time');
  const { state, revokedAt, revocationReason } = view;
  if (revokedAt === undefined) output.row('state', state);
  else output.row('state', `${state} ${revokedAt}`, revocationReason ?? 'unspecified');
  if (view.byIssuer) output.row('', 'with the issuing certificate; it can still be renewed');
}

async function viewsFromFile(path: string, nowMs: number): Promise<CertificateView[]> {
  const ders = await readCertificates(path);
  return ders.map((der) => describeCertificate(parseCertificate(der), nowMs));
}
