import {
  type Answered,
  answeredChain,
  chosenRequest,
  collectApproved,
  findPendingFor,
  openOrCreateKeystore,
  settleAnswer,
} from '../../agent/index.ts';
import { HoldfastError } from '../../base/index.ts';
import type { RequestAnswer } from '../../enrol/index.ts';
import { type Certificate, certificatePem, formatName } from '../../pki/index.ts';
import type { Keystore } from '../../trust/index.ts';
import { checkChosenFile, forceOption, replacingAsBefore, writeChosenFile } from '../files/chosen-file.ts';
import { localPath } from '../files/local-path.ts';
import { openHome } from '../home/home.ts';
import { checkMayHoldNode } from '../home/may-hold.ts';
import { nextOf } from '../join.ts';
import { addServerOptions, type ServerOptions, saidServer, serverOf } from '../options/server-options.ts';
import { addRules, atMostOne, needs } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';

/** `holdfast request collect [HANDLE|NAME]` */
export const word: Word = {
  define: (command) => {
    addRules(command, atMostOne('--fingerprint', '--root'), needs('--force', '--out'));
    addServerOptions(command)
      .description('collect the certificate of a request that was handed in, once it is approved')
      .argument('[handle-or-name]', 'of the request (default: the one that was handed in from here)')
      .option('--out <file>', 'also write the certificate and what leads to the root, in PEM')
      .option(...forceOption)
      .addHelpText('after', examples);
  },
  run: collect,
};

const examples = `
Examples:
  holdfast request collect
  holdfast request collect vault.example --out vault.pem
`;

/** What `request collect` takes. */
interface CollectOptions extends ServerOptions {
  readonly out?: string;
  readonly force?: boolean;
}

/** `holdfast request collect`: pairs the certificate with the key that waits for it, which may make this machine a node. */
async function collect(
  context: Context,
  what: string | undefined,
  { out, force, ...options }: CollectOptions,
): Promise<Answer> {
  const file = out === undefined ? undefined : localPath(context.workingDirectory, out);
  if (file !== undefined) await checkChosenFile(file, await replacingAsBefore(context, file, force));
  const keystore = await openOrCreateKeystore((await openHome(context.home)).node);
  const pending = chosenRequest(keystore, what);
  if (pending === undefined)
    return await collectByHandle(context, keystore, { ...options, handle: what, file });
  const server = await serverOf(context, pending, options);
  const answer = await collectApproved(pending.submitted?.handle ?? '', pending.name, server);
  if (file !== undefined) await writeChain(file, answer);
  return await settle(context, { keystore, pending, server, answer });
}

/** One that was handed in elsewhere: its key may wait here all the same, else its certificate goes into a file. */
async function collectByHandle(
  context: Context,
  keystore: Keystore,
  {
    handle = '',
    file,
    ...options
  }: ServerOptions & { readonly handle: string | undefined; readonly file: string | undefined },
): Promise<Answer> {
  const server = await saidServer(context, options);
  const answer = await collectApproved(handle, handle, server);
  const { leaf } = answeredChain(answer);
  const pending = findPendingFor(keystore, leaf);
  if (file !== undefined) await writeChain(file, answer);
  if (pending !== undefined) return await settle(context, { keystore, pending, server, answer });
  if (file !== undefined) return collectedAnswer(leaf, 'written');
  throw new HoldfastError('usage', 'no key here waits for this certificate: where is it to go?', {
    hint: 'name a file: --out FILE',
  });
}

/** Settles an approved answer, and gives what this machine has by that. */
export async function settle(context: Context, answered: Answered): Promise<Answer> {
  const { clock } = context;
  const { node: directory } = await openHome(context.home);
  const mayJoin = (network: string): Promise<void> => checkMayHoldNode(context.home, network);
  const { how, leaf } = await settleAnswer(answered, { directory, clock, mayJoin });
  return collectedAnswer(leaf, how);
}

async function writeChain(file: string, answer: RequestAnswer): Promise<void> {
  const text = answeredChain(answer).chain.map(certificatePem).join('');
  await writeChosenFile(file, text, { mode: 0o644, replace: true });
}

function collectedAnswer(leaf: Certificate, how: 'joined' | 'completed' | 'written'): Answer {
  const { serial, fingerprint, identity } = leaf;
  const notAfter = leaf.notAfter.toISOString();
  const subject = formatName(leaf.subject);
  const rows = [row(how, subject, `serial ${serial}`, `until ${notAfter}`)];
  if (how === 'joined' && identity !== undefined) rows.push(row('next', nextOf(identity.role)));
  return { value: { result: how, serial, fingerprint, notAfter, subject, identity }, rows };
}
