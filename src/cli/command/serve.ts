import { addServingOptions } from '../creation-options.ts';
import type { DefineCommand } from '../define-command.ts';
import type { ServingOptions } from '../serving.ts';

/** `holdfast serve` */
export const defineServe: DefineCommand = (command, start) => {
  addServingOptions(command)
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast serve\n  holdfast serve --home /srv/holdfast --port 9443\n',
    )
    .action(async (options: ServingOptions) => {
      const { serve } = await import('../serve.ts');
      await serve(start(command), options);
    });
};
