import { HoldfastError, systemErrorHint } from '../../base/index.ts';
import type { Line } from '../../transport/index.ts';
import { statusCode } from './sftp-packet.ts';
import type { SftpPlace } from './sftp-place.ts';
import { SftpRefusal, SftpSession } from './sftp-session.ts';

interface Attempt {
  /** For messages: `reading data/…`. */
  readonly doing: string;
  readonly signal: AbortSignal | undefined;
  /** Whether it must not be done twice. */
  readonly isUnsafe?: () => boolean;
}

interface SftpLineOptions {
  /** In which ssh is found, with its agent. */
  readonly environment: NodeJS.ProcessEnv;
  readonly line: Line;
}

/** A session with a machine that is begun when it is needed, and again when it was lost. */
export class SftpLine implements Disposable {
  readonly #place: SftpPlace;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #line: Line;
  #session: Promise<SftpSession> | undefined;

  constructor(place: SftpPlace, { environment, line }: SftpLineOptions) {
    this.#place = place;
    this.#environment = environment;
    this.#line = line;
  }

  /** Does `work` over the session, again where that is lost. @throws HoldfastError for what fails; {@link SftpRefusal}s come as `storage_failed` or `place_forbidden` */
  async do<T>(attempt: Attempt, work: (session: SftpSession) => Promise<T>): Promise<T> {
    const { doing, signal, isUnsafe } = attempt;
    return await this.#line.attempt({ signal, isUnsafe, isKnown: this.#session !== undefined }, async () => {
      this.#session ??= SftpSession.open(this.#place, this.#environment);
      const session = this.#session;
      try {
        return await work(await session);
      } catch (error) {
        if (error instanceof SftpRefusal) throw this.#refusal(error, doing);
        if (this.#session === session && (await hasEnded(session))) this.#session = undefined;
        throw error;
      }
    });
  }

  [Symbol.dispose](): void {
    void this.#session?.then(
      (session) => session[Symbol.dispose](),
      () => {},
    );
  }

  #refusal({ status }: SftpRefusal, doing: string): HoldfastError {
    const { host } = this.#place;
    if (status === statusCode.permissionDenied)
      return new HoldfastError('place_forbidden', `${doing}: the user may not do this at ${host}`);
    return new HoldfastError('storage_failed', `${doing}: ${host} could not (SFTP status ${status})`, {
      hint: `${systemErrorHint}; df and ls -l at ${host} say more than SFTP does`,
    });
  }
}

async function hasEnded(session: Promise<SftpSession>): Promise<boolean> {
  try {
    return (await session).hasEnded;
  } catch {
    return true;
  }
}

/** What `work` gives; undefined where what it asks for is not there. */
export async function orMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof SftpRefusal && error.status === statusCode.noSuchFile) return undefined;
    throw error;
  }
}
