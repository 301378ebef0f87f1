import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import { HoldfastError, systemErrorCode, versionPattern } from '../base/index.ts';
import { type Enrolment, SignedCheckpoint } from '../enrol/index.ts';
import { roles } from '../pki/index.ts';
import { ClientPolicy } from '../policy/index.ts';
import { writeSharedFile } from '../trust/index.ts';

/** What a node knows about itself and its network, besides what is in its keystore and trust bundle. */
const nodeStateSchema = Type.Object(
  {
    format: Type.Literal(1),
    network: Type.String(),
    role: Type.Enum([...roles]),
    name: Type.String(),
    /** `https://HOST:PORT` of the servers, tried in this order. */
    servers: Type.Array(Type.String(), { minItems: 1 }),
    statusAddress: Type.String(),
    /** Whom second repository keys are sealed to. */
    recoveryRecipient: Type.String(),
    /** The newest signed checkpoint of the authority's log that this node was shown. */
    checkpoint: SignedCheckpoint,
    /** Directories that are rewritten at each renewal. */
    exports: Type.Array(
      Type.Object({ layout: Type.Enum(['pem', 'restic', 'sesam']), directory: Type.String() }),
    ),
    /** A renewal after the end of the certificate, which waits for a person. */
    lateRenewal: Type.Optional(
      Type.Union([Type.Null(), Type.Object({ handle: Type.String(), server: Type.String() })]),
    ),
    /** From the first list on that a root's revocations are kept in: its file is missed when it is gone. */
    hasRootLists: Type.Optional(Type.Literal(true)),
    /** What was chosen of how this machine dials; the rest is as the default has it. */
    client: Type.Optional(Type.Partial(ClientPolicy)),
    /** The storage nodes of the network, as the server told last, and where they are: `https://HOST:PORT`. */
    storageNodes: Type.Optional(
      Type.Array(Type.Object({ name: Type.String(), servers: Type.Array(Type.String()) })),
    ),
    /** The server that somebody has chosen: it is tried before those that the network names. */
    chosenServer: Type.Optional(Type.String()),
    /** The newest snapshot all of whose content was read back and compared, and when some of it last was. */
    proven: Type.Optional(Type.Object({ snapshot: Type.String(), time: Type.String() })),
    /** The newest release of the network that this machine has seen, by the number of its manifest; the version is the highest. */
    release: Type.Optional(
      Type.Object({
        sequence: Type.Integer({ minimum: 1 }),
        version: Type.Union([Type.String({ pattern: versionPattern }), Type.Null()]),
      }),
    ),
    lastBackup: Type.Optional(
      Type.Object({
        snapshot: Type.String(),
        time: Type.String(),
        files: Type.Integer(),
        bytes: Type.Number(),
      }),
    ),
  },
  { additionalProperties: false },
);

export type NodeState = Static<typeof nodeStateSchema>;

/** An export that is remembered. */
export type ExportRecord = NodeState['exports'][number];

const stateFile = 'node.json';

/** What an enrolment or a renewal says about the network. */
export function enrolledState(
  enrolment: Enrolment,
): Pick<NodeState, 'servers' | 'statusAddress' | 'recoveryRecipient' | 'checkpoint'> {
  const { servers, statusAddress, recoveryRecipient, checkpoint } = enrolment;
  return { servers: [...servers], statusAddress, recoveryRecipient, checkpoint };
}

/** The servers that a network names, with the one that was chosen here before them. */
export function withChosen(
  { chosenServer }: Pick<NodeState, 'chosenServer'>,
  servers: readonly string[],
): string[] {
  return chosenServer === undefined
    ? [...servers]
    : [chosenServer, ...servers.filter((server) => server !== chosenServer)];
}

/** Where the state is in a node's directory. */
export function nodeStatePath(directory: string): string {
  return join(directory, stateFile);
}

/** The state in a node's directory, or undefined when this machine has joined no network. */
export async function readNodeState(directory: string): Promise<NodeState | undefined> {
  const path = nodeStatePath(directory);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? undefined : parseState(text, path);
}

/** Replaces the state, whole or not at all. */
export async function writeNodeState(directory: string, state: NodeState): Promise<void> {
  await writeSharedFile(nodeStatePath(directory), `${JSON.stringify(state, undefined, 2)}\n`);
}

function parseState(text: string, path: string): NodeState {
  try {
    const value: unknown = JSON.parse(text);
    if (Check(nodeStateSchema, value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new HoldfastError('settings_invalid', `${path} is damaged or of another version`, {
    hint: 'join again with a reissue code: holdfast token create --reissue NAME at the server',
  });
}
