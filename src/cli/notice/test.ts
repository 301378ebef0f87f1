import { randomUUID } from 'node:crypto';
import { findKeystore } from '../../agent/index.ts';
import { HoldfastError } from '../../base/index.ts';
import { type Channel, channelSecret, deliver, readChannels } from '../../notice/index.ts';
import { machineName } from '../../transport/index.ts';
import { type Home, openHome } from '../home/home.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { placeOf } from './list.ts';

/** `holdfast notice test NAME` */
export const word: Word = {
  define: (command) => {
    command
      .description('send a notice that is a test, now')
      .argument('<name>', 'one of holdfast notice list')
      .addHelpText('after', '\nExamples:\n  holdfast notice test ops\n');
  },
  run: testChannel,
};

/** `holdfast notice test NAME`: what it fails by is said here, and changes nothing of what waits. */
async function testChannel({ clock, signal, ...context }: Context, name: string): Promise<Answer> {
  const home = await openHome(context.home);
  const channel = await channelNamed(home, name);
  const keystore = await findKeystore(home.node);
  const secret = keystore && channelSecret(keystore, name);
  const id = randomUUID();
  const time = new Date(clock.now()).toISOString();
  const from = machineName();
  const notice = { id, time, subject: 'a test', state: 'ok', text: `a test of the channel ${name}` };
  await deliver(
    channel,
    { version: 1, kind: 'test', id, from, time, notices: [notice] },
    { secret, clock, signal },
  );
  return { value: { name, id }, rows: [row('sent', name, placeOf(channel))] };
}

/** The channel of that name. @throws HoldfastError `object_not_found` */
export async function channelNamed(home: Home, name: string): Promise<Channel> {
  const channels = await readChannels(home.node);
  const found = channels.find((channel) => channel.name === name);
  if (found !== undefined) return found;
  const names = channels.map((channel) => channel.name).join(', ');
  throw new HoldfastError(
    'object_not_found',
    `there is no channel ${JSON.stringify(name.slice(0, 80))}${names === '' ? '' : `: there is ${names}`}`,
    { hint: 'holdfast notice list names them, and holdfast notice add NAME makes one' },
  );
}
