import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import {
  HoldfastError,
  isRunning,
  makePrivateDirectory,
  processMark,
  systemErrorCode,
  withFileLock,
  writeFileAtomic,
} from '../../base/index.ts';

const AgentFile = Type.Object({
  format: Type.Literal(1),
  /** As `processMark` has it, where the system tells one process from the other. */
  process: Type.Optional(Type.String()),
  /** ISO 8601. */
  begun: Type.String(),
});

/** An agent that works in a home. */
export interface RunningAgent {
  readonly pid: number;
  readonly begun: string;
}

/**
 * Keeps that this process is the agent of a node's directory until that is disposed of. One that was killed holds nothing.
 * @throws HoldfastError `agent_running` with the id of the other one
 */
export async function holdAgent(directory: string, nowMs: number): Promise<AsyncDisposable> {
  await makePrivateDirectory(directory);
  const path = agentPath(directory);
  await withFileLock(join(directory, 'agent.lock'), async () => {
    const other = await findAgent(directory);
    if (other !== undefined)
      throw new HoldfastError('agent_running', `process ${other.pid} is the agent here since ${other.begun}`);
    const file = { format: 1, process: processMark(), begun: new Date(nowMs).toISOString() };
    await writeFileAtomic(path, `${JSON.stringify(file)}\n`);
  });
  return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
}

/** The agent that works in a node's directory now. */
export async function findAgent(directory: string): Promise<RunningAgent | undefined> {
  const kept = await readAgent(directory);
  if (kept?.process === undefined || !isRunning(kept.process)) return undefined;
  return { pid: Number.parseInt(kept.process, 10), begun: kept.begun };
}

/** What is damaged was left by nobody who runs: it is written whole. */
async function readAgent(directory: string): Promise<Static<typeof AgentFile> | undefined> {
  const text = await readFile(agentPath(directory), 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return '';
    throw error;
  });
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(AgentFile, value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function agentPath(directory: string): string {
  return join(directory, 'agent.json');
}
