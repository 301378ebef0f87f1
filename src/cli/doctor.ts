import { ownPart, readNodeState } from '../agent/index.ts';
import { HoldfastError, isHoldfastError } from '../base/index.ts';
import { causeIn, type Examination, examine, type Finding, type OwnPart } from '../transport/index.ts';
import { examineLinks } from './examining/examine-links.ts';
import { examineAlone, examineServer } from './examining/examine-server.ts';
import { readLog, type SupportBundle, supportBundle } from './examining/support-bundle.ts';
import { checkChosenFile, forceOption, writeChosenFile } from './files/chosen-file.ts';
import { localPath } from './files/local-path.ts';
import { openHome } from './home/home.ts';
import { readSettings } from './home/settings.ts';
import { addRules, needs } from './options/word-rules.ts';
import type { Context } from './program/context.ts';
import { type Answer, note, type Row, row, warning } from './terminal/answer.ts';
import { plural } from './terminal/format.ts';
import type { Word } from './word.ts';

/** `holdfast doctor [URL]` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        'walk to a server step by step, and say what keeps this machine from it and what to do about it',
      )
      .argument(
        '[url]',
        'https://HOST:PORT of any server (default: each server of this machine; where it is one, itself as its clients see it)',
      )
      .option('--bundle <file>', 'write what support needs into a .tar.gz, without secrets')
      .option('--log <file>', 'the log of the server for it (default: the journal of the service)')
      .option(...forceOption)
      .addHelpText('after', examples);
    addRules(command, needs('--log', '--bundle'), needs('--force', '--bundle'));
  },
  run: callDoctor,
};

const examples = `
Examples:
  holdfast doctor
  holdfast doctor https://vault.example:8443
  holdfast doctor --json
  holdfast doctor --bundle support.tar.gz
  holdfast doctor --bundle support.tar.gz --log /var/log/holdfast.log
`;

/** What `doctor` takes besides the server. */
interface DoctorOptions {
  readonly bundle?: string;
  readonly log?: string;
  readonly force?: boolean;
}

/** `holdfast doctor`: the walk to one server, or to each that this machine knows; what it finds, and more, also as a file. */
async function callDoctor(
  context: Context,
  url: string | undefined,
  { bundle, log, force = false }: DoctorOptions,
): Promise<Answer> {
  if (bundle === undefined) return await walk(context, url);
  const path = localPath(context.workingDirectory, bundle);
  const chosen = { replace: force, word: '--force' };
  await checkChosenFile(path, chosen);
  const text = log === undefined ? undefined : await readLog(localPath(context.workingDirectory, log));
  const { value, rows, failure } = await walk(context, url).catch(failedWalk);
  const findings = { value, failure: failure && { code: failure.code, message: failure.message } };
  const { bytes, ...made } = await supportBundle(context, { findings, log: text });
  await writeChosenFile(path, bytes, chosen);
  return { value, rows: [...rows, ...bundleRows(path, made)], failure };
}

/** A machine on which doctor cannot begin is one about which support is asked. */
function failedWalk(failure: unknown): Answer {
  if (isHoldfastError(failure) && failure.code !== 'usage' && failure.code !== 'interrupted')
    return { value: [], rows: [], failure };
  throw failure;
}

function* bundleRows(path: string, { holds, missing }: Omit<SupportBundle, 'bytes'>): Iterable<Row> {
  yield row('bundle', path, plural(holds.length, 'file'), 'without secrets');
  for (const [message, names] of Map.groupBy(missing, (each) => each.message))
    yield note(`not in it: ${names.map(({ name }) => name).join(', ')}: ${message}`);
  yield note('it names machines and files: look through it before you send it');
}

/** Walks to one server, to each that this machine knows, or, where it is one, to itself as its clients see it. */
async function walk(context: Context, url: string | undefined): Promise<Answer> {
  if (url !== undefined) {
    const { own } = await thisMachine(context);
    return answerOf([await examineOne(context, own, parseUrl(url))], []);
  }
  const asServer = await serverHere(context);
  const { own, servers } = await thisMachine(context);
  if (servers.length === 0 && asServer.length === 0)
    throw own.problem ?? new TypeError('a node without servers');
  const walks = await Promise.all(servers.map((each) => examineOne(context, own, parseUrl(each))));
  return answerOf(walks, asServer);
}

/** As a server, and its links to other sites; nothing on a machine that is neither. */
async function serverHere(context: Context): Promise<readonly Examination[]> {
  const home = await openHome(context.home).catch((error: unknown) => {
    if (isHoldfastError(error, 'home_missing')) return undefined;
    throw error;
  });
  const settings = home && (await readSettings(home));
  if (home === undefined) return [];
  const links = await examineLinks(context, home);
  if (settings === undefined) return links;
  const examineHere = settings.selfSigned === true ? examineAlone : examineServer;
  return [...(await examineHere(context, home, settings)), ...links];
}

/** Of the ways to servers one is enough; a server is to be well everywhere. */
function answerOf(walks: readonly Examination[], asServer: readonly Examination[]): Answer {
  const examinations = [...asServer, ...walks];
  return {
    value: examinations,
    rows: examinations.flatMap(examinationRows),
    failure: asServer.map((each) => failureOf([each])).find(Boolean) ?? failureOf(walks),
  };
}

interface ThisMachine {
  readonly own: OwnPart;
  readonly servers: readonly string[];
}

/** Without a home too: a server can be looked at from anywhere. */
async function thisMachine(context: Context): Promise<ThisMachine> {
  try {
    const home = await openHome(context.home);
    const state = await readNodeState(home.node).catch((error: unknown) => {
      if (isHoldfastError(error)) return undefined;
      throw error;
    });
    return { own: await ownPart(home.node), servers: state?.servers ?? [] };
  } catch (problem) {
    if (!isHoldfastError(problem, 'home_missing')) throw problem;
    const message = `this machine has joined no network: ${problem.message}`;
    return { own: { problem: new HoldfastError('node_not_joined', message) }, servers: [] };
  }
}

function parseUrl(text: string): URL {
  const url = URL.parse(text.includes('://') ? text : `https://${text}`);
  if (url !== null && ['https:', 'http:'].includes(url.protocol) && url.hostname !== '') return url;
  throw new HoldfastError('usage', `${text} is no address, expected https://HOST:PORT`);
}

function examineOne({ clock, signal }: Context, own: OwnPart, url: URL): Promise<Examination> {
  return examine({ url, own, clock, signal });
}

function examinationRows(examination: Examination): Row[] {
  return [note(examination.url), ...examination.findings.map(findingRow)];
}

function findingRow({ step, level, found, next, code }: Finding): Row {
  if (level === 'ok') return row(step, 'ok', found);
  return level === 'failed'
    ? row(step, 'FAILED', `${found} [${code}]`)
    : warning(`${step}: ${found}${code === undefined ? '' : ` [${code}]`}; ${next}`);
}

/** A way to one of several servers is enough. */
function failureOf(examinations: readonly Examination[]): HoldfastError | undefined {
  const causes = examinations.map(causeIn);
  if (causes.length === 0 || causes.includes(undefined)) return undefined;
  const [cause] = causes;
  if (cause?.code === undefined) return undefined;
  return new HoldfastError(cause.code, cause.found, cause.next === undefined ? {} : { hint: cause.next });
}
