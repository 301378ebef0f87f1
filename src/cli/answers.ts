import { type TObject, type TProperties, type TSchema, Type } from 'typebox';
import { type Answer, operations, PresentWhen, TextOrNull, Time, TimeOrNull } from '../admin/index.ts';
import { drillResults, setStates } from '../agent/index.ts';
import { roles } from '../pki/index.ts';
import { ClientPolicy } from '../policy/index.ts';
import { statsModes } from '../repository/index.ts';

/** What a command prints with `--json`: one value, one value on each line (the last of them an `end`), or nothing. */
export type AnswerShape = TSchema | { readonly each: TSchema; readonly end?: TSchema } | undefined;

const { String: text, Integer: count, Boolean: flag } = Type;

const bytes = () => Type.Integer({ unit: 'bytes' });

const object = <Fields extends TProperties>(fields: Fields): TObject<Fields> => Type.Object(fields);
const texts = Type.Array(text());
const Place = text();
const policyOf = (name: 'policy.set' | 'policy.import') => operations[name].answer;

/** Of several shapes, each with what calls for it. */
function either(shapes: Readonly<Record<string, TSchema>>): TSchema {
  return Type.Union(Object.entries(shapes).map(([title, shape]) => Type.With(shape, { title })));
}

const Root = object({ fingerprint: text() });
const CertificateEnd = { serial: text(), notAfter: Time };
const NodeName = { network: text(), role: Type.Enum([...roles]), name: text() };

const Waiting = object({ for: text(), subject: text(), publicKeySha256: text(), since: Time });

const NewAuthority = object({ network: text(), root: Root, recoveryKit: Place, statusAddress: text() });

const AuthorityPath = object({ fingerprint: text(), subject: text(), notAfter: Time });

const KeysFile = object({
  file: Place,
  bytes: count(),
  keys: operations['ca.export-keys'].answer.properties.keys,
  notHeld: operations['ca.export-keys'].answer.properties.notHeld,
});

const LinkShares = Type.Union([Type.Literal('all'), texts]);

const OwnSite = object({
  site: text(),
  network: text(),
  root: text(),
  sequence: count(),
  addresses: texts,
  shares: LinkShares,
});

const TrustedSite = object({
  ...OwnSite.properties,
  networkRoot: text(),
  since: Time,
  by: Type.Enum(['pairing', 'files']),
  until: Time,
  trustsUs: flag(),
  knows: PresentWhen('it has said which number of this site it holds', count()),
  reached: PresentWhen('this side has reached it', Time),
  reachedBy: PresentWhen('it has reached this side', Time),
  trouble: PresentWhen('a link does not work', object({ code: text(), message: text(), since: Time })),
  missing: PresentWhen('something is missing so that both sides trust each other', text()),
});

const LinkStep = object({
  step: text(),
  ok: flag(),
  found: text(),
  code: PresentWhen('it has failed', text()),
  next: PresentWhen('it has failed', text()),
});

const Change = object({ key: text(), before: text(), now: text() });

const Reachability = object({
  reachable: texts,
  lost: texts,
  statusAddress: text(),
  statusLeadsHere: flag(),
});

const restored = {
  network: text(),
  keys: operations['ca.backup-keep'].answer.properties.keys,
  notHeld: texts,
  changes: Type.Array(Change),
  followers: Reachability,
};

const standing = {
  standing: Type.Enum(['restored', 'ready']),
  waitsFor: PresentWhen('it stands `restored`, and waits for its log', text()),
  epoch: PresentWhen('it is `ready`', count()),
  mirror: PresentWhen('the log of a mirror was taken', text()),
  counts: PresentWhen(
    'it is `ready`',
    object({
      records: count(),
      certificates: count(),
      revoked: count(),
      issuers: count(),
      lost: Type.Record(text(), count()),
    }),
  ),
  notes: PresentWhen('it is `ready`', texts),
  serverNames: PresentWhen('it is `ready`', texts),
};

const KeysRestored = object({
  ...restored,
  ...standing,
  home: Place,
  recoveryKit: Place,
  waits: flag(),
});

const Adoption = object({
  network: text(),
  statusAddress: text(),
  layout: TextOrNull,
  root: object({ fingerprint: text(), subject: text(), notAfter: Time }),
  outside: Type.Array(object({ fingerprint: text(), subject: text() })),
  imported: object({
    all: count(),
    valid: count(),
    expired: count(),
    revoked: count(),
    numbersAlone: count(),
  }),
  notes: texts,
  recoveryKit: PresentWhen('it was no dry run', Place),
});

const BackupSuccess = object({
  snapshot: text(),
  time: Time,
  files: count(),
  bytes: count(),
  unreadable: count(),
});

const BackupHistory = Type.Array(
  object({
    place: text(),
    attempt: object({
      begun: Time,
      state: Type.Enum(['done', 'failed', 'running', 'cut off']),
      ended: PresentWhen('it has ended', Time),
      code: PresentWhen('it has ended', text()),
      message: PresentWhen('it failed', text()),
      hint: PresentWhen('it failed', text()),
    }),
    success: PresentWhen('one ever succeeded', BackupSuccess),
  }),
);

const NodeStatus = object({
  ...NodeName,
  servers: texts,
  policy: ClientPolicy,
  weaker: texts,
  certificate: object({ ...CertificateEnd, fingerprint: text(), renewal: Time }),
  exports: Type.Array(object({ layout: text(), directory: Place })),
  escrows: Type.Array(object({ place: text(), fingerprint: text() })),
  lastBackup: PresentWhen('one to its own repository ever succeeded', BackupSuccess),
  connection: PresentWhen(
    'one was ever made',
    object({
      time: Time,
      server: text(),
      protocol: text(),
      cipher: text(),
      group: text(),
      certificate: PresentWhen('the connection was to a TLS listener', AuthorityPath),
      doubt: PresentWhen('the server did not prove to be one, and that was let pass', text()),
      weaker: texts,
    }),
  ),
  lastFailure: PresentWhen(
    'the newest attempt failed',
    object({
      time: Time,
      code: text(),
      message: text(),
      hint: PresentWhen('there is one', text()),
    }),
  ),
  stored: PresentWhen(
    'the server has said it',
    object({ time: Time, usedBytes: count(), quotaBytes: PresentWhen('there is a quota', count()) }),
  ),
});

const SetAttempt = object({
  begun: Time,
  live: flag(),
  result: Type.Enum(['ok', 'partial', 'failed', 'kept', 'running', 'cut off']),
  ended: PresentWhen('it has ended', Time),
  code: PresentWhen('it failed, or was kept here', text()),
  message: PresentWhen('it failed, or was kept here', text()),
  hint: PresentWhen('it failed, or was kept here', text()),
  sent: PresentWhen('versions that had waited went to the server first', count()),
  snapshot: PresentWhen('there is one', text()),
  files: PresentWhen('there is a snapshot', count()),
  bytes: PresentWhen('there is a snapshot', count()),
  added: PresentWhen('there is a snapshot', bytes()),
  unreadable: PresentWhen('there is a snapshot', count()),
  forgot: PresentWhen(
    'the set has a rule of which snapshots stay',
    object({
      removed: count(),
      freed: PresentWhen('space was freed, once a day at most', bytes()),
      code: PresentWhen('it could not be applied', text()),
      message: PresentWhen('it could not be applied', text()),
      hint: PresentWhen('it could not be applied', text()),
    }),
  ),
  hooks: Type.Array(
    object({ when: Type.Enum(['before', 'after']), file: Place, ended: text(), output: text() }),
  ),
});

const ServiceView = object({
  unit: text(),
  file: TextOrNull,
  active: text(),
  sub: text(),
  enabled: text(),
  pid: Type.Union([count(), Type.Null()]),
  restarts: count(),
});

const NoticeChannel = object({
  name: text(),
  kind: Type.Enum(['mail', 'webhook', 'command', 'ping']),
  to: text(),
  added: Time,
  set: PresentWhen('it is a watch of one set', text()),
  summary: PresentWhen('it gets one', Type.Enum(['daily', 'weekly'])),
  waiting: count(),
  problem: PresentWhen('the newest attempt to deliver failed', text()),
});

const WatchGap = Type.Enum(['overflow', 'mount', 'silent', 'limit']);

const DrillFound = {
  result: Type.Enum([...drillResults]),
  snapshot: PresentWhen('it got so far', text()),
  seed: count(),
  files: count(),
  compared: count(),
  bytes: count(),
  wrong: count(),
  code: PresentWhen('it could not be held', text()),
  message: PresentWhen('it could not be held', text()),
  hint: PresentWhen('it could not be held', text()),
};

const Drilled = object({
  set: text(),
  begun: Time,
  ended: Time,
  ...DrillFound,
  most: bytes(),
  problems: Type.Array(
    object({
      kind: Type.Enum(['damaged', 'different']),
      path: Place,
      message: text(),
      blob: PresentWhen('it is about a part of a file', text()),
    }),
  ),
});

const BackupSet = object({
  name: text(),
  id: text(),
  state: Type.Enum([...setStates]),
  since: Time,
  next: Time,
  waits: PresentWhen('it is due, and a condition keeps it', text()),
  running: flag(),
  paths: texts,
  every: text(),
  zone: text(),
  spread: text(),
  exclude: texts,
  excludeFile: texts,
  excludeCaches: flag(),
  tag: texts,
  repo: PresentWhen('it goes to another place than the own repository', Place),
  passwordFile: PresentWhen('one was named', Place),
  keep: PresentWhen('not all of its snapshots stay', text()),
  before: PresentWhen('a program runs before it', Place),
  after: PresentWhen('a program runs after it', Place),
  hookLimit: text(),
  live: flag(),
  watched: PresentWhen(
    'it is live, and an agent watches it',
    object({
      since: Time,
      directories: count(),
      fileSystems: count(),
      unwatched: Type.Array(object({ path: Place, why: WatchGap })),
      rescans: Type.Array(object({ time: Time, path: Place, why: WatchGap })),
    }),
  ),
  waiting: PresentWhen(
    'versions of it are kept here until the server answers, or found no room',
    object({
      versions: count(),
      bytes: count(),
      since: Time,
      tried: Time,
      code: text(),
      message: text(),
      refused: PresentWhen('the newest found no room', object({ time: Time, message: text() })),
    }),
  ),
  onMains: flag(),
  unmetered: flag(),
  between: PresentWhen('it begins between two times of day alone', text()),
  limitUpload: PresentWhen('it sends no faster', text()),
  limitDownload: PresentWhen('it fetches no faster', text()),
  last: PresentWhen('it ever ran', SetAttempt),
  sentBy: PresentWhen('the server sends it', text()),
  drill: PresentWhen(
    'it was ever drilled',
    object({
      ended: Time,
      ...DrillFound,
      found: PresentWhen('something was found wrong, or it could not be held', text()),
      proven: PresentWhen('a drill ever proved it', Time),
    }),
  ),
  unproven: PresentWhen('nothing has proven it for three weeks, though drills are to be held', Time),
});

const SentToClients = object({
  ...operations['set.send'].answer.properties,
  refusedBy: Type.Array(object({ node: text(), code: text(), message: text() })),
});
/** A set that is sent, as `set sent` shows it at the server. */
export type SentToClients = Answer<typeof SentToClients>;

const SentToHere = object({
  name: text(),
  sent: PresentWhen('it is understood', Time),
  by: PresentWhen('it is understood', text()),
  every: PresentWhen('it is understood', text()),
  paths: PresentWhen('it is understood', texts),
  refused: PresentWhen('it does not run', object({ code: text(), message: text(), hint: text() })),
});
/** A set that is sent, as `set sent` shows it on a machine. */
export type SentToHere = Answer<typeof SentToHere>;

const { authority, selfSigned, listeners, letIn, weakerNodes, store, bound, boundProblem, lostBindings } =
  operations.status.answer.properties;
const atAuthority = <Shape extends TSchema>(shape: Shape) =>
  PresentWhen('the home is that of an authority', shape);

const { order, outcome } = operations['job.show'].answer.properties;
const KeptJob = object({ id: count(), by: text(), order, begun: Time, outcome });

const Status = object({
  waiting: PresentWhen('the authority waits for its certificate from outside', Waiting),
  authority: atAuthority(authority),
  listeners: atAuthority(listeners),
  letIn: atAuthority(letIn),
  weakerNodes: atAuthority(weakerNodes),
  store: atAuthority(store),
  bound: atAuthority(bound),
  boundProblem: atAuthority(boundProblem),
  lostBindings: atAuthority(lostBindings),
  selfSigned: PresentWhen('the home is that of a server without an authority', selfSigned),
  nodes: atAuthority(operations['node.list'].answer),
  node: PresentWhen('this machine is a node of a network', NodeStatus),
  backups: BackupHistory,
  jobs: PresentWhen('the server ever wanted something of this machine', Type.Array(KeptJob)),
  sets: Type.Array(BackupSet),
  warnings: texts,
});

const Backup = object({
  snapshot: PresentWhen('it was no dry run', text()),
  skipped: PresentWhen('nothing had changed, and no snapshot was wanted then', flag()),
  parent: PresentWhen('it was compared with an earlier snapshot', text()),
  files: count(),
  filesNew: count(),
  filesChanged: count(),
  filesUnmodified: count(),
  bytes: count(),
  added: bytes(),
  mended: count(),
  missing: count(),
  unreadable: count(),
  withoutFiles: Type.Array(
    object({ path: Place, why: Type.Enum(['forbidden', 'excluded', 'emptied', 'empty']) }),
  ),
  seconds: Type.Number(),
});

const Snapshot = object({
  id: text(),
  time: Time,
  arrived: PresentWhen('the storage says when it came', Time),
  parent: PresentWhen('it was compared with an earlier one', text()),
  tree: text(),
  paths: texts,
  hostname: PresentWhen('the program that made it says so', text()),
  username: PresentWhen('the program that made it says so', text()),
  tags: PresentWhen('it was given some', texts),
  files: PresentWhen('the program that made it says so', count()),
  bytes: PresentWhen('the program that made it says so', count()),
});

const ForgottenSnapshot = {
  id: text(),
  time: Time,
  arrived: PresentWhen('the storage says when it came', Time),
};

const Amount = object({ blobs: count(), bytes: bytes() });

const Pruned = object({
  dryRun: flag(),
  used: Amount,
  unused: Amount,
  duplicate: Amount,
  packs: object({ kept: count(), repacked: count(), removed: count(), unlisted: count() }),
  moved: Amount,
  freedBytes: bytes(),
  remainingUnusedBytes: bytes(),
  keptPacks: count(),
});

const Forgotten = object({
  dryRun: flag(),
  groups: Type.Array(
    object({
      host: PresentWhen('they are grouped by it', text()),
      paths: PresentWhen('they are grouped by them', texts),
      tags: PresentWhen('they are grouped by them', texts),
      keep: Type.Array(object({ ...ForgottenSnapshot, reasons: texts })),
      remove: Type.Array(object(ForgottenSnapshot)),
    }),
  ),
  removed: texts,
  kept: texts,
  prune: PresentWhen('it was said with `--prune`, and something went', Pruned),
});

const Exported = { file: Place, format: Type.Enum(['pem', 'der', 'p7b']), certificates: count() };

const Anchor = {
  subject: text(),
  fingerprint: text(),
  speaksFor: text(),
  kind: Type.Enum(['root', 'certificate']),
  from: Type.Enum(['this machine', 'the network']),
};
const Anchors = Type.Array(object(Anchor));

const Collected = object({
  result: Type.Enum(['joined', 'completed', 'written']),
  serial: text(),
  fingerprint: text(),
  notAfter: Time,
  subject: text(),
  identity: PresentWhen("the certificate is an identity's", object(NodeName)),
});

const Submitted = object({
  server: text(),
  handle: text(),
  state: text(),
  identity: text(),
  expires: Time,
  leftOut: texts,
});

const Issued = object({
  identity: text(),
  serial: text(),
  fingerprint: text(),
  notAfter: Time,
  certificate: Place,
  key: Place,
});

const Script = object({ shell: Type.Enum(['bash', 'fish', 'zsh']), script: text() });
const Removed = object({ removed: text() });
const CertificateView = operations['cert.show'].answer;

const FileOfSnapshot = {
  path: Place,
  type: Type.Enum(['file', 'dir', 'symlink', 'dev', 'chardev', 'fifo', 'socket']),
  mode: Type.Integer({ unit: 'permission bits' }),
  uid: count(),
  gid: count(),
  size: bytes(),
  mtime: Time,
};
const InSnapshot = { snapshot: text(), snapshotTime: Time };

const DiffSide = object({
  files: count(),
  dirs: count(),
  others: count(),
  dataBlobs: count(),
  treeBlobs: count(),
  bytes: bytes(),
});

const Restored = object({
  snapshot: text(),
  target: Place,
  dryRun: flag(),
  files: count(),
  directories: count(),
  others: count(),
  bytes: count(),
  skipped: count(),
  skippedBytes: bytes(),
  removed: count(),
  problems: count(),
  unlistedPacks: count(),
  seconds: Type.Number(),
});

/** What each command prints with `--json`, by its path. A command has a row here, and a test holds real answers against it. */
export const answers = {
  up: object({
    network: text(),
    root: Root,
    server: object({ url: text(), protocol: text(), group: text() }),
    client: object({ name: text() }),
    snapshot: text(),
    backup: object({ files: count(), bytes: count(), added: bytes() }),
    verified: object({ files: count(), changed: count(), equal: flag(), lastRead: TimeOrNull }),
  }),
  backup: Backup,
  restore: {
    each: either({
      'at the end': Restored,
      'with `--dry-run`, of what would be done': object({
        path: Place,
        deed: Type.Enum(['restored', 'updated', 'removed']),
        size: bytes(),
      }),
    }),
    end: Restored,
  },
  snapshots: Type.Array(Snapshot),
  ls: { each: object(FileOfSnapshot) },
  find: {
    each: either({
      'of a file': object({ ...InSnapshot, ...FileOfSnapshot }),
      'with `--blob`, `--tree` or `--pack`': object({
        ...InSnapshot,
        path: Place,
        object: Type.Enum(['blob', 'tree']),
        id: text(),
        packs: texts,
      }),
    }),
  },
  dump: undefined,
  diff: {
    each: either({
      'of a difference': object({ path: Place, modifier: text() }),
      'at the end': object({
        before: text(),
        after: text(),
        changedFiles: count(),
        added: DiffSide,
        removed: DiffSide,
      }),
    }),
  },
  status: Status,
  doctor: Type.Array(
    object({
      url: text(),
      findings: Type.Array(
        object({
          step: text(),
          level: Type.Enum(['ok', 'warning', 'failed']),
          found: text(),
          code: PresentWhen('something is wrong', text()),
          next: PresentWhen('something is wrong', text()),
        }),
      ),
      ms: Type.Number(),
    }),
  ),
  join: object({
    ...NodeName,
    root: Root,
    servers: texts,
    certificate: object({ ...CertificateEnd, clipped: flag() }),
  }),
  recover: object({
    ...NodeName,
    server: text(),
    certificate: object(CertificateEnd),
    repository: text(),
    escrow: object({ fingerprint: text(), proof: text() }),
    snapshots: count(),
    removed: PresentWhen('the server says how many were removed and rest in its trash', count()),
    newest: PresentWhen('there is a snapshot', object({ id: text(), time: Time, paths: texts })),
  }),
  check: object({
    snapshots: count(),
    packs: count(),
    blobs: count(),
    trees: count(),
    files: count(),
    bytesRead: count(),
    damagedPacks: texts,
    errors: count(),
    hints: count(),
  }),
  drill: Type.Array(Drilled),
  'set add': BackupSet,
  'set list': Type.Array(BackupSet),
  'set show': object({ ...BackupSet.properties, attempts: Type.Array(SetAttempt) }),
  'set run': Backup,
  'set rename': object({ from: text(), to: text() }),
  'site generate': OwnSite,
  'site pair': {
    each: either({
      'a code that is made here': object({ code: text(), expires: Time }),
      'who has paired': object({
        site: text(),
        compare: text(),
        trusted: PresentWhen('a code was said', Type.Enum(['added', 'newer', 'same'])),
      }),
    }),
  },
  'site export': object({ site: text(), directory: Place, files: texts, private: texts }),
  'site apply': object({
    site: text(),
    trusted: Type.Enum(['added', 'newer', 'same']),
    network: text(),
    root: text(),
    sequence: count(),
  }),
  'site list': object({ own: OwnSite, sites: Type.Array(TrustedSite) }),
  'site test': object({ site: text(), there: Type.Array(LinkStep), back: Type.Array(LinkStep) }),
  'site regenerate': object({
    site: text(),
    root: text(),
    sequence: count(),
    told: texts,
    byHand: Type.Array(object({ site: text(), why: text() })),
  }),
  'site remove': object({ site: text(), root: text() }),
  'notice add': NoticeChannel,
  'notice list': Type.Array(NoticeChannel),
  'notice remove': object({ name: text() }),
  'notice test': object({ name: text(), id: text() }),
  'set remove': object({ name: text(), id: text(), attempts: count() }),
  'set send': operations['set.send'].answer,
  'set withdraw': operations['set.withdraw'].answer,
  'set sent': either({
    'at the server': Type.Array(SentToClients),
    'on a machine': Type.Array(SentToHere),
  }),
  'set refuse': object({ name: text(), refused: flag() }),
  'set accept': object({ name: text(), refused: flag() }),
  forget: Forgotten,
  prune: Pruned,
  copy: object({
    from: text(),
    to: text(),
    sameCuts: flag(),
    snapshots: Type.Array(
      object({
        source: text(),
        outcome: Type.Enum(['copied', 'present', 'absent']),
        id: PresentWhen('a snapshot of it is there', text()),
      }),
    ),
    blobs: count(),
    bytes: bytes(),
  }),
  tag: object({
    changed: Type.Array(object({ before: text(), id: text(), tags: texts, kept: flag() })),
    unchanged: count(),
  }),
  unlock: object({ removed: count(), kept: count() }),
  'repair index': object({
    packs: count(),
    blobs: count(),
    unreadablePacks: count(),
    lostPacks: count(),
    removed: texts,
    kept: texts,
  }),
  'repair snapshots': object({
    dryRun: flag(),
    snapshots: Type.Array(
      object({
        before: text(),
        outcome: Type.Enum(['repaired', 'lost']),
        id: PresentWhen('it is stored anew', text()),
        removed: flag(),
      }),
    ),
    sound: count(),
  }),
  stats: object({
    mode: Type.Enum([...statsModes]),
    snapshots: count(),
    bytes: bytes(),
    files: PresentWhen('the mode counts files', count()),
    blobs: PresentWhen('the mode counts blobs', count()),
    uncompressedBytes: PresentWhen('the mode is `raw-data`', bytes()),
  }),
  update: object({
    /** The version that runs. */
    runs: text(),
    offered: TextOrNull,
    /** Of the manifest. */
    sequence: Type.Union([count(), Type.Null()]),
    newer: flag(),
    done: Type.Enum(['nothing', 'downloaded', 'installed']),
    /** The one for this machine; null where nothing is newer, and with `--check`. */
    file: TextOrNull,
    bytes: Type.Union([bytes(), Type.Null()]),
    /** Where it is, or would be; null once it is installed. */
    path: TextOrNull,
    /** What installs it. */
    command: Type.Union([texts, Type.Null()]),
  }),
  nodes: operations['node.list'].answer,
  'release publish': operations['release.publish'].answer,
  'release list': operations['release.list'].answer,
  'release withdraw': operations['release.withdraw'].answer,
  'replicate add': operations['replicate.add'].answer,
  'replicate list': operations['replicate.list'].answer,
  'replicate remove': operations['replicate.remove'].answer,
  'replicate run': operations['replicate.run'].answer,
  'replicate status': operations['replicate.status'].answer,
  scrub: operations['scrub.status'].answer,
  'trash list': operations['trash.list'].answer,
  'trash restore': operations['trash.restore'].answer,
  'trash empty': object({ ...operations['trash.empty'].answer.properties, applied: flag() }),
  'node set': operations['node.bound'].answer,
  'node quarantine': operations['node.bound'].answer,
  'node release': operations['node.bound'].answer,
  'job start': operations['job.start'].answer,
  'job stop': operations['job.stop'].answer,
  'job list': operations['job.list'].answer,
  'job show': operations['job.show'].answer,
  'grant create': operations['grant.create'].answer,
  'grant list': operations['grant.list'].answer,
  'grant show': operations['grant.show'].answer,
  'grant revoke': operations['grant.revoke'].answer,
  'grant seal': object({
    id: count(),
    from: text(),
    to: text(),
    path: PresentWhen('it is of that file or folder alone', text()),
    expires: Time,
    certificate: text(),
    fingerprint: text(),
  }),
  'schedule add': operations['schedule.add'].answer,
  'schedule list': operations['schedule.list'].answer,
  'schedule remove': operations['schedule.remove'].answer,
  init: NewAuthority,
  serve: undefined,
  agent: undefined,
  mount: undefined,
  browse: undefined,
  'token create': either({
    '': operations['token.create'].answer,
    'with `--bearer`': operations['bearer.create'].answer,
  }),
  'token list': either({
    '': operations['token.list'].answer,
    'with `--bearer`': operations['bearer.list'].answer,
  }),
  'token revoke': either({
    'of a join code': operations['token.revoke'].answer,
    'of a bearer token': operations['bearer.revoke'].answer,
  }),
  'cert list': either({
    '': operations['cert.list'].answer,
    'with `--imported`': operations['cert.imported'].answer,
  }),
  'cert show': either({
    'by serial number': CertificateView,
    'of a file': Type.Array(CertificateView),
  }),
  'cert verify': operations['cert.verify'].answer,
  'cert renew': object({ renewed: flag(), ...CertificateEnd, fingerprint: text(), renewal: Time }),
  'cert revoke': either({
    'of a certificate or a node': operations['cert.revoke'].answer,
    'of an issuing certificate': operations['ca.revoke-issuer'].answer,
  }),
  'cert export': either({
    'into a directory': object({ directory: Place, layout: Type.Enum(['pem', 'restic', 'sesam']) }),
    'with `--list`': Type.Array(object({ layout: text(), directory: Place })),
    'with `--forget`': object({ forgotten: Place }),
    'with `--serial` or `--identity`': object({ ...Exported, ...CertificateView.properties }),
    'with `--layout sesam` at the authority': object({ files: texts }),
  }),
  'policy show': operations['policy.show'].answer,
  'policy set': policyOf('policy.set'),
  'policy export': object({ file: Place }),
  'policy import': object({ ...policyOf('policy.import').properties, applied: flag() }),
  'client show': object({
    policy: ClientPolicy,
    servers: texts,
    keys: Type.Array(
      object({
        key: text(),
        value: text(),
        default: text(),
        weaker: PresentWhen('it is weaker than the default', text()),
      }),
    ),
    bearerTokens: texts,
  }),
  'client set-token': object({ held: flag(), server: PresentWhen('it is held now', text()) }),
  'client set': object({
    changes: Type.Array(object({ key: text(), before: text(), after: text() })),
    weaker: texts,
  }),
  'client import': object({
    lines: Type.Array(object({ line: count(), says: text(), becomes: text() })),
    changes: Type.Array(object({ key: text(), value: text() })),
    server: TextOrNull,
    applied: flag(),
  }),
  'client set-server': object({ before: text(), server: text(), servers: texts }),
  'request create': either({
    '': object({
      friendlyName: text(),
      key: text(),
      subject: text(),
      names: texts,
      file: Place,
    }),
    'with `--submit`': Submitted,
  }),
  'request export': object({
    friendlyName: text(),
    file: Place,
    format: Type.Enum(['pem', 'p12']),
    certificate: PresentWhen('it went into a file of its own', Place),
    certificates: count(),
    copies: Type.Array(object({ file: Place, at: Time })),
  }),
  'request pending': either({
    '': Type.Array(
      object({
        friendlyName: text(),
        subject: text(),
        created: Time,
        server: PresentWhen('it was handed in', text()),
        handle: PresentWhen('it was handed in', text()),
        state: text(),
        expires: PresentWhen('the server has it', Time),
        reason: PresentWhen('whoever decided gave one', text()),
        problem: PresentWhen('the server was not reached', text()),
      }),
    ),
    'with `--forget`': object({ forgotten: text() }),
  }),
  'request submit': Submitted,
  'request collect': Collected,
  'request complete': object({
    friendlyName: text(),
    ...CertificateView.properties,
    certificates: count(),
  }),
  'request list': operations['request.list'].answer,
  'request show': operations['request.show'].answer,
  'request approve': object({
    ...operations['request.approve'].answer.properties,
    certificate: CertificateView,
  }),
  'request deny': operations['request.deny'].answer,
  'tls bind': object({
    kind: Type.Enum(['host', 'listener']),
    name: text(),
    ...CertificateEnd,
    fingerprint: text(),
    uncovered: texts,
  }),
  'tls list': object({
    bindings: Type.Array(
      object({
        kind: Type.Enum(['host', 'listener']),
        name: text(),
        ...CertificateView.properties,
      }),
    ),
    roots: operations['tls.list'].answer,
  }),
  'tls unbind': operations['tls.unbind'].answer,
  'trust add': Anchors,
  'trust accept': either({
    '': Anchors,
    'of one that is believed already': object({
      address: text(),
      fingerprint: text(),
      accepted: Type.Literal(false),
    }),
  }),
  'trust list': Anchors,
  'trust show': Type.Array(
    object({
      ...Anchor,
      issuer: text(),
      serial: text(),
      names: texts,
      notBefore: Time,
      notAfter: Time,
      accepted: PresentWhen('it was accepted at its address', Time),
    }),
  ),
  'trust remove': Removed,
  'trust install': object({
    installed: PresentWhen('it was no dry run', texts),
    steps: texts,
  }),
  'trust uninstall': object({ uninstalled: texts }),
  'ca show': either({
    '': operations['ca.show'].answer,
    'of one that waits for its certificate': object({ waiting: Waiting }),
  }),
  'ca create': either({
    '': NewAuthority,
    'with `--subordinate`': object({
      network: text(),
      statusAddress: text(),
      subject: text(),
      file: Place,
    }),
  }),
  'ca request': object({ subject: text(), file: Place }),
  'ca complete': object({
    ...operations['ca.complete'].answer.properties,
    recoveryKit: PresentWhen('it was the first certificate of the authority', Place),
  }),
  'ca adopt': Adoption,
  'ca export': object({ file: Place, certificates: count() }),
  'ca crl': either({
    '': operations['ca.crls'].answer,
    'of one issuer': object({
      label: text(),
      number: count(),
      signedAt: Time,
      nextUpdate: Time,
      revoked: count(),
      file: PresentWhen('it was written into one', Place),
    }),
  }),
  'ca backup': either({
    '': operations['ca.backup-keep'].answer,
    'with `--format p12`': KeysFile,
  }),
  'ca restore': either({
    '': object({ ...restored, ...standing }),
    'of keys alone': KeysRestored,
    'with `--dry-run`': object({
      ...restored,
      epoch: PresentWhen('the file is a backup of everything', count()),
      madeAt: PresentWhen('the file is a backup of everything', Time),
      log: PresentWhen('the file is a backup of everything', object({ sequence: count(), head: text() })),
      retired: PresentWhen('the file is a backup of everything', flag()),
      cannotFollow: texts,
    }),
    'of one that waited for its log': object({ network: text(), ...standing }),
  }),
  'ca rehearse': operations['ca.rehearse'].answer,
  'ca move': either({
    '': operations['ca.backup-keep'].answer,
    'with `--undo`': operations['ca.move-undo'].answer,
  }),
  'ca offline': object({
    ...operations['ca.offline'].answer.properties,
    crlUntil: Time,
    removed: texts,
  }),
  'ca online': operations['ca.online'].answer,
  'ca permit': operations['ca.permit'].answer,
  'ca clock accept': operations['ca.clock-accept'].answer,
  'keystore show': Type.Array(
    object({
      of: Type.Enum(['machine', 'authority']),
      files: Type.Array(object({ path: Place, mode: text(), uid: count(), gid: count() })),
      openedBy: Type.Enum(['stash', 'passphrase']),
      sharedWith: PresentWhen('it is shared with a group', text()),
      entries: Type.Array(object({ label: text(), holds: texts })),
      exposes: texts,
    }),
  ),
  'keystore share': object({
    group: TextOrNull,
    files: Type.Array(object({ path: Place, mode: text() })),
  }),
  'service install': object({
    steps: texts,
    state: PresentWhen('it was installed', ServiceView),
    files: PresentWhen(
      'nothing was installed: by --dry-run, or without systemd',
      object({ systemd: text(), openrc: text(), cron: text() }),
    ),
  }),
  'service status': object({
    manager: Type.Union([Type.Literal('systemd'), Type.Null()]),
    services: Type.Array(ServiceView),
  }),
  'service remove': object({ unit: text(), removed: TextOrNull }),
  'keystore rekey': object({ openedBy: Type.Enum(['stash', 'passphrase']) }),
  'key list': Type.Array(
    object({ id: text(), user: text(), host: text(), added: Time, inUse: flag(), ofKit: flag() }),
  ),
  'key add': object({ id: text() }),
  'key remove': object({ id: text() }),
  'key passwd': object({
    added: text(),
    removed: PresentWhen('it is on record which key was in use before', text()),
  }),
  'key kept': Type.Array(
    object({
      place: text(),
      repository: PresentWhen('it is known', text()),
      since: PresentWhen('it is known', Time),
      lastBackup: PresentWhen('one was made from here', object({ snapshot: text(), time: Time })),
      missed: PresentWhen(
        'a snapshot that this machine made was gone',
        object({ snapshot: text(), time: Time, seen: Time }),
      ),
      escrowed: flag(),
      fingerprint: PresentWhen('the second key is left at the server', text()),
    }),
  ),
  'store accept': operations['store.accept'].answer,
  'db migrate': object({
    rows: Type.Record(text(), count()),
    log: object({ sequence: count(), hash: text() }),
    aside: Place,
  }),
  'audit list': operations['audit.list'].answer.properties.records,
  'audit verify': operations['audit.verify'].answer,
  'audit export': object({ file: Place, records: count() }),
  'completion bash': Script,
  'completion fish': Script,
  'completion zsh': Script,
  'sm_ssl_cert ca': object({
    network: text(),
    root: Root,
    certificate: Place,
    key: Place,
    archive: texts,
  }),
  'sm_ssl_cert server': Issued,
  'sm_ssl_cert client': Issued,
  certutil: either({ 'with `-backup`': KeysFile, 'with `-restore`': KeysRestored }),
  dsmcert: either({ 'with `-add` or `-list`': Anchors, 'with `-delete`': Removed }),
} as const satisfies Readonly<Record<string, AnswerShape>>;

/** The value that a command prints: of many the last one, where that is another than each of them. */
export type AnswerOf<Path extends keyof typeof answers> = Printed<(typeof answers)[Path]>;

type Printed<Shape> = Shape extends { readonly end: infer End extends TSchema }
  ? Answer<End>
  : Shape extends { readonly each: infer One extends TSchema }
    ? Answer<One>
    : Shape extends TSchema
      ? Answer<Shape>
      : undefined;

/** What the command of a path prints; undefined for one that is not there, too. */
export function answerShape(path: string): AnswerShape {
  return (answers as Readonly<Record<string, AnswerShape>>)[path];
}
