import type { DefineCommand } from '../define-command.ts';
import type { RecoverOptions } from '../recovering.ts';

/** `holdfast recover [CODE] --kit FILE` */
export const defineRecover: DefineCommand = (command, start) => {
  command
    .argument('[code]', 'the reissue code for this machine; not needed once it has joined')
    .requiredOption('--kit <file>', 'the recovery kit that init wrote')
    .option('--passphrase-file <file>', 'the passphrase of the kit, where it has one')
    .option('--repo <url>', "a further repository instead of this machine's own")
    .addHelpText('after', examples)
    .action(async (code: string | undefined, options: RecoverOptions) => {
      const { recover } = await import('../recovering.ts');
      await recover(start(command), code, options);
    });
};

const examples = `
At the server, for the machine called laptop:
  holdfast token create --reissue laptop

Examples, on the new machine:
  holdfast recover hf1-… --kit /media/safe/recovery-kit.txt
  holdfast restore latest --target /
`;
