import { type ErrorCode, HoldfastError, systemErrorCode } from '../../base/index.ts';

/** How ssh ended. */
export interface SshEnd {
  /** What it said on standard error. */
  readonly said: string;
  /** Why it could not be started, where it could not. */
  readonly cause?: unknown;
}

type Meaning = readonly [words: RegExp, code: ErrorCode, problem: string];

/** In the words of OpenSSH, which says nothing by its exit code. */
const meanings: readonly Meaning[] = [
  [/HOST IDENTIFICATION HAS CHANGED/i, 'ssh_host_changed', 'it has another host key than ssh knows of it'],
  [/Host key verification failed|host key is known/i, 'ssh_host_unknown', 'ssh does not know its host key'],
  [/Could not resolve hostname/i, 'host_not_found', 'nobody has this name'],
  [/Connection refused/i, 'connection_refused', 'nobody answers there'],
  [/No route to host|Network is unreachable/i, 'host_unreachable', 'no way leads there'],
  [
    /Connection timed out|Operation timed out/i,
    'connection_timed_out',
    'no connection, and no answer at all',
  ],
  [/subsystem request failed/i, 'sftp_missing', 'it takes ssh, and has no SFTP'],
  [/Permission denied|Too many authentication failures/i, 'ssh_refused', 'it does not let this user in'],
  [/Connection reset|Broken pipe/i, 'connection_reset', 'the connection was cut'],
  [/Connection closed|closed by remote host/i, 'connection_closed', 'the connection ended too early'],
];

/** What it means that ssh ended. */
export function sshFailure({ said, cause }: SshEnd, peer: string): HoldfastError {
  if (systemErrorCode(cause) === 'ENOENT')
    return new HoldfastError('ssh_missing', 'there is no program ssh on this machine', { cause });
  const [, code, problem] = meanings.find(([words]) => words.test(said)) ?? [
    undefined,
    'connection_closed',
    'the connection ended too early',
  ];
  const hint =
    code === 'ssh_host_unknown' ? `look at its key, and say yes where it is right: ssh ${peer}` : undefined;
  return new HoldfastError(code, `${peer}: ${problem}`, { hint, cause });
}
