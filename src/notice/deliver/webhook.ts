import { createHmac } from 'node:crypto';
import { secondMs } from '../../base/index.ts';
import type { Message } from '../notices.ts';
import type { Delivery } from './delivery.ts';
import { post } from './post.ts';

/**
 * Posts a message as JSON, signed: `holdfast-signature` is the HMAC-SHA256, in hexadecimal, of `holdfast-timestamp` (seconds since
 * 1970), a dot and the body. Whoever gets it refuses a time of long ago, so that nobody sends it again.
 */
export async function postWebhook(
  { url }: { readonly url: string },
  message: Message,
  { secret, clock, signal }: Delivery,
): Promise<void> {
  const body = Buffer.from(JSON.stringify(message));
  const timestamp = String(Math.floor(clock.now() / secondMs));
  const signature = createHmac('sha256', secret?.reveal() ?? '')
    .update(`${timestamp}.`)
    .update(body)
    .digest('hex');
  const headers = {
    'content-type': 'application/json',
    'holdfast-timestamp': timestamp,
    'holdfast-signature': signature,
  };
  await post(url, { body, headers, signal });
}
