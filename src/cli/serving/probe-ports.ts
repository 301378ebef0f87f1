import { silentLog } from '../../base/index.ts';
import { defaultListeners } from '../../policy/index.ts';
import { listen } from '../../transport/index.ts';

/**
 * Opens and closes the listeners that a new server on `port` will have, so that a port that is taken is known before
 * anything is made. @throws HoldfastError `port_in_use`, `settings_invalid`
 */
export async function probePorts(port: number): Promise<void> {
  for (const policy of defaultListeners(port)) {
    const listener = await listen({
      policy: { ...policy, kind: 'plain' },
      onConnection: (socket) => socket.destroy(),
      log: silentLog,
    });
    await listener.close();
  }
}
