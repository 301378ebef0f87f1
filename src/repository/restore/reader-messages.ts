import type { ContentRun, RunPurpose, RunResult } from './content-run.ts';

/** One message to a worker. */
export interface ReaderTask {
  readonly number: number;
  readonly run: ContentRun;
  readonly purpose: RunPurpose;
}

/** A worker's answer. */
export interface ReaderAnswer {
  readonly number: number;
  readonly result: RunResult;
}
