import { addCreationOptions } from '../creation-options.ts';
import type { DefineCommand } from '../define-command.ts';
import { addExcludeOptions } from '../repository-options.ts';
import type { UpOptions } from '../setting-up.ts';

/** `holdfast up [PATH…]` */
export const defineUp: DefineCommand = (command, start) => {
  addExcludeOptions(
    addCreationOptions(command.argument('[paths...]', 'what to back up (default: this folder)')),
  )
    .option('--once', 'end when the backup is verified instead of going on as the server')
    .addHelpText('after', '\nExamples:\n  holdfast up ~/Documents\n  holdfast up --once --port 9443 /etc\n')
    .action(async (paths: string[], options: UpOptions) => {
      const { up } = await import('../setting-up.ts');
      await up(start(command), paths, options);
    });
};
