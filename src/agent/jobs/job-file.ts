import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { HoldfastError, systemErrorCode, writeFileAtomic } from '../../base/index.ts';
import { JobOrder, JobOutcome } from '../../enrol/index.ts';

/** A job that this machine has begun, or refused. Which one it is say its number and when it was made. */
const KeptJob = Type.Object({
  id: Type.Integer(),
  created: Type.String(),
  by: Type.String(),
  order: JobOrder,
  /** ISO 8601. */
  begun: Type.String(),
  outcome: Type.Optional(JobOutcome),
  /** Whether the server knows what it came to. */
  told: Type.Boolean(),
});
export type KeptJob = Static<typeof KeptJob>;

const JobFile = Type.Object({ format: Type.Literal(1), jobs: Type.Array(KeptJob) });

/** Of those that the server knows the end of. */
const maxKept = 200;

/**
 * The jobs in a node's directory that were begun, the oldest first.
 * @throws HoldfastError `settings_invalid` for a damaged file: what was done is not known then
 */
export async function readJobs(directory: string): Promise<readonly KeptJob[]> {
  const path = jobFilePath(directory);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? [] : parseJobs(text, path);
}

/** Keeps how a job stands, durably, in the place of how it stood; for the agent alone. */
export async function keepJob(directory: string, job: KeptJob): Promise<void> {
  const jobs = await readJobs(directory);
  const others = jobs.filter((each) => !isSameJob(each, job));
  await writeJobs(directory, [...others, job]);
}

/** Forgets one that was never begun. */
export async function forgetJob(directory: string, job: Pick<KeptJob, 'id' | 'created'>): Promise<void> {
  const jobs = await readJobs(directory);
  await writeJobs(
    directory,
    jobs.filter((each) => !isSameJob(each, job)),
  );
}

/** Whether two are one and the same job. */
export function isSameJob(
  one: Pick<KeptJob, 'id' | 'created'>,
  other: Pick<KeptJob, 'id' | 'created'>,
): boolean {
  return one.id === other.id && one.created === other.created;
}

async function writeJobs(directory: string, jobs: readonly KeptJob[]): Promise<void> {
  const surplus = jobs.filter(({ told }) => told).length - maxKept;
  const gone = new Set(jobs.filter(({ told }) => told).slice(0, Math.max(0, surplus)));
  const kept = jobs.filter((job) => !gone.has(job));
  await writeFileAtomic(jobFilePath(directory), `${JSON.stringify({ format: 1, jobs: kept })}\n`);
}

function jobFilePath(directory: string): string {
  return join(directory, 'jobs.json');
}

function parseJobs(text: string, path: string): readonly KeptJob[] {
  try {
    const value: unknown = JSON.parse(text);
    if (Value.Check(JobFile, value)) return value.jobs;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new HoldfastError('settings_invalid', `${path} is damaged or of another version`, {
    hint: 'which jobs of the server were done is not known; to begin anew, move the file away',
  });
}
