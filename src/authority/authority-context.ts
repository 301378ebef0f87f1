import type { Clock } from '../base/index.ts';
import type { Database } from '../db/index.ts';
import type { AuditLog } from './audit-log.ts';
import type { Issuer } from './issuer.ts';

/** What every decision of the authority is made with. */
export interface AuthorityContext {
  readonly database: Database;
  readonly issuer: Issuer;
  readonly log: AuditLog;
  readonly clock: Clock;
}
