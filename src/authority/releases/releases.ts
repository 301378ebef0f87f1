import { appendFile, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import {
  type Bytes,
  compareVersions,
  HoldfastError,
  isVersion,
  type Log,
  makePrivateDirectory,
  syncDirectory,
  systemErrorCode,
  writeFileAtomic,
} from '../../base/index.ts';
import {
  claimedManifest,
  maxReleaseFileBytes,
  type ReleaseFile,
  type ReleaseManifest,
  releaseFilesSchema,
  SignedRelease,
  signRelease,
  verifyRelease,
} from '../../enrol/index.ts';
import type { TrustBundle } from '../../trust/index.ts';
import { kinds } from '../log/index.ts';
import { secondWordNeeded } from '../policy/index.ts';
import { authorityDamaged, policyOnRecord } from '../records/index.ts';
import { HeldFiles, sha256Of } from '../sealed/index.ts';
import { checkClock, checkStanding } from '../standing/index.ts';
import { judgeReleaseFile } from './release-file.ts';
import { presentSigner, type Signing, usableSigner } from './release-signer.ts';

/** What releases are kept and signed with. */
export interface Releasing extends Signing {
  /** Of the authority. */
  readonly directory: string;
}

/** A release as it is asked for. */
export interface ReleaseOrder {
  readonly version: string;
  /** The handles of files that were brought, and what each is called. */
  readonly files: readonly { readonly id: string; readonly name: string }[];
  /** For the log. */
  readonly by: string;
}

/** A release that is kept. */
export interface ReleaseRecord {
  readonly version: string;
  readonly publishedAt: Date;
  readonly files: readonly ReleaseFile[];
  /** `offered` is what machines are to run; one that was withdrawn has no files any more. */
  readonly state: 'offered' | 'replaced' | 'withdrawn';
}

/** A file of a release, for whoever fetches it. */
export interface KeptFile extends Pick<ReleaseFile, 'bytes' | 'sha256'> {
  readonly path: string;
}

const manifestFile = 'manifest.json';
/** In the directory of each release. */
const listFile = 'files.json';
/** Of a release that is being put together. */
const unfinished = 'new';
/** As many as a release can have, and one more to come. */
const maxHeld = 33;

/**
 * The releases of a network: files as they were brought, and one signed manifest that says which of them machines are to run.
 * What is offered is changed in one step, the manifest; a process that is killed before leaves what was offered.
 */
export class Releases {
  readonly #context: Releasing;
  readonly #bundle: () => TrustBundle;
  readonly #directory: string;
  readonly #held: HeldFiles<object>;
  #last: Promise<unknown> = Promise.resolve();
  #signed: Promise<SignedRelease | undefined> | undefined;

  /** @param bundle whom the nodes of the network trust now */
  constructor(context: Releasing, bundle: () => TrustBundle) {
    this.#context = context;
    this.#bundle = bundle;
    this.#directory = join(context.directory, 'releases');
    this.#held = new HeldFiles(context.directory, maxHeld);
  }

  /**
   * Takes the next bytes of a file that is to be published; gives its handle, which the first ones do without.
   * @throws HoldfastError `release_invalid` beyond what a file may have, `rate_limited`, `storage_full`
   */
  async bring(
    piece: Bytes,
    { id, by }: { readonly id?: string | undefined; readonly by: string },
  ): Promise<string> {
    const held = id ?? (await this.#held.hold(by, begin));
    const { path } = this.#held.find(held, by);
    const { size } = await stat(path);
    if (size + piece.length > maxReleaseFileBytes)
      throw new HoldfastError('release_invalid', `a file has more than ${maxReleaseFileBytes} bytes`);
    await fullDiskNamed(() => appendFile(path, piece));
    return held;
  }

  /**
   * Publishes a release: keeps its files, and then offers it, signed, in the place of the one before.
   * @throws HoldfastError `release_invalid`, `storage_full`, and as `usableSigner`
   */
  publish(order: ReleaseOrder): Promise<ReleaseManifest> {
    return this.#inTurn(async () => {
      const { version, by } = order;
      this.#checkAble();
      checkNewer(version, await this.list());
      const files = await this.#judge(order);
      await this.#checkSecond(order, files);
      const sequence = await this.#nextSequence();
      await this.#keep(order, { sequence, files });
      return await this.#sign({ sequence, version, files }, { by, why: 'published' });
    });
  }

  /**
   * Withdraws a release and removes its files. Where it was the one that is offered, nothing is until a newer one is published: no
   * machine goes back to an older one.
   * @throws HoldfastError `object_not_found`, and as `usableSigner`
   */
  withdraw(version: string, by: string): Promise<ReleaseManifest> {
    return this.#inTurn(async () => {
      this.#checkAble();
      const record = (await this.list()).find((each) => each.version === version);
      if (record === undefined || record.state === 'withdrawn')
        throw new HoldfastError('object_not_found', `there is no release ${version}`, {
          hint: 'holdfast release list shows those that are kept',
        });
      const present = await this.#manifest();
      const { version: offered = null, files = [] } = record.state === 'offered' ? {} : (present ?? {});
      const next = { sequence: await this.#nextSequence(), version: offered, files };
      const manifest = await this.#sign(next, { by, why: 'withdrawn', withdrawn: version });
      await this.#forgetFiles(version);
      return manifest;
    });
  }

  /** Releases that were published, the newest first. */
  async list(): Promise<ReleaseRecord[]> {
    const manifest = await this.#manifest();
    const names = (await readdir(this.#directory).catch(nothingWhereMissing)).filter((name) =>
      isVersion(name),
    );
    const records = await Promise.all(names.map((version) => this.#record(version, manifest)));
    return records
      .filter((record) => record !== undefined)
      .toSorted((a, b) => compareVersions(b.version, a.version));
  }

  /** What machines are offered, as it goes out; undefined while nothing ever was. */
  signed(): Promise<SignedRelease | undefined> {
    this.#signed ??= readSigned(this.#directory).catch((error: unknown) => {
      this.#signed = undefined;
      throw error;
    });
    return this.#signed;
  }

  /** A file of a release that is kept; undefined when there is none of that name. */
  async file(version: string, name: string): Promise<KeptFile | undefined> {
    if (!isVersion(version)) return undefined;
    const list = await readFileList(join(this.#directory, version));
    const found = list?.files.find((file) => file.name === name);
    return found && { path: join(this.#directory, version, name), bytes: found.bytes, sha256: found.sha256 };
  }

  /** Signs what is offered anew when who signed it has two thirds of its life behind it, or was revoked. */
  async renewWhenDue(log: Log): Promise<void> {
    if ((await this.signed()) === undefined || this.#context.clockGuard.problem() !== undefined) return;
    if (await this.#isSignedByPresent()) return;
    const manifest = await this.#inTurn(async () => {
      const present = await this.#manifest();
      if (present === undefined || (await this.#isSignedByPresent())) return undefined;
      const { version, files } = present;
      const next = { sequence: await this.#nextSequence(), version, files };
      return await this.#sign(next, { by: 'authority', why: 'renewed' });
    });
    if (manifest !== undefined)
      log.info('what machines are offered to run is signed anew', { version: manifest.version });
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await this.#last;
    await this.#held.close();
  }

  /** Before anything is moved or removed. */
  #checkAble(): void {
    checkStanding(this.#context);
    checkClock(this.#context);
  }

  async #isSignedByPresent(): Promise<boolean> {
    const signer = await presentSigner(this.#context);
    const [leaf] = (await this.signed())?.chain ?? [];
    return signer !== undefined && leaf === Buffer.from(signer.certificate.der).toString('base64');
  }

  async #manifest(): Promise<ReleaseManifest | undefined> {
    const signed = await this.signed();
    return signed && claimedManifest(signed);
  }

  /** What was brought, when it can be a release. @throws HoldfastError `release_invalid`, `object_not_found` */
  async #judge({ version, files: said, by }: ReleaseOrder): Promise<ReleaseFile[]> {
    const files: ReleaseFile[] = [];
    for (const { id, name } of said) {
      const { path } = this.#held.find(id, by);
      const judged = await judgeReleaseFile(name, path, version);
      const { size: bytes } = await stat(path);
      files.push({ ...judged, bytes, sha256: await sha256Of(path) });
    }
    if (!Check(releaseFilesSchema, files)) throw new TypeError('files that no manifest can have');
    checkDistinct(files);
    return files;
  }

  /**
   * Where the network asks for two administrators the word of the first is kept, and the second brings the very same files.
   * @throws HoldfastError `second_admin_needed`
   */
  async #checkSecond(
    { version, files: said, by }: ReleaseOrder,
    files: readonly ReleaseFile[],
  ): Promise<void> {
    const { records, log, clock } = this.#context;
    const details = { version, files: listed(files).toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
    const needed = await records.transaction(async (tx) => {
      if (policyOnRecord(await tx.policy.read()).releaseAdmins === 'one') return undefined;
      const second = await secondWordNeeded(tx, {
        what: 'a release',
        kinds: [kinds.releaseSigned.name, kinds.releaseProposed.name],
        isSame: (record) => record.kind === 'release proposed' && isDeepStrictEqual(record.details, details),
        isDecision: (record) => record.kind === 'release signed' && record.details.why === 'published',
        by,
        nowMs: clock.now(),
      });
      if (second !== undefined) await log.decide(tx, kinds.releaseProposed, { by, details });
      return second;
    });
    if (needed === undefined) return;
    for (const { id } of said) await this.#held.drop(id, by);
    throw needed;
  }

  /** Moves the files of a release to their place, all of them or none. */
  async #keep(
    { version, files: said, by }: ReleaseOrder,
    { sequence, files }: { readonly sequence: number; readonly files: readonly ReleaseFile[] },
  ): Promise<void> {
    const making = join(this.#directory, unfinished);
    await makePrivateDirectory(this.#directory);
    await rm(making, { recursive: true, force: true });
    await makePrivateDirectory(making);
    try {
      for (const { id, name } of said) {
        const { path } = this.#held.find(id, by);
        await rename(path, join(making, name));
        await this.#held.drop(id, by);
        await syncFile(join(making, name));
      }
      const publishedAt = new Date(this.#context.clock.now()).toISOString();
      await fullDiskNamed(() =>
        writeFileAtomic(join(making, listFile), JSON.stringify({ publishedAt, sequence, files })),
      );
      const place = join(this.#directory, version);
      // What is there, and is in no list, was cut short before it was offered.
      await rm(place, { recursive: true, force: true });
      await rename(making, place);
      await syncDirectory(this.#directory);
    } catch (error) {
      await rm(making, { recursive: true, force: true });
      throw error;
    }
  }

  /** Signs what is offered from now on, puts it in the log, and then in the place of the one before. */
  async #sign(
    offered: Pick<ReleaseManifest, 'sequence' | 'version' | 'files'>,
    {
      by,
      ...why
    }: {
      readonly by: string;
      readonly why: 'published' | 'withdrawn' | 'renewed';
      readonly withdrawn?: string;
    },
  ): Promise<ReleaseManifest> {
    const { log, clock, issuer } = this.#context;
    const signer = await usableSigner(this.#context);
    const at = new Date(clock.now());
    const manifest: ReleaseManifest = {
      format: 1,
      network: issuer.network,
      ...offered,
      at: at.toISOString(),
    };
    const signed = signRelease(manifest, signer);
    // What no machine would believe is not offered to any.
    verifyRelease(signed, { bundle: this.#bundle(), at });
    const { version, sequence } = offered;
    const files = listed(offered.files);
    const { serial } = signer.certificate;
    await log.record(kinds.releaseSigned, { by, details: { ...why, version, sequence, serial, files } });
    await fullDiskNamed(() => writeFileAtomic(join(this.#directory, manifestFile), JSON.stringify(signed)));
    this.#signed = Promise.resolve(signed);
    return manifest;
  }

  /** The number of the next manifest: above every one before, and above the time, and so above those of a home that was lost. */
  async #nextSequence(): Promise<number> {
    const { clock, present } = this.#context;
    const last = (await this.#manifest())?.sequence ?? 0;
    return Math.max(last + 1, clock.now(), present.head.atMs);
  }

  async #record(version: string, manifest: ReleaseManifest | undefined): Promise<ReleaseRecord | undefined> {
    const list = await readFileList(join(this.#directory, version));
    // What has a higher number than anything that was offered was cut short before it was.
    if (list === undefined || manifest === undefined || list.sequence > manifest.sequence) return undefined;
    const { publishedAt, files, withdrawnAt } = list;
    const state = version === manifest.version ? 'offered' : 'replaced';
    return {
      version,
      publishedAt: new Date(publishedAt),
      files,
      state: withdrawnAt === undefined ? state : 'withdrawn',
    };
  }

  /** That there was such a version stays known: what is published later is newer. */
  async #forgetFiles(version: string): Promise<void> {
    const place = join(this.#directory, version);
    const list = await readFileList(place);
    if (list === undefined) return;
    const withdrawnAt = new Date(this.#context.clock.now()).toISOString();
    await writeFileAtomic(join(place, listFile), JSON.stringify({ ...list, files: [], withdrawnAt }));
    for (const { name } of list.files) await rm(join(place, name), { force: true });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

/** Files as the log has them. */
function listed(files: readonly ReleaseFile[]): Pick<ReleaseFile, 'name' | 'bytes' | 'sha256'>[] {
  return files.map(({ name, bytes, sha256 }) => ({ name, bytes, sha256 }));
}

async function begin(path: string): Promise<object> {
  await writeFile(path, '', { flag: 'wx', mode: 0o600 });
  return {};
}

function checkNewer(version: string, [newest]: readonly ReleaseRecord[]): void {
  if (newest === undefined || compareVersions(version, newest.version) > 0) return;
  throw new HoldfastError(
    'release_invalid',
    `${version} is not newer than ${newest.version}, which was published: no machine would take it`,
    { hint: 'give it a higher version: holdfast release list shows those that were published' },
  );
}

/** One file for each system, so that a machine is never given the choice. */
function checkDistinct(files: readonly ReleaseFile[]): void {
  const groups = Map.groupBy(
    files,
    ({ kind, platform, architecture }) => `${kind} ${platform} ${architecture}`,
  );
  const twice = [...groups.values()].find(({ length }) => length > 1);
  if (twice === undefined) return;
  const names = twice.map(({ name }) => name).join(' and ');
  throw new HoldfastError('release_invalid', `${names} are for the same system`);
}

async function readSigned(directory: string): Promise<SignedRelease | undefined> {
  const path = join(directory, manifestFile);
  const value = await readJson(path);
  if (value === undefined) return undefined;
  if (Check(SignedRelease, value) && claimedManifest(value) !== undefined) return value;
  throw authorityDamaged(`${path} is no signed manifest`);
}

const FileList = Type.Object({
  publishedAt: Type.String(),
  /** Of the first manifest that offered it. */
  sequence: Type.Integer(),
  files: releaseFilesSchema,
  withdrawnAt: Type.Optional(Type.String()),
});

async function readFileList(directory: string): Promise<Static<typeof FileList> | undefined> {
  const path = join(directory, listFile);
  const value = await readJson(path);
  if (value === undefined) return undefined;
  if (Check(FileList, value)) return value;
  throw authorityDamaged(`${path} is no list of the files of a release`);
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

function nothingWhereMissing(error: unknown): string[] {
  if (systemErrorCode(error) === 'ENOENT') return [];
  throw error;
}

async function syncFile(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}

/** @throws HoldfastError `storage_full` where that is why it failed */
async function fullDiskNamed<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!['ENOSPC', 'EDQUOT'].includes(systemErrorCode(cause) ?? '')) throw cause;
    throw new HoldfastError('storage_full', 'no space left for the files of a release', { cause });
  }
}
