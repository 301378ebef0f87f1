import { open } from 'node:fs/promises';
import { HoldfastError } from '../../base/index.ts';
import type { ReleaseFile, ReleaseKind } from '../../enrol/index.ts';

/** What the name of a package says: those that `npm run package` and `npm pack` write. */
interface NamedPackage extends Pick<ReleaseFile, 'kind' | 'platform' | 'architecture'> {
  readonly version: string;
}

const debArchitectures = { amd64: 'x64', arm64: 'arm64' } as const;
const rpmArchitectures = { x86_64: 'x64', aarch64: 'arm64' } as const;

/** Reads what a name says; undefined for one that is of no package. */
function namedPackage(name: string): NamedPackage | undefined {
  const [, debVersion, debArchitecture] = /^holdfast_([^_/]+)_(amd64|arm64)\.deb$/.exec(name) ?? [];
  if (debVersion !== undefined)
    return {
      kind: 'deb',
      platform: 'linux',
      architecture: debArchitectures[debArchitecture as keyof typeof debArchitectures],
      version: debVersion,
    };
  const [, rpmVersion, rpmArchitecture] = /^holdfast-([^_/]+)-\d+\.(x86_64|aarch64)\.rpm$/.exec(name) ?? [];
  if (rpmVersion !== undefined)
    return {
      kind: 'rpm',
      platform: 'linux',
      architecture: rpmArchitectures[rpmArchitecture as keyof typeof rpmArchitectures],
      version: rpmVersion,
    };
  const [, tgzVersion] = /^holdfast-([^_/]+)\.tgz$/.exec(name) ?? [];
  return tgzVersion === undefined
    ? undefined
    : { kind: 'tgz', platform: 'any', architecture: 'any', version: tgzVersion };
}

/** How each kind of file begins: deb(5), rpm's lead, gzip (RFC 1952 §2.3.1). */
const beginnings: Readonly<Record<ReleaseKind, Buffer>> = {
  deb: Buffer.from('!<arch>\ndebian-binary', 'latin1'),
  rpm: Buffer.from('edabeedb', 'hex'),
  tgz: Buffer.from('1f8b', 'hex'),
};

/**
 * What a file of a release is, by its name and by how it begins.
 * @throws HoldfastError `release_invalid` for what is no package, or one of another version
 */
export async function judgeReleaseFile(
  name: string,
  path: string,
  version: string,
): Promise<Pick<ReleaseFile, 'name' | 'kind' | 'platform' | 'architecture'>> {
  const named = namedPackage(name);
  if (named === undefined)
    throw new HoldfastError('release_invalid', `${name} is not the name of a package of this program`, {
      hint: 'keep the names that npm run package and npm pack give, such as holdfast_0.2.0_amd64.deb',
    });
  if (named.version !== version)
    throw new HoldfastError('release_invalid', `${name} is of version ${named.version}, expected ${version}`);
  const expected = beginnings[named.kind];
  if (!(await begins(path, expected)))
    throw new HoldfastError('release_invalid', `${name} does not begin as a file of the kind ${named.kind}`);
  const { kind, platform, architecture } = named;
  return { name, kind, platform, architecture };
}

async function begins(path: string, expected: Buffer): Promise<boolean> {
  await using handle = await open(path, 'r');
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(expected.length), 0, expected.length, 0);
  return bytesRead === expected.length && buffer.equals(expected);
}
