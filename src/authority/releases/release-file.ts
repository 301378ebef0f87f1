import { open } from 'node:fs/promises';
import { HoldfastError } from '../../base/index.ts';
import { namedPackage, type ReleaseFile, type ReleaseKind } from '../../enrol/index.ts';

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
