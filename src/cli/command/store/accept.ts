import type { DefineCommand } from '../../define-command.ts';

/** `holdfast store accept --reason TEXT` */
export const defineStoreAccept: DefineCommand = (command, start) => {
  command
    .summary('go on with another store')
    .description(
      "take what is at the store's place now, empty or brought there, for the store of this network; for when the one of before is lost",
    )
    .requiredOption('--reason <text>', 'what has become of the one of before, for the log')
    .addHelpText('after', '\nExample:\n  holdfast store accept --reason "its disk has died"\n')
    .action(async ({ reason }: { readonly reason: string }) => {
      const { acceptStore } = await import('../../accepting-store.ts');
      await acceptStore(start(command), reason);
    });
};
