import { type CertificateVerdict, verdictOf, verifyPath } from '../admin/index.ts';
import { openNode } from '../agent/index.ts';
import { hasAuthority } from '../authority/index.ts';
import { asBuffer, type Bytes, HoldfastError, parseTime } from '../base/index.ts';
import { askAdmin } from './administering.ts';
import { readCertificates } from './certificate-file.ts';
import { checkLists } from './checking-revocation.ts';
import type { Context } from './context.ts';
import { formatRemaining } from './format.ts';
import { openHome } from './home.ts';
import { localPath } from './local-path.ts';
import { openOwnNode } from './own-node.ts';

/** What `cert verify` takes besides the file. */
export interface VerifyOptions {
  readonly at?: string;
  readonly host?: string;
}

/**
 * `holdfast cert verify FILE`: in the home of the authority, or of an administrator, by what is on record there; in any
 * other by this machine's trust bundle and the revocation lists of the network.
 */
export async function verifyCertificateFile(
  context: Context,
  file: string,
  options: VerifyOptions,
): Promise<void> {
  const chain = await readCertificates(localPath(context.workingDirectory, file));
  const byRecords = await hasRecords(context);
  const verdict = byRecords
    ? await verifyByRecords(context, chain, options)
    : await verifyByLists(context, chain, options);
  if (context.output.json) return context.output.value(verdict);
  sayVerdict(context, verdict, options);
}

async function hasRecords(context: Context): Promise<boolean> {
  const home = await openHome(context.home);
  return (await hasAuthority(home.path)) || (await openNode(home.node)).identity.role === 'admin';
}

function verifyByRecords(
  context: Context,
  chain: readonly Bytes[],
  { at, host }: VerifyOptions,
): Promise<CertificateVerdict> {
  return askAdmin(context, (admin) =>
    admin.call('cert.verify', {
      chain: chain.map((der) => asBuffer(der).toString('base64')),
      at,
      host,
    }),
  );
}

async function verifyByLists(
  context: Context,
  chain: readonly Bytes[],
  { at: said, host }: VerifyOptions,
): Promise<CertificateVerdict> {
  const { node } = await openOwnNode(context);
  const at = said === undefined ? new Date(context.clock.now()) : momentOf(said);
  // The issuing certificate may stand in the file, or be the one of this machine's own.
  const known = [...chain, ...node.credentials.current.chain.slice(1)];
  const path = verifyPath(known, { bundle: node.bundle.current, at, host });
  return verdictOf(
    path,
    at,
    await checkLists(path, { now: new Date(context.clock.now()), at, signal: context.signal }),
  );
}

function momentOf(text: string): Date {
  const at = parseTime(text);
  if (at !== undefined) return at;
  throw new HoldfastError('usage', `--at ${text}: expected a time such as 2027-01-31T12:00:00Z`);
}

function sayVerdict(
  { output, clock }: Context,
  verdict: CertificateVerdict,
  { at, host }: VerifyOptions,
): void {
  const { subject, identity, path, revocation, notAfter } = verdict;
  output.row('subject', subject, identity ?? '');
  output.row('path', 'good', path.join(' ← '));
  const left = formatRemaining(new Date(notAfter).getTime() - clock.now());
  output.row('dates', 'good', at === undefined ? `${left} left` : `valid at ${at}`);
  if (host !== undefined) output.row('names', 'good', `is for ${host}`);
  output.row('revocation', 'good', revocation);
}
