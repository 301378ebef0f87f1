import { constants } from 'node:os';
import type { Bytes } from '../../base/index.ts';
import type { FuseDevice } from '../../files/index.ts';
import type { View } from '../tree/open-view.ts';
import type { ViewEntry, ViewFolder } from '../tree/view.ts';
import { type HeldFolder, HeldFolders, pathOf } from './held-folders.ts';
import {
  type Attributes,
  answerHeader,
  encodeAttributes,
  encodeEntry,
  encodeInit,
  encodeLength,
  encodeNoEntry,
  encodeOpen,
  encodeStatfs,
  encodeXattrNames,
  type FoundEntry,
  type FuseRequest,
  fixedSeconds,
  NameList,
  type NodeId,
  nameAt,
  nodeIdAt,
  opcodes,
  openFlags,
  parseRead,
  parseRequest,
} from './messages.ts';

/** Told of what could not be read, and where. */
export type ViewProblem = (path: string, error: Error) => void;

/** How a view is served. */
export interface FuseOptions {
  /** When it fires, what is being read is given up, without a word. */
  readonly signal: AbortSignal;
  readonly onProblem: ViewProblem;
}

/** Answers for a mounted view until it is unmounted. */
export async function serveFuse(device: FuseDevice, view: View, options: FuseOptions): Promise<void> {
  const session = new FuseSession(device, view, options);
  await device.serve((request) => session.take(request));
}

/** What a request gets: pieces of an answer, or the number of what went wrong. */
interface Answer {
  readonly pieces: readonly Bytes[];
  /** So many entries of this folder the kernel learns of by it, and they are counted: where nobody gets the answer, it has to be taken back. */
  readonly told?: { readonly held: HeldFolder; readonly count: number };
}

/** What goes wrong without anything being wrong. */
class Refusal extends Error {
  readonly errno: number;

  constructor(errno: number) {
    super(`errno ${errno}`);
    this.errno = errno;
  }
}

/** Something that the kernel knows: the folder that it is in, and what is there. */
interface Known {
  readonly held: HeldFolder;
  readonly entry: ViewEntry;
}

type Handler = (request: FuseRequest) => Promise<Answer> | Answer;

const { ENOENT, EIO, EINTR, ENOSYS, ENODATA, ERANGE, ENOTDIR, EINVAL, EISDIR } = constants.errno;
/** Where names begin in the answer to readdir, behind `.` and `..`. */
const dots = 2;
/** What others may have changed is asked for again after a second. */
const changingSeconds = 1;

class FuseSession {
  readonly #device: FuseDevice;
  readonly #view: View;
  readonly #signal: AbortSignal;
  readonly #onProblem: ViewProblem;
  readonly #held: HeldFolders;
  /** The numbers of the requests that are not answered. */
  readonly #pending = new Set<number>();
  readonly #handlers: ReadonlyMap<number, Handler>;

  constructor(device: FuseDevice, view: View, { signal, onProblem }: FuseOptions) {
    this.#device = device;
    this.#view = view;
    this.#signal = signal;
    this.#onProblem = onProblem;
    this.#held = new HeldFolders(outsideOf(view));
    const nothing: Handler = () => ({ pieces: [] });
    this.#handlers = new Map<number, Handler>([
      [opcodes.init, ({ body }) => ({ pieces: [encodeInit(body)] })],
      [opcodes.lookup, (request) => this.#lookup(request)],
      [opcodes.getattr, (request) => this.#getattr(request)],
      [opcodes.readlink, (request) => this.#readlink(request)],
      [opcodes.open, (request) => this.#open(request)],
      [opcodes.read, (request) => this.#read(request)],
      [opcodes.opendir, (request) => this.#opendir(request)],
      [opcodes.readdir, (request) => this.#readdir(request, false)],
      [opcodes.readdirplus, (request) => this.#readdir(request, true)],
      [opcodes.getxattr, (request) => this.#getxattr(request)],
      [opcodes.listxattr, (request) => this.#listxattr(request)],
      [opcodes.statfs, () => ({ pieces: [encodeStatfs()] })],
      [opcodes.release, nothing],
      [opcodes.releasedir, nothing],
      [opcodes.destroy, nothing],
    ]);
  }

  take(bytes: Buffer): void {
    const request = parseRequest(bytes);
    const { opcode, unique } = request;
    if (opcode === opcodes.forget) this.#forget(request);
    else if (opcode === opcodes.batchForget) this.#forgetMany(request);
    else if (opcode === opcodes.interrupt) this.#interrupt(request);
    else {
      this.#pending.add(unique);
      void this.#answer(request);
    }
  }

  async #answer(request: FuseRequest): Promise<void> {
    try {
      const handler = this.#handlers.get(request.opcode);
      if (handler === undefined) throw new Refusal(ENOSYS);
      this.#finish(request.unique, await handler(request), 0);
    } catch (error) {
      this.#finish(request.unique, { pieces: [] }, error instanceof Refusal ? error.errno : EIO);
    }
  }

  #finish(unique: number, { pieces, told }: Answer, errno: number): void {
    if (!this.#pending.delete(unique)) {
      if (told !== undefined) this.#held.forget({ folder: told.held.number, slot: 0 }, told.count);
      return;
    }
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    this.#device.send([answerHeader(unique, length, errno), ...pieces]);
  }

  /** Whoever asked does not wait any longer. */
  #interrupt({ body }: FuseRequest): void {
    this.#finish(Number(body.readBigUInt64LE(0)), { pieces: [] }, EINTR);
  }

  #forget({ node, body }: FuseRequest): void {
    this.#held.forget(node, Number(body.readBigUInt64LE(0)));
  }

  #forgetMany({ body }: FuseRequest): void {
    const count = Math.min(body.readUInt32LE(0), Math.floor((body.length - 8) / 16));
    for (let at = 8; at < 8 + 16 * count; at += 16)
      this.#held.forget(nodeIdAt(body, at), Number(body.readBigUInt64LE(at + 8)));
  }

  async #lookup({ node, body }: FuseRequest): Promise<Answer> {
    return await this.#inFolder(node, async (held) => {
      const { isFixed } = held.folder;
      const entry = await held.folder.find(nameAt(body));
      if (entry !== undefined) {
        const found = encodeEntry(this.#found(held, entry));
        return { pieces: [found], told: tell(held, 1) };
      }
      if (isFixed) return { pieces: [encodeNoEntry(fixedSeconds)] };
      throw new Refusal(ENOENT);
    });
  }

  async #getattr({ node }: FuseRequest): Promise<Answer> {
    const { held, entry } = await this.#known(node);
    return { pieces: [encodeAttributes(this.#attributes(entry), validFor(held))] };
  }

  async #readlink({ node }: FuseRequest): Promise<Answer> {
    const { linkTarget } = (await this.#known(node)).entry.node;
    if (linkTarget === undefined) throw new Refusal(EINVAL);
    return { pieces: [linkTarget] };
  }

  async #open({ node }: FuseRequest): Promise<Answer> {
    const { entry } = await this.#known(node);
    if (entry.open !== undefined) throw new Refusal(EISDIR);
    return { pieces: [encodeOpen(openFlags.keepContent)] };
  }

  async #read({ node, body }: FuseRequest): Promise<Answer> {
    const { held, entry } = await this.#known(node);
    const { offset, size } = parseRead(body);
    return await this.#telling(held, entry.name, async () => ({
      pieces: await this.#view.content.read(entry.node, offset, size),
    }));
  }

  async #opendir({ node }: FuseRequest): Promise<Answer> {
    return await this.#inFolder(node, async ({ folder }) => ({
      pieces: [encodeOpen(folder.isFixed ? openFlags.keepNames : 0)],
    }));
  }

  async #readdir({ node, body }: FuseRequest, isPlus: boolean): Promise<Answer> {
    const { offset, size } = parseRead(body);
    return await this.#inFolder(node, async (held) => {
      const list = new NameList(size, isPlus);
      const isFull = ['.', '..'].slice(offset).some(
        (dot, at) =>
          !list.add({
            name: Buffer.from(dot),
            inode: dot === '.' ? held.inode : aboveOf(held),
            type: 'dir',
            next: offset + at + 1,
          }),
      );
      const count = isFull ? 0 : await this.#listEntries(held, list, Math.max(0, offset - dots), isPlus);
      return { pieces: [list.bytes], ...(isPlus && { told: tell(held, count) }) };
    });
  }

  async #listEntries(held: HeldFolder, list: NameList, from: number, isPlus: boolean): Promise<number> {
    let count = 0;
    for (const entry of await held.folder.list(from)) {
      const { name, inode, place } = entry;
      const full = isPlus ? this.#found(held, entry) : undefined;
      const listed = { name, inode, type: entry.node.type, next: place + 1 + dots, entry: full };
      if (!list.add(listed)) break;
      count++;
    }
    return count;
  }

  async #getxattr({ node, body }: FuseRequest): Promise<Answer> {
    const { entry } = await this.#known(node);
    const name = Buffer.from(nameAt(body, 8)).toString();
    const found = entry.node.xattrs?.find((xattr) => xattr.name === name);
    if (found === undefined) throw new Refusal(ENODATA);
    return asMuchAs(body.readUInt32LE(0), found.value);
  }

  async #listxattr({ node, body }: FuseRequest): Promise<Answer> {
    const { entry } = await this.#known(node);
    return asMuchAs(body.readUInt32LE(0), encodeXattrNames(entry.node));
  }

  /** What the kernel means by a number. */
  async #known({ folder, slot }: NodeId): Promise<Known> {
    const held = this.#held.get(folder);
    if (held === undefined) throw new Refusal(ENOENT);
    return await this.#held.use(held, async () => {
      const entry = await this.#telling(held, Buffer.alloc(0), () => held.folder.at(slot - 1));
      if (entry === undefined) throw new Refusal(ENOENT);
      return { held, entry };
    });
  }

  /** Does `work` with what is in the folder that the kernel means. */
  async #inFolder<T>(node: NodeId, work: (inside: HeldFolder) => Promise<T>): Promise<T> {
    const { held, entry } = await this.#known(node);
    const { open } = entry;
    if (open === undefined) throw new Refusal(ENOTDIR);
    const inside = this.#held.into(held, entry, open);
    return await this.#held.use(inside, () => this.#telling(held, entry.name, () => work(inside)));
  }

  /** Tells why something could not be read. */
  async #telling<T>(held: HeldFolder, name: Bytes, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const isRefused = error instanceof Refusal || this.#signal.aborted;
      if (!isRefused) this.#onProblem(pathOf(held, name), error as Error);
      throw error;
    }
  }

  #found(held: HeldFolder, entry: ViewEntry): FoundEntry {
    const id = { folder: held.number, slot: entry.place + 1 };
    return { ...this.#attributes(entry), id, validSeconds: validFor(held) };
  }

  #attributes({ node, inode }: ViewEntry): Attributes {
    const size = node.type === 'file' ? this.#view.content.sizeOf(node) : (node.linkTarget?.length ?? 0);
    return { node, inode, size };
  }
}

function aboveOf({ above, inode }: HeldFolder): number {
  return above?.held.above === undefined ? inode : above.held.inode;
}

/** Counts entries that the kernel is told of, while their folder is in use. */
function tell(held: HeldFolder, count: number): { held: HeldFolder; count: number } {
  held.lookups += count;
  return { held, count };
}

function validFor({ folder }: HeldFolder): number {
  return folder.isFixed ? fixedSeconds : changingSeconds;
}

/** The value, or how long it is where no room was offered. */
function asMuchAs(room: number, value: Bytes): Answer {
  if (room === 0) return { pieces: [encodeLength(value.length)] };
  if (value.length > room) throw new Refusal(ERANGE);
  return { pieces: [value] };
}

/** A folder with the root as its only entry: what the kernel calls 1. */
function outsideOf({ root, node }: View): ViewFolder {
  const entry: ViewEntry = { name: Buffer.alloc(0), place: 0, node, inode: 1, open: () => root };
  return {
    isFixed: true,
    list: async () => [entry],
    find: async () => entry,
    at: async (place) => (place === 0 ? entry : undefined),
  };
}
