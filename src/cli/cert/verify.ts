import { type CertificateVerdict, verifyByEvidence } from '../../admin/index.ts';
import { openNode } from '../../agent/index.ts';
import { hasAuthority } from '../../authority/index.ts';
import { asBuffer, type Bytes, HoldfastError, parseTime } from '../../base/index.ts';
import { readCertificates, readRevocationLists } from '../files/certificate-file.ts';
import { localPath } from '../files/local-path.ts';
import { askAdmin } from '../home/administering.ts';
import { openHome } from '../home/home.ts';
import { openOwnNode } from '../home/own-node.ts';
import { RepeatableOption } from '../options/option-values.ts';
import type { Context } from '../program/context.ts';
import { type Answer, type Row, row } from '../terminal/answer.ts';
import { formatRemaining } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast cert verify FILE` */
export const word: Word = {
  define: (command) => {
    command
      .description('verify a certificate: path to the root of the network, dates, names, revocation')
      .argument('<file>', 'a PEM or DER file, the certificate first')
      .option('--at <time>', 'judge by this moment, e.g. 2027-01-31T12:00:00Z (default: now)')
      .option('--host <name>', 'also whether it is for this host name or address')
      .option('--roots <file>', 'by these roots, and not those of the network')
      .addOption(new RepeatableOption('--crl <file>', 'by these revocation lists; nothing is asked'))
      .option('--online', 'ask the addresses that the certificates name whether they are revoked')
      .addOption(new RepeatableOption('--policy <id>', 'it has to hold under this policy, or one of these'))
      .addHelpText('after', examples);
  },
  run: verifyCertificateFile,
};

interface VerifyOptions {
  readonly at?: string;
  readonly host?: string;
  /** Believed in place of the network's. */
  readonly roots?: string;
  /** Files with revocation lists. */
  readonly crl?: readonly string[];
  readonly online?: boolean;
  /** Object identifiers of policies of which one has to hold. */
  readonly policy?: readonly string[];
}

const examples = `
By the records of the authority in its home, or for an administrator; in a client's home by the revocation lists. With
--roots, --crl or --online by what they give, in any home.
Exit code 21: not to be trusted, and why; 22: it is for other names.

Examples:
  holdfast cert verify server.pem --host vault.example
  holdfast cert verify client.pem --at 2027-01-31T12:00:00Z
  holdfast cert verify mail.pem --roots corporate-root.pem --crl corporate.crl --host mail.example
`;

/**
 * `holdfast cert verify FILE`: in the home of the authority, or of an administrator, by what is on record there; in any
 * other by this machine's trust bundle and the revocation lists of the network.
 */
async function verifyCertificateFile(
  context: Context,
  file: string,
  options: VerifyOptions,
): Promise<Answer> {
  const chain = await readCertificates(localPath(context.workingDirectory, file));
  const { roots, crl, online, policy } = options;
  const isOffRecord = [roots, crl, online, policy].some((each) => each !== undefined);
  const byRecords = !isOffRecord && (await hasRecords(context));
  const verdict = byRecords
    ? await verifyByRecords(context, chain, options)
    : await verifyOffRecord(context, chain, options);
  return { value: verdict, rows: verdictRows(context, verdict, options) };
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

async function verifyOffRecord(
  context: Context,
  chain: readonly Bytes[],
  { at, host, roots, crl, online, policy }: VerifyOptions,
): Promise<CertificateVerdict> {
  const { clock, signal, workingDirectory } = context;
  const moment = at === undefined ? undefined : momentOf(at);
  const crls = crl && (await readAll(crl.map((file) => localPath(workingDirectory, file))));
  return await verifyByEvidence(chain, {
    believed:
      roots === undefined
        ? await believedHere(context)
        : { roots: await readCertificates(localPath(workingDirectory, roots)) },
    at: moment,
    host,
    policies: policy && { acceptable: policy, explicit: true },
    crls,
    asks: online ?? (crl === undefined && roots === undefined),
    clock,
    signal,
  });
}

async function believedHere(context: Context) {
  const { node } = await openOwnNode(context);
  return { bundle: node.bundle.current, issuing: node.credentials.current.chain.slice(1) };
}

async function readAll(paths: readonly string[]) {
  return (await Promise.all(paths.map(readRevocationLists))).flat();
}

function momentOf(text: string): Date {
  const at = parseTime(text);
  if (at !== undefined) return at;
  throw new HoldfastError('usage', `--at ${text}: expected a time such as 2027-01-31T12:00:00Z`);
}

function* verdictRows(
  { clock }: Context,
  verdict: CertificateVerdict,
  { at, host }: VerifyOptions,
): Iterable<Row> {
  const { subject, identity, path, revocation, notAfter } = verdict;
  yield row('subject', subject, identity ?? '');
  yield row('path', 'good', path.join(' ← '));
  const left = formatRemaining(new Date(notAfter).getTime() - clock.now());
  yield row('dates', 'good', at === undefined ? `${left} left` : `valid at ${at}`);
  if (host !== undefined) yield row('names', 'good', `is for ${host}`);
  yield row('revocation', 'good', revocation);
}
