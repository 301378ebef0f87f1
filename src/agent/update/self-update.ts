import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hourMs, ownUser, programDirectory, programVersion } from '../../base/index.ts';
import { type Node, openNode } from '../node.ts';
import { readNodeState } from '../node-state.ts';
import { ServiceManager } from '../service/service-manager.ts';
import { installCommand, mayInstall } from './installation.ts';
import { type AskOptions, askForRelease } from './offered-release.ts';
import { downloadUpdate, planUpdate, type Update } from './update.ts';

interface SelfUpdateOptions extends AskOptions {
  /** The home of this machine, and where in it the node is. */
  readonly home: { readonly path: string; readonly node: string };
  /** Whether nothing runs that the end of the agent would cut. */
  readonly isFree: () => boolean;
}

/** So often the network is asked. */
const askEveryMs = 6 * hourMs;

/**
 * Asks the network for a newer version now and then, says so in the log, and has it installed where the owner of this machine
 * allows it and no set runs. Beside the agent's own work, which waits for none of it.
 */
export class SelfUpdate {
  readonly #options: SelfUpdateOptions;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;
  /** Downloaded, and waiting until no set runs. */
  #ready: Update | undefined;
  #said: string | undefined;

  constructor(options: SelfUpdateOptions) {
    this.#options = options;
  }

  /** Goes on with what is due. Never rejects: what goes wrong is in the log, and tried again the next time. */
  look(): Promise<void> {
    this.#looking ??= this.#goOn().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #goOn(): Promise<void> {
    const { log, signal } = this.#options;
    try {
      if (this.#isDue()) await this.#ask();
      await this.#install();
    } catch (error) {
      if (!signal.aborted) log.warn('no newer version can be had now', { error });
    }
  }

  #isDue(): boolean {
    const nowMs = this.#options.clock.now();
    if (nowMs >= this.#lookedMs && nowMs - this.#lookedMs < askEveryMs) return false;
    this.#lookedMs = nowMs;
    return true;
  }

  async #ask(): Promise<void> {
    const { home } = this.#options;
    this.#ready = undefined;
    if ((await readNodeState(home.node)) === undefined) return;
    const node = await openNode(home.node);
    if (!node.isOwn) return;
    const offered = await askForRelease(node, this.#options);
    const version = offered.manifest?.version ?? undefined;
    if (offered.state !== 'newer' || version === undefined) return;
    this.#say(version);
    if (!node.clientPolicy.update) return;
    const update = await planUpdate(node, offered);
    if (update !== undefined) await this.#download(node, update);
  }

  async #download(node: Node, update: Update): Promise<void> {
    const { log } = this.#options;
    await downloadUpdate(node, update, this.#options);
    const { kind, path, version } = update;
    log.info('a newer version is downloaded and verified', { version, path });
    if (mayInstall(kind) && (await isService())) this.#ready = update;
    else
      log.warn(
        'this agent cannot install it: it is no service of the machine, or the program came from npm',
        {
          command: installCommand(kind, path).join(' '),
        },
      );
  }

  async #install(): Promise<void> {
    const { home, isFree, log } = this.#options;
    if (this.#ready === undefined || !isFree()) return;
    const { version } = this.#ready;
    this.#ready = undefined;
    log.info('the newer version is installed now, and starts this agent again', { version });
    await installAside(home.path);
  }

  #say(version: string): void {
    if (this.#said === version) return;
    this.#said = version;
    this.#options.log.info('a newer version is published: holdfast update', {
      version,
      runs: programVersion(),
    });
  }
}

/** Whether this is a service of the machine that systemd runs (systemd.exec(5)). */
async function isService(): Promise<boolean> {
  if (ownUser() !== 0 || process.env['INVOCATION_ID'] === undefined) return false;
  return (await ServiceManager.find('system')) !== undefined;
}

/**
 * Has the service manager run `holdfast update` in a unit of its own: an agent may write to its home alone, and what starts it again must
 * not end with it. Nobody waits for the end of that: what keeps it from being installed is in the journal of the unit, and it is tried again
 * the next time. To wait takes a message bus, which not every system has.
 */
async function installAside(home: string): Promise<void> {
  const own = [join(programDirectory(), 'bin/holdfast'), 'update', '--home', home];
  const words = ['--quiet', '--collect', '--unit=holdfast-update', '--', ...own];
  await promisify(execFile)('systemd-run', words);
}
