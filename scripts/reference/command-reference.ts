import type { Command } from 'commander';
import { createFullProgram, helpWidth } from '../../src/cli/program/create-program.ts';
import { wrapHelp } from '../../src/cli/terminal/table.ts';

/** `docs/reference/commands.md`: the help of every command as the program prints it. */
export async function commandReference(): Promise<string> {
  const program = await createFullProgram();
  const sections = leaves(program).map(
    (command) => `## ${fullName(command)}\n\n${fenced(helpOf(command))}\n`,
  );
  return [
    '# Commands\n',
    'What `holdfast COMMAND --help` prints; made by `npm run reference`, and a test compares it with the program.\n',
    fenced(helpOf(program)),
    '',
    exitCodes,
    ...sections,
  ].join('\n');
}

function leaves(command: Command): Command[] {
  return command.commands
    .filter((one) => one.name() !== 'help')
    .flatMap((one) => (one.commands.length === 0 ? [one] : leaves(one)));
}

function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => helpWidth,
  });
  command.outputHelp();
  return wrapHelp(text.trim(), helpWidth);
}

function fenced(text: string): string {
  return `\`\`\`\n${text}\n\`\`\`\n`;
}

const exitCodes = `## Exit codes

| code | means |
|---|---|
| 0 | done |
| 1 | failed |
| 2 | wrong usage |
| 3 | backup done, but some files could not be read |
| 4 | something needs attention (status --check) |
| 10 | no such repository |
| 11 | repository locked |
| 12 | wrong password or key |
| 20 | could not connect |
| 21 | certificate not trusted |
| 22 | name does not match |
| 23 | refused by policy or by the other side |
| 130 | interrupted |
`;
