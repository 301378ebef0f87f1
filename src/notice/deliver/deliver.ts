import { secondMs } from '../../base/index.ts';
import type { Channel } from '../channels.ts';
import type { Message } from '../notices.ts';
import { giveToCommand } from './command.ts';
import type { Delivery } from './delivery.ts';
import { sendMail } from './mail.ts';
import { ping } from './ping.ts';
import { postWebhook } from './webhook.ts';

/** For all of one message. */
const patienceMs = 30 * secondMs;

/** Gives a message to a channel. @throws HoldfastError `notice_undelivered`, and what keeps this machine from whoever is to get it */
export async function deliver(channel: Channel, message: Message, delivery: Delivery): Promise<void> {
  const signal = AbortSignal.any([delivery.signal, AbortSignal.timeout(patienceMs)]);
  const { target } = channel;
  const limited = { ...delivery, signal };
  if (target.kind === 'mail') await sendMail(target, message, limited);
  else if (target.kind === 'webhook') await postWebhook(target, message, limited);
  else if (target.kind === 'command') await giveToCommand(target.file, message, signal);
  else await ping(target.url, signal);
}
