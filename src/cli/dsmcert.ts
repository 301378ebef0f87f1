import { parseDsmcert } from '../compat/index.ts';
import type { Context } from './program/context.ts';
import { type Answer } from './terminal/answer.ts';
import { addTrust } from './trust/add.ts';
import { listTrust } from './trust/list.ts';
import { removeTrust } from './trust/remove.ts';
import type { Word } from './word.ts';

/** `holdfast dsmcert -add|-delete|-list …`, and `dsmcert …` by a link of that name. */
export const word: Word = {
  define: (command) => {
    command
      .description('add the certificate of a server to those that this machine believes, list or delete them')
      .usage('-add -server <name> -file <file> | -delete -server <name> | -list')
      // The words are the vendor's: options with a single hyphen, which `compat` reads.
      .allowUnknownOption()
      .argument('[words...]')
      .addHelpText('after', help);
  },
  run: dsmcert,
};

const help = `
The name is the one that the server is called by. What is added lies in the keystore of this machine, which the
random bytes in the stash file beside it open; there is nothing to copy.

Examples:
  dsmcert -add -server tsm1.example -file /opt/tivoli/tsm/server/bin/cert256.arm
  dsmcert -list
  dsmcert -delete -server tsm1.example
`;

/** `dsmcert`: the same as `trust add`, `trust list` and `trust remove`. */
async function dsmcert(context: Context, words: readonly string[]): Promise<Answer> {
  const said = parseDsmcert(words);
  if (said.action === 'list') return await listTrust(context);
  const server = [said.server];
  if (said.action === 'delete') return await removeTrust(context, { server });
  return await addTrust(context, { server, file: [said.file] });
}
