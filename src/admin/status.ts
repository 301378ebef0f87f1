import { access } from 'node:fs/promises';
import { Type } from 'typebox';
import type { AuthorityStatus, CertificateStatus } from '../authority/index.ts';
import { errorRow, isHoldfastError, systemErrorHint } from '../base/index.ts';
import type { AdminContext, BoundCertificate } from './admin-context.ts';
import { type Answer, PresentWhen, TextOrNull, Time } from './answer.ts';
import { BackupProblem } from './backups.ts';

const CertificateState = Type.Object({
  /** `root-1`, `issuing-1`. */
  label: Type.String(),
  fingerprint: Type.String(),
  notAfter: Time,
  /** Whole days; negative once it has ended. */
  daysLeft: Type.Integer(),
});

const AuthorityState = Type.Object({
  network: Type.String(),
  epoch: Type.Integer(),
  /** Whether it may work, and why not. */
  standing: Type.String(),
  statusAddress: Type.String(),
  root: CertificateState,
  issuing: CertificateState,
  /** Identities with a certificate that can be used now, by role. */
  nodes: Type.Record(Type.String(), Type.Integer()),
  /** Those whose last certificate ends within a week, soonest first, at most 100. */
  ending: Type.Array(Type.Object({ role: Type.String(), name: Type.String(), notAfter: Time })),
  liveJoinCodes: Type.Integer(),
  /** Requests that nobody has decided on. */
  waitingRequests: Type.Integer(),
  escrowedRepositories: Type.Integer(),
  /** Copies of the authority itself. */
  backup: Type.Object({
    /** The newest on record, wherever it went. */
    newest: PresentWhen(
      'one was ever made',
      Type.Object({
        id: Type.Integer(),
        place: Type.String(),
        name: Type.String(),
        madeAt: Time,
        bytes: Type.Integer(),
        sequence: Type.Integer(),
        holdsRoot: Type.Boolean(),
        rehearsedAt: PresentWhen('it was rehearsed', Time),
        problem: PresentWhen('the rehearsal found one', BackupProblem),
      }),
    ),
    /** Whether they are made by themselves. */
    scheduled: Type.Boolean(),
    dueAt: Time,
  }),
  log: Type.Object({ sequence: Type.Integer(), hash: Type.String() }),
  /** Copies of the log outside this home. */
  mirrors: Type.Array(
    Type.Object({
      name: Type.String(),
      /** The last record that it has; 0 when that is not known. */
      sequence: Type.Integer(),
      /** Whether it can be read and has everything that was recorded when this was asked. */
      current: Type.Boolean(),
      problem: PresentWhen('it could not be written or read the last time', Type.String()),
    }),
  ),
  /** Those of the network who were refused at the gate in the last day, at most 20. */
  refused: PresentWhen(
    'the server is new enough to say it',
    Type.Array(Type.Object({ by: Type.String(), code: Type.String(), times: Type.Integer(), last: Time })),
  ),
  /** How often something was refused in the last day, to anybody, by its code. */
  refusals: PresentWhen(
    'the server is new enough to say it',
    Type.Array(Type.Object({ code: Type.String(), times: Type.Integer() })),
  ),
  /** Sentences about what wants doing. */
  warnings: Type.Array(Type.String()),
});

/** The certificate of a server that has no authority. */
export const SelfSignedState = Type.Object({
  fingerprint: Type.String(),
  notAfter: Time,
  /** Where it lies on the server's machine, in PEM. */
  file: Type.String(),
  /** Sentences about what wants doing. */
  warnings: Type.Array(Type.String()),
});

/** How the network's authority and its server are. */
export const StatusAnswer = Type.Object({
  /** Undefined where a server has none. */
  authority: Type.Optional(AuthorityState),
  /** What it shows then. */
  selfSigned: Type.Optional(SelfSignedState),
  /** Empty when no server runs. */
  listeners: Type.Array(
    Type.Object({
      name: Type.String(),
      url: Type.String(),
      services: Type.Array(Type.String()),
      clientCertificate: Type.String(),
      /** Of a TLS listener; an older server does not say. */
      minimumVersion: PresentWhen('it is a TLS listener', Type.String()),
      groups: PresentWhen('it is a TLS listener', Type.Array(Type.String())),
      /** What is weaker than the default, in sentences; empty when nothing is. */
      weaker: Type.Array(Type.String()),
    }),
  ),
  /** Who came without a good certificate in the last day and was let in by a bearer token. */
  letIn: PresentWhen(
    'the server is new enough to say it',
    Type.Array(
      Type.Object({
        listener: Type.String(),
        by: Type.String(),
        /** What was wrong with the certificate: `certificate_required` where there was none. */
        cause: Type.String(),
        /** Connections. */
        times: Type.Integer(),
        first: Time,
        last: Time,
      }),
    ),
  ),
  /** Nodes that say to dial by less than the default, at most 100. */
  weakerNodes: PresentWhen(
    'the server is new enough to say it',
    Type.Array(Type.Object({ by: Type.String(), keys: Type.Array(Type.String()) })),
  ),
  /** Where repositories are kept; `problem` says why none is stored or given out, and what to do. */
  store: PresentWhen(
    'the server is new enough to say it',
    Type.Object({ directory: Type.String(), problem: TextOrNull }),
  ),
  /** Certificates from elsewhere that the server shows. */
  bound: PresentWhen(
    'the server is new enough to say it',
    Type.Array(
      Type.Object({
        target: Type.String(),
        notAfter: Time,
        state: Type.Enum(['good', 'ending', 'ended']),
      }),
    ),
  ),
  /** Why those of before are shown in place of what is bound; an older server does not say. */
  boundProblem: Type.Optional(TextOrNull),
  /** Hosts and listeners whose certificates the log has and the keystore of the machine has not; an older server does not say. */
  lostBindings: Type.Optional(Type.Array(Type.String())),
});

const maxWeaker = 100;

/** Looks at authority, listeners and whether the recovery kit still lies where it was written. */
export async function showStatus(context: AdminContext): Promise<Answer<typeof StatusAnswer>> {
  const { authority, recoveryKitPath } = context;
  const kitIsThere = await access(recoveryKitPath).then(
    () => true,
    () => false,
  );
  const status = await authority.status(kitIsThere ? { kitPath: recoveryKitPath } : {});
  return {
    authority: stateOf(status),
    ...(await serverParts(context)),
    weakerNodes: (await authority.nodes.weaker(maxWeaker)).map(({ role, name, weaker }) => ({
      by: `${role}/${name}`,
      keys: [...weaker],
    })),
    ...(await boundParts(context)),
  };
}

/** What of certificates from elsewhere a server shows, and which of them it does not. */
export async function boundParts(
  context: Pick<AdminContext, 'bindings' | 'bindingProblem'>,
): Promise<Pick<Answer<typeof StatusAnswer>, 'bound' | 'boundProblem' | 'lostBindings'>> {
  const { bound, lost, unread } = await boundOf(context);
  return {
    bound,
    boundProblem: unread === undefined ? null : sentenceOf(unread),
    lostBindings: lost,
  };
}

/** A keystore that cannot be read is a finding, also before the server has tried, and no reason to say nothing else. */
async function boundOf({
  bindings,
  bindingProblem,
}: Pick<AdminContext, 'bindings' | 'bindingProblem'>): Promise<{
  readonly bound: BoundCertificate[];
  readonly lost: string[];
  readonly unread?: Error;
}> {
  const unread = bindingProblem();
  if (unread !== undefined) return { bound: [], lost: [], unread };
  try {
    return { bound: [...(await bindings.list())], lost: [...(await bindings.lost())] };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { bound: [], lost: [], unread: error };
  }
}

/** What was found, and what to do about it. */
function sentenceOf(error: Error): string {
  const next = isHoldfastError(error) ? (error.hint ?? errorRow(error.code).next) : systemErrorHint;
  return `${error.message}: ${next}`;
}

/** How a server is, with an authority or without one. */
export async function serverParts({
  listeners,
  letIn,
  store,
}: Pick<AdminContext, 'listeners' | 'letIn' | 'store'>): Promise<
  Pick<Answer<typeof StatusAnswer>, 'listeners' | 'letIn' | 'store'>
> {
  const missing = await store.problem();
  const problem = missing === undefined ? null : sentenceOf(missing);
  return {
    listeners,
    letIn: letIn().map(({ first, last, ...peer }) => ({
      ...peer,
      first: first.toISOString(),
      last: last.toISOString(),
    })),
    store: { directory: store.directory, problem },
  };
}

function stateOf(status: AuthorityStatus): Answer<typeof AuthorityState> {
  const { root, issuing, ending, backup, refused } = status;
  return {
    ...status,
    root: certificateOf(root),
    issuing: certificateOf(issuing),
    ending: ending.map(({ notAfter, ...node }) => ({ ...node, notAfter: notAfter.toISOString() })),
    backup: {
      scheduled: backup.scheduled,
      dueAt: backup.dueAt.toISOString(),
      newest: backup.newest && newestOf(backup.newest),
    },
    refused: refused.map(({ last, ...peer }) => ({ ...peer, last: last.toISOString() })),
  };
}

function certificateOf({ notAfter, ...rest }: CertificateStatus): Answer<typeof CertificateState> {
  return { ...rest, notAfter: notAfter.toISOString() };
}

function newestOf({
  madeAt,
  rehearsedAt,
  problem,
  ...rest
}: NonNullable<AuthorityStatus['backup']['newest']>): Answer<typeof AuthorityState>['backup']['newest'] {
  return {
    ...rest,
    madeAt: madeAt.toISOString(),
    rehearsedAt: rehearsedAt?.toISOString(),
    problem: problem && { ...problem, at: problem.at.toISOString() },
  };
}
