import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { findGoProgram, type GoProgram, rcloneS3, versitygw } from '../../scripts/go-programs.ts';
import { freePorts } from './free-ports.ts';
import { RunningProgram } from './holdfast-process.ts';
import { takesConnections } from './takes-connections.ts';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts';

/** Which server: one that keeps the first of two objects, or one that does not. */
export type S3ServerKind = 'versitygw' | 'rclone';

const programs: Readonly<Record<S3ServerKind, GoProgram>> = { versitygw, rclone: rcloneS3 };

/** Why a test with such a server cannot run; false when it can. */
export function lacksS3Server(kind: S3ServerKind): string | false {
  return (
    findGoProgram(programs[kind]) === undefined &&
    `${kind} is not built: npm run test:interop does, where Go is`
  );
}

/** The key of every server that tests start. */
export const testKey = {
  accessKeyId: 'holdfast-test-key',
  secretAccessKey: 'a secret that no log may show'.replaceAll(' ', '-'),
};

/** What tells programs of S3 that key, and of no other that this machine may have. */
export const keyEnvironment: Readonly<Record<string, string>> = {
  AWS_ACCESS_KEY_ID: testKey.accessKeyId,
  AWS_SECRET_ACCESS_KEY: testKey.secretAccessKey,
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_CONFIG_FILE: '/dev/null',
};

/** An S3 server that somebody else wrote, over a directory of its own, with the bucket `backups`; it ends with its scope. */
export class S3Server implements AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  /** Its buckets, as directories. */
  readonly directory: string;
  readonly #place: TemporaryDirectory;
  readonly #server: RunningProgram;

  private constructor(port: number, place: TemporaryDirectory, server: RunningProgram) {
    this.endpoint = `http://127.0.0.1:${port}`;
    this.directory = join(place.path, 'buckets');
    this.#place = place;
    this.#server = server;
  }

  static async start(kind: S3ServerKind): Promise<S3Server> {
    const place = temporaryDirectory();
    const buckets = join(place.path, 'buckets');
    mkdirSync(join(buckets, 'backups'), { recursive: true });
    const port = await freePorts(1);
    const words = kind === 'versitygw' ? versitygwWords(buckets, port) : rcloneWords(buckets, port);
    const { accessKeyId, secretAccessKey } = testKey;
    const env = { ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey };
    const program = findGoProgram(programs[kind]) ?? kind;
    const server = new RunningProgram(words, { program, env });
    while (!(await takesConnections(port))) await setTimeout(20);
    return new S3Server(port, place, server);
  }

  /** A place in its bucket, as `--repo` names it. */
  repository(prefix: string): string {
    return `s3:${this.endpoint}/backups/${prefix}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    this.#place[Symbol.dispose]();
  }
}

function versitygwWords(buckets: string, port: number): readonly string[] {
  return ['--port', `127.0.0.1:${port}`, '--quiet', 'posix', buckets];
}

function rcloneWords(buckets: string, port: number): readonly string[] {
  const key = `${testKey.accessKeyId},${testKey.secretAccessKey}`;
  return ['serve', 's3', buckets, '--addr', `127.0.0.1:${port}`, '--auth-key', key, '--config', '/dev/null'];
}
