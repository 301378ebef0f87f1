import { Option } from 'commander';
import {
  findUnwritten,
  forgetPending,
  keepPending,
  noteWritten,
  openOrCreateKeystore,
  type PendingRequest,
  parseDraft,
  type RequestDraft,
  type RequestFields,
} from '../../agent/index.ts';
import { isHoldfastError } from '../../base/index.ts';
import {
  createCertificateRequest,
  formatGeneralName,
  formatName,
  generateKeyPair,
  requestPem,
  roles,
} from '../../pki/index.ts';
import { mayBeDone } from '../../transport/index.ts';
import type { Keystore } from '../../trust/index.ts';
import { checkChosenFile, forceOption, writeChosenFile } from '../files/chosen-file.ts';
import { localPath } from '../files/local-path.ts';
import { withHome } from '../home/home.ts';
import { ListOption } from '../options/option-values.ts';
import { addServerOptions } from '../options/server-options.ts';
import { addRules, atMostOne, needs } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { askForRequest } from './request-wizard.ts';
import { type SubmitOptions, submitRequest } from './submit.ts';

/** `holdfast request create` */
export const word: Word = {
  define: (command) => {
    addRules(
      command,
      atMostOne('--submit', '--out'),
      atMostOne('--submit', '--force'),
      ...['--name', '--code', '--server', '--fingerprint', '--root'].map((word) => needs(word, '--submit')),
      atMostOne('--fingerprint', '--root'),
    );
    addServerOptions(command)
      .description(
        'make a key and a certificate request for it; asks on a terminal, unless --cn or --names is given',
      )
      .option(
        '--friendly-name <name>',
        'what the request is called on this machine (default: the common name)',
      )
      .option('--key <kind>', 'p256, p384, p521, ed25519, rsa2048, rsa3072 or rsa4096 (default: p256)')
      .option('--cn <name>', 'common name (default: the first of --names)')
      .option('--o <name>', 'organisation')
      .option('--ou <name>', 'organisational unit')
      .option('--l <city>', 'city')
      .option('--st <state>', 'state or province')
      .option('--c <country>', 'country, two letters')
      .option('--email <address>', 'mail address')
      .addOption(
        new ListOption(
          '--names <list>',
          'host names and addresses (default: the common name, where it is one)',
        ),
      )
      .option('--out <file>', 'where the request goes (default: FRIENDLY-NAME.csr)')
      .option(...forceOption)
      .option('--submit', 'hand it in at once instead of saving it for later')
      .addOption(new Option('--profile <role>', 'what it is to be for').choices(roles))
      .option('--name <name>', 'what the node is to be called (default: from the common name)')
      .option('--code <code>', 'a join code, which decides at once; - for one that is asked for, or on stdin')
      .addHelpText('after', examples);
  },
  run: createRequest,
};

const examples = `
The key stays in this machine's keystore, pending, until its certificate comes: holdfast request complete FILE.

Examples:
  holdfast request create
  holdfast request create --names vault.example,192.0.2.7 --o 'Example Ltd' --c DE --key rsa3072 --out vault.csr
  holdfast request create --cn laptop --profile client --submit --server https://vault.example:8444 --fingerprint SHA256:4f:1c:…
`;

/** What `request create` takes. */
export interface RequestCreateOptions extends RequestFields, SubmitOptions {
  readonly submit?: boolean;
  readonly out?: string;
  readonly force?: boolean;
}

/** What is to be made, and where its file goes. */
interface Plan {
  readonly draft: RequestDraft;
  /** Undefined when it is handed in at once. */
  readonly file: string | undefined;
}

/** `holdfast request create`: a key that stays here, and a request for it in a file, or handed in at once. */
async function createRequest(context: Context, options: RequestCreateOptions): Promise<Answer> {
  const { draft, file } = isInteractive(options) ? await askPlan(context, options) : planOf(options);
  if (file === undefined) return await createAndSubmit(context, draft, options);
  const path = localPath(context.workingDirectory, file);
  await checkChosenFile(path, { replace: options.force === true, word: '--force' });
  await withHome(context.home, async (home) => {
    const keystore = await openOrCreateKeystore(home.node);
    const begun = findUnwritten(keystore, draft);
    const write = async ({ pending }: Kept) => {
      await writeRequest(path, pending.request, options);
      await noteWritten(keystore, pending);
    };
    if (begun !== undefined) await write({ keystore, pending: begun });
    else await keepAnd(context, { keystore, draft, unwritten: true }, write);
  });
  return createdAnswer(draft, path);
}

/** A request that the server refuses is given up; one whose answer was lost may be waiting there. */
async function createAndSubmit(
  context: Context,
  draft: RequestDraft,
  options: RequestCreateOptions,
): Promise<Answer> {
  return await withHome(context.home, async (home) => {
    const order = { keystore: await openOrCreateKeystore(home.node), draft };
    return await keepAnd(context, order, ({ keystore, pending }) =>
      submitRequest(context, { keystore, own: pending, der: pending.request }, options),
    );
  });
}

/** A key that was made just now, pending. */
interface Kept {
  readonly keystore: Keystore;
  readonly pending: PendingRequest;
}

/** A request that is to be made, and the keystore for its key. */
interface RequestOrder {
  readonly keystore: Keystore;
  readonly draft: RequestDraft;
  /** Whether it goes into a file, which is not there yet. */
  readonly unwritten?: boolean;
}

/** Makes the key and keeps it as pending, then does `work`; when that fails, nothing is left. */
async function keepAnd<T>(
  context: Context,
  { keystore, draft, unwritten }: RequestOrder,
  work: (kept: Kept) => Promise<T>,
): Promise<T> {
  const { pending, keys } = await makeRequest(context, draft);
  await keepPending(keystore, { ...pending, unwritten }, keys);
  try {
    return await work({ keystore, pending });
  } catch (error) {
    if (!isHoldfastError(error) || !mayBeDone(error)) await forgetPending(keystore, draft.friendlyName);
    throw error;
  }
}

function isInteractive({ cn, names }: RequestCreateOptions): boolean {
  return cn === undefined && names === undefined && process.stdin.isTTY && process.stderr.isTTY;
}

function planOf(options: RequestCreateOptions): Plan {
  const draft = parseDraft(options);
  return { draft, file: options.submit === true ? undefined : (options.out ?? fileFor(draft.friendlyName)) };
}

async function askPlan(context: Context, options: RequestCreateOptions): Promise<Plan> {
  const fileOf = (name: string): string => options.out ?? fileFor(name);
  const answers = await askForRequest(context, {
    fields: options,
    fileFor: options.submit === true ? undefined : fileOf,
  });
  return { draft: parseDraft(answers.fields), file: answers.file };
}

/** `vault.example` → `vault.example.csr`; what a file cannot be called becomes `-`. */
function fileFor(friendlyName: string): string {
  return `${friendlyName.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[.-]+/, '') || 'request'}.csr`;
}

async function makeRequest({ clock }: Context, { friendlyName, keyAlgorithm, subject, names }: RequestDraft) {
  const keys = await generateKeyPair(keyAlgorithm);
  const request = createCertificateRequest({ subject, subjectAltNames: names }, keys.privateKey);
  return { keys, pending: { name: friendlyName, request, createdAt: new Date(clock.now()) } };
}

async function writeRequest(
  path: string,
  der: Uint8Array,
  { force = false }: RequestCreateOptions,
): Promise<void> {
  const chosen = { mode: 0o644, replace: force, word: '--force' };
  await writeChosenFile(path, requestPem(der), chosen);
}

function createdAnswer({ friendlyName, keyAlgorithm, subject, names }: RequestDraft, file: string): Answer {
  const shown = names.map(formatGeneralName);
  const rows = [
    row('request', friendlyName, formatName(subject), shown.join(', ')),
    row('key', keyAlgorithm, 'in the keystore of this machine, pending'),
    row('file', file),
    row('next', 'send it to an authority; then: holdfast request complete FILE'),
  ];
  return {
    value: { friendlyName, key: keyAlgorithm, subject: formatName(subject), names: shown, file },
    rows,
  };
}
