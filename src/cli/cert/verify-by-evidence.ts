import { type CertificateVerdict, purposeOf, verdictOf, verifyPath } from '../../admin/index.ts';
import { type Bytes, HoldfastError, isHoldfastError, parseTime, readChosenFile } from '../../base/index.ts';
import {
  type AnyCrl,
  type Certificate,
  parseAnyCrl,
  parseCertificate,
  parsePem,
  pemText,
} from '../../pki/index.ts';
import { evidenceFetcher, isPublicRoot } from '../../transport/index.ts';
import {
  type AskingRules,
  askRevocation,
  type RevocationStatus,
  revocationStatus,
  type ValidPath,
  validatePath,
  verifyServerName,
} from '../../trust/index.ts';
import { readCertificates } from '../files/certificate-file.ts';
import { localPath } from '../files/local-path.ts';
import { openOwnNode } from '../home/own-node.ts';
import type { Context } from '../program/context.ts';

/** What `cert verify` takes besides the file. */
export interface VerifyOptions {
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

/**
 * Verifies a certificate by roots, and by what lists and answers say of whether it and those above it are revoked: by this
 * machine's trust bundle and the addresses that the certificates name, or by the roots and lists that are given.
 * @throws HoldfastError what is wrong first; `certificate_revoked`, `revocation_unknown`
 */
export async function verifyByEvidence(
  context: Context,
  chain: readonly Bytes[],
  options: VerifyOptions,
): Promise<CertificateVerdict> {
  const now = new Date(context.clock.now());
  const at = options.at === undefined ? now : momentOf(options.at);
  const crls = await readLists(context, options.crl ?? []);
  const { known, path } =
    options.roots === undefined
      ? await pathHere(context, chain, { ...options, at })
      : await pathOutside(context, chain, { ...options, at, roots: options.roots });
  const evidence = { crls, certificates: known, answers: [] };
  const isAsking = options.online ?? (options.crl === undefined && options.roots === undefined);
  if (!isAsking && options.crl === undefined)
    return verdictOf(path, at, 'not looked at: --online or --crl FILE');
  // What is asked for now is good now; what was kept is good at the moment that is asked about.
  const statuses = isAsking
    ? await askRevocation(path, evidence, asking(context, options, at), evidenceFetcher(context.signal))
    : path.slice(0, -1).map((each) => revocationStatus(each, path, evidence, { at }));
  return verdictOf(path, at, saidOf(path, statuses, isAsking));
}

/** By when something was revoked counts only where another moment than now is asked about. */
function asking({ clock }: Context, { at: said }: VerifyOptions, at: Date): AskingRules {
  return { now: () => new Date(clock.now()), ...(said !== undefined && { revokedBy: at }) };
}

interface Judged extends Pick<VerifyOptions, 'host' | 'policy'> {
  readonly at: Date;
}

interface Found {
  readonly path: ValidPath;
  /** Who may have signed a list. */
  readonly known: readonly Certificate[];
}

async function pathHere(context: Context, chain: readonly Bytes[], judged: Judged): Promise<Found> {
  const { node } = await openOwnNode(context);
  // The issuing certificate may stand in the file, or be the one of this machine's own.
  const all = [...chain, ...node.credentials.current.chain.slice(1)];
  const { at, host } = judged;
  const path = verifyPath(all, { bundle: node.bundle.current, at, host, policies: policiesOf(judged) });
  return { path, known: all.slice(1).map((der) => parseCertificate(der)) };
}

async function pathOutside(
  context: Context,
  chain: readonly Bytes[],
  { roots, at, host, policy }: Judged & { readonly roots: string },
): Promise<Found> {
  const anchors = await readCertificates(localPath(context.workingDirectory, roots));
  const [leaf = new Uint8Array(), ...intermediates] = chain;
  const path = validatePath({
    leaf,
    intermediates,
    anchors,
    at,
    purpose: host === undefined ? purposeOf(parseCertificate(leaf)) : 'serverAuth',
    rules: ({ fingerprint }) => (isPublicRoot(fingerprint) ? 'public' : 'private'),
    policies: policiesOf({ policy }),
  });
  if (host !== undefined) verifyServerName(path[0], host);
  return { path, known: [...intermediates, ...anchors].map((der) => parseCertificate(der)) };
}

function policiesOf({ policy }: Pick<VerifyOptions, 'policy'>) {
  return policy === undefined ? {} : { acceptable: policy, explicit: true };
}

function momentOf(text: string): Date {
  const at = parseTime(text);
  if (at !== undefined) return at;
  throw new HoldfastError('usage', `--at ${text}: expected a time such as 2027-01-31T12:00:00Z`);
}

const maxListBytes = 64 * 1024 * 1024;
const sequenceTag = 0x30;

async function readLists({ workingDirectory }: Context, files: readonly string[]): Promise<AnyCrl[]> {
  const lists: AnyCrl[] = [];
  for (const file of files) lists.push(...(await readListFile(localPath(workingDirectory, file))));
  return lists;
}

/** The lists in a file: PEM, or one in DER. */
async function readListFile(path: string): Promise<AnyCrl[]> {
  const hint = 'name a PEM or DER file with revocation lists';
  const bytes = await readChosenFile(path, { maxBytes: maxListBytes, hint, tooLong: 'crl_malformed' });
  try {
    const ders = bytes[0] === sequenceTag ? [bytes] : parsePem(pemText(bytes)).map(({ der }) => der);
    if (ders.length > 0) return ders.map((der) => parseAnyCrl(der));
  } catch (cause) {
    if (!isHoldfastError(cause)) throw cause;
    throw new HoldfastError('crl_malformed', `${path}: ${cause.message}`, { hint, cause });
  }
  throw new HoldfastError('crl_malformed', `${path}: there is no revocation list in it`, { hint });
}

/** What was looked at; an error for what is revoked or not known, of the one nearest to the root first. */
function saidOf(path: ValidPath, statuses: readonly RevocationStatus[], isAsking: boolean): string {
  const said: string[] = [];
  for (const [index, status] of [...statuses.entries()].reverse()) {
    const certificate = path[index] as Certificate;
    if (status.kind === 'revoked') throw status.error;
    if (status.kind === 'good') said.unshift(...status.by.map((each) => sourceOf(each, certificate)));
    else if (!isAsking || namesAnything(certificate) || status.problems.length > 0)
      throw unknown(certificate, status.problems);
  }
  return said.length === 0 ? 'not looked at: no list is named' : `not in ${said.join(', ')}`;
}

function namesAnything({ extensions }: Certificate): boolean {
  return extensions.crlPoints.length + extensions.ocspUrls.length > 0;
}

function sourceOf(
  source: { readonly thisUpdate: Date; readonly number?: bigint },
  { extensions }: Certificate,
): string {
  const [url = '', ...others] = extensions.crlUrls;
  const name = others.length === 0 ? URL.parse(url)?.pathname.split('/').at(-1) : undefined;
  const list = name ?? `list ${source.number ?? 'without a number'}`;
  return `${'certId' in source ? 'an OCSP answer' : list} of ${source.thisUpdate.toISOString()}`;
}

/** One cause is told by its own code. */
function unknown({ serial }: Certificate, problems: readonly HoldfastError[]): HoldfastError {
  const [only, ...others] = problems;
  const hint = 'is the server of the network up? it signs a new list ahead of time';
  if (only !== undefined && others.length === 0)
    return new HoldfastError(only.code, only.message, { hint, cause: only });
  const why = [...new Set(problems.map(({ message }) => message))].join('; ');
  return new HoldfastError(
    'revocation_unknown',
    `whether certificate ${serial} is revoked is not known: ${why === '' ? 'no list and no answer is about it' : why}`,
    { cause: only },
  );
}
