import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { HoldfastError, Secret, systemErrorCode, whyNotRead } from '../../base/index.ts';
import type { S3Credentials } from './sign-request.ts';

/** The names by which programs of S3 are told what they need: those that AWS gave them. */
type Environment = Readonly<Record<string, string | undefined>>;

/** What a machine says of the services that it uses. */
export interface S3Settings {
  readonly credentials: S3Credentials;
  readonly region: string | undefined;
  /** Where buckets are that are named without a host. */
  readonly endpoint: string | undefined;
  /** A PEM file with roots that are believed beside those of the system. */
  readonly rootsFile: string | undefined;
}

/**
 * Finds what opens buckets: in the environment, else in the profile of `~/.aws/credentials` and `~/.aws/config`, under the names
 * that AWS's own tools read.
 *
 * @throws HoldfastError `credentials_missing` where there is no key, or half of one, and for a file that cannot be read
 */
export async function readS3Settings(environment: Environment): Promise<S3Settings> {
  const files = await readProfile(environment);
  const { profile } = files;
  const setting = (name: string, key: string): string | undefined =>
    said(environment[name]) ?? profile.get(key);
  return {
    credentials: fromEnvironment(environment) ?? fromProfile(files),
    region: said(environment['AWS_REGION']) ?? setting('AWS_DEFAULT_REGION', 'region'),
    endpoint: said(environment['AWS_ENDPOINT_URL_S3']) ?? setting('AWS_ENDPOINT_URL', 'endpoint_url'),
    rootsFile: setting('AWS_CA_BUNDLE', 'ca_bundle'),
  };
}

/** An empty variable says nothing. */
function said(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function fromEnvironment(environment: Environment): S3Credentials | undefined {
  const accessKeyId = said(environment['AWS_ACCESS_KEY_ID']);
  const secret = said(environment['AWS_SECRET_ACCESS_KEY']);
  if (accessKeyId === undefined && secret === undefined) return undefined;
  if (accessKeyId === undefined || secret === undefined) {
    const missing = accessKeyId === undefined ? 'AWS_ACCESS_KEY_ID' : 'AWS_SECRET_ACCESS_KEY';
    throw noCredentials(`half of a key is in the environment: ${missing} is not`);
  }
  return credentials(accessKeyId, secret, {
    token: said(environment['AWS_SESSION_TOKEN']),
    from: 'the environment',
  });
}

interface Profile {
  readonly name: string;
  readonly profile: ReadonlyMap<string, string>;
  readonly paths: readonly string[];
}

function fromProfile({ name, profile, paths }: Profile): S3Credentials {
  const accessKeyId = profile.get('aws_access_key_id');
  const secret = profile.get('aws_secret_access_key');
  const where = `profile ${name} of ${paths.join(' and ')}`;
  if (accessKeyId === undefined || secret === undefined)
    throw noCredentials(`no key for S3 is in the environment, and none in ${where}`);
  return credentials(accessKeyId, secret, { token: profile.get('aws_session_token'), from: where });
}

/** They go into headers, where a line's end would begin another one. */
function credentials(
  accessKeyId: string,
  secret: string,
  { token, from }: { readonly token: string | undefined; readonly from: string },
): S3Credentials {
  if ([accessKeyId, secret, token ?? 'none'].some((text) => !/^[\x21-\x7e]+$/.test(text)))
    throw noCredentials(`the key for S3 in ${from} has characters that none has`);
  return {
    accessKeyId,
    secretAccessKey: new Secret(secret),
    sessionToken: token === undefined ? undefined : new Secret(token),
    from,
  };
}

/** What both files say of the profile; that of credentials counts first. */
async function readProfile(environment: Environment): Promise<Profile> {
  const name = said(environment['AWS_PROFILE']) ?? 'default';
  const directory = join(said(environment['HOME']) ?? homedir(), '.aws');
  const keys = said(environment['AWS_SHARED_CREDENTIALS_FILE']) ?? join(directory, 'credentials');
  const config = said(environment['AWS_CONFIG_FILE']) ?? join(directory, 'config');
  const section = name === 'default' ? name : `profile ${name}`;
  const profile = new Map([
    ...sectionOf(await readText(config), section),
    ...sectionOf(await readText(keys), name),
  ]);
  return { name, profile, paths: [keys, config] };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (systemErrorCode(cause) === 'ENOENT') return '';
    throw noCredentials(`${path}: ${whyNotRead(cause)}`, cause);
  }
}

/** The settings of one section. What is indented belongs to the setting above it, and is none of ours. */
function sectionOf(text: string, wanted: string): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  let current: string | undefined;
  for (const line of text.split('\n')) {
    const end = line.indexOf(']');
    if (line.startsWith('[') && end > 0) current = line.slice(1, end).trim().replace(/\s+/g, ' ');
    const equals = line.indexOf('=');
    const key = line.slice(0, Math.max(0, equals)).trimEnd();
    const value = line.slice(equals + 1).trim();
    if (current === wanted && /^\w+$/.test(key) && value !== '') settings.set(key.toLowerCase(), value);
  }
  return settings;
}

function noCredentials(message: string, cause?: unknown): HoldfastError {
  return new HoldfastError('credentials_missing', message, { cause });
}
