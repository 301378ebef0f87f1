import type { AdminContext } from '../admin/index.ts';
import type { Authority } from '../authority/index.ts';
import type { Log } from '../base/index.ts';
import type { EnrolLimit } from './enrol-limit.ts';
import type { NoteRefusal } from './refuse.ts';

/** What the routes work on. */
export interface ServerContext {
  readonly authority: Authority;
  readonly admin: AdminContext;
  /** `https://host:port` of the listeners with storage and control, best first: what nodes are told. */
  readonly servers: () => readonly string[];
  readonly enrolLimit: EnrolLimit;
  readonly noteRefusal: NoteRefusal;
  readonly log: Log;
}
