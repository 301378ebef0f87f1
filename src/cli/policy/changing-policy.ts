import type { OperationAnswer } from '../../admin/index.ts';
import { HoldfastError } from '../../base/index.ts';
import { writeChosenFile } from '../files/chosen-file.ts';
import { localPath } from '../files/local-path.ts';
import { readChosenFile } from '../files/read-chosen-file.ts';
import { askAdmin, withAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { plural } from '../terminal/format.ts';

/** `holdfast policy set KEY VALUE` */
export async function setPolicy(context: Context, key: string, value: string): Promise<void> {
  const answer = await withAdmin(context, (admin) => admin.call('policy.set', { key, value }));
  if (context.output.json) return context.output.value(answer);
  if (answer.changes.length === 0) return context.output.row('unchanged', `${key} says ${value} already`);
  sayChanges(context, 'changed', answer);
  if (answer.weaker.includes(key)) context.output.warn(`${key} is weaker than the default now`);
}

/** `holdfast policy export FILE` */
export async function exportPolicy(context: Context, file: string): Promise<void> {
  const path = localPath(context.workingDirectory, file);
  const { policy } = await askAdmin(context, (admin) => admin.call('policy.show', {}));
  await writeChosenFile(path, `${JSON.stringify(policy, undefined, 2)}\n`, { mode: 0o644, replace: true });
  if (context.output.json) return context.output.value({ file: path });
  context.output.row('exported', path);
}

/** `holdfast policy import FILE`: the differences, and with `apply` they hold. */
export async function importPolicy(context: Context, file: string, apply: boolean): Promise<void> {
  const { output } = context;
  const policy = await readPolicyFile(localPath(context.workingDirectory, file));
  const reach = apply ? withAdmin : askAdmin;
  const answer = await reach(context, (admin) => admin.call('policy.import', { policy, apply }));
  if (output.json) return output.value({ ...answer, applied: apply });
  if (answer.changes.length === 0) return output.row('unchanged', 'the policy is as the file has it');
  sayChanges(context, apply ? 'changed' : 'to change', answer);
  if (!apply) {
    output.say(
      `nothing was changed; holdfast policy import ${file} --yes makes ${plural(answer.changes.length, 'change')}`,
    );
  }
}

function sayChanges({ output }: Context, word: string, { changes }: OperationAnswer<'policy.set'>): void {
  for (const { key, before, after } of changes) output.row(word, `${key}: ${before} → ${after}`);
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
