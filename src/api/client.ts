import { errorRow, HoldfastError, isHoldfastError, silentLog, systemClock } from '../base/index.ts';
import {
  type Answer,
  backUpPaths,
  type Context,
  checkRepository,
  connectOwn,
  createFullProgram,
  defaultHome,
  describeFailure,
  exitCode,
  joinByCode,
  listFiles,
  listSnapshots,
  openOwnNode,
  restoreSnapshot,
  whatEnded,
} from '../cli/index.ts';
import { parseJoinCode } from '../enrol/index.ts';
import { type Certificate, formatName } from '../pki/index.ts';
import { Line } from '../transport/index.ts';
import type {
  BackupOptions,
  CallOptions,
  CheckResult,
  Client,
  Dialed,
  Failure,
  FileEntry,
  HomeOptions,
  Join,
  KeptBackup,
  ListOptions,
  LongCallOptions,
  Open,
  OpenOptions,
  PresentedCertificate,
  RestoreOptions,
  RestoreResult,
  Snapshot,
  SnapshotFilter,
  ToFailure,
  VerifyOptions,
} from './contract.ts';

/** Makes this machine the node that a join code names, as `holdfast join` does. */
export const join: Join = (code, { name, ...options } = {}) =>
  answerOf(contextOf(options, options), (context) => joinByCode(context, parseJoinCode(code), name));

/** Opens the home of a machine. @throws HoldfastError `home_missing`, `node_not_joined` where it is of no network */
export const open: Open = async (options = {}) => {
  if (options.repository === undefined) await openOwnNode(contextOf(options, {}));
  return new OpenClient(options);
};

class OpenClient implements Client {
  readonly #options: OpenOptions;

  constructor(options: OpenOptions) {
    this.#options = options;
  }

  async dial(options: CallOptions = {}): Promise<Dialed> {
    const context = contextOf(this.#options, options);
    return await ending(context, async () => {
      const { node } = await openOwnNode(context);
      using connection = await connectOwn(context, node);
      const { protocol, cipher, group } = connection.security();
      const theirs = connection.dialer.lastServer();
      return {
        server: connection.server,
        protocol,
        cipher,
        group,
        own: presented(connection.node.certificate),
        theirs: theirs && presented(theirs),
      };
    });
  }

  backup(paths: string | readonly string[], options: BackupOptions = {}): Promise<KeptBackup> {
    const { tags, excludes, excludeCaches = true, create = false } = options;
    const chosen = { tag: tags, exclude: excludes, excludeCaches, init: create, ...this.#repository };
    return this.#answer(options, (context) => backUpPaths(context, [paths].flat(), chosen));
  }

  snapshots(options: CallOptions & SnapshotFilter = {}): Promise<readonly Snapshot[]> {
    return this.#answer(options, (context) => listSnapshots(context, [], this.#filtered(options)));
  }

  async *list(snapshot: string, options: ListOptions = {}): AsyncGenerator<FileEntry> {
    const context = contextOf(this.#options, options);
    const listed = await listFiles(context, snapshot, options.directory, this.#filtered(options));
    try {
      for await (const { value } of listed.each) yield value;
    } catch (error) {
      throw whatEnded(error, context.signal);
    }
  }

  restore(snapshot: string, options: RestoreOptions): Promise<RestoreResult> {
    const { target, includes: include, overwrite: said = false, verify = false } = options;
    const overwrite = typeof said === 'string' ? said : said ? 'always' : undefined;
    const chosen = { target, include, overwrite, verify, ...this.#filtered(options) };
    return this.#answer(options, (context) => restoreSnapshot(context, snapshot, chosen));
  }

  verify({ readData = true, ...options }: VerifyOptions = {}): Promise<CheckResult> {
    return this.#answer(options, (context) => checkRepository(context, { readData, ...this.#repository }));
  }

  get #repository() {
    const { repository: repo, passwordFile } = this.#options;
    return { repo, passwordFile };
  }

  #filtered({ host, paths: path, tags: tag }: SnapshotFilter) {
    return { host: host === undefined ? undefined : [host].flat(), path, tag, ...this.#repository };
  }

  #answer<Value>(
    options: LongCallOptions,
    work: (context: Context) => Promise<Answer<Value>>,
  ): Promise<Value> {
    return answerOf(contextOf(this.#options, options), work);
  }
}

/** The value of a command; what it found wrong is thrown with it. */
async function answerOf<Value>(
  context: Context,
  work: (context: Context) => Promise<Answer<Value>>,
): Promise<Value> {
  const { value, failure } = await ending(context, () => work(context));
  if (failure === undefined) return value;
  throw keepResult(failure, value);
}

/** Says of what was ended by the signal that it was. */
async function ending<T>({ signal }: Context, work: () => Promise<T>): Promise<T> {
  try {
    if (signal.aborted) throw new HoldfastError('interrupted', 'interrupted before it began');
    return await work();
  } catch (error) {
    throw isHoldfastError(error) ? error : whatEnded(error, signal);
  }
}

function presented({ subject, fingerprint, notAfter }: Certificate): PresentedCertificate {
  return { subject: formatName(subject), fingerprint, notAfter: notAfter.toISOString() };
}

/** What a command works with where nobody sits at a terminal, and nothing is printed. */
function contextOf({ home }: HomeOptions, options: LongCallOptions): Context {
  const { signal = new AbortController().signal, onWarning = () => {}, onProgress } = options;
  const workingDirectory = process.cwd();
  const nothing = (): void => {};
  return {
    home: defaultHome(home, process.env, workingDirectory),
    workingDirectory,
    environment: process.env,
    output: {
      json: true,
      data: nothing,
      value: nothing,
      say: nothing,
      row: nothing,
      warn: onWarning,
      fail: nothing,
      table: nothing,
    },
    log: silentLog,
    logAt: () => silentLog,
    clock: systemClock,
    line: new Line(),
    signal,
    onHangUp: () => ({ [Symbol.dispose]: nothing }),
    progress: () => ({
      isShown: onProgress !== undefined,
      update: (state) => onProgress?.(state),
      stop: nothing,
    }),
    asks: false,
    program: createFullProgram,
  };
}

const results = new WeakMap<HoldfastError, unknown>();

/** Keeps what a call found that fails with `error`: its failure says it. */
function keepResult(error: HoldfastError, result: unknown): HoldfastError {
  results.set(error, result);
  return error;
}

/** What an error says, and what is known of its code; undefined for what is no expected failure. */
export const toFailure: ToFailure = (error) => {
  if (!(error instanceof HoldfastError)) return undefined;
  const { code } = error;
  const { kind = 'failed' } = errorRow(code);
  const said = { message: error.message, hint: describeFailure(error)?.hint ?? '' };
  return { code, kind, exitCode: exitCode[kind], ...said, result: results.get(error) } as Failure;
};
