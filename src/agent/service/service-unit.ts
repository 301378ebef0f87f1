import { join } from 'node:path';

/** What runs without anybody at it: the server of a home, or the agent of a client. */
export type ServiceJob = 'server' | 'agent';

/** All jobs, in the order of the help. */
export const serviceJobs: readonly ServiceJob[] = ['server', 'agent'];

/** One job as a service of a machine, or of a user where nobody else is said. */
export interface Service {
  readonly job: ServiceJob;
  /** Absolute path of the launcher. */
  readonly launcher: string;
  /** Directory of the Node that runs it, where the package does not bring its own: a service manager's PATH need not have it. */
  readonly nodeDirectory?: string | undefined;
  readonly home: string;
  /** The account that it runs under; undefined for a service of one user, who is that user anyway. */
  readonly account?: string | undefined;
  /** Directories beside the home that it writes to. */
  readonly writable: readonly string[];
}

/** What stands first in each file that we write, and tells ours from what somebody else wrote. */
export const serviceMark =
  '# Written by holdfast service install; what is changed here is lost by the next one.';

const words: Readonly<Record<ServiceJob, string>> = { server: 'serve', agent: 'agent' };
const titles: Readonly<Record<ServiceJob, string>> = {
  server: 'Holdfast backup server',
  agent: 'Holdfast backup agent',
};

/** Names the service of a job, as systemd, OpenRC and a person call it. */
export function serviceName(job: ServiceJob): string {
  return job === 'server' ? 'holdfast' : 'holdfast-agent';
}

/** The command line of a service, each word for itself. */
export function serviceCommand({ job, launcher, home }: Service): readonly string[] {
  return [launcher, words[job], '--home', home];
}

/**
 * Writes the unit of a service for systemd (systemd.unit(5), systemd.exec(5)): it may read what its job reads, write to its
 * home, and nothing else. A service of one user has no more rights than that user, and the sandbox needs some of root's.
 */
export function systemdUnit(service: Service): string {
  const isOfMachine = service.account !== undefined;
  const sections = [
    unitSection(service),
    [
      '[Service]',
      ...(isOfMachine ? [`User=${service.account}`] : []),
      `Environment=${quoted(`PATH=${searchPath(service)}`)}`,
      'Type=notify',
      // A database that is brought to a new version may take longer than other services do.
      'TimeoutStartSec=10min',
      `ExecStart=${serviceCommand(service).map(inCommand).join(' ')}`,
      'ExecReload=/bin/kill -HUP $MAINPID',
      'Restart=on-failure',
      'RestartSec=5',
      'UMask=0077',
      'NoNewPrivileges=yes',
      ...(isOfMachine ? confinement(service) : []),
    ],
    ['[Install]', `WantedBy=${isOfMachine ? 'multi-user.target' : 'default.target'}`],
  ];
  return `${serviceMark}\n${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function unitSection({ job, home }: Service): string[] {
  return [
    '[Unit]',
    `Description=${titles[job]}`,
    'Documentation=man:holdfast(1)',
    'Wants=network-online.target',
    'After=network-online.target',
    `RequiresMountsFor=${quoted(home)}`,
    `AssertPathExists=${quoted(join(home, 'home.json'))}`,
  ];
}

/**
 * What keeps a service of the machine from everything else. Node compiles while it runs, so `MemoryDenyWriteExecute` is not
 * among it. An agent reads every file whoever owns it, and so sees the homes of users; it writes to none.
 */
function confinement({ job, home, writable }: Service): string[] {
  const reads = job === 'agent';
  return [
    `CapabilityBoundingSet=${reads ? 'CAP_DAC_READ_SEARCH' : ''}`,
    `AmbientCapabilities=${reads ? 'CAP_DAC_READ_SEARCH' : ''}`,
    'ProtectSystem=strict',
    `ReadWritePaths=${[home, ...writable].map(quoted).join(' ')}`,
    `ProtectHome=${reads || isBelowHomes(home) ? 'read-only' : 'yes'}`,
    'PrivateTmp=yes',
    'PrivateDevices=yes',
    'ProtectClock=yes',
    'ProtectControlGroups=yes',
    'ProtectHostname=yes',
    'ProtectKernelLogs=yes',
    'ProtectKernelModules=yes',
    'ProtectKernelTunables=yes',
    'ProtectProc=invisible',
    'RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK',
    'RestrictNamespaces=yes',
    'RestrictRealtime=yes',
    'RestrictSUIDSGID=yes',
    'LockPersonality=yes',
    'RemoveIPC=yes',
    'SystemCallArchitectures=native',
    'SystemCallFilter=@system-service',
    'SystemCallFilter=~@privileged',
    // Files are given to the group that a keystore is shared with; nobody gets more than its capabilities allow.
    'SystemCallFilter=@chown',
    'SystemCallErrorNumber=EPERM',
  ];
}

function isBelowHomes(path: string): boolean {
  return /^\/(?:home|root|run\/user)(?:\/|$)/.test(path);
}

/** Writes the same for OpenRC (openrc-run(8)). */
export function openrcScript(service: Service): string {
  const [program = '', ...rest] = serviceCommand(service);
  return `#!/sbin/openrc-run
${serviceMark}
description=${inShell(titles[service.job])}
command=${inShell(program)}
command_args=${inShell(rest.map(inShell).join(' '))}
command_user=${inShell(service.account ?? 'root')}
command_background=yes
pidfile="/run/\${RC_SVCNAME}.pid"
umask=077
export PATH=${inShell(searchPath(service))}

depend() {
  need localmount
  want net
}
`;
}

/** Writes the line of a crontab that starts the service with the machine (crontab(5)). */
export function cronLine(service: Service): string {
  const command = serviceCommand(service).map(inShell).join(' ');
  // A percent sign ends the command there, whatever stands around it.
  return `@reboot PATH=${inShell(searchPath(service))} ${command}`.replaceAll('%', String.raw`\%`);
}

/** Where programs are looked for: first beside the Node that was found. */
function searchPath({ nodeDirectory }: Service): string {
  return [...new Set([nodeDirectory ?? [], '/usr/local/bin', '/usr/bin', '/bin'].flat())].join(':');
}

/** One word of a setting, as systemd reads it (systemd.syntax(7)); `%` begins a specifier there. */
function quoted(word: string): string {
  const escaped = word.replaceAll('%', '%%');
  return /^[\w@%+=:,./$-]+$/.test(escaped) ? escaped : JSON.stringify(escaped);
}

/** The same in a command line, where `$` begins a variable (systemd.service(5)). */
function inCommand(word: string): string {
  return quoted(word.replaceAll('$', '$$$$'));
}

function inShell(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
