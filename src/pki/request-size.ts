import { type Bytes, HoldfastError } from '../base/index.ts';

const maxBytes = 64 * 1024;

/** Refuses a request of more than 64 KiB, whatever is in it. @throws HoldfastError `request_malformed` */
export function checkRequestSize(request: Bytes): void {
  if (request.length <= maxBytes) return;
  throw new HoldfastError(
    'request_malformed',
    `request has ${request.length} bytes, expected at most ${maxBytes}`,
  );
}
