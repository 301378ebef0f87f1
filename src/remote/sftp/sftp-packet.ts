import { asBuffer, type Bytes, HoldfastError } from '../../base/index.ts';

/** The kinds of packets of version 3 of the protocol that are used here (draft-ietf-secsh-filexfer-02, section 3). */
export const packetKind = {
  init: 1,
  version: 2,
  open: 3,
  close: 4,
  read: 5,
  write: 6,
  lstat: 7,
  setstat: 9,
  opendir: 11,
  readdir: 12,
  remove: 13,
  mkdir: 14,
  rename: 18,
  extended: 200,
  status: 101,
  handle: 102,
  data: 103,
  name: 104,
  attrs: 105,
} as const;

/** What a server says of how a request ended (section 7). */
export const statusCode = { ok: 0, eof: 1, noSuchFile: 2, permissionDenied: 3, failure: 4 } as const;

/** Puts a packet together. */
export class PacketWriter {
  readonly #pieces: Buffer[] = [];

  byte(value: number): this {
    this.#pieces.push(Buffer.from([value]));
    return this;
  }

  uint32(value: number): this {
    const piece = Buffer.alloc(4);
    piece.writeUInt32BE(value);
    this.#pieces.push(piece);
    return this;
  }

  uint64(value: number): this {
    const piece = Buffer.alloc(8);
    piece.writeBigUInt64BE(BigInt(value));
    this.#pieces.push(piece);
    return this;
  }

  /** A text, or bytes, with their length before them. */
  string(value: string | Bytes): this {
    const bytes = typeof value === 'string' ? Buffer.from(value) : asBuffer(value);
    this.uint32(bytes.length);
    this.#pieces.push(bytes);
    return this;
  }

  /** The packet with its length before it, as it is sent. */
  finish(): Buffer {
    const length = this.#pieces.reduce((sum, piece) => sum + piece.length, 0);
    const head = Buffer.alloc(4);
    head.writeUInt32BE(length);
    return Buffer.concat([head, ...this.#pieces]);
  }
}

/** Takes a packet apart. @throws HoldfastError `answer_malformed` where it ends too early */
export class PacketReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    return this.#take(1).readUInt8();
  }

  uint32(): number {
    return this.#take(4).readUInt32BE();
  }

  uint64(): number {
    return Number(this.#take(8).readBigUInt64BE());
  }

  bytes(): Buffer {
    return this.#take(this.uint32());
  }

  string(): string {
    return this.bytes().toString();
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw brokenPacket('a packet ends too early');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}

/** What a file is, as far as the server says it. */
export interface FileAttributes {
  readonly size: number | undefined;
  /** Type and permissions, as `st_mode` has them. */
  readonly mode: number | undefined;
  /** When it was changed, seconds since 1970. */
  readonly modifiedS: number | undefined;
}

/** Reads the attributes of a file (section 5). */
export function readAttributes(packet: PacketReader): FileAttributes {
  const flags = packet.uint32();
  const size = flags & 0x1 ? packet.uint64() : undefined;
  if (flags & 0x2) packet.uint64();
  const mode = flags & 0x4 ? packet.uint32() : undefined;
  const times = flags & 0x8 ? [packet.uint32(), packet.uint32()] : [];
  const extended = flags & 0x8000_0000 ? packet.uint32() : 0;
  for (let i = 0; i < extended; i++) {
    packet.bytes();
    packet.bytes();
  }
  return { size, mode, modifiedS: times[1] };
}

/** That a server breaks the protocol. */
export function brokenPacket(found: string): HoldfastError {
  return new HoldfastError(
    'answer_malformed',
    `the machine at the end of ssh breaks the SFTP protocol: ${found}`,
  );
}
