import { closeSync } from 'node:fs';
import { callLibc } from './libc.ts';

const unixDomain = 1;
const datagram = 2;
const closedOnExec = 0x80000;
const withoutSignal = 0x4000;

/**
 * Tells the service manager that started this process that it is ready, where one asked to be told: a datagram to the socket
 * that `NOTIFY_SOCKET` names (sd_notify(3)), which Node cannot send.
 *
 * @throws the system's error when nobody takes it
 */
export function tellServiceManager(): void {
  const { NOTIFY_SOCKET: name } = process.env;
  if (name === undefined || name === '') return;
  const path = Buffer.from(name);
  const message = Buffer.from('READY=1');
  const address = Buffer.concat([Buffer.from(Uint16Array.of(unixDomain).buffer), path]);
  // One that begins with @ is none of the file system's (unix(7)).
  if (name.startsWith('@')) address[2] = 0;
  const socket = callLibc('socket', path, unixDomain, datagram | closedOnExec, 0);
  try {
    callLibc('sendto', path, socket, message, message.length, withoutSignal, address, address.length);
  } finally {
    closeSync(socket);
  }
}
