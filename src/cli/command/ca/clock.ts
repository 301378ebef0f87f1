import type { DefineCommand } from '../../define-command.ts';

/** `holdfast ca clock accept --reason TEXT` */
export const defineCaClock: DefineCommand = (command, start) => {
  command
    .summary('go on after the clock was moved')
    .description('go on with the clock of this machine as it is, after issuing has stopped because of it');
  const accept = command.command('accept');
  accept
    .summary('go on with the clock as it is')
    .description('go on with the clock as it is, and record why')
    .requiredOption('--reason <text>', 'why it is right, for the log')
    .addHelpText('after', '\nExample:\n  holdfast ca clock accept --reason "was off for two years"\n')
    .action(async ({ reason }: { readonly reason: string }) => {
      const { acceptClock } = await import('../../accepting-clock.ts');
      await acceptClock(start(accept), reason);
    });
};
