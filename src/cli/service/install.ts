import { access, stat } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { Argument } from 'commander';
import {
  type Account,
  accountCommand,
  cronLine,
  findAccount,
  handOver,
  makeAccount,
  noServiceManager,
  openrcScript,
  type Service,
  type ServiceJob,
  ServiceManager,
  type ServiceState,
  serviceJobs,
  serviceName,
  systemdUnit,
} from '../../agent/index.ts';
import { HoldfastError, ownUser } from '../../base/index.ts';
import { type Home, homeAt } from '../home/home.ts';
import { readSettings, storeDirectory } from '../home/settings.ts';
import type { Context } from '../program/context.ts';
import { type Answer, line, note, type Row, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';

/** `holdfast service install JOB` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        'have the server or the agent of this home run by itself, from the start of the machine on',
      )
      .addArgument(jobArgument())
      .option('--run-as <account>', 'as root: the account it runs under; made when it is missing')
      .option('--dry-run', 'print the steps and the unit, and do nothing')
      .addHelpText('after', examples);
  },
  run: installService,
};

const examples = `
As root it becomes a service of the machine: a server runs under the account holdfast, which the home is handed over to, an agent
under the owner of its home, with the right to read every file. Everybody else gets a service of their own. Where there is no systemd, a
script for OpenRC and a line for cron are printed.

Examples:
  sudo holdfast service install server
  sudo holdfast service install agent --dry-run
  holdfast service install agent
`;

/** The job that a service does. */
export function jobArgument(): Argument {
  return new Argument('<job>', 'what is to run').choices([...serviceJobs]);
}

/** Which services this user has to do with. */
export function serviceScope(): 'system' | 'user' {
  return ownUser() === 0 ? 'system' : 'user';
}

const usualAccount = 'holdfast';

interface InstallOptions {
  readonly runAs?: string;
  readonly dryRun?: boolean;
}

/** What is to be installed, and what has to be done before it. */
interface Plan {
  readonly service: Service;
  /** The directories that the account is given. */
  readonly handedOver: readonly string[];
  /** The account is made first. */
  readonly isNew: boolean;
}

/** `holdfast service install` */
async function installService(context: Context, job: ServiceJob, options: InstallOptions): Promise<Answer> {
  const home = await homeOf(context.home, job);
  const plan = await planFor(home, job, options.runAs);
  const manager = await ServiceManager.find(serviceScope());
  const steps = [...(await stepsBefore(plan)), ...((await manager?.steps(plan.service)) ?? [])];
  if (options.dryRun === true) return dryRun(plan.service, steps, manager !== undefined);
  if (manager === undefined) return withoutManager(plan.service);
  await manager.checkOurs(job);
  await prepare(plan);
  const state = await manager.install(plan.service);
  return { value: { steps, state: stateView(state) }, rows: installedRows(steps, state) };
}

/** A home of another account is looked at from outside: that account may be the one that the service runs under. */
async function homeOf(path: string, job: ServiceJob): Promise<Home> {
  const home = homeAt(path);
  const needed = job === 'server' ? home.settings : home.node;
  const isThere = await access(needed).then(
    () => true,
    () => false,
  );
  if (isThere) return home;
  const begin =
    job === 'server' ? 'holdfast init, or holdfast up, makes one' : 'holdfast join with a code makes one';
  throw new HoldfastError(
    'home_missing',
    `${path} is no home with ${job === 'server' ? 'a server' : 'a client'} in it`,
    {
      hint: `if there was one, mount its disk; else ${begin}; --home DIR names another place`,
    },
  );
}

async function planFor(home: Home, job: ServiceJob, runAs: string | undefined): Promise<Plan> {
  const writable = job === 'server' ? await writtenPlaces(home) : [];
  const service: Service = {
    job,
    launcher: join(packageRoot(), 'bin/holdfast'),
    nodeDirectory: foreignNode(),
    home: home.path,
    writable,
  };
  if (serviceScope() === 'user') {
    if (runAs !== undefined)
      throw new HoldfastError('usage', '--run-as is for a service of the machine', {
        hint: `say it as root: sudo holdfast service install ${job}`,
      });
    return { service, handedOver: [], isNew: false };
  }
  const owner = await ownerOf(home.path);
  const name = runAs ?? (job === 'server' && owner.uid === 0 ? usualAccount : owner.name);
  const account = await findAccount(name);
  const handedOver = account !== undefined && account.uid === owner.uid ? [] : [home.path, ...writable];
  return {
    service: { ...service, account: account?.name ?? name },
    handedOver,
    isNew: account === undefined,
  };
}

/** What a server writes to outside of its home, by its settings. */
async function writtenPlaces(home: Home): Promise<string[]> {
  const settings = await readSettings(home);
  if (settings === undefined) return [];
  const { logMirrors = [], backupTo } = settings.authority ?? {};
  const copies = [...logMirrors, backupTo ?? []].flat().filter((place) => !/^https?:/i.test(place));
  const all = [storeDirectory(home, settings), ...copies.map((place) => resolve(home.path, place))];
  return [...new Set(all.filter((place) => relative(home.path, place).startsWith('..')))];
}

async function ownerOf(path: string): Promise<Account> {
  const { uid, gid } = await stat(path);
  return (await findAccount(uid)) ?? { name: String(uid), uid, gid };
}

function packageRoot(): string {
  return dirname(findPackageJSON(import.meta.url) ?? '');
}

/** Where Node is when the package has none of its own, in which its launcher looks first. */
function foreignNode(): string | undefined {
  return process.execPath.startsWith(join(packageRoot(), 'node_modules/'))
    ? undefined
    : dirname(process.execPath);
}

async function stepsBefore({ service, handedOver, isNew }: Plan): Promise<string[]> {
  const { account = '', home } = service;
  const made = isNew ? [(await accountCommand(account, home)).join(' ')] : [];
  return [...made, ...handedOver.map((path) => `chown --recursive --no-dereference ${account}: ${path}`)];
}

async function prepare({ service, handedOver, isNew }: Plan): Promise<void> {
  const { account, home } = service;
  if (account === undefined || handedOver.length === 0) return;
  const owner = isNew ? await makeAccount(account, home) : await findAccount(account);
  if (owner !== undefined) for (const path of handedOver) await handOver(path, owner);
}

function dryRun(service: Service, steps: readonly string[], hasManager: boolean): Answer {
  const files = filesOf(service);
  const text = hasManager
    ? [note(`the unit ${serviceName(service.job)}.service:`), line(files.systemd.trimEnd())]
    : otherRows(service);
  return { value: { steps, files }, rows: [...steps.map((step) => row('step', step)), ...text] };
}

function withoutManager(service: Service): Answer {
  return {
    value: { steps: [], files: filesOf(service) },
    rows: [
      note('no systemd runs here, and nothing was installed; one of the following does the same'),
      ...otherRows(service),
    ],
    failure: noServiceManager(),
  };
}

function filesOf(service: Service): { systemd: string; openrc: string; cron: string } {
  return { systemd: systemdUnit(service), openrc: openrcScript(service), cron: cronLine(service) };
}

function otherRows(service: Service): Row[] {
  const name = serviceName(service.job);
  const asWhom = service.account === undefined ? 'crontab -e' : `crontab -u ${service.account} -e`;
  return [
    note(
      `OpenRC, as /etc/init.d/${name} with mode 755, then rc-update add ${name} and rc-service ${name} start:`,
    ),
    line(openrcScript(service).trimEnd()),
    note(`cron, in ${asWhom}:`),
    line(cronLine(service)),
  ];
}

function* installedRows(steps: readonly string[], state: ServiceState): Iterable<Row> {
  for (const step of steps) yield row('done', step);
  yield* stateRows(state);
  if (serviceScope() === 'user')
    yield note('it ends when you log out, unless your account lingers: loginctl enable-linger');
}

/** What a person reads of a service. */
export function stateRows({ unit, active, sub, enabled, pid, file }: ServiceState): Row[] {
  return [
    row(unit, `${active} (${sub})`, ...(pid === undefined ? [] : [`process ${pid}`]), enabled),
    ...(file === undefined ? [] : [row('unit', file)]),
  ];
}

/** What a program reads of it. */
export function stateView({ unit, file, active, sub, enabled, pid, restarts }: ServiceState) {
  return { unit, file: file ?? null, active, sub, enabled, pid: pid ?? null, restarts };
}
