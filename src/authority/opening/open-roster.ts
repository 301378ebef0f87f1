import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, HoldfastError, makePrivateDirectory } from '../../base/index.ts';
import type { ProcessLock } from '../../db/index.ts';
import { BearerTokens } from '../enrol/index.ts';
import { AuditLog } from '../log/index.ts';
import { Activity } from '../nodes/index.ts';
import { StoreRecord } from '../policy/index.ts';
import { type AuthorityRecords, openRecords } from '../records/index.ts';
import { Present } from '../standing/index.ts';
import { lockHome } from './build-authority.ts';

/** How the roster of a home is opened. */
export interface OpenRosterOptions {
  readonly home: string;
  /** What the server calls itself; it stands in the marker of its store. */
  readonly network: string;
  readonly clock: Clock;
  /** Read in a thread of its own, which a server wants. */
  readonly worker?: boolean;
  /** How a home begins anew where it is lost. */
  readonly anew?: string;
}

/**
 * Who may come to a server that has no authority: bearer tokens, each for one name, and which store is its own. It is
 * kept as an authority keeps it, with a log of every decision, and has no key: it certifies nobody.
 */
export class Roster implements AsyncDisposable {
  readonly network: string;
  readonly bearerTokens: BearerTokens;
  readonly store: StoreRecord;
  /** What clients store and do here. */
  readonly activity: Activity;
  readonly #close: () => Promise<void>;

  private constructor(
    { network, clock }: OpenRosterOptions,
    {
      records,
      present,
      lock,
    }: { readonly records: AuthorityRecords; readonly present: Present; readonly lock: ProcessLock },
  ) {
    const log = new AuditLog(records, present.state.epoch, clock);
    this.network = network;
    this.bearerTokens = new BearerTokens({ records, log, present, clock, issuer: { network } });
    this.store = new StoreRecord({ records, log, present });
    this.activity = new Activity({ records, log });
    this.#close = async () => {
      present.stop();
      await records.close();
      lock.release();
    };
  }

  /** Makes that of a new home, or goes on where that was cut short. @throws HoldfastError as `open` */
  static async create(options: OpenRosterOptions): Promise<void> {
    await makePrivateDirectory(join(options.home, directoryName));
    await using _roster = await Roster.#openAt(options);
  }

  /** The roster of a home. @throws HoldfastError `home_in_use`, `database_damaged` where it is gone, those of `openRecords` */
  static async open(options: OpenRosterOptions): Promise<Roster> {
    const path = databaseIn(options.home);
    if (existsSync(path)) return await Roster.#openAt(options);
    const { anew = 'holdfast serve --self-signed --home DIR' } = options;
    throw new HoldfastError(
      'database_damaged',
      `${path} is missing, with all that this server knows of who comes`,
      {
        hint: `mount its disk, or put it back from a copy of this home; without it begin anew: ${anew}`,
      },
    );
  }

  static async #openAt(options: OpenRosterOptions): Promise<Roster> {
    const { home, worker = false } = options;
    const lock = await lockHome(home);
    try {
      const directory = join(home, directoryName);
      const database = { kind: 'sqlite', path: databaseIn(home) } as const;
      const records = await openRecords(directory, { worker, database });
      await begin(records, options);
      return new Roster(options, { records, present: await Present.of(records), lock });
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}

const directoryName = 'roster';

function databaseIn(home: string): string {
  return join(home, directoryName, 'roster.db');
}

async function begin(records: AuthorityRecords, { network, clock }: OpenRosterOptions): Promise<void> {
  await records.transaction(async ({ state }) => {
    if ((await state.read()) !== undefined) return;
    await state.create({
      network,
      status_address: '',
      recovery_recipient: '',
      epoch: 1,
      created_at: clock.now(),
      standing: 'ready',
      clock_wall: null,
    });
  });
}
