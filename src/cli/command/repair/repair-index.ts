import type { DefineCommand } from '../../define-command.ts';
import { addRepositoryOptions, type RepositoryOptions } from '../../repository-options.ts';

/** `holdfast repair index` */
export const defineRepairIndex: DefineCommand = (command, start) => {
  addRepositoryOptions(command)
    .summary('write a new index for packs that none lists')
    .description(
      'write a new index for packs that none lists, from what they say themselves, and remove those that are damaged or name lost packs where that is allowed',
    )
    .addHelpText('after', examples)
    .action(async (options: RepositoryOptions) => {
      const { repairRepositoryIndex } = await import('../../repairing.ts');
      await repairRepositoryIndex(start(command), options);
    });
};

const examples = `
Examples:
  holdfast repair index
  holdfast repair index --repo /mnt/disk/repo --password-file pw

What an index file alone knew of packs that are there is in a new one before it is removed. A server removes nothing for its
clients: such a file stays there, is passed over from now on, and can be deleted by whoever runs the server.
`;
