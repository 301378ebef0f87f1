import { ownPart, readNodeState } from '../agent/index.ts';
import { HoldfastError, isHoldfastError } from '../base/index.ts';
import { causeIn, type Examination, examine, type Finding, type OwnPart } from '../transport/index.ts';
import { openHome } from './home/home.ts';
import type { Context } from './program/context.ts';
import { type Answer, note, type Row, row, warning } from './terminal/answer.ts';
import type { Word } from './word.ts';

/** `holdfast doctor [URL]` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        'walk to a server step by step, and say what keeps this machine from it and what to do about it',
      )
      .argument('[url]', 'https://HOST:PORT of any server (default: each server of this machine)')
      .addHelpText(
        'after',
        '\nExamples:\n  holdfast doctor\n  holdfast doctor https://vault.example:8443\n  holdfast doctor --json\n',
      );
  },
  run: callDoctor,
};

/** `holdfast doctor`: the walk to one server, or to each that this machine knows. */
async function callDoctor(context: Context, url: string | undefined): Promise<Answer> {
  const { own, servers } = await thisMachine(context);
  const urls = url === undefined ? servers : [url];
  if (urls.length === 0) throw own.problem ?? new TypeError('a node without servers');
  const examinations = await Promise.all(urls.map((each) => examineOne(context, own, parseUrl(each))));
  return {
    value: examinations,
    rows: examinations.flatMap(examinationRows),
    failure: failureOf(examinations),
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
    : warning(`${step}: ${found} [${code}]; ${next}`);
}

/** A way to one of several servers is enough. */
function failureOf(examinations: readonly Examination[]): HoldfastError | undefined {
  const causes = examinations.map(causeIn);
  if (causes.includes(undefined)) return undefined;
  const [cause] = causes;
  if (cause?.code === undefined) return undefined;
  return new HoldfastError(cause.code, cause.found, cause.next === undefined ? {} : { hint: cause.next });
}
