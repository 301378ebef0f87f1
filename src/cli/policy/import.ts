import type { OperationAnswer } from '../../admin/index.ts';
import { HoldfastError, readChosenFile } from '../../base/index.ts';
import { importClient } from '../client/import.ts';
import { localPath } from '../files/local-path.ts';
import { askAdmin, withAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { commandLine } from '../repository/command-line.ts';
import { type Answer, note, type Row, row } from '../terminal/answer.ts';
import { plural } from '../terminal/format.ts';
import type { Word } from '../word.ts';
import { changeRow, plainRows } from './set.ts';

/** `holdfast policy import FILE` */
export const word: Word = {
  define: (command) => {
    command
      .description('show what the policy of a file would change, and with --yes put it in place')
      .argument('<file>', 'a file of policy export; one of client import is for this machine alone')
      .option('--yes', 'put it in place')
      .addHelpText(
        'after',
        '\nExamples:\n  holdfast policy import policy.json\n  holdfast policy import policy.json --yes\n',
      );
  },
  run: importPolicy,
};

/** `holdfast policy import FILE`: the differences, and with `--yes` they hold. */
async function importPolicy(
  context: Context,
  file: string,
  { yes = false }: { readonly yes?: boolean | undefined },
): Promise<Answer> {
  if (/\.(?:ini|opt|sys)$/i.test(file)) return await importClient(context, file, { yes });
  const policy = await readPolicyFile(localPath(context.workingDirectory, file));
  const reach = yes ? withAdmin : askAdmin;
  const answer = await reach(context, (admin) => admin.call('policy.import', { policy, apply: yes }));
  return { value: { ...answer, applied: yes }, rows: importRows(answer, file, yes) };
}

function* importRows(
  { changes, plainClients = [] }: OperationAnswer<'policy.import'>,
  file: string,
  applied: boolean,
): Iterable<Row> {
  if (changes.length === 0) return yield row('unchanged', 'the policy is as the file has it');
  yield* changes.map((change) => changeRow(applied ? 'changed' : 'to change', change));
  yield* plainRows(plainClients);
  if (!applied)
    yield note(
      `nothing was changed; ${commandLine(['holdfast', 'policy', 'import', file, '--yes'])} makes ${plural(changes.length, 'change')}`,
    );
}

const maxPolicyBytes = 64 * 1024;

async function readPolicyFile(path: string): Promise<unknown> {
  const hint = 'name a file of holdfast policy export';
  const bytes = await readChosenFile(path, { maxBytes: maxPolicyBytes, hint, tooLong: 'settings_invalid' });
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new HoldfastError('settings_invalid', `${path} is no JSON: ${(cause as Error).message}`, {
      hint,
      cause,
    });
  }
}
