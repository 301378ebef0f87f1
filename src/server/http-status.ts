import { type ErrorCode, isHoldfastError, isSystemError, systemErrorHint } from '../base/index.ts';

/** The HTTP status of every code that reaches a peer with something else than 500. */
const byCode: Partial<Record<ErrorCode, number>> = {
  input_invalid: 400,
  der_malformed: 400,
  pem_malformed: 400,
  request_malformed: 400,
  request_signature_invalid: 400,
  object_corrupt: 400,
  certificate_required: 401,
  append_only: 403,
  certificate_expired: 403,
  certificate_not_yet_valid: 403,
  certificate_revoked: 403,
  certificate_unknown_authority: 403,
  certificate_wrong_role: 403,
  certificate_wrong_network: 403,
  certificate_not_allowed: 403,
  join_code_malformed: 400,
  join_code_unknown: 403,
  join_code_used: 403,
  join_code_expired: 403,
  join_code_revoked: 403,
  name_taken: 403,
  name_reserved: 403,
  name_invalid: 400,
  namespace_forbidden: 403,
  object_exists: 403,
  operation_forbidden: 403,
  request_not_allowed: 403,
  object_name_invalid: 404,
  object_not_found: 404,
  operation_unknown: 404,
  repository_missing: 404,
  already_revoked: 409,
  range_not_satisfiable: 416,
  queue_closed: 403,
  request_unknown: 404,
  request_pending: 202,
  request_denied: 403,
  request_expired: 403,
  name_not_permitted: 403,
  key_weak: 403,
  key_malformed: 400,
  key_unsupported: 403,
  signature_unsupported: 403,
  lint_failed: 403,
  rate_limited: 429,
  clock_wrong: 503,
  issuer_ending: 503,
  issuer_revoked: 403,
  root_offline: 503,
  authority_restored: 503,
  authority_superseded: 503,
  authority_retired: 503,
  storage_full: 507,
  database_unreachable: 503,
  store_missing: 503,
};

/** The status to answer whatever a handler threw. */
export function httpStatusOf(error: unknown): number {
  return isHoldfastError(error) ? (byCode[error.code] ?? 500) : 500;
}

/** What a caller is told of a failure. */
export interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/**
 * What is told of `error`: an expected refusal in full, of what is wrong with the server itself its code at most. Paths
 * and the like, and what the system refused, are in its log, and told to `administrators` alone; a bug is told to nobody.
 */
export function errorBody(error: unknown, to: 'administrators' | 'peers'): ErrorBody {
  if (to === 'administrators' && isSystemError(error))
    return { code: error.code ?? 'internal', message: error.message, hint: systemErrorHint };
  if (!isHoldfastError(error)) return { code: 'internal', message: failed };
  const { code, message, hint } = error;
  if (to === 'peers' && httpStatusOf(error) >= 500) return { code, message: failed };
  return { code, message, hint };
}

const failed = 'the server failed; its log says why';
