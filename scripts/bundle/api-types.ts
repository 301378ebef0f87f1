import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TSchema } from 'typebox';
import { errorRow, errorSections, isErrorCode } from '../../src/base/index.ts';
import { answerShape } from '../../src/cli/answers.ts';
import { exitCode } from '../../src/cli/program/failure.ts';

const contract = join(import.meta.dirname, '../../src/api/contract.ts');
const seam = /^\/\/ What follows stands in the declarations.*\n/m;
const namedAnswer =
  /^(?<doc>\/\*\*.*\*\/\n)?export type (?<name>\w+) = AnswerOf<'(?<path>[^']+)'>(?<item>\[number\])?;$/gm;

/**
 * The declarations of the package, which import nothing: the contract of the library as it is written, the answers out of
 * their schemas, the errors out of their catalogue.
 */
export function apiTypes(): string {
  const [made = '', written = ''] = readFileSync(contract, 'utf8').split(seam);
  return [
    ...[...made.matchAll(namedAnswer)].map(
      ({ groups: { name = '', path = '', item, doc = '' } = {} }) =>
        `${doc}export type ${name} = ${typeOf(answerOf(path, item !== undefined))};`,
    ),
    `interface ErrorKinds {\n${kinds().join('\n')}\n}`,
    '/** Every code an expected failure can have; docs/reference/errors.md says what each means. */',
    'export type ErrorCode = keyof ErrorKinds;',
    `interface ExitCodes {\n${fields(exitCode)}\n}`,
    written.trim(),
    declared,
  ].join('\n\n');
}

const declared = `export declare const join: Join;
export declare const open: Open;
export declare const toFailure: ToFailure;

/** An expected failure: something outside the program was not as it should be. */
export declare class HoldfastError extends Error {
  readonly code: ErrorCode;
  /** The next step, where it is another than that of the code. */
  readonly hint: string | undefined;
}
`;

function answerOf(path: string, isItem: boolean): Shape {
  const shape = answerShape(path);
  if (shape === undefined) throw new Error(`${path} prints nothing`);
  const one = ('each' in shape ? (shape.end ?? shape.each) : shape) as Shape;
  return isItem && one.items !== undefined ? one.items : one;
}

function kinds(): string[] {
  return Object.values(errorSections)
    .flatMap((section) => Object.keys(section).filter(isErrorCode))
    .map((code) => `  readonly ${code}: '${errorRow(code).kind ?? 'failed'}';`);
}

function fields(values: Readonly<Record<string, number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `  readonly ${name}: ${value};`)
    .join('\n');
}

/** What of a schema becomes a type. */
type Shape = TSchema & {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly when?: string;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
  readonly patternProperties?: Readonly<Record<string, Shape>>;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
};

/** A schema as TypeScript has it. */
function typeOf(shape: Shape): string {
  if (shape.anyOf !== undefined) return shape.anyOf.map(typeOf).join(' | ');
  if (shape.enum !== undefined) return shape.enum.map((word) => `'${word}'`).join(' | ');
  if (shape.const !== undefined) return JSON.stringify(shape.const);
  if (shape.items !== undefined) return `readonly (${typeOf(shape.items)})[]`;
  const [record] = Object.values(shape.patternProperties ?? {});
  if (record !== undefined) return `Readonly<Record<string, ${typeOf(record)}>>`;
  if (shape.properties !== undefined) return objectType(shape.properties, shape.required ?? []);
  return shape.type === 'integer' ? 'number' : (shape.type ?? 'unknown');
}

function objectType(properties: Readonly<Record<string, Shape>>, required: readonly string[]): string {
  const rows = Object.entries(properties).map(([key, field]) => {
    const [mark, or] = required.includes(key) ? ['', ''] : ['?', ' | undefined'];
    const doc = field.when === undefined ? '' : `/** There when ${field.when}. */ `;
    return `${doc}readonly ${key}${mark}: ${typeOf(field)}${or};`;
  });
  return `{ ${rows.join(' ')} }`;
}
