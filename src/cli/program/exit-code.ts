import { type ErrorCode, HoldfastError } from '../../base/index.ts';

/** What a process ends with; the list stands in `docs/reference/commands.md`. */
export const exitCode = {
  done: 0,
  failed: 1,
  usage: 2,
  someFilesUnread: 3,
  repositoryMissing: 10,
  repositoryLocked: 11,
  wrongKey: 12,
  connection: 20,
  certificate: 21,
  name: 22,
  refused: 23,
  interrupted: 130,
} as const;

/** The codes that end a command with something else than 1. */
const byCode: Partial<Record<ErrorCode, number>> = {
  usage: exitCode.usage,
  settings_invalid: exitCode.usage,
  input_invalid: exitCode.usage,
  interrupted: exitCode.interrupted,
  repository_missing: exitCode.repositoryMissing,
  repository_gone: exitCode.repositoryMissing,
  repository_locked: exitCode.repositoryLocked,
  repository_wrong_key: exitCode.wrongKey,
  connection_failed: exitCode.connection,
  connection_lost: exitCode.connection,
  tls_failed: exitCode.connection,
  server_unavailable: exitCode.connection,
  database_unreachable: exitCode.connection,
  answer_malformed: exitCode.connection,
  certificate_expired: exitCode.certificate,
  certificate_not_yet_valid: exitCode.certificate,
  certificate_revoked: exitCode.certificate,
  issuer_revoked: exitCode.certificate,
  certificate_unknown_authority: exitCode.certificate,
  certificate_wrong_role: exitCode.certificate,
  certificate_wrong_network: exitCode.certificate,
  certificate_required: exitCode.certificate,
  certificate_not_allowed: exitCode.certificate,
  join_code_wrong_authority: exitCode.certificate,
  certificate_wrong_name: exitCode.name,
  refused_by_peer: exitCode.refused,
  join_code_unknown: exitCode.refused,
  join_code_used: exitCode.refused,
  join_code_expired: exitCode.refused,
  join_code_revoked: exitCode.refused,
  name_taken: exitCode.refused,
  name_reserved: exitCode.refused,
  request_not_allowed: exitCode.refused,
  rate_limited: exitCode.refused,
  queue_closed: exitCode.refused,
  request_denied: exitCode.refused,
  request_expired: exitCode.refused,
  name_not_permitted: exitCode.refused,
  key_weak: exitCode.refused,
  lint_failed: exitCode.refused,
  password_wrong: exitCode.wrongKey,
  password_missing: exitCode.wrongKey,
  recovery_kit_foreign: exitCode.wrongKey,
  escrow_missing: exitCode.wrongKey,
  escrow_unproven: exitCode.refused,
  append_only: exitCode.refused,
  namespace_forbidden: exitCode.refused,
  operation_forbidden: exitCode.refused,
};

/** The exit code for whatever a command threw. */
export function exitCodeOf(error: unknown): number {
  return error instanceof HoldfastError ? (byCode[error.code] ?? exitCode.failed) : exitCode.failed;
}
