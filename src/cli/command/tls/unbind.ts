import type { DefineCommand } from '../../define-command.ts';
import { addRules, exactlyOne } from '../../word-rules.ts';

/** `holdfast tls unbind --host NAME | --listener NAME` */
export const defineTlsUnbind: DefineCommand = (command, start) => {
  addRules(command, exactlyOne('--host', '--listener'));
  command
    .summary("show the network's own certificate again")
    .description("show the network's own certificate again, and have clients forget the roots")
    .option('--host <name>', 'for this host name')
    .option('--listener <name>', 'for this listener')
    .addHelpText('after', '\nExample:\n  holdfast tls unbind --host vault.example\n')
    .action(async (options: { host?: string; listener?: string }) => {
      const { unbindCertificate } = await import('../../binding-tls.ts');
      await unbindCertificate(start(command), options);
    });
};
