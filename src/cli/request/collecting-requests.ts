import {
  adoptEnrolment,
  canAdopt,
  completePending,
  findPending,
  findPendingFor,
  listPending,
  openOrCreateKeystore,
  type PendingRequest,
} from '../../agent/index.ts';
import { type Bytes, HoldfastError } from '../../base/index.ts';
import {
  bundleByFingerprint,
  followRequest,
  type RequestAnswer,
  type RequestServer,
} from '../../enrol/index.ts';
import {
  type Certificate,
  certificatePem,
  formatName,
  parseCertificate,
  parseFingerprint,
} from '../../pki/index.ts';
import type { Keystore } from '../../trust/index.ts';
import { checkChosenFile, writeChosenFile } from '../files/chosen-file.ts';
import { localPath } from '../files/local-path.ts';
import { openHome } from '../home/home.ts';
import { checkMayHoldNode } from '../home/one-network.ts';
import { nextOf } from '../join.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import { requestServer, type ServerOptions } from './request-server.ts';

/** What `request collect` takes. */
export interface CollectOptions extends ServerOptions {
  readonly out?: string;
}

/** An answer, and the request of this machine that it is for. */
export interface Answered {
  readonly keystore: Keystore;
  readonly pending: PendingRequest;
  readonly server: RequestServer;
  readonly answer: RequestAnswer;
}

const handlePattern = /^[a-z2-7]{26}$/;

/**
 * `holdfast request collect`: pairs the certificate with the key that waits for it. One for a client, a storage node or a
 * person makes this machine that node, when it is none yet.
 */
export async function collect(
  context: Context,
  what: string | undefined,
  options: CollectOptions,
): Promise<Answer> {
  if (options.out !== undefined) await checkChosenFile(chainFile(context, options.out), { replace: true });
  const keystore = await openOrCreateKeystore((await openHome(context.home)).node);
  const pending = pick(keystore, what);
  if (pending === undefined)
    return await collectByHandle(context, keystore, { ...options, handle: what ?? '' });
  const server = await serverOf(context, pending, options);
  const answer = await followRequest(pending.submitted?.handle ?? '', server);
  checkApproved(answer, pending.name);
  if (options.out !== undefined) await writeChain(context, options.out, chainOf(answer));
  return await settleAnswer(context, { keystore, pending, server, answer });
}

/** Pairs an approved answer with its key, and gives what this machine has by that. */
export async function settleAnswer(context: Context, answered: Answered): Promise<Answer> {
  const { keystore, pending, server, answer } = answered;
  const { node: directory } = await openHome(context.home);
  const chain = chainOf(answer);
  const leaf = parseCertificate(chain[0] ?? new Uint8Array());
  const { identity } = leaf;
  const joins = identity !== undefined && identity.role !== 'server' && answer.enrolment !== undefined;
  if (joins && (await canAdopt(directory, keystore, identity))) {
    const { bundle } = server;
    const order = { name: pending.name, identity, answer: answer.enrolment, bundle, clock: context.clock };
    await checkMayHoldNode(context.home, identity.network);
    await adoptEnrolment(directory, keystore, order);
    return collectedAnswer(leaf, 'joined');
  }
  await completePending(keystore, chain);
  return collectedAnswer(leaf, 'completed');
}

/** One that was handed in elsewhere: its key may wait here all the same, else its certificate goes into a file. */
async function collectByHandle(
  context: Context,
  keystore: Keystore,
  { handle, ...options }: CollectOptions & { readonly handle: string },
): Promise<Answer> {
  const server = await requestServer(context, options);
  const answer = await followRequest(handle, server);
  checkApproved(answer, handle);
  const chain = chainOf(answer);
  const leaf = parseCertificate(chain[0] ?? new Uint8Array());
  const pending = findPendingFor(keystore, leaf);
  if (options.out !== undefined) await writeChain(context, options.out, chain);
  if (pending !== undefined) return await settleAnswer(context, { keystore, pending, server, answer });
  if (options.out === undefined) {
    throw new HoldfastError('usage', 'no key here waits for this certificate: where is it to go?', {
      hint: 'name a file: --out FILE',
    });
  }
  return collectedAnswer(leaf, 'written');
}

/** The pending request that is meant, or undefined for a handle that is not known here. */
function pick(keystore: Keystore, what: string | undefined): PendingRequest | undefined {
  const submitted = listPending(keystore).filter((each) => each.submitted !== undefined);
  if (what === undefined) {
    const [only, ...others] = submitted;
    if (only !== undefined && others.length === 0) return only;
    const found =
      others.length === 0 ? 'no request was handed in from here' : `${submitted.length} requests wait`;
    throw new HoldfastError('usage', `${found}: which one is to be collected?`, {
      hint: 'holdfast request pending shows them; holdfast request collect NAME',
    });
  }
  const byHandle = submitted.find((each) => each.submitted?.handle === what);
  if (byHandle !== undefined || handlePattern.test(what)) return byHandle;
  const named = findPending(keystore, what);
  if (named.submitted !== undefined) return named;
  throw new HoldfastError('request_unknown', `the request ${what} was not handed in anywhere`, {
    hint: `holdfast request submit ${what} --server URL; or, with a file from an authority: holdfast request complete FILE`,
  });
}

/** The server that a pending request was handed in at, or the one that is said. Errors: as {@link requestServer} */
export async function serverOf(
  context: Context,
  { submitted }: PendingRequest,
  options: CollectOptions,
): Promise<RequestServer> {
  const root = parseFingerprint(submitted?.root ?? '');
  const { server = submitted?.server, ...said } = options;
  const isKnown = options.server === undefined && said.fingerprint === undefined && said.root === undefined;
  if (!isKnown || submitted === undefined || root === undefined)
    return await requestServer(context, { ...said, server });
  const { clock, signal, line } = context;
  const bundle = await bundleByFingerprint(submitted.server, root, { signal, line });
  return { address: submitted.server, bundle, clock, signal, line };
}

function checkApproved({ state, reason, expires }: RequestAnswer, name: string): void {
  if (state === 'approved') return;
  if (state === 'denied')
    throw new HoldfastError(
      'request_denied',
      `the request ${name} was denied: ${reason ?? 'no reason was given'}`,
    );
  if (state === 'expired')
    throw new HoldfastError('request_expired', `nobody decided on the request ${name} until ${expires}`);
  throw new HoldfastError(
    'request_pending',
    `nobody has decided on the request ${name} yet; it waits until ${expires}`,
  );
}

function chainOf({ chain = [] }: RequestAnswer): Bytes[] {
  return chain.map((text) => Uint8Array.from(Buffer.from(text, 'base64')));
}

function chainFile({ workingDirectory }: Context, file: string): string {
  return localPath(workingDirectory, file);
}

async function writeChain(context: Context, file: string, chain: readonly Bytes[]): Promise<void> {
  const text = chain.map(certificatePem).join('');
  await writeChosenFile(chainFile(context, file), text, { mode: 0o644, replace: true });
}

function collectedAnswer(leaf: Certificate, how: 'joined' | 'completed' | 'written'): Answer {
  const { serial, fingerprint, identity } = leaf;
  const notAfter = leaf.notAfter.toISOString();
  const subject = formatName(leaf.subject);
  const rows = [row(how, subject, `serial ${serial}`, `until ${notAfter}`)];
  if (how === 'joined' && identity !== undefined) rows.push(row('next', nextOf(identity.role)));
  return { value: { result: how, serial, fingerprint, notAfter, subject, identity }, rows };
}
