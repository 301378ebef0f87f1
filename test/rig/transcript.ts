import { equal } from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { launcher, type ProgramResult, runProgram } from './holdfast-process.ts';

const placeholder = /<([a-z ]+)>/g;

/** One command of a transcript and what has to come of it. */
interface Step {
  readonly command: string;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  readonly code: number;
}

/**
 * Runs a transcript in the folder `directory`, which is also HOME, and asserts that each command does what it says:
 *
 *     # a comment
 *     $ holdfast init --network name       any words of sh
 *     a line of standard output
 *     ! a line of standard error
 *     ? 2                              the exit code, 0 unless said
 *
 * In an expected line, `<name>` stands for any text; the first match of a name is kept, and the name stands for that text
 * in every later line and command. `...` alone stands for any lines. A command that fails must have left the folder with
 * the files it had before.
 */
export async function runTranscript(text: string, directory: string): Promise<void> {
  const names = new Map<string, string>();
  for (const step of parseTranscript(text)) {
    const before = filesIn(directory);
    const result = await runStep(substitute(step.command, names), directory, step.code);
    match(step, 'stdout', step.stdout, result.stdout, names);
    match(step, 'stderr', step.stderr, result.stderr, names);
    if (step.code !== 0) equal(filesIn(directory), before, `$ ${step.command}\nfailed and changed the files`);
  }
}

function parseTranscript(text: string): Step[] {
  const blocks = text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .join('\n')
    .split(/^\$ /m)
    .slice(1);
  return blocks.map((block) => {
    const [command = '', ...lines] = block.trimEnd().split('\n');
    return {
      command,
      stdout: lines.filter((line) => !/^[!?] /.test(line)),
      stderr: lines.filter((line) => line.startsWith('! ')).map((line) => line.slice(2)),
      code: Number(lines.find((line) => line.startsWith('? '))?.slice(2) ?? 0),
    };
  });
}

async function runStep(command: string, directory: string, expected: number): Promise<ProgramResult> {
  const env = { HOME: directory, PATH: `${dirname(launcher)}${delimiter}${process.env['PATH']}` };
  return await runProgram('/bin/sh', ['-c', command], { cwd: directory, env, expected });
}

function match(
  step: Step,
  stream: string,
  lines: readonly string[],
  found: string,
  names: Map<string, string>,
): void {
  const groups: string[] = [];
  const pattern = lines.map((line) => linePattern(substitute(line, names), groups)).join('');
  const matched = new RegExp(`^${pattern}$`).exec(found);
  if (matched === null)
    equal(found, lines.map((line) => `${line}\n`).join(''), `$ ${step.command}\n${stream} differs`);
  for (const [index, name] of groups.entries()) names.set(name, matched?.[index + 1] ?? '');
}

/** The pattern of one expected line; the names it captures are added to `groups`. */
function linePattern(line: string, groups: string[]): string {
  if (line === '...') return '(?:.*\\n)*';
  const parts = line.split(placeholder).map((part, index) => {
    if (index % 2 === 0) return RegExp.escape(part);
    const earlier = groups.indexOf(part);
    if (earlier !== -1) return `\\${earlier + 1}`;
    groups.push(part);
    return '(.+?)';
  });
  return `${parts.join('')}\\n`;
}

function substitute(text: string, names: ReadonlyMap<string, string>): string {
  return text.replaceAll(placeholder, (whole, name: string) => names.get(name) ?? whole);
}

function filesIn(directory: string): string {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).toSorted().join('\n');
}
