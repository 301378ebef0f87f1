import type { DefineCommand } from '../../define-command.ts';

/** `holdfast ca online FILE` */
export const defineCaOnline: DefineCommand = (command, start) => {
  command
    .summary('bring the key of the root back')
    .description('bring the key of the root back for what only it can sign')
    .argument('<file>', 'the file that ca offline wrote')
    .option('--password-file <file>', 'its password is in this file; asked for on a terminal unless said')
    .addHelpText('after', '\nExample:\n  holdfast ca online /media/safe/root.key.age\n')
    .action(async (file: string, options: { readonly passwordFile?: string }) => {
      const { bringRootOnline } = await import('../../root-custody.ts');
      await bringRootOnline(start(command), file, options);
    });
};
