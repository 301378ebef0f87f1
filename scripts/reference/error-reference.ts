import { type ErrorRow, errorSections } from '../../src/base/index.ts';
import { exitCode } from '../../src/cli/program/failure.ts';

/** `docs/reference/errors.md`: every code, what happened and what to do. */
export function errorReference(): string {
  const sections = Object.entries(errorSections).map(([title, rows]) => section(title, rows));
  return `# Errors

Every expected failure is printed as a message, its code in brackets, and the next step on a line of its own; with
\`--json\` as one object on stderr: \`{"error":{"code","message","hint"}}\`. Codes are stable. Nothing was changed when one is
printed, unless the message says so; that a backup was tried is kept for \`holdfast status\`. A message that knows more than
the code says a next step of its own. \`exit\` is what the command ends with, \`HTTP\` the status by which a server tells it.
Made by \`npm run reference\`, and a test compares it.

${sections.join('\n\n')}
`;
}

function section(title: string, rows: Readonly<Record<string, ErrorRow>>): string {
  const lines = Object.entries(rows).map(
    ([code, { happened, next, kind = 'failed', status }]) =>
      `| \`${code}\` | ${happened} | ${next} | ${exitCode[kind]} | ${status ?? ''} |`,
  );
  return [
    `## ${title}`,
    '',
    '| code | what happened | what to do | exit | HTTP |',
    '|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}
