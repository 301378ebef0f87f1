import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { Bytes } from '../../base/index.ts';
import {
  brokenPacket,
  type FileAttributes,
  PacketReader,
  PacketWriter,
  packetKind,
  readAttributes,
  statusCode,
} from './sftp-packet.ts';
import type { SftpPlace } from './sftp-place.ts';
import { sshFailure } from './ssh-failure.ts';

/** A request that a server refused. */
export class SftpRefusal extends Error {
  override readonly name = 'SftpRefusal';
  readonly status: number;

  constructor(status: number) {
    super(`status ${status}`);
    this.status = status;
  }
}

/** A file or folder that is open there. */
export type SftpHandle = Buffer & { readonly __brand: 'SftpHandle' };

/** One entry of a folder. */
export interface SftpEntry extends FileAttributes {
  readonly name: string;
}

/** How a file is opened: bits of section 6.3. */
const openFlags = { read: 0x1, writeNew: 0x2 | 0x8 | 0x20 } as const;

interface Answer {
  readonly kind: number;
  readonly packet: PacketReader;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** No answer that is asked for is longer. */
const maxPacketBytes = 1024 ** 2;

/**
 * SFTP (version 3) with a machine, over the system's own ssh: what it knows of host keys, users, keys and proxies holds. ssh asks
 * nobody anything. Requests go out as they come, and answers may come in any order.
 */
export class SftpSession implements Disposable {
  readonly #ssh: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #received: Buffer = Buffer.alloc(0);
  #said = '';
  #failure: Error | undefined;
  #extensions: ReadonlySet<string> = new Set();

  private constructor(ssh: ChildProcessWithoutNullStreams, peer: string) {
    this.#ssh = ssh;
    ssh.stdout.on('data', (bytes: Buffer) => this.#take(bytes));
    ssh.stderr.on('data', (bytes: Buffer) => {
      this.#said = (this.#said + bytes.toString()).slice(-8192);
    });
    // What cannot be written is said by how ssh ends.
    ssh.stdin.on('error', () => {});
    ssh.once('error', (cause) => this.#fail(sshFailure({ said: this.#said, cause }, peer)));
    ssh.once('close', () => this.#fail(sshFailure({ said: this.#said }, peer)));
  }

  /** Connects, and agrees on the version. @throws HoldfastError as {@link sshFailure} says */
  static async open(place: SftpPlace, environment: NodeJS.ProcessEnv): Promise<SftpSession> {
    const peer = place.user === undefined ? place.host : `${place.user}@${place.host}`;
    // Of its own: what a terminal sends to stop this program would cut the line of what it still has to say.
    const ssh = spawn('ssh', sshWords(place), { stdio: 'pipe', env: environment, detached: true });
    const session = new SftpSession(ssh, peer);
    try {
      await session.#begin();
      return session;
    } catch (error) {
      session[Symbol.dispose]();
      throw error;
    }
  }

  /** Whether the server can make what was written durable before it answers. */
  get canSync(): boolean {
    return this.#extensions.has('fsync@openssh.com');
  }

  /** Whether it cannot be used any more. */
  get hasEnded(): boolean {
    return this.#failure !== undefined;
  }

  async lstat(path: string): Promise<FileAttributes> {
    return readAttributes(await this.#expect(packetKind.attrs, packetKind.lstat, (to) => to.string(path)));
  }

  async openToRead(path: string): Promise<SftpHandle> {
    return await this.#open(path, openFlags.read, (to) => to.uint32(0));
  }

  /** A new file, for its owner alone. */
  async openNew(path: string): Promise<SftpHandle> {
    return await this.#open(path, openFlags.writeNew, (to) => to.uint32(0x4).uint32(0o600));
  }

  async close(handle: SftpHandle): Promise<void> {
    await this.#done(packetKind.close, (to) => to.string(handle));
  }

  /** At most `length` bytes from `offset` on; undefined past the end. */
  async read(handle: SftpHandle, offset: number, length: number): Promise<Bytes | undefined> {
    try {
      const put = (to: PacketWriter) => to.string(handle).uint64(offset).uint32(length);
      return (await this.#expect(packetKind.data, packetKind.read, put)).bytes();
    } catch (error) {
      if (error instanceof SftpRefusal && error.status === statusCode.eof) return undefined;
      throw error;
    }
  }

  async write(handle: SftpHandle, offset: number, bytes: Bytes): Promise<void> {
    await this.#done(packetKind.write, (to) => to.string(handle).uint64(offset).string(bytes));
  }

  async sync(handle: SftpHandle): Promise<void> {
    await this.#done(packetKind.extended, (to) => to.string('fsync@openssh.com').string(handle));
  }

  /** Gives a file another name, which OpenSSH does only where nothing has that name. */
  async rename(from: string, to: string): Promise<void> {
    await this.#done(packetKind.rename, (packet) => packet.string(from).string(to));
  }

  async remove(path: string): Promise<void> {
    await this.#done(packetKind.remove, (to) => to.string(path));
  }

  /** A folder for its owner alone. */
  async mkdir(path: string): Promise<void> {
    await this.#done(packetKind.mkdir, (to) => to.string(path).uint32(0x4).uint32(0o700));
  }

  /** What is in a folder, in batches as they come. */
  async *readDirectory(path: string): AsyncGenerator<readonly SftpEntry[]> {
    const answer = await this.#expect(packetKind.handle, packetKind.opendir, (to) => to.string(path));
    const handle = answer.bytes();
    try {
      for (;;)
        yield entriesIn(await this.#expect(packetKind.name, packetKind.readdir, (to) => to.string(handle)));
    } catch (error) {
      if (!(error instanceof SftpRefusal) || error.status !== statusCode.eof) throw error;
    } finally {
      await this.#done(packetKind.close, (to) => to.string(handle)).catch(() => {});
    }
  }

  [Symbol.dispose](): void {
    this.#ssh.kill();
  }

  async #begin(): Promise<void> {
    const answer = this.#awaitAnswer(0);
    this.#ssh.stdin.write(new PacketWriter().byte(packetKind.init).uint32(3).finish());
    const { kind, packet } = await answer;
    if (kind !== packetKind.version) throw brokenPacket('it does not begin with its version');
    packet.uint32();
    const extensions = new Set<string>();
    while (!packet.isAtEnd) {
      extensions.add(packet.string());
      packet.bytes();
    }
    this.#extensions = extensions;
  }

  async #open(
    path: string,
    flags: number,
    attributes: (to: PacketWriter) => PacketWriter,
  ): Promise<SftpHandle> {
    const put = (to: PacketWriter) => attributes(to.string(path).uint32(flags));
    return (await this.#expect(packetKind.handle, packetKind.open, put)).bytes() as SftpHandle;
  }

  async #done(kind: number, put: (to: PacketWriter) => PacketWriter): Promise<void> {
    const { kind: answered, packet } = await this.#ask(kind, put);
    if (answered !== packetKind.status) throw brokenPacket(`it answers ${answered} to ${kind}`);
    const status = packet.uint32();
    if (status !== statusCode.ok) throw new SftpRefusal(status);
  }

  async #expect(
    wanted: number,
    kind: number,
    put: (to: PacketWriter) => PacketWriter,
  ): Promise<PacketReader> {
    const { kind: answered, packet } = await this.#ask(kind, put);
    if (answered === wanted) return packet;
    if (answered === packetKind.status) throw new SftpRefusal(packet.uint32());
    throw brokenPacket(`it answers ${answered} to ${kind}`);
  }

  async #ask(kind: number, put: (to: PacketWriter) => PacketWriter): Promise<Answer> {
    if (this.#failure !== undefined) throw this.#failure;
    const id = this.#nextId;
    this.#nextId = (this.#nextId % 0xffff_ffff) + 1;
    const answer = this.#awaitAnswer(id);
    this.#ssh.stdin.write(put(new PacketWriter().byte(kind).uint32(id)).finish());
    return await answer;
  }

  #awaitAnswer(id: number): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#waiting.set(id, { resolve, reject });
    return promise;
  }

  #take(bytes: Buffer): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    try {
      while (this.#received.length >= 4) {
        const length = this.#received.readUInt32BE();
        if (length === 0 || length > maxPacketBytes) throw brokenPacket(`a packet of ${length} bytes`);
        if (this.#received.length < 4 + length) return;
        this.#answer(this.#received.subarray(4, 4 + length));
        this.#received = this.#received.subarray(4 + length);
      }
    } catch (error) {
      this.#fail(error as Error);
      this[Symbol.dispose]();
    }
  }

  #answer(bytes: Buffer): void {
    const packet = new PacketReader(bytes);
    const kind = packet.byte();
    // The first answer has no number: after its kind comes the version.
    const id = kind === packetKind.version ? 0 : packet.uint32();
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) throw brokenPacket('it answers what was not asked');
    this.#waiting.delete(id);
    waiting.resolve({ kind, packet });
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }
}

/** ssh never asks, since nobody may be there to answer, and says when the line is dead. */
function sshWords({ user, host, port }: SftpPlace): readonly string[] {
  const options = ['BatchMode=yes', 'ServerAliveInterval=30', 'ServerAliveCountMax=4', 'ConnectTimeout=30'];
  return [
    ...options.flatMap((option) => ['-o', option]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(user === undefined ? [] : ['-l', user]),
    '-s',
    '--',
    host,
    'sftp',
  ];
}

function entriesIn(packet: PacketReader): readonly SftpEntry[] {
  const count = packet.uint32();
  const entries: SftpEntry[] = [];
  for (let i = 0; i < count; i++) {
    const name = packet.string();
    packet.bytes();
    entries.push({ name, ...readAttributes(packet) });
  }
  return entries;
}
