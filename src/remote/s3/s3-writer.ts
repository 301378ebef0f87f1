import { type Bytes, type Clock, concatBytes } from '../../base/index.ts';
import {
  checkedChunks,
  existsError,
  formatObjectRef,
  isRepeatable,
  type NamedRef,
  type ObjectBody,
  type ObjectRef,
  type WriteOptions,
} from '../../storage/index.ts';
import { discardBody } from '../../transport/index.ts';
import { Once } from '../once.ts';
import { partBytesOf, removeAbandonedUploads, uploadInParts } from './multipart-upload.ts';
import { checksumHeader, isKept, onlyFirst, probeAbilities, type S3Abilities } from './s3-abilities.ts';
import { bodyOf, type S3Body } from './s3-client.ts';
import type { S3Reader, S3Repository } from './s3-reader.ts';
import type { S3Refusal } from './s3-refusal.ts';
import { doAlone } from './store-first.ts';

type Signal = AbortSignal | undefined;

interface S3WriterOptions {
  readonly reader: S3Reader;
  readonly clock: Clock;
  /** Larger objects are sent in parts, of at least this size each. */
  readonly partBytes: number;
}

/** How something is sent. */
interface Sending {
  readonly abilities: S3Abilities;
  readonly signal: Signal;
}

/**
 * Puts objects into a bucket and takes them out. The hash of every body is signed, so that the service stores what was sent or
 * nothing; what it can do of what not every one can is tried before the first write.
 */
export class S3Writer {
  readonly #repository: S3Repository;
  readonly #reader: S3Reader;
  readonly #clock: Clock;
  readonly #partBytes: number;
  readonly #able = new Once<S3Abilities>();
  readonly #swept = new Once<void>();

  constructor(repository: S3Repository, { reader, clock, partBytes }: S3WriterOptions) {
    this.#repository = repository;
    this.#reader = reader;
    this.#clock = clock;
    this.#partBytes = partBytes;
  }

  /** What the service can do. @throws HoldfastError where nothing may be written */
  async abilities(signal: Signal): Promise<S3Abilities> {
    await this.#reader.reach(signal);
    const { client, layout, line } = this.#repository;
    return await this.#able.do(() =>
      line.attempt({ signal }, () => probeAbilities(client, `${layout.root}${probeName}`, signal)),
    );
  }

  async write(ref: ObjectRef, body: ObjectBody, options: WriteOptions): Promise<void> {
    const { signal } = options;
    const sending = { abilities: await this.abilities(signal), signal };
    if (ref.type === 'config') await this.#writeConfig(ref, await wholeBody(ref, body, options), sending);
    else await this.#writeNamed(ref, { chunks: body, size: options.size, sha256: ref.name }, sending);
  }

  async remove(ref: ObjectRef, signal: Signal): Promise<void> {
    await this.#reader.reach(signal);
    const { client, layout, line } = this.#repository;
    await line.attempt({ signal }, async () => {
      const outcome = await client.ask({ method: 'DELETE', key: layout.name(ref), signal });
      if (outcome.kind === 'refusal' && outcome.status === 404) return;
      await discardBody(client.expect(outcome, `removing ${formatObjectRef(ref)}`));
    });
  }

  async #writeConfig(ref: ObjectRef, body: S3Body, sending: Sending): Promise<void> {
    const refusal = sending.abilities.keepsFirst
      ? await this.#sendWhole(ref, body, sending)
      : await this.#sendAlone(ref, body, sending);
    if (refusal !== undefined) await this.#compareStored(ref, body, { refusal, signal: sending.signal });
  }

  async #sendAlone(ref: ObjectRef, body: S3Body, sending: Sending): Promise<S3Refusal | undefined> {
    const { client, layout, line } = this.#repository;
    const { signal } = sending;
    return await line.attempt({ signal }, () =>
      doAlone({ client, claims: `${layout.root}${claimsName}`, signal }, async () =>
        (await this.#reader.state(ref, signal)) === undefined
          ? await this.#sendWhole(ref, body, sending)
          : wasThere,
      ),
    );
  }

  async #writeNamed(ref: NamedRef, body: S3Body, sending: Sending): Promise<void> {
    const { abilities, signal } = sending;
    const inParts = body.size > 2 * this.#partBytes;
    const canRepeat = isRepeatable(body.chunks);
    // What can be sent once is not begun where it would be refused in the middle.
    const looksFirst = !abilities.keepsFirst || inParts || !canRepeat;
    const isThere = looksFirst && (await this.#reader.state(ref, signal)) !== undefined;
    const send = () => (inParts ? this.#sendParts(ref, body, sending) : this.#sendWhole(ref, body, sending));
    const refusal = isThere ? wasThere : await send();
    if (refusal === undefined) return;
    // What was not sent is looked at all the same: that something is there makes nothing else good.
    if (isThere || canRepeat) await readToEnd(checkedChunks(ref, body.chunks, { size: body.size, signal }));
    await this.#compareStored(ref, body, { refusal, signal });
  }

  /** Undefined when it is stored, a refusal when something is there. */
  async #sendWhole(
    ref: ObjectRef,
    { chunks, size, sha256 }: S3Body,
    { abilities, signal }: Sending,
  ): Promise<S3Refusal | undefined> {
    const { client, layout, line } = this.#repository;
    const headers = {
      ...(abilities.keepsFirst && onlyFirst),
      ...(abilities.takesChecksums && checksumHeader(sha256)),
    };
    const isUnsafe = () => !isRepeatable(chunks);
    return await line.attempt({ signal, isUnsafe }, async () => {
      const body = { chunks: checkedChunks(ref, chunks, { size, signal }), size, sha256 };
      const outcome = await client.ask({ method: 'PUT', key: layout.name(ref), headers, body, signal });
      if (outcome.kind === 'refusal' && isKept(outcome)) return outcome;
      await discardBody(client.expect(outcome, `storing ${formatObjectRef(ref)}`));
      return undefined;
    });
  }

  async #sendParts(
    ref: ObjectRef,
    { chunks, size }: S3Body,
    { abilities, signal }: Sending,
  ): Promise<S3Refusal | undefined> {
    const { client, layout, line } = this.#repository;
    const abandoned = { prefix: layout.root, nowMs: this.#clock.now() };
    await this.#swept.do(() =>
      line.attempt({ signal }, () => removeAbandonedUploads(client, abandoned, signal)),
    );
    const partBytes = partBytesOf(size, this.#partBytes);
    const headers = abilities.keepsFirst ? onlyFirst : {};
    const upload = { client, line, key: layout.name(ref), partBytes, headers, signal };
    return await uploadInParts(upload, checkedChunks(ref, chunks, { size, signal }));
  }

  /**
   * Settles a write to where something is: it is done when the same is stored. What is stored is read where the service does not
   * say its hash, since to answer that a damaged copy is the same would lose the good one.
   *
   * @throws HoldfastError `object_exists`; what was refused where nothing is stored after all
   */
  async #compareStored(
    ref: ObjectRef,
    { size, sha256 }: S3Body,
    { refusal, signal }: { readonly refusal: S3Refusal; readonly signal: Signal },
  ): Promise<void> {
    const { client, location } = this.#repository;
    const stored = await this.#reader.state(ref, signal);
    if (stored === undefined) client.expect(refusal, `storing ${formatObjectRef(ref)}`);
    const found =
      stored?.sha256 ?? (stored?.size === size ? await this.#reader.hash(ref, signal) : undefined);
    if (found !== sha256) throw existsError(ref, location);
  }
}

/** An object by which it is tried what the service can do. */
const probeName = '.holdfast-probe';

/** What the keys begin with of those who want to be the first to write something. */
const claimsName = '.holdfast-claims/';

/** In place of an answer where it was known without asking. */
const wasThere: S3Refusal = {
  kind: 'refusal',
  status: 412,
  code: 'PreconditionFailed',
  rightPlace: undefined,
  serverMs: undefined,
};

/** A body whose hash nobody has said is read before it is sent. */
async function wholeBody(ref: ObjectRef, body: ObjectBody, { size, signal }: WriteOptions): Promise<S3Body> {
  const pieces: Bytes[] = [];
  for await (const chunk of checkedChunks(ref, body, { size, signal })) pieces.push(Buffer.from(chunk));
  return bodyOf(concatBytes(...pieces));
}

async function readToEnd(chunks: AsyncGenerator<Bytes>): Promise<void> {
  let next = await chunks.next();
  while (next.done !== true) next = await chunks.next();
}
