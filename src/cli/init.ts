import { initAuthority } from './home/creating.ts';
import { addCreationOptions } from './options/creation-options.ts';
import type { Word } from './word.ts';

/** `holdfast init` */
export const word: Word = {
  define: (command) => {
    addCreationOptions(command).addHelpText(
      'after',
      '\nExample:\n  holdfast init --network backup.example --names vault.example,192.0.2.7\n',
    );
  },
  run: initAuthority,
};
