import { type Static, Type } from 'typebox';
import { durationPattern, HoldfastError, isHoldfastError } from '../base/index.ts';
import { nearestWords, parseInput } from './parse-input.ts';
import { isPostQuantum, KeyExchangeGroup, strongestGroups, TlsVersion } from './tls-level.ts';

/** How a node dials the servers of its network, and whom it takes for one. */
export const ClientPolicy = Type.Object(
  {
    presentCertificate: Type.Boolean({
      description:
        'Whether this machine shows its certificate. Without it a bearer token names it, which it has to hold (client set-token), to listeners that do not require certificates; and its certificate is not renewed.',
      examples: ['off'],
    }),
    verifyServer: Type.Boolean({
      description:
        "Whether a server has to prove that it is one of the network, or of a root that was added for its name. While it is off anybody on the way can take the server's place.",
      examples: ['on'],
    }),
    revocation: Type.Union([Type.Literal('off'), Type.Literal('soft'), Type.Literal('hard')], {
      description:
        "Whether a server's certificate may have been revoked: by the answer that comes with the handshake, else by the addresses that the certificate names. `soft` goes on where nothing can be had, and says so; `hard` does not.",
      examples: ['hard'],
    }),
    minimumVersion: {
      ...TlsVersion,
      description: 'The oldest version of TLS that is spoken with a server.',
      examples: ['TLSv1.2'],
    },
    groups: Type.Array(KeyExchangeGroup, {
      minItems: 1,
      uniqueItems: true,
      description: 'The key-exchange groups that are offered, the preferred one first.',
      examples: ['X25519,P-256'],
    }),
    storage: Type.Array(Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,62}$' }), {
      maxItems: 16,
      uniqueItems: true,
      description:
        'Where this machine saves unless something else is said: names of storage nodes, and `server` for the server of the network. A backup goes to the first that answers before it begins; what is read is at the first. `none` is the server.',
      examples: ['vault1,server'],
    }),
    retryFor: Type.String({
      pattern: durationPattern,
      description:
        'How long a server that does not answer, or a line that is cut, is tried again before a command gives up.',
      examples: ['1h'],
    }),
    spool: Type.String({
      pattern: '^(0|[1-9][0-9]{0,5}(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB))$',
      description:
        'How much of versions of live sets may be kept on this machine while no server answers, which go up when one does; `0` for none. A twentieth of the disk stays free.',
      examples: ['50GB'],
    }),
    update: Type.Boolean({
      description:
        'Whether the agent of this machine installs a newer version that the network offers, by itself; otherwise it only says so.',
      examples: ['on'],
    }),
    'agent.drill': Type.String({
      pattern: '^(off|[1-9][0-9]{0,11}(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB))$',
      description:
        'How much the agent of this machine restores of each backup set in a week, to prove that it can be: so many bytes at most, and a hundredth of the set; `off` for nothing.',
      examples: ['200MB'],
    }),
    'agent.allow': Type.Array(
      Type.String({
        pattern: '^(backup|check|sets|grant|(restore|sets|hook|grant):/[^,;=\\u0000]*)$',
        maxLength: 200,
      }),
      {
        maxItems: 16,
        uniqueItems: true,
        description:
          'What a server may have the agent of this machine do: `backup`, its backup sets now; `restore:FOLDER`, a snapshot of its own below that folder; `check`, a check of its repository; `sets`, backup sets that the server sends, with `sets:FOLDER` of what is in that folder alone; `hook:FILE`, that program of this machine before or after such a set; `grant:FOLDER`, that another machine reads what was saved of that folder, with `grant` of all. All else is refused.',
        examples: ['backup,restore:/srv,sets:/home'],
      },
    ),
  },
  { additionalProperties: false },
);
export type ClientPolicy = Static<typeof ClientPolicy>;

/** What a machine does unless it was told otherwise: proves itself, asks for proof, TLS 1.3 alone, hybrid key exchange first. */
export const defaultClientPolicy: ClientPolicy = {
  presentCertificate: true,
  verifyServer: true,
  revocation: 'soft',
  minimumVersion: 'TLSv1.3',
  groups: [...strongestGroups],
  storage: [],
  retryFor: '15m',
  spool: '10GB',
  update: false,
  'agent.drill': '1GB',
  'agent.allow': [],
};

/**
 * A client's policy out of settings; what they do not name is as the default has it.
 *
 * @throws HoldfastError `settings_invalid`, also for one by which a bearer token would go to whoever answers
 */
export function parseClientPolicy(input: object): ClientPolicy {
  const policy = parseInput(ClientPolicy, { ...defaultClientPolicy, ...input }, 'client policy');
  if (policy.presentCertificate || policy.verifyServer) return policy;
  throw new HoldfastError(
    'settings_invalid',
    'presentCertificate and verifyServer cannot both be off: a bearer token would be told to whoever answers, who could use it',
    { hint: 'keep one of them on: holdfast client show' },
  );
}

/** A field of a client's policy. */
export type ClientKey = keyof ClientPolicy;

/** Every key, in the order of the documentation. */
export const clientKeys = Object.keys(defaultClientPolicy) as readonly ClientKey[];

/** What a list without an entry says. */
const nothing = 'none';

/** A value as it is typed and shown: `on` and `off`, a word, a list with commas or `none`. */
export function clientValueText(policy: ClientPolicy, key: ClientKey): string {
  const value = policy[key];
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (typeof value === 'string') return value;
  return value.length === 0 ? nothing : value.join(',');
}

/**
 * `policy` with what was typed for some keys; what depends on one another is checked when all are changed.
 * @throws HoldfastError `settings_invalid`; for an unknown key with those that look like it
 */
export function changeClientPolicy(
  policy: ClientPolicy,
  changes: readonly { readonly key: string; readonly value: string }[],
): ClientPolicy {
  const entries = changes.map(({ key, value }) => {
    const known = clientKeys.find((each) => each === key);
    if (known === undefined) throw unknownKey(key);
    return [known, readValue(known, value)];
  });
  return parseClientPolicy({ ...policy, ...Object.fromEntries(entries) });
}

/** A value that one of these can have is of the kind that the default has. */
function readValue(key: ClientKey, text: string): unknown {
  const sample = defaultClientPolicy[key];
  if (typeof sample === 'string') return text;
  if (typeof sample !== 'boolean' && text === nothing) return [];
  if (typeof sample !== 'boolean') return text.split(',').map((each) => each.trim());
  if (text === 'on' || text === 'off') return text === 'on';
  throw new HoldfastError('settings_invalid', `client policy: ${key} must be on or off, found ${text}`);
}

function unknownKey(key: string): HoldfastError {
  return new HoldfastError(
    'settings_invalid',
    `client policy has no key ${JSON.stringify(key.slice(0, 80))}`,
    {
      hint: `did you mean ${nearestWords(key, clientKeys).join(', ')}? holdfast client show lists them all`,
    },
  );
}

/** What a client's policy gives up that the default keeps, one sentence for each key, for `status`, the log and the server. */
export function weakerClientPolicy(policy: ClientPolicy): ReadonlyMap<ClientKey, string> {
  const { presentCertificate, verifyServer, revocation, minimumVersion, groups } = policy;
  const [first] = groups;
  const writable = policy['agent.allow'].filter((each) => each.startsWith('restore:'));
  const readable = policy['agent.allow'].filter((each) => /^grant(?::|$)/.test(each));
  const programs = policy['agent.allow'].filter((each) => each.startsWith('hook:'));
  return new Map<ClientKey, string>([
    ...said(
      'presentCertificate',
      !presentCertificate,
      'no certificate is shown, nor renewed: whoever has read the bearer token of this machine is this machine',
    ),
    ...said('verifyServer', !verifyServer, 'servers prove nothing: anybody on the way can take their place'),
    ...said('revocation', revocation === 'off', 'a revoked certificate of a server is not noticed'),
    ...said(
      'minimumVersion',
      minimumVersion !== 'TLSv1.3',
      `${minimumVersion} is spoken; the default is TLSv1.3`,
    ),
    ...said(
      'groups',
      first === undefined || !isPostQuantum(first),
      `no post-quantum key exchange is preferred; the first group is ${first}`,
    ),
    ...said(
      'agent.allow',
      writable.length + programs.length + readable.length > 0,
      [
        ...(writable.length > 0 ? [`writes to this machine: ${writable.join(', ')}`] : []),
        ...(readable.length > 0 ? [`reads what this machine has saved: ${readable.join(', ')}`] : []),
        ...(programs.length > 0 ? [`has it run programs of its own: ${programs.join(', ')}`] : []),
      ]
        .map((what) => `whoever holds its server ${what}`)
        .join('; '),
    ),
  ]);
}

/**
 * The header in which a client tells its servers what of its own policy is weaker than the default. It is his word only: it is
 * shown, and nothing is decided by it.
 */
export const clientPolicyHeader = 'holdfast-client-policy';

/** Longer than any that a client sends. */
const maxToldLength = 4000;

/** The value of that header: `verifyServer=off; groups=X25519,P-256`; undefined where nothing is weaker. */
export function tellClientPolicy(policy: ClientPolicy): string | undefined {
  const weaker = [...weakerClientPolicy(policy).keys()];
  if (weaker.length === 0) return undefined;
  return weaker.map((key) => `${key}=${clientValueText(policy, key)}`).join('; ');
}

/** The keys that such a header says to be weaker; none for anything else. */
export function readToldPolicy(value: unknown): readonly ClientKey[] {
  if (typeof value !== 'string' || value.length > maxToldLength) return [];
  const changes = value.split(';').map((part) => {
    const [key = '', text = ''] = part.trim().split('=', 2);
    return { key, value: text };
  });
  try {
    return [...weakerClientPolicy(changeClientPolicy(defaultClientPolicy, changes)).keys()];
  } catch (error) {
    if (isHoldfastError(error, 'settings_invalid')) return [];
    throw error;
  }
}

/** What one connection gives up that the default would not, in sentences; `protocol` and `group` as a connection says them. */
export function weakerConnection({
  protocol,
  group,
}: {
  readonly protocol: string;
  readonly group: string;
}): string[] {
  return [
    ...(protocol === 'TLS 1.3' ? [] : [`${protocol} and not TLS 1.3`]),
    ...(group.includes('MLKEM') ? [] : [`key exchange ${group} is not post-quantum`]),
  ];
}

function said(key: ClientKey, holds: boolean, sentence: string): [ClientKey, string][] {
  return holds ? [[key, sentence]] : [];
}
