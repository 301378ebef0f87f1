import { Option } from 'commander';
import { logLines } from '../../admin/index.ts';
import { forceOption, replacingAsBefore, writeChosenFile } from '../files/chosen-file.ts';
import { localPath } from '../files/local-path.ts';
import { askAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import { plural } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast audit export FILE` */
export const word: Word = {
  define: (command) => {
    command
      .description('write the whole log into a file for other programs')
      .argument('<file>', 'the file')
      .option(...forceOption)
      .addOption(
        new Option('--format <format>', 'jsonl: each record as it was hashed; csv: for spreadsheets')
          .choices(['jsonl', 'csv'])
          .default('jsonl'),
      )
      .addHelpText('after', '\nExample:\n  holdfast audit export --format csv log.csv\n');
  },
  run: exportAudit,
};

/** What `audit export` takes. */
export interface AuditExportOptions {
  readonly format: 'jsonl' | 'csv';
  readonly force?: boolean;
}

const columns = ['sequence', 'epoch', 'at', 'kind', 'by', 'details', 'previous'] as const;

/** `holdfast audit export`: the log up to now, a page at a time, whole or not at all. */
async function exportAudit(
  context: Context,
  file: string,
  { format, force }: AuditExportOptions,
): Promise<Answer> {
  const path = localPath(context.workingDirectory, file);
  const chosen = await replacingAsBefore(context, path, force);
  let records = 0;
  await askAdmin(context, async (admin) => {
    await writeChosenFile(
      path,
      encode(
        counted(logLines(admin, context.signal), (n) => (records += n)),
        format,
      ),
      chosen,
    );
  });
  return { value: { file: path, records }, rows: [row('exported', path, plural(records, 'record'))] };
}

async function* counted(
  pages: AsyncIterable<readonly string[]>,
  count: (records: number) => void,
): AsyncGenerator<readonly string[]> {
  for await (const page of pages) {
    count(page.length);
    yield page;
  }
}

async function* encode(
  pages: AsyncIterable<readonly string[]>,
  format: AuditExportOptions['format'],
): AsyncGenerator<string> {
  if (format === 'csv') yield encodeCsvRow(columns);
  for await (const lines of pages)
    yield lines.map((line) => (format === 'csv' ? csvOf(line) : `${line}\n`)).join('');
}

function csvOf(line: string): string {
  const record = JSON.parse(line) as Readonly<Record<(typeof columns)[number], number | string | object>>;
  return encodeCsvRow(
    columns.map((column) => {
      const value = record[column];
      return typeof value === 'object' ? JSON.stringify(value) : String(value);
    }),
  );
}

/**
 * One line of a CSV file (RFC 4180). A field that a spreadsheet would take for a formula gets an apostrophe before it:
 * names in it are other people's words.
 */
export function encodeCsvRow(fields: readonly string[]): string {
  return `${fields.map(encodeField).join(',')}\r\n`;
}

function encodeField(field: string): string {
  const text = /^[=+\-@\t\r]/.test(field) ? `'${field}` : field;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
