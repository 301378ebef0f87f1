import { Option } from 'commander';
import { handIn, listPending, type OwnRequest } from '../../agent/index.ts';
import { type Bytes, equalBytes, readChosenFile } from '../../base/index.ts';
import { maxSubmissionBytes, type RequestAnswer, type RequestServer } from '../../enrol/index.ts';
import { type Role, requestFromText, roles } from '../../pki/index.ts';
import { Keystore } from '../../trust/index.ts';
import { localPath } from '../files/local-path.ts';
import { checkHome, openHome } from '../home/home.ts';
import { addServerOptions, type ServerOptions, saidServer, serverOf } from '../options/server-options.ts';
import { addRules, atMostOne } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import { givenJoinCode } from '../terminal/given-secrets.ts';
import type { Word } from '../word.ts';
import { settle } from './collect.ts';

/** `holdfast request submit FILE|NAME` */
export const word: Word = {
  define: (command) => {
    addRules(command, atMostOne('--fingerprint', '--root'));
    addServerOptions(command)
      .description('hand a request in at a server of a network, where a person or a join code decides on it')
      .argument('<file-or-name>', 'the friendly name of a pending request, or a file: PEM, DER or PKCS#7')
      .addOption(new Option('--profile <role>', 'what the certificate is to be for').choices(roles))
      .option('--name <name>', 'what the node is to be called (default: from the common name)')
      .option('--code <code>', 'a join code, which decides at once; - for one that is asked for, or on stdin')
      .addHelpText('after', examples);
  },
  run: submit,
};

const examples = `
A machine that has joined knows its server. A stranger says whom to believe: the fingerprint of the root, or its file.

Examples:
  holdfast request submit vault.example --server https://vault.example:8444 --fingerprint SHA256:4f:1c:…
  holdfast request submit vault.csr --profile server --name web
`;

/** What `request submit` takes. */
export interface SubmitOptions extends ServerOptions {
  readonly profile?: Role;
  readonly name?: string;
  readonly code?: string;
}

/** `holdfast request submit`: hands a request in; what is decided at once is collected at once. */
async function submit(context: Context, what: string, options: SubmitOptions): Promise<Answer> {
  const keystore = await ownKeystore(context);
  const pending = keystore === undefined ? [] : listPending(keystore);
  const named = pending.find(({ name }) => name === what);
  const der = named?.request ?? (await readRequestFile(context, what));
  const own = named ?? pending.find(({ request }) => equalBytes(request, der));
  return await submitRequest(context, { keystore, own, der }, options);
}

/** Hands a request in at the server that is said, and gives what became of it. */
export async function submitRequest(
  context: Context,
  request: OwnRequest,
  { profile, name, code: text, ...options }: SubmitOptions,
): Promise<Answer> {
  const { keystore, own } = request;
  const code = text === undefined ? undefined : await givenJoinCode(context, text);
  const isKnown = own !== undefined && code === undefined;
  const server = isKnown ? await serverOf(context, own, options) : await saidServer(context, options, code);
  const { answer, pending } = await handIn(request, { profile, name, code }, server);
  if (pending !== undefined && keystore !== undefined && answer.state === 'approved')
    return await settle(context, { keystore, pending, server, answer });
  return submittedAnswer(server, answer);
}

async function ownKeystore(context: Context): Promise<Keystore | undefined> {
  if ((await checkHome(context.home)) !== 'used') return undefined;
  const { node } = await openHome(context.home);
  return (await Keystore.exists(node)) ? await Keystore.open(node) : undefined;
}

async function readRequestFile({ workingDirectory }: Context, file: string): Promise<Bytes> {
  const path = localPath(workingDirectory, file);
  const bytes = await readChosenFile(path, {
    maxBytes: maxSubmissionBytes,
    hint: 'name a file with a request, or a request of holdfast request pending',
    tooLong: 'request_malformed',
  });
  return requestFromText(bytes).der;
}

function submittedAnswer(
  { address }: RequestServer,
  { handle, state, identity, expires, leftOut = [] }: RequestAnswer & { readonly handle: string },
): Answer {
  const rows = [
    row('handed in', `${identity} at ${address}`, state, `waits until ${expires}`),
    ...leftOut.map((each) => row('left out', each)),
    row('handle', handle, 'whoever has it can follow the request'),
    row('next', 'an administrator decides; then: holdfast request collect'),
  ];
  return { value: { server: `https://${address}`, handle, state, identity, expires, leftOut }, rows };
}
