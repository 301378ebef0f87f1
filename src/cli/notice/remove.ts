import { findKeystore } from '../../agent/index.ts';
import { changeChannels, forgetSecret } from '../../notice/index.ts';
import { openHome } from '../home/home.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { channelNamed } from './test.ts';

/** `holdfast notice remove NAME` */
export const word: Word = {
  define: (command) => {
    command
      .description('tell a channel nothing more, and forget its secret; what waits for it goes')
      .argument('<name>', 'one of holdfast notice list')
      .addHelpText('after', '\nExamples:\n  holdfast notice remove ops\n');
  },
  run: removeChannel,
};

/** `holdfast notice remove NAME`: the secret goes first, so that a kill leaves none that nobody can see. */
async function removeChannel(context: Context, name: string): Promise<Answer> {
  const home = await openHome(context.home);
  await channelNamed(home, name);
  const keystore = await findKeystore(home.node);
  if (keystore !== undefined) await forgetSecret(keystore, name);
  await changeChannels(home.node, (channels) => channels.filter((each) => each.name !== name));
  return { value: { name }, rows: [row('removed', name)] };
}
