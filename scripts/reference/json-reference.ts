import type { TSchema } from 'typebox';
import { type AnswerShape, answerShape } from '../../src/cli/answers.ts';
import { createFullProgram } from '../../src/cli/program/create-program.ts';
import { examplesFile } from './json-examples.ts';

/** What of a schema the page shows. */
type Shape = TSchema & {
  readonly title?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly format?: string;
  readonly unit?: string;
  readonly when?: string;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
};

/** `docs/reference/json.md`: what every command prints with `--json`, with an answer that a test got. */
export async function jsonReference(): Promise<string> {
  const page = new Page();
  const { commands } = await createFullProgram();
  const paths = commands.flatMap((command) => pathsOf(command));
  return `${introduction}\n${paths.map((path) => page.section(path, answerShape(path))).join('\n')}`;
}

interface Command {
  readonly name: () => string;
  readonly commands: readonly Command[];
}

/** The path of each command at or below this one: `cert list`. */
export function pathsOf(command: Command, above = ''): string[] {
  const path = `${above} ${command.name()}`.trim();
  if (path === 'help' || path.endsWith(' help')) return [];
  return command.commands.length === 0 ? [path] : command.commands.flatMap((each) => pathsOf(each, path));
}

/** A shape with so many fields is shown once, and named from then on. */
const fewFields = 5;

class Page {
  readonly #shown = new Map<Readonly<Record<string, Shape>>, string>();

  section(path: string, shape: AnswerShape): string {
    if (shape === undefined) return `## ${path}\n\nNothing: it runs until it is ended.\n`;
    const [first, one] = 'each' in shape ? ['One value on each line.\n\n', shape.each] : ['', shape];
    const { anyOf: variants } = one as Shape;
    const all = variants?.every(({ title }) => title !== undefined) ? variants : [one as Shape];
    return `## ${path}\n\n${first}${all.map((each) => this.#variant(path, each)).join('\n')}${exampleOf(path)}`;
  }

  #variant(path: string, shape: Shape): string {
    const { title = '' } = shape;
    const rows = [...this.#rows(shape, '', { path, title })];
    const head = title === '' ? '' : `${title[0]?.toUpperCase()}${title.slice(1)}:\n\n`;
    return `${head}| field | type | there when |\n|---|---|---|\n${rows.join('\n')}\n`;
  }

  *#rows(shape: Shape, at: string, place: Place): Iterable<string> {
    const list = shape.items;
    if (list !== undefined) return yield* this.#rows(list, `${at}[]`, place);
    const { properties } = shape;
    if (properties === undefined) return yield `| \`${at || 'the value'}\` | ${typeOf(shape, at)} | |`;
    const known = [...this.#shown].find(([fields]) => isPartOf(fields, properties));
    const prefix = at === '' ? '' : `${at}.`;
    if (known !== undefined) yield `| \`${prefix}…\` | the fields of ${known[1]} | |`;
    else if (Object.keys(properties).length >= fewFields) this.#shown.set(properties, linkTo(place));
    for (const [key, field] of Object.entries(properties)) {
      if (known !== undefined && key in known[0]) continue;
      const inner = innermost(field);
      yield `| \`${prefix}${key}\` | ${typeOf(field, key)} | ${field.when ?? ''} |`;
      if (inner.properties !== undefined) yield* this.#rows(field, `${prefix}${key}`, place);
    }
  }
}

/** Where a shape is shown. */
interface Place {
  readonly path: string;
  readonly title: string;
}

function linkTo({ path, title }: Place): string {
  return `[\`${path}\`](#${path.replaceAll(' ', '-')})${title === '' ? '' : ` ${title}`}`;
}

function isPartOf(
  fields: Readonly<Record<string, Shape>>,
  properties: Readonly<Record<string, Shape>>,
): boolean {
  return Object.entries(fields).every(([key, field]) => properties[key] === field);
}

function innermost({ items, ...shape }: Shape): Shape {
  return items === undefined ? shape : innermost(items);
}

function typeOf(shape: Shape, name: string): string {
  const { type, items, anyOf, enum: words, const: constant, format } = shape;
  if (anyOf !== undefined) return anyOf.map((each) => typeOf(each, name)).join(' or ');
  if (words !== undefined) return words.map((word) => `\`${word}\``).join(', ');
  if (constant !== undefined) return `\`${JSON.stringify(constant)}\``;
  if (items !== undefined) return `list of ${typeOf(items, name)}`;
  if (format === 'date-time') return 'time';
  if (type === 'integer' || type === 'number')
    return ['number', unitOf(shape, name)].filter(Boolean).join(', ');
  return type ?? 'any value';
}

function unitOf({ unit }: Shape, name: string): string {
  if (unit !== undefined) return unit;
  if (/(?:^b|B)ytes/.test(name)) return 'bytes';
  if (name === 'seconds') return 'seconds';
  return name === 'ms' || name.endsWith('Ms') ? 'milliseconds' : '';
}

function exampleOf(path: string): string {
  const example = examplesFile()[path];
  return example === undefined ? '' : `\n\`\`\`json\n${JSON.stringify(example, undefined, 1)}\n\`\`\`\n`;
}

const introduction = `# Answers in JSON

What each command prints on standard output with \`--json\`: one value and nothing else, on one line unless a terminal reads it. Made by
\`npm run reference\`; a test holds answers of the program against every table, and the examples are such answers, cut to the first of each list.

- A field stands in every answer unless the third column says when. A later version may have more fields, and none fewer.
- A time is ISO 8601 in UTC, \`2026-11-21T08:00:00.000Z\`; a list may be empty; a fingerprint is the SHA-256 of a certificate's DER.
- Standard error is for people: warnings, and what a server says while it runs. Progress is drawn there, on a terminal alone. With \`--verbose\` its
  lines that begin with \`{\` are the log.
- A command that fails ends standard error with one line, \`{"error":{"code":"…","message":"…","hint":"…"}}\`: a code of [errors](errors.md),
  or the system's word such as \`EACCES\`; and its [exit code](commands.md#exit-codes) is not 0. Standard output is empty then, but for
  commands that found what is wrong in what they print: \`check\`, \`doctor\`, \`restore\`, \`snapshots\`, \`ls\`, \`repair index\`, \`ca rehearse\`,
  \`trust uninstall\` and \`up\`. A failure that nobody expected is no JSON, begins \`holdfast: this is a bug\`, and has exit code 1.
`;
