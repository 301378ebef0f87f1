import { readNodeState } from '../../agent/index.ts';
import type { Home } from '../home/home.ts';
import { readSettings } from '../home/settings.ts';
import type { Context } from '../program/context.ts';

/**
 * On the server's machine, when no server runs there: starts it for as long as a command takes, so that what
 * `up --once` stored can be used without another terminal. Undefined when this is a client's home, or a server runs.
 */
export async function serveMeanwhile(context: Context, home: Home): Promise<AsyncDisposable | undefined> {
  const settings = await readSettings(home);
  if (settings === undefined || settings.selfSigned === true) return undefined;
  if ((await readNodeState(home.node))?.role === 'storage') return undefined;
  const { connectAdmin } = await import('../../admin/index.ts');
  if ((await connectAdmin(home.socket, context.signal)) !== undefined) return undefined;
  const { openAuthorityHome } = await import('../home/authority-home.ts');
  const { startServing } = await import('./serving.ts');
  await using opening = new AsyncDisposableStack();
  const opened = opening.use(await openAuthorityHome(context, home, { worker: true }));
  const serving = opening.use(await startServing(context, opened, {}));
  context.output.say(
    `  server      listening ${serving.urls()[0] ?? ''} for this command; holdfast serve keeps it running`,
  );
  return opening.move();
}
