import type { Clock } from '../../base/index.ts';
import { isMessage, type StorageNodeAddresses, StorageReport } from '../../enrol/index.ts';
import { parseCertificate } from '../../pki/index.ts';
import { namesToTell, reachableNames, urlHost } from '../../policy/index.ts';
import type { AuthorityRecords, StorageReportRow } from '../records/index.ts';

/** A storage node that has a good certificate. */
export interface StorageNode extends StorageNodeAddresses {
  /** What it said last of itself, and when; undefined where it never did. */
  readonly told: { readonly report: StorageReport; readonly receivedAt: Date } | undefined;
}

/** The storage nodes of a network: what they say of themselves, and where they are. */
export class StorageNodes {
  readonly #records: AuthorityRecords;
  readonly #clock: Clock;

  constructor({ records, clock }: { readonly records: AuthorityRecords; readonly clock: Clock }) {
    this.#records = records;
    this.#clock = clock;
  }

  /** Puts on record what one says of itself; gives whether it is somewhere else by that than it was. */
  async note(name: string, report: StorageReport): Promise<boolean> {
    const { storageReports } = this.#records;
    const before = await storageReports.find(name);
    const row = { name, received_at: this.#clock.now(), report: JSON.stringify(report) };
    await storageReports.put(row);
    return (before && toldIn(before))?.report.port !== report.port;
  }

  /** By name. One that never said where it serves is at no address; its hosts are those that its certificate names. */
  async list(): Promise<StorageNode[]> {
    const { certificates, storageReports } = this.#records.committed;
    const rows = await certificates.newestOfRoles(['storage'], this.#clock.now());
    const told = new Map((await storageReports.all()).map((row) => [row.name, toldIn(row)]));
    return rows
      .map(({ name, certificate }) => ({
        name,
        servers: serversOf(certificate, told.get(name)?.report.port),
        told: told.get(name),
      }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }
}

function toldIn({ report: text, received_at }: StorageReportRow): StorageNode['told'] {
  const report: unknown = JSON.parse(text);
  return isMessage(StorageReport, report) ? { report, receivedAt: new Date(received_at) } : undefined;
}

function serversOf(certificate: Uint8Array, port: number | undefined): string[] {
  if (port === undefined) return [];
  const { subjectAltNames } = parseCertificate(certificate).extensions;
  const hosts = subjectAltNames.flatMap((name) =>
    name.kind === 'dns' || name.kind === 'ip' ? [name.value] : [],
  );
  return namesToTell(reachableNames(hosts)).map((name) => `https://${urlHost(name)}:${port}`);
}
