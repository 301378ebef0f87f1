import { parentPort, workerData } from 'node:worker_threads';
import { SqliteConnection } from './connection.ts';
import { flattenError, type WorkerAnswer, type WorkerRequest } from './worker-message.ts';

/** The entry point of a database's own thread: opens `workerData`, then does one request after the other. */
const port = parentPort;
if (port === null) throw new TypeError('sqlite-worker runs as a worker thread');

try {
  const connection = new SqliteConnection(String(workerData), 'reader');
  port.on('message', (request: WorkerRequest) => port.postMessage(answer(connection, request)));
  port.postMessage({ id: 0 } satisfies WorkerAnswer);
} catch (error) {
  port.postMessage({ id: 0, error: flattenError(error) } satisfies WorkerAnswer);
}

function answer(connection: SqliteConnection, { id, command }: WorkerRequest): WorkerAnswer {
  try {
    return { id, value: command === 'close' ? connection.close() : connection.execute(command) };
  } catch (error) {
    return { id, error: flattenError(error) };
  }
}
