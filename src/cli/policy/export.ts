import { forceOption, replacingAsBefore, writeChosenFile } from '../files/chosen-file.ts';
import { localPath } from '../files/local-path.ts';
import { askAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';

/** `holdfast policy export FILE` */
export const word: Word = {
  define: (command) => {
    command
      .description('write the whole policy into a JSON file, for version control or for another network')
      .argument('<file>', 'the file')
      .option(...forceOption)
      .addHelpText(
        'after',
        '\nExamples:\n  holdfast policy export policy.json\n  holdfast policy export --force policy.json\n',
      );
  },
  run: exportPolicy,
};

/** `holdfast policy export FILE` */
async function exportPolicy(
  context: Context,
  file: string,
  { force }: { readonly force?: boolean },
): Promise<Answer> {
  const path = localPath(context.workingDirectory, file);
  const { policy } = await askAdmin(context, (admin) => admin.call('policy.show', {}));
  const chosen = await replacingAsBefore(context, path, force);
  await writeChosenFile(path, `${JSON.stringify(policy, undefined, 2)}\n`, { mode: 0o644, ...chosen });
  return { value: { file: path }, rows: [row('exported', path)] };
}
