import type { DefineCommand } from '../../define-command.ts';

/** `holdfast ca show` */
export const defineCaShow: DefineCommand = (command, start) => {
  command
    .summary("show the authority's certificates and where their keys are")
    .description("show the authority's own certificates, of all generations, and where their keys are")
    .addHelpText('after', '\nExamples:\n  holdfast ca show\n  holdfast ca show --json\n')
    .action(async () => {
      const { showCa } = await import('../../showing-ca.ts');
      await showCa(start(command));
    });
};
