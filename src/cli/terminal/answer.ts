import { HoldfastError, isHoldfastError, Secret } from '../../base/index.ts';
import type { Context } from '../program/context.ts';
import type { Output } from './output.ts';
import type { Column } from './table.ts';

/** One piece of what a person reads. */
export type Row =
  /** `  label   text   text`, on stdout. */
  | { readonly kind: 'row'; readonly label: string; readonly parts: readonly string[] }
  /** A table on stdout; when it has no rows, `none` is said to the person instead. */
  | {
      readonly kind: 'table';
      readonly columns: readonly Column[];
      readonly cells: readonly string[][];
      readonly none: string | undefined;
    }
  /** Data: a line on stdout as it is. */
  | { readonly kind: 'line'; readonly text: string }
  /** Said to a person, on stderr. */
  | { readonly kind: 'note' | 'warning'; readonly text: string };

/** What a command gives: `--json` prints the value, everybody else reads the rows. */
export interface Answer<Value = unknown> {
  /** Undefined where a command has nothing to give but that it is done; its rows stand on stderr then. */
  readonly value: Value;
  /** Made only when they are read. */
  readonly rows: Iterable<Row>;
  /** What is wrong with what was found: thrown when all is printed. */
  readonly failure?: HoldfastError | undefined;
  /** Where it is not 0, and nothing failed. */
  readonly exitCode?: number | undefined;
}

/** What a command gives of which there may be very much: each value with its row, as they come. */
export interface AnswerStream<Value = unknown> {
  readonly each: AsyncIterable<{ readonly value: Value; readonly row: Row }>;
}

/** A row of a report. */
export function row(label: string, ...parts: readonly string[]): Row {
  return { kind: 'row', label, parts };
}

/** A table, and what is said when there is nothing in it. */
export function table(columns: readonly Column[], cells: readonly string[][], none?: string): Row {
  return { kind: 'table', columns, cells, none };
}

/** A line of data. */
export function line(text: string): Row {
  return { kind: 'line', text };
}

/** What a person is told beside the data. */
export function note(text: string): Row {
  return { kind: 'note', text };
}

/** What a person should look at. */
export function warning(text: string): Row {
  return { kind: 'warning', text };
}

/** Prints what a command gives, and sets the exit code that goes with it. @throws HoldfastError the failure in it */
export async function printAnswer(output: Output, answer: Answer | AnswerStream): Promise<void> {
  if ('each' in answer) return await printStream(output, answer);
  if (output.json && answer.value !== undefined) output.value(answer.value);
  else printRows(output, answer.rows);
  if (answer.failure !== undefined) throw answer.failure;
  process.exitCode ??= answer.exitCode;
}

/** Prints rows now, for what tells of itself while it goes on. */
export function printRows(output: Output, rows: Iterable<Row>): void {
  for (const each of rows) printRow(output, each);
}

async function printStream(output: Output, { each }: AnswerStream): Promise<void> {
  for await (const { value, row: one } of each) {
    if (output.json) output.value(value);
    else printRow(output, one);
  }
}

function printRow(output: Output, each: Row): void {
  switch (each.kind) {
    case 'row':
      return output.row(each.label, ...each.parts);
    case 'table':
      return output.table(each.columns, each.cells, each.none);
    case 'line':
      return output.data(each.text);
    case 'note':
      return output.say(each.text);
    case 'warning':
      return output.warn(each.text);
  }
}

/** The password somebody types for the repository at `location`, as {@link askSecret}. */
export function askPassword(context: Context, location: string): Promise<Secret<string> | undefined> {
  return askSecret(context, `password of the repository at ${location}`);
}

/** What somebody types unseen at `message`; undefined without a terminal. @throws HoldfastError `interrupted` */
export async function askSecret(context: Context, message: string): Promise<Secret<string> | undefined> {
  if (!context.asks) return undefined;
  const { password } = await import('@clack/prompts');
  return new Secret(await answerTo(context, (asking) => password({ message, ...asking })));
}

/**
 * Whether somebody says yes to `message`, for which Enter alone stands where `initialValue` says so; undefined without a terminal.
 * @throws HoldfastError `interrupted`
 */
export async function askYes(
  context: Context,
  message: string,
  initialValue = false,
): Promise<boolean | undefined> {
  if (!context.asks) return undefined;
  const { confirm } = await import('@clack/prompts');
  return await answerTo(context, (asking) => confirm({ message, initialValue, ...asking }));
}

/** What somebody types at `message`, asked again until `check` lets it pass. @throws HoldfastError `interrupted` */
export async function askText(
  context: Context,
  message: string,
  initial: string | undefined,
  check: (text: string) => unknown,
): Promise<string> {
  const { text } = await import('@clack/prompts');
  const initialValue = initial ?? '';
  const validate = (value?: string) => problemOf(() => check(value ?? ''));
  return (await answerTo(context, (asking) => text({ message, initialValue, validate, ...asking }))) ?? '';
}

/** What is wrong with an answer, for the terminal. */
function problemOf(check: () => unknown): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (isHoldfastError(error)) return error.message;
    throw error;
  }
}

/** One of several answers, and how it is shown. */
export interface Choice<T> {
  readonly value: T;
  readonly label: string;
}

/** So many are shown at a time. */
const maxChoices = 12;

/** Which of `choices` somebody takes, the first one where Enter is all that is said. @throws HoldfastError `interrupted` */
export async function askChoice<T>(
  context: Context,
  message: string,
  choices: readonly Choice<T>[],
): Promise<T> {
  const { select } = await import('@clack/prompts');
  const options = choices.map(({ label }, value) => ({ value, label }));
  const taken = await answerTo(context, (asking) =>
    select({ message, options, maxItems: maxChoices, ...asking }),
  );
  return (choices[taken] as Choice<T>).value;
}

/** Where a question is asked, and what ends the wait for its answer. */
interface Asking {
  readonly output: NodeJS.WriteStream;
  readonly signal: AbortSignal;
}

/**
 * What somebody answers on the terminal to what `ask` asks.
 * @throws HoldfastError `interrupted` when they give up: by Ctrl-C, also when it came before the question, or by Escape
 */
export async function answerTo<T>(
  { signal }: Context,
  ask: (asking: Asking) => Promise<T>,
): Promise<Exclude<T, symbol>> {
  const answer = await ask({ output: process.stderr, signal });
  if (typeof answer !== 'symbol') return answer as Exclude<T, symbol>;
  throw new HoldfastError('interrupted', 'no answer was given, and nothing was done');
}
