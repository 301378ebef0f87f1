import { type ErrorCode, errorRow, isHoldfastError } from '../../base/index.ts';

/** The steps of the walk, in their order. */
export type StepName =
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
  readonly step: StepName;
  /** A `warning` keeps nobody from connecting; what `failed` does. */
  readonly level: 'ok' | 'warning' | 'failed';
  /** In one sentence. */
  readonly found: string;
  /** Of what is wrong: the same code as a plain command fails with. */
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

/** What an error says, as a finding. @throws what nobody expected */
export function failed(error: unknown): Found {
  if (!isHoldfastError(error)) throw error;
  return bad(error.code, error.message, error.hint);
}
