import { execFile } from 'node:child_process';
import { access, readFile, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HoldfastError, systemErrorCode, writeFileAtomic } from '../../base/index.ts';
import { type Service, type ServiceJob, serviceMark, serviceName, systemdUnit } from './service-unit.ts';

/** How a service is now, in the words of systemd (systemctl(1)). */
export interface ServiceState {
  readonly unit: string;
  /** The file that it is read from; undefined when there is none. */
  readonly file: string | undefined;
  /** `active`, `inactive`, `failed`, `activating`. */
  readonly active: string;
  /** `running`, `dead`, `auto-restart`. */
  readonly sub: string;
  /** Whether it starts with the machine, or with its user: `enabled`, `disabled`. */
  readonly enabled: string;
  /** The process that runs. */
  readonly pid: number | undefined;
  /** How often systemd started it again since it was started. */
  readonly restarts: number;
}

/** What is said where there is no service manager that we know; nothing was done. */
export function noServiceManager(hint?: string): HoldfastError {
  return new HoldfastError(
    'service_manager_missing',
    'no systemd runs here: /run/systemd/system is not there',
    { hint },
  );
}

const properties = 'LoadState,FragmentPath,ActiveState,SubState,UnitFileState,MainPID,NRestarts';

/**
 * The service manager of this machine, systemd: that of the machine for root, that of the user for everybody else.
 * What it says is its own word; nothing is taken for done before it was asked again.
 */
export class ServiceManager {
  readonly #scope: 'system' | 'user';
  readonly #directory: string;

  private constructor(scope: 'system' | 'user') {
    this.#scope = scope;
    const ofUser = process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config');
    this.#directory = scope === 'system' ? '/etc/systemd/system' : join(ofUser, 'systemd/user');
  }

  /** Finds the one of this machine, or undefined where none runs (sd_booted(3)). */
  static async find(scope: 'system' | 'user'): Promise<ServiceManager | undefined> {
    const runs = await access('/run/systemd/system').then(
      () => true,
      () => false,
    );
    return runs ? new ServiceManager(scope) : undefined;
  }

  /** What is done to install a service, each step as a person would do it. */
  async steps(service: Service): Promise<readonly string[]> {
    const name = `${serviceName(service.job)}.service`;
    const systemctl = ['systemctl', ...this.#words()].join(' ');
    const written = (await this.#isThere(service)) ? [] : [`write ${this.#pathOf(service.job)}`];
    return [
      ...written,
      `${systemctl} daemon-reload`,
      `${systemctl} enable ${name}`,
      `${systemctl} restart ${name}`,
    ];
  }

  /** Looks whether a unit of that name is ours, or none. @throws HoldfastError `service_not_ours` */
  async checkOurs(job: ServiceJob): Promise<void> {
    const path = this.#pathOf(job);
    const text = await textOf(path);
    if (text === undefined || text.startsWith(serviceMark)) return;
    throw new HoldfastError(
      'service_not_ours',
      `${path} was written by somebody else: it does not begin with our first line`,
      {
        hint: `keep it and use systemctl, or move it away and say holdfast service install ${job}`,
      },
    );
  }

  /**
   * Writes the unit of a service, has it start with the machine and starts it now; one that runs is started again.
   * @throws HoldfastError `service_not_ours` where somebody else wrote a unit of that name, `service_failed` when it does not run
   */
  async install(service: Service): Promise<ServiceState> {
    const name = `${serviceName(service.job)}.service`;
    if (!(await this.#isThere(service))) {
      await this.checkOurs(service.job);
      await writeFileAtomic(this.#pathOf(service.job), systemdUnit(service), { mode: 0o644 });
    }
    await this.#systemctl('daemon-reload');
    await this.#systemctl('enable', name);
    return await this.#restart(service.job);
  }

  /** Tells how a service is. */
  async state(job: ServiceJob): Promise<ServiceState> {
    const unit = `${serviceName(job)}.service`;
    const said = await this.#systemctl('show', unit, `--property=${properties}`);
    const values = new Map(said.split('\n').map((line) => [key(line), line.slice(key(line).length + 1)]));
    const pid = Number(values.get('MainPID'));
    return {
      unit,
      file: values.get('LoadState') === 'loaded' ? values.get('FragmentPath') || undefined : undefined,
      active: values.get('ActiveState') ?? '',
      sub: values.get('SubState') ?? '',
      enabled: values.get('UnitFileState') || 'disabled',
      pid: pid > 0 ? pid : undefined,
      restarts: Number(values.get('NRestarts') ?? 0),
    };
  }

  /**
   * Stops a service, and takes away the unit that we wrote; one that a package brought stays, and starts no more.
   * Returns the file that was removed.
   */
  async remove(job: ServiceJob): Promise<string | undefined> {
    const before = await this.state(job);
    if (before.file === undefined)
      throw new HoldfastError('object_not_found', `there is no service ${before.unit}`, {
        hint: `holdfast service install ${job} makes one`,
      });
    await this.checkOurs(job);
    await this.#systemctl('disable', '--now', before.unit);
    const own = this.#pathOf(job);
    const isOwn = (await textOf(own)) !== undefined;
    if (isOwn) await rm(own);
    await this.#systemctl('daemon-reload');
    return isOwn ? own : undefined;
  }

  /** The last lines that a service said. */
  async lastLines(job: ServiceJob): Promise<string> {
    const words = ['--unit', serviceName(job), '--lines', '5', '--output', 'cat', '--no-pager'];
    return await promisify(execFile)('journalctl', [...this.#words(), ...words]).then(
      ({ stdout }) => stdout.trim(),
      () => '',
    );
  }

  /** Starts a service, and waits until it says that it is ready. */
  async #restart(job: ServiceJob): Promise<ServiceState> {
    const failure = await this.#systemctl('restart', `${serviceName(job)}.service`).then(
      () => undefined,
      (error: unknown) => error,
    );
    const now = await this.state(job);
    if (failure === undefined && now.active === 'active') return now;
    throw now.file === undefined ? failure : await this.#notRunning(now, job);
  }

  async #notRunning({ unit, active, sub }: ServiceState, job: ServiceJob): Promise<HoldfastError> {
    const said = await this.lastLines(job);
    const why = said === '' ? '' : `; it said: ${said.split('\n').at(-1)}`;
    return new HoldfastError('service_failed', `${unit} is ${active} (${sub}), expected active${why}`, {
      hint: `journalctl ${[...this.#words(), '-u', unit].join(' ')} shows all that it said; then holdfast service install ${job} again`,
    });
  }

  /** Whether just this unit is what systemd would read: ours of before, or the one of a package. */
  async #isThere(service: Service): Promise<boolean> {
    const wanted = systemdUnit(service);
    const own = await textOf(this.#pathOf(service.job));
    if (own !== undefined || this.#scope === 'user') return own === wanted;
    return (await textOf(`/usr/lib/systemd/system/${serviceName(service.job)}.service`)) === wanted;
  }

  #pathOf(job: ServiceJob): string {
    return join(this.#directory, `${serviceName(job)}.service`);
  }

  #words(): string[] {
    return this.#scope === 'user' ? ['--user'] : [];
  }

  async #systemctl(...words: string[]): Promise<string> {
    const all = [...this.#words(), ...words];
    try {
      return (await promisify(execFile)('systemctl', all)).stdout;
    } catch (error) {
      const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
      throw new HoldfastError(
        'service_failed',
        `systemctl ${all.join(' ')} failed: ${said || String(error)}`,
        {
          hint: 'mend what it says, and install again',
          cause: error,
        },
      );
    }
  }
}

function key(line: string): string {
  return line.slice(0, Math.max(0, line.indexOf('=')));
}

async function textOf(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
}
