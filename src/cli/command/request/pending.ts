import type { DefineCommand } from '../../define-command.ts';

/** `holdfast request pending` */
export const defineRequestPending: DefineCommand = (command, start) => {
  command
    .summary("list this machine's own requests that wait for a certificate")
    .description(
      "list this machine's own requests that wait for a certificate, with their keys in its keystore, and ask the servers they were handed in at what became of them",
    )
    .option('--forget <name>', 'give a request and its key up')
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast request pending\n  holdfast request pending --forget vault.example\n',
    )
    .action(async (options: { forget?: string }) => {
      const { showPending } = await import('../../pending-requests.ts');
      await showPending(start(command), options);
    });
};
