import type { HoldfastError } from '../../base/index.ts';
import type { Context } from '../program/context.ts';
import { reload } from './reloading.ts';
import type { Serving } from './serving.ts';

/**
 * Resolves at Ctrl-C, which is how a server ends when all is well. At SIGHUP the settings are read again meanwhile.
 * @throws HoldfastError when its authority has to stop
 */
export async function untilOver(context: Context, first: Serving): Promise<void> {
  let serving = first;
  try {
    for (;;) {
      const what = await happening(context, serving);
      if (what === 'interrupted') return;
      if (what !== 'hung up') throw what;
      serving = await reload(context, serving);
    }
  } finally {
    await serving[Symbol.asyncDispose]();
  }
}

async function happening(
  { signal, onHangUp }: Context,
  { ended }: Pick<Serving, 'ended'>,
): Promise<'interrupted' | 'hung up' | HoldfastError> {
  const event = Promise.withResolvers<'interrupted' | 'hung up'>();
  const stop = (): void => event.resolve('interrupted');
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  using _hangUp = onHangUp(() => event.resolve('hung up'));
  try {
    return await Promise.race([event.promise, ended]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
