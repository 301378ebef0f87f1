import type { IncomingMessage } from 'node:http';

/** An answer whose body is still to be read. */
export interface RestAnswer {
  readonly kind: 'answer';
  readonly status: number;
  /** The server, for messages. */
  readonly host: string;
  readonly message: IncomingMessage;
  /** To be called when the answer has been dealt with; a connection in the middle of something is not used again. */
  readonly close: () => void;
}
