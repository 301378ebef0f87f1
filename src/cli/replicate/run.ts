import { withAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import type { Answer } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { copyTable } from './copy-table.ts';

/** `holdfast replicate run` */
export const word: Word = {
  define: (command) => {
    command
      .description('compare this server with all copies of it now, and bring them up to it')
      .option('--accept-loss', 'that most of a repository was lost here at once is meant: follow it')
      .addHelpText('after', examples);
  },
  run: runReplicas,
};

const examples = `
What comes is copied within seconds by itself, and everything compared each hour. A repository that has lost most of what it had at once
is not followed: look why first; what is lost here can be restored from the copy.

Examples:
  holdfast replicate run
  holdfast replicate run --accept-loss
`;

/** `holdfast replicate run` */
async function runReplicas(
  context: Context,
  { acceptLoss = false }: { readonly acceptLoss?: boolean },
): Promise<Answer> {
  const copies = await withAdmin(context, (admin) =>
    admin.call('replicate.run', { acceptsLoss: acceptLoss }),
  );
  return { value: copies, rows: [copyTable(copies)] };
}
