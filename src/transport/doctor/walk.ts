import {
  type Clock,
  type ErrorCode,
  errorRow,
  type HoldfastError,
  isHoldfastError,
  type Secret,
} from '../../base/index.ts';
import type { Certificate, Identity } from '../../pki/index.ts';
import type { ClientPolicy } from '../../policy/index.ts';
import type { TrustBundle, ValidPath } from '../../trust/index.ts';
import type { Credentials } from '../secure-context.ts';
import type { Conversation } from './conversation.ts';
import type { Shaken } from './shake-hands.ts';

/** What this machine brings: who it is, and whom it believes. */
export interface OwnPart {
  readonly identity?: Identity;
  readonly credentials?: Credentials;
  /** The `Authorization` header that is shown in place of a certificate. */
  readonly authorization?: Secret<string>;
  /** Of no network where it has joined none, and believes others. */
  readonly bundle?: TrustBundle;
  /** How it dials; as machines do by default unless said. */
  readonly policy?: ClientPolicy;
  /** Why it cannot show who it is. */
  readonly problem?: HoldfastError;
}

/** What is examined, and by whom. */
export interface ExaminationOptions {
  /** `https://HOST:PORT`, or with a path the repository there. */
  readonly url: URL;
  readonly own: OwnPart;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Whether who examines shows no certificate by design, and looks no further than to where one would be needed. */
  readonly asStranger?: boolean;
}

/** An address of the server that takes connections. */
export interface Reached {
  readonly address: string;
  /** How long the connection took. */
  readonly ms: number;
}

/** What is known so far; each step adds to it. */
export interface Walk extends Omit<ExaminationOptions, 'own'> {
  /** As it was called, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Without credentials that cannot be shown. */
  own: OwnPart;
  readonly policy: ClientPolicy;
  addresses: readonly string[];
  reached: readonly Reached[];
  /** The handshake that came to its end. */
  shaken?: Shaken;
  /** The certificate of the server. */
  leaf?: Certificate;
  /** To whom it leads; undefined where nobody here can judge it. */
  path?: ValidPath;
  /** Who the server is, where it is one of the network. */
  server?: Identity;
  /** What is wrong with the time of the server's certificates, as long as the clocks are not compared. */
  untimely?: HoldfastError;
  /** Requests over the connection. */
  talk?: Conversation;
  /** Whether there is a repository that may be used. */
  hasRepository?: boolean;
  /** How long a megabyte took, where it got there in time. */
  megabyteMs?: number | 'slow';
}

/** One step: what it finds. What has `failed` ends the walk, unless the step is one to go on from. */
export interface Step {
  readonly name: StepName;
  readonly run: (walk: Walk) => Promise<readonly Found[]>;
  readonly goesOn?: true;
  /** Whether it is about who the server is, which a policy may pass over. */
  readonly isProof?: true;
}

/** What came of a walk. */
export interface Examination {
  readonly url: string;
  readonly findings: readonly Finding[];
  /** How long the walk took. */
  readonly ms: number;
}

/** The steps of the walk, in their order; before it, of a server's own machine, what its clients need of it. */
type StepName =
  | 'authority'
  | 'certificates'
  | 'store'
  | 'disk'
  | 'listeners'
  | 'machine'
  | 'name'
  | 'port'
  | 'speaks'
  | 'tls'
  | 'chain'
  | 'server name'
  | 'role'
  | 'revocation'
  | 'clock'
  | 'client'
  | 'rights'
  | 'space'
  | 'speed';

/** What a step found. */
export interface Finding {
  /** Of a link to another site, the direction and what was looked at. */
  readonly step: StepName | `${'there' | 'back'}: ${string}`;
  /** A `warning` keeps nobody from connecting; what `failed` does. */
  readonly level: 'ok' | 'warning' | 'failed';
  /** In one sentence. */
  readonly found: string;
  /** Of what is wrong: the same code as a plain command fails with; none of what is only weaker than the default. */
  readonly code?: ErrorCode;
  /** What to do about it. */
  readonly next?: string;
}

/** A finding whose step is known to whoever runs it. */
export type Found = Omit<Finding, 'step'>;

/** That something is as it should be. */
export function good(found: string): Found {
  return { level: 'ok', found };
}

/** What keeps a connection from coming about; the next step is that of the code unless said. */
export function bad(code: ErrorCode, found: string, next: string = errorRow(code).next): Found {
  return { level: 'failed', found, code, next };
}

/** What should be mended, and keeps nobody from connecting. */
export function poor(code: ErrorCode, found: string, next: string = errorRow(code).next): Found {
  return { level: 'warning', found, code, next };
}

/** What keeps nobody from connecting, and gives up what the default keeps. */
export function weaker(found: string, next: string): Found {
  return { level: 'warning', found, next };
}

/** What is wrong with the server, as a machine has it to which servers prove nothing: it connects all the same. */
export function letPass({ policy }: Pick<Walk, 'policy'>, each: Found): Found {
  if (policy.verifyServer || each.level !== 'failed') return each;
  const found = `${each.found}; this machine connects all the same, since verifyServer is off here`;
  return { ...each, level: 'warning', found, next: 'holdfast client set verifyServer on' };
}

/** What an error says, as a finding. @throws what nobody expected */
export function failed(error: unknown): Found {
  if (!isHoldfastError(error)) throw error;
  return bad(error.code, error.message, error.hint);
}
