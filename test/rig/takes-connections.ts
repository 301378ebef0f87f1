import { once } from 'node:events';
import { connect } from 'node:net';

/** Whether something on this machine accepts a connection to `port` at this moment. */
export async function takesConnections(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
