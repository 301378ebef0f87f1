import type { Queries } from '../../db/index.ts';
import { CertificateNameRecords } from './certificate-filter.ts';
import { CertificateRecords } from './certificates.ts';
import { ClientAlarmRecords, ClientDayRecords, ClientUsageRecords } from './client-activity.ts';
import { ClientBoundsRecords } from './client-bounds.ts';
import { BackupRecords, MirrorRecords } from './copies.ts';
import { CrlRecords, OcspSignerRecords } from './crl-ocsp.ts';
import { EscrowRecords } from './escrows.ts';
import { GrantRecords } from './grants.ts';
import { IdentityRecords } from './identities.ts';
import { ImportedCertificateRecords } from './imported-certificates.ts';
import { IssuerRecords, OutsideCertificateRecords, OutsideStatusRecords } from './issuers.ts';
import { JobRecords } from './jobs.ts';
import { LogRecords } from './log.ts';
import { NodeReportRecords } from './node-reports.ts';
import { PolicyRecords, ServerRootRecords } from './policy.ts';
import { ReplicationRecords } from './replications.ts';
import { RequestRecords } from './requests.ts';
import { ScheduleRecords } from './schedules.ts';
import { SentSetRecords } from './sent-sets.ts';
import { SightingRecords } from './sightings.ts';
import { StateRecords } from './state.ts';
import { StorageReportRecords } from './storage-reports.ts';
import { BearerTokenRecords, JoinCodeRecords } from './tokens.ts';

/**
 * What is on record, table by table, as whoever asks sees it: a transaction its own changes, a reader what is committed.
 * What the tables hold is said in the schema; a row has their names and types.
 */
export class Records {
  readonly state: StateRecords;
  readonly issuers: IssuerRecords;
  readonly identities: IdentityRecords;
  readonly certificates: CertificateRecords;
  readonly certificateNames: CertificateNameRecords;
  readonly imported: ImportedCertificateRecords;
  readonly outside: OutsideCertificateRecords;
  readonly outsideStatuses: OutsideStatusRecords;
  readonly joinCodes: JoinCodeRecords;
  readonly bearerTokens: BearerTokenRecords;
  readonly requests: RequestRecords;
  readonly crls: CrlRecords;
  readonly ocspSigners: OcspSignerRecords;
  readonly escrows: EscrowRecords;
  readonly policy: PolicyRecords;
  readonly serverRoots: ServerRootRecords;
  readonly mirrors: MirrorRecords;
  readonly backups: BackupRecords;
  readonly sightings: SightingRecords;
  readonly clientBounds: ClientBoundsRecords;
  readonly clientUsage: ClientUsageRecords;
  readonly clientDays: ClientDayRecords;
  readonly clientAlarms: ClientAlarmRecords;
  readonly nodeReports: NodeReportRecords;
  readonly storageReports: StorageReportRecords;
  readonly jobs: JobRecords;
  readonly sentSets: SentSetRecords;
  readonly schedules: ScheduleRecords;
  readonly replications: ReplicationRecords;
  readonly grants: GrantRecords;
  readonly log: LogRecords;

  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
    this.state = new StateRecords(queries);
    this.issuers = new IssuerRecords(queries);
    this.identities = new IdentityRecords(queries);
    this.certificates = new CertificateRecords(queries);
    this.certificateNames = new CertificateNameRecords(queries);
    this.imported = new ImportedCertificateRecords(queries);
    this.outside = new OutsideCertificateRecords(queries);
    this.outsideStatuses = new OutsideStatusRecords(queries);
    this.joinCodes = new JoinCodeRecords(queries);
    this.bearerTokens = new BearerTokenRecords(queries);
    this.requests = new RequestRecords(queries);
    this.crls = new CrlRecords(queries);
    this.ocspSigners = new OcspSignerRecords(queries);
    this.escrows = new EscrowRecords(queries);
    this.policy = new PolicyRecords(queries);
    this.serverRoots = new ServerRootRecords(queries);
    this.mirrors = new MirrorRecords(queries);
    this.backups = new BackupRecords(queries);
    this.sightings = new SightingRecords(queries);
    this.clientBounds = new ClientBoundsRecords(queries);
    this.clientUsage = new ClientUsageRecords(queries);
    this.clientDays = new ClientDayRecords(queries);
    this.clientAlarms = new ClientAlarmRecords(queries);
    this.nodeReports = new NodeReportRecords(queries);
    this.storageReports = new StorageReportRecords(queries);
    this.jobs = new JobRecords(queries);
    this.sentSets = new SentSetRecords(queries);
    this.schedules = new ScheduleRecords(queries);
    this.replications = new ReplicationRecords(queries);
    this.grants = new GrantRecords(queries);
    this.log = new LogRecords(queries);
  }

  /** How many rows each table has. */
  async counts(): Promise<Readonly<Record<string, number>>> {
    const counted = await Promise.all(
      tables.map(async (table) => {
        const row = await this.#queries.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`);
        return [table, row?.n ?? 0] as const;
      }),
    );
    return Object.fromEntries(counted);
  }
}

/** Every table of the schema, those that others refer to before them. The one that says whose records they are is last. */
export const tables = [
  'issuers',
  'identities',
  'certificates',
  'certificate_names',
  'imported_certificates',
  'outside_certificates',
  'outside_statuses',
  'join_codes',
  'join_code_uses',
  'bearer_tokens',
  'escrows',
  'policy',
  'crls',
  'ocsp_signers',
  'requests',
  'mirrors',
  'backups',
  'server_roots',
  'sightings',
  'client_bounds',
  'client_usage',
  'client_days',
  'client_alarms',
  'node_reports',
  'storage_reports',
  'jobs',
  'sent_sets',
  'schedules',
  'replications',
  'grants',
  'grant_seals',
  'log',
  'authority',
] as const;
