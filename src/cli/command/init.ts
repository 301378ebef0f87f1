import { addCreationOptions, type CreationOptions } from '../creation-options.ts';
import type { DefineCommand } from '../define-command.ts';

/** `holdfast init` */
export const defineInit: DefineCommand = (command, start) => {
  addCreationOptions(command)
    .addHelpText(
      'after',
      '\nExample:\n  holdfast init --network backup.example --names vault.example,192.0.2.7\n',
    )
    .action(async (options: CreationOptions) => {
      const { initAuthority } = await import('../creating.ts');
      await initAuthority(start(command), options);
    });
};
