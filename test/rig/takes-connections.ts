import { once } from 'node:events';
import { connect } from 'node:net';

/**
 * Whether something on this machine, or on another host, accepts a connection at this moment: to a port, or to the socket of a
 * path.
 */
export async function takesConnections(to: number | string, host = '127.0.0.1'): Promise<boolean> {
  const socket = connect(typeof to === 'string' ? { path: to } : { port: to, host });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
