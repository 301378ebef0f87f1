import type { IncomingMessage, ServerResponse } from 'node:http';

/** One request and its answer, with the bytes of their bodies counted as they pass. */
export interface StorageExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  receivedBytes: number;
  sentBytes: number;
}
