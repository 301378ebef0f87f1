import { authorityDamaged, type Records } from '../../records/index.ts';
import type { LogRecord } from '../log-record.ts';
import {
  authorityClaims,
  backupClaims,
  issuerClaims,
  ocspSignerClaims,
  policyClaims,
  serverRootClaims,
} from './authority-claims.ts';
import {
  certificateClaims,
  importedClaims,
  outsideClaims,
  outsideStatusClaims,
} from './certificate-claims.ts';
import { grantClaims } from './grant-claims.ts';
import { jobClaims } from './job-claims.ts';
import {
  alarmClaims,
  bearerTokenClaims,
  clientBoundsClaims,
  escrowClaims,
  identityClaims,
  joinCodeClaims,
  requestClaims,
} from './node-claims.ts';
import { replicationClaims } from './replication-claims.ts';
import { scheduleClaims } from './schedule-claims.ts';
import { sentSetClaims } from './sent-set-claims.ts';

/** So many contradictions are named; the others are counted. */
const maxNamed = 5;

/** Holds the tables of an authority against its log, of which it is given one page after the other. */
export class RecordComparison {
  readonly #claims = [
    authorityClaims(),
    issuerClaims(),
    certificateClaims(),
    importedClaims(),
    outsideClaims(),
    outsideStatusClaims(),
    identityClaims(),
    joinCodeClaims(),
    bearerTokenClaims(),
    clientBoundsClaims(),
    alarmClaims(),
    jobClaims(),
    sentSetClaims(),
    scheduleClaims(),
    replicationClaims(),
    grantClaims(),
    policyClaims(),
    escrowClaims(),
    requestClaims(),
    serverRootClaims(),
    backupClaims(),
    ocspSignerClaims(),
  ];
  readonly #problems: string[] = [];

  /** Takes note of records, which follow on those before, and looks up what they speak of. */
  async note(page: readonly LogRecord[], records: Records): Promise<void> {
    for (const record of page) for (const { note } of this.#claims) note(record);
    for (const { lookUp } of this.#claims) this.#problems.push(...((await lookUp?.(records)) ?? []));
  }

  /**
   * Compares the rest, once the whole log was noted: within one transaction with its last page.
   * @throws HoldfastError `authority_damaged`, naming what the tables hold otherwise than the log says
   */
  async finish(records: Records): Promise<void> {
    for (const { compare } of this.#claims) this.#problems.push(...(await compare(records)));
    const { length } = this.#problems;
    if (length === 0) return;
    const more = length > maxNamed ? [`and ${length - maxNamed} more`] : [];
    throw authorityDamaged(
      `its records are not what its log says: ${[...this.#problems.slice(0, maxNamed), ...more].join('; ')}`,
    );
  }
}
