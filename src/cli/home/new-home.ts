import { readFile, rm } from 'node:fs/promises';
import { readNodeState } from '../../agent/index.ts';
import { authorityWaiting, hasAuthority, readWaiting } from '../../authority/index.ts';
import { HoldfastError, systemErrorCode, writeFileAtomic } from '../../base/index.ts';
import { identityUri } from '../../pki/index.ts';
import { Keystore, serverLabel } from '../../trust/index.ts';
import { checkHome, createHome, type Home, homeAt } from './home.ts';
import { readSettings, type Settings, writeSettings } from './settings.ts';

/**
 * Whether a network may begin in the home at `path`, which is not there, empty, or in use for something else than a network:
 * of two in one home each would take what is the other's for its own.
 *
 * @throws HoldfastError `home_exists`, `authority_waiting`, `node_already_joined`, `authority_damaged` where only the authority's part is gone
 */
export async function checkBegins(path: string): Promise<void> {
  if ((await checkHome(path)) !== 'used') return;
  if (await hasAuthority(path)) throw authorityThere(path);
  const waiting = await readWaiting(path);
  if (waiting !== undefined) throw authorityWaiting(path, waiting);
  const home = homeAt(path);
  if ((await Keystore.exists(home.node)) && (await Keystore.open(home.node)).has(serverLabel)) {
    throw new HoldfastError(
      'authority_damaged',
      `${home.authority} is gone, and its server was in this home`,
      {
        hint: 'mount its disk, or bring it back from a backup: holdfast ca restore FILE; another network: --home DIR',
      },
    );
  }
  await refuseNode(home.node, undefined);
}

/**
 * Whether the authority of `network` may be in the home at `path`.
 * @throws HoldfastError `node_already_joined`, `authority_waiting`
 */
export async function checkMayHoldAuthority(path: string, network: string): Promise<void> {
  if ((await checkHome(path)) !== 'used') return;
  const waiting = await readWaiting(path);
  if (waiting !== undefined) throw authorityWaiting(path, waiting);
  await refuseNode(homeAt(path).node, network);
}

/** Whether a node of `network` may be in the home at `path`. @throws HoldfastError `home_exists` */
export async function checkMayHoldNode(path: string, network: string): Promise<void> {
  if ((await checkHome(path)) !== 'used') return;
  if (!(await hasAuthority(path)) && (await readWaiting(path)) === undefined) return;
  const settings = await readSettings(homeAt(path));
  if (settings === undefined || settings.network === network) return;
  const message = `the home ${path} has the authority of ${settings.network}, and the code is of ${network}`;
  throw new HoldfastError('home_exists', message, {
    hint: 'join from another home: --home DIR',
  });
}

async function refuseNode(directory: string, network: string | undefined): Promise<void> {
  const node = await readNodeState(directory);
  if (node === undefined || node.network === network) return;
  throw new HoldfastError('node_already_joined', `this machine is ${identityUri(node)} already`, {
    hint: 'holdfast backup PATH saves to the server of that network; an authority needs another home: --home DIR',
  });
}

function authorityThere(path: string): HoldfastError {
  return new HoldfastError('home_exists', `the home ${path} already has an authority`, {
    hint: 'holdfast serve runs it; --home DIR names another place for another one',
  });
}

/**
 * Makes a home with `settings` for an authority that `work` puts into it. Before the authority: a crash in between leaves a
 * home where this can begin again. When there is none in the end, everything is as it was.
 *
 * @throws HoldfastError as {@link writeSettings}, before anything is made; and what `work` throws
 */
export async function inNewHome<T>(
  path: string,
  settings: Settings,
  work: (home: Home) => Promise<T>,
): Promise<T> {
  const wasThere = (await checkHome(path)) !== 'absent';
  const before = wasThere ? await readKept(homeAt(path)) : undefined;
  const home = await createHome(path);
  try {
    await writeSettings(home, settings);
    return await work(home);
  } catch (error) {
    if (!(await hasAuthority(home.path))) await putBack(home, wasThere, before);
    throw error;
  }
}

async function putBack(home: Home, wasThere: boolean, before: string | undefined): Promise<void> {
  if (!wasThere) await rm(home.path, { recursive: true, force: true });
  else if (before === undefined) await rm(home.settings, { force: true });
  else if ((await readKept(home)) !== before) await writeFileAtomic(home.settings, before);
}

async function readKept({ settings }: Home): Promise<string | undefined> {
  return await readFile(settings, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
}
