import { describeFailure } from '../program/failure.ts';
import { type Column, formatTable, printable } from './table.ts';

/** Where a command says things: data on stdout, everything said to a person on stderr. */
export interface Output {
  /** Whether `--json` was given: one JSON value on stdout and nothing else there. */
  readonly json: boolean;
  /** Data: one line on stdout. */
  data(line: string): void;
  /** Data as JSON on stdout. */
  value(value: unknown): void;
  /** A message to a person, on stderr. */
  say(line: string): void;
  /** One line of a report, `  label   text`; on stdout, or on stderr when stdout carries JSON. */
  row(label: string, ...parts: readonly string[]): void;
  warn(line: string): void;
  /** A table on stdout; when it has no rows, `none` is said to the person instead. */
  table(columns: readonly Column[], rows: readonly string[][], none?: string): void;
}

const labelWidth = 12;

/** An output over two streams, usually `process.stdout` and `process.stderr`. */
export function createOutput(json: boolean, stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): Output {
  const data = (line: string): void => void stdout.write(`${line}\n`);
  const say = (line: string): void => void stderr.write(`${line}\n`);
  return {
    json,
    data,
    say,
    value: (value) => data(JSON.stringify(value, undefined, stdout.isTTY ? 2 : undefined)),
    row: (label, ...parts) =>
      (json ? say : data)(`  ${label.padEnd(labelWidth)}${parts.map(printable).join('   ')}`),
    warn: (line) => say(`warning: ${printable(line)}`),
    table: (columns, rows, none) => {
      if (rows.length === 0 && none !== undefined) return say(none);
      for (const line of formatTable(columns, rows, stdout.isTTY ? stdout.columns : Infinity)) data(line);
    },
  };
}

/**
 * Says why a command failed: the message, then the next step on a line of its own. What the system refused (a full
 * disk, missing rights) is said in its own words; anything else is a bug and shows its stack. `help` shows the words of
 * the command, for one whose words do not fit together.
 */
export function sayError(output: Output, error: unknown, help?: string): void {
  const failure = describeFailure(error, help);
  if (failure === undefined) {
    output.say(
      `holdfast: this is a bug: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    return;
  }
  if (output.json) return output.say(JSON.stringify({ error: failure }));
  output.say(`holdfast: ${printable(failure.message)} [${printable(failure.code)}]`);
  output.say(`  next: ${printable(failure.hint)}`);
}
