import type { Socket } from 'node:net';

/** Resolves when the socket is closed, in order or by a reset, for which `once(socket, 'close')` would reject. */
export function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.on('error', () => {}).once('close', () => resolve());
    if (socket.closed) resolve();
  });
}
