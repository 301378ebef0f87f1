import { type Static, Type } from 'typebox';
import { isHoldfastError } from '../base/index.ts';
import type { Line, TlsDialer } from '../transport/index.ts';
import { acceptedJson, exchange } from './exchange.ts';
import { parseAnswer } from './message.ts';

/** Where a client learns what was removed in its name: GET {@link RemovedSnapshots}. On `control`. */
export const removedSnapshotsPath = '/-/trash/snapshots';

/** ISO 8601, by the server's clock. */
const Time = Type.String({ maxLength: 40 });

/** The snapshots of a client, of all its repositories, that were removed and rest in the trash of the server. */
export const RemovedSnapshots = Type.Object({
  version: Type.Literal(1),
  count: Type.Integer({ minimum: 0 }),
  /** When the last of them was removed; not there where none was. */
  lastRemoved: Type.Optional(Time),
});
export type RemovedSnapshots = Static<typeof RemovedSnapshots>;

/** A client's way to its server. */
interface FetchOptions {
  readonly dialer: TlsDialer;
  /** `https://host:port` of a listener with `control`. */
  readonly server: string;
  readonly signal: AbortSignal;
  readonly line: Line;
}

/**
 * Asks which snapshots were removed in the name of this client; undefined from a server that does not say: it may be older.
 * @throws HoldfastError as `exchange`, `answer_malformed`
 */
export async function fetchRemovedSnapshots({
  dialer,
  server,
  signal,
  line,
}: FetchOptions): Promise<RemovedSnapshots | undefined> {
  const url = `${server}${removedSnapshotsPath}`;
  const answer = await exchange({ url, connection: { agent: dialer.agent() }, signal, line });
  try {
    return parseAnswer(RemovedSnapshots, acceptedJson(answer, server), server);
  } catch (error) {
    if (answer.status >= 400 && isHoldfastError(error)) return undefined;
    throw error;
  }
}
