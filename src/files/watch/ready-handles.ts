import { endianness } from 'node:os';
import { type Bytes, systemErrorCode } from '../../base/index.ts';
import { callLibc } from '../libc.ts';

/** `POLLIN`, and `POLLERR | POLLPRI` by which a file of `/proc` says that it is another one now. */
const [readable, changed] = [0x1, 0x8 | 0x2];
const entryBytes = 8;
const what: Bytes = Buffer.from('handles');

/**
 * Waits in this thread, with all of it, until one of the handles has something to tell, and gives the positions of those that
 * have; none when `timeoutMs` is over first, -1 for never. Costs no processor meanwhile (poll(2)).
 */
export function waitForHandles(handles: readonly number[], timeoutMs: number): ReadonlySet<number> {
  const table = Buffer.alloc(handles.length * entryBytes);
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const isLittle = endianness() === 'LE';
  for (const [at, handle] of handles.entries()) {
    view.setInt32(at * entryBytes, handle, isLittle);
    view.setInt16(at * entryBytes + 4, readable | changed, isLittle);
  }
  try {
    callLibc('poll', what, table, handles.length, timeoutMs);
  } catch (error) {
    // A signal woke it; whoever waits looks again.
    if (systemErrorCode(error) !== 'EINTR') throw error;
  }
  const isReady = (at: number): boolean => view.getInt16(at * entryBytes + 6, isLittle) !== 0;
  return new Set(handles.keys().filter(isReady));
}
